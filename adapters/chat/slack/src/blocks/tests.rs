//! What messages look like, that nothing of the outside acts in them, and that Slack takes them.

use std::time::Duration;

use midwatch_agent::render::clean;
use midwatch_agent::render::sample;
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_doubles::slack::validate;
use midwatch_service::button::Button;
use midwatch_service::id::JobId;
use midwatch_service::incident::StormRow;
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus, Opening, PostBody, Private, StormTable};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn job() -> JobId {
    "0199d2c4a81f7b62a1c4e1f0a7c3b5d2".parse().unwrap()
}

fn progress(step: Step, state: StepState, text: &str) -> Progress {
    Progress { step, state, text: text.to_owned() }
}

fn living(status: LivingStatus, hostile: &str) -> LivingMessage {
    LivingMessage {
        title: format!("Deployment shop/checkout, prod-eu{hostile}"),
        job: Some(job()),
        status,
        steps: vec![
            progress(Step::Scope, StepState::Complete, "scope: 2 of 3 pods crash"),
            progress(Step::Objects, StepState::Partial, &format!("read 3 pods, secrets are forbidden{hostile}")),
            progress(Step::Logs, StepState::InProgress, ""),
        ],
        notes: vec![format!("80 % of the time has passed{hostile}")],
        alerts: Some(AlertsNow { firing: 2, resolved: 1, repeats: 5, reopened: 1, resolved_after: None }),
    }
}

fn report(verdict: Verdict, hostile: &str) -> PostBody {
    let run = RunFacts { elapsed: Duration::from_millis(4_100), reads: 19, bytes: 1_000, model: None };
    PostBody::Report { job: job(), report: Box::new(sample::report(verdict, hostile)), run, may_be_repeated: false }
}

/// A report that no message holds.
fn long_report() -> PostBody {
    let mut body = report(Verdict::Cause, "");
    if let PostBody::Report { report, .. } = &mut body {
        for list in [&mut report.why, &mut report.ruled_out, &mut report.blast_radius] {
            for claim in list.iter_mut() {
                claim.text = format!("{}{}", claim.text, " and so on".repeat(40));
            }
            let first = list.first().cloned();
            list.extend(first.into_iter().cycle().take(30));
        }
        let moments = report.timeline.clone();
        report.timeline.extend(moments.into_iter().cycle().take(60));
        report.recommendations[0].command = Some("kubectl ".repeat(400));
    }
    body
}

fn answer(hostile: &str) -> Answer {
    Answer::text(format!("Between revisions 41 and 42: env `DATABASE_URL` removed{hostile}."))
        .with_code(format!("FATAL DATABASE_URL is not set{hostile}"))
        .with(Part::Table {
            head: vec!["Pod".to_owned(), "Restarts".to_owned()],
            rows: vec![vec![format!("checkout-5d4-x{hostile}"), "7".to_owned()], vec!["checkout-5d4-y".to_owned()]],
        })
        .with(Part::File(File {
            name: format!("checkout{hostile}.log"),
            title: format!("the last 400 lines{hostile}"),
            text: format!("line{hostile}"),
        }))
}

fn storm(rows: usize, name: &str) -> StormTable {
    let row = |n: usize| StormRow { alert: format!("{name}{n}"), namespace: "shop".to_owned(), firing: 3, total: 9 };
    StormTable { rows: (0..rows).map(row).collect(), beyond: 2, received: 900, firing: 300, resolved_after: None }
}

fn opening(hostile: &str) -> Opening {
    let alert: Alert = sample::alert(hostile);
    Opening {
        title: format!("KubePodCrashLooping shop{hostile}"),
        asked_by: Some(format!("ann{hostile}")),
        question: Some(format!("why is checkout down?{hostile}")),
        alerts: vec![alert; 7],
        more: 3,
        previous: None,
    }
}

/// One message of every kind.
fn every(hostile: &str) -> Vec<PostBody> {
    let headline = format!("revision 42 dropped DATABASE_URL{hostile}");
    let mut all = vec![
        PostBody::Opening(opening(hostile)),
        PostBody::Living(living(LivingStatus::Queued, hostile)),
        PostBody::Living(living(LivingStatus::Investigating, hostile)),
        PostBody::Living(living(LivingStatus::Reported { verdict: Verdict::Cause, headline }, hostile)),
        PostBody::Living(living(LivingStatus::Failed { why: format!("E003{hostile}") }, hostile)),
        PostBody::Living(living(LivingStatus::Cancelled { why: format!("stopped by ann{hostile}") }, hostile)),
        PostBody::Storm(storm(60, hostile)),
        PostBody::Notice { text: format!("RESOLVED after 11 min{hostile}") },
        PostBody::Answer { answer: answer(hostile), may_be_repeated: true },
        PostBody::Private(Private { to: "U1".to_owned(), reply: None, answer: answer(hostile) }),
        long_report(),
    ];
    all.extend(Verdict::ALL.map(|verdict| report(verdict, hostile)));
    all
}

const LOOKS: [Look; 3] = [Look::FULL, Look { plan: false, table: true }, Look { plan: false, table: false }];

fn shown(look: Look, body: &PostBody) -> String {
    let message = render(look, body);
    let mut wire = message.wire();
    wire.sort_all_objects();
    format!("{}\n{}", message.text, serde_json::to_string_pretty(&wire).unwrap())
}

#[test]
fn each_kind_of_message() {
    let headline = "revision 42 dropped DATABASE_URL".to_owned();
    let mut over = living(LivingStatus::Reported { verdict: Verdict::Cause, headline }, "");
    over.alerts = Some(AlertsNow { resolved: 3, resolved_after: Some("11 min".to_owned()), ..AlertsNow::default() });
    for (name, body) in [
        ("opening", PostBody::Opening(opening(""))),
        ("living", PostBody::Living(living(LivingStatus::Investigating, ""))),
        ("living_resolved", PostBody::Living(over)),
        ("report_cause", report(Verdict::Cause, "")),
        ("report_blind", report(Verdict::Blind, "")),
        ("storm", PostBody::Storm(storm(3, "KubePodCrashLooping"))),
        ("answer", PostBody::Answer { answer: answer(""), may_be_repeated: true }),
    ] {
        insta::assert_snapshot!(name, shown(Look::FULL, &body));
    }
    let plain = Look { plan: false, table: false };
    insta::assert_snapshot!("living_plain", shown(plain, &PostBody::Living(living(LivingStatus::Investigating, ""))));
    insta::assert_snapshot!("storm_plain", shown(plain, &PostBody::Storm(storm(3, "KubePodCrashLooping"))));
}

/// Every object of a message.
fn objects<'a>(value: &'a Value, out: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| objects(one, out)),
        Value::Object(map) => {
            out.push(map);
            map.values().for_each(|one| objects(one, out));
        }
        _ => {}
    }
}

/// Kinds in which nothing acts but our own buttons.
const INERT: &[&str] = &[
    "actions",
    "button",
    "context",
    "plain_text",
    "plan",
    "raw_text",
    "rich_text",
    "rich_text_list",
    "rich_text_preformatted",
    "rich_text_section",
    "table",
    "task_card",
    "text",
];

fn check(message: &Message) {
    let blocks = message.wire();
    let problems = validate::message(&blocks);
    assert!(problems.is_empty(), "{problems:?}\n{blocks:#}");
    assert!(!validate::is_too_long(blocks.as_array().unwrap()) && page::weight(&message.blocks) <= 12_000);
    assert!(message.blocks.len() <= 50 && !message.text.is_empty() && message.text.chars().count() < 4_000);
    let mut all = Vec::new();
    objects(&blocks, &mut all);
    for object in all {
        if let Some(kind) = object.get("type").and_then(Value::as_str) {
            assert!(INERT.contains(&kind), "{kind} may act: {object:?}");
        }
        assert!(!object.contains_key("url"), "a link: {object:?}");
        for text in object.iter().filter(|(key, _)| *key == "text").filter_map(|(_, text)| text.as_str()) {
            assert!((1..=3_000).contains(&text.chars().count()), "{object:?}");
            assert!(!text.contains(|c| c != '\n' && clean::is_active(c)), "{text:?}");
        }
    }
    let unescaped = message.text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
    assert!(!unescaped.contains(['<', '>', '&']), "{}", message.text);
}

#[test]
fn nothing_of_the_outside_acts() {
    for hostile in [
        " <!channel> <!here|here> @here @channel <@U0FOUNDER> <#C1|general> <!subteam^S1>",
        " <https://evil.example|click> https://evil.example *bold* _it_ ~no~ `code` ```fence``` :smile: &lt;!channel&gt;",
        " \u{202e}evil\u{2066} \u{1b}[31m \r\n\t \u{0}",
        &"x".repeat(9_000),
        &"漢".repeat(5_000),
    ] {
        for body in every(hostile) {
            for look in LOOKS {
                check(&render(look, &body));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_said_slack_takes_it_and_nothing_acts(hostile in "\\PC{0,40}|[<>&@!#|*_`~:/ \\n]{0,60}") {
        for body in every(&hostile) {
            check(&render(Look::FULL, &body));
        }
    }

    #[test]
    fn no_word_of_an_answer_is_lost(parts in prop::collection::vec(("[a-z \\n]{0,4000}", any::<bool>()), 0..12)) {
        let mut answer = Answer::default();
        for (text, code) in &parts {
            answer = if *code { answer.with_code(text.clone()) } else { answer.with_text(text.clone()) };
        }
        let message = render(Look::FULL, &PostBody::Answer { answer, may_be_repeated: false });
        check(&message);
        let mut all = Vec::new();
        let blocks = message.wire();
        objects(&blocks, &mut all);
        let said = all.iter().filter(|o| o.get("type").is_some_and(|kind| kind == "text"));
        let mut said: String = said.filter_map(|o| o["text"].as_str()).collect();
        said.extend(message.files.iter().map(|file| file.text.as_str()));
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        prop_assert_eq!(letters(&said), parts.iter().map(|(text, _)| letters(text)).collect::<String>());
    }
}

#[test]
fn buttons_carry_what_they_do_and_their_job() {
    for (body, expected) in [
        (PostBody::Living(living(LivingStatus::Investigating, "")), &Button::UNDER_WAY[..]),
        (report(Verdict::Cause, ""), &Button::REPORTED[..]),
    ] {
        let blocks = render(Look::FULL, &body).wire();
        let mut all = Vec::new();
        objects(&blocks, &mut all);
        let pressed = all.iter().filter(|o| o.get("type").is_some_and(|kind| kind == "button"));
        let carried: Vec<Button> = pressed.map(|o| o["value"].as_str().unwrap().parse().unwrap()).collect();
        let expected: Vec<Button> = expected.iter().map(|action| Button { action: *action, job: job() }).collect();
        assert_eq!(carried, expected);
    }
    let done = PostBody::Living(living(LivingStatus::Cancelled { why: "by ann".to_owned() }, ""));
    assert!(!shown(Look::FULL, &done).contains("button"), "a stopped job cannot be stopped");
}

#[test]
fn a_report_that_does_not_fit_says_so_and_keeps_what_to_do() {
    let message = render(Look::FULL, &long_report());
    let text = serde_json::to_string(&message.blocks).unwrap();
    assert!(message.wants_page && text.contains("the file beside this message"));
    assert!(text.contains("CAUSE") && text.contains("Do this") && text.contains("the command is long"));
    let whole = render(Look::FULL, &report(Verdict::Cause, ""));
    assert!(!whole.wants_page && !serde_json::to_string(&whole.blocks).unwrap().contains("Not all fits"));
}

#[test]
fn a_private_answer_has_no_files() {
    let long = Answer::text("so it is").with_code("line\n".repeat(4_000));
    let private = Private { to: "U1".to_owned(), reply: None, answer: long };
    let message = render(Look::FULL, &PostBody::Private(private));
    let text = serde_json::to_string(&message.blocks).unwrap();
    assert!(message.files.is_empty() && text.contains("Cut: "), "{text}");
}

#[test]
fn a_second_table_is_drawn() {
    let table = || Part::Table { head: vec!["Pod".to_owned()], rows: vec![vec!["a".to_owned()]] };
    let answer = Answer::default().with(table()).with(table());
    let message = render(Look::FULL, &PostBody::Answer { answer, may_be_repeated: false });
    let json = serde_json::to_string(&message.blocks).unwrap();
    assert_eq!((json.matches("\"table\"").count(), json.matches("rich_text_preformatted").count()), (1, 1));
}

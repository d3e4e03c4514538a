//! What messages look like, that nothing of the outside acts in them, and that Discord takes them.

mod bodies;
mod reader;

use midwatch_agent::render::clean;
use midwatch_conversation::answer::{Answer, Part};
use midwatch_diagnosis::report::Claim;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::button::Button;
use midwatch_service::post::{AlertsNow, LivingStatus, Opening, PostBody};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use bodies::*;
use reader::Piece;

const TAG: &str = "3f9a2c81d0b4";

/// A message as it is read, for a reviewer.
fn shown(message: &Message) -> String {
    let body = message.body();
    let mut out = format!("content: {}\n", body["content"].as_str().unwrap());
    for embed in body["embeds"].as_array().unwrap() {
        let colour = embed["color"].as_u64().map_or("none".to_owned(), |colour| format!("#{colour:06x}"));
        out.push_str(&format!("--- embed, colour {colour}\n"));
        for name in ["title", "description"] {
            if let Some(text) = embed[name].as_str() {
                out.push_str(&format!("[{name}]\n{text}\n"));
            }
        }
        for field in embed["fields"].as_array().into_iter().flatten() {
            out.push_str(&format!(
                "[field] {}\n{}\n",
                field["name"].as_str().unwrap(),
                field["value"].as_str().unwrap()
            ));
        }
        if let Some(text) = embed["footer"]["text"].as_str() {
            out.push_str(&format!("[footer] {text}\n"));
        }
    }
    for row in body["components"].as_array().unwrap() {
        let label = |button: &Value| {
            format!("{} = {}", button["label"].as_str().unwrap(), button["custom_id"].as_str().unwrap())
        };
        let labels: Vec<String> = row["components"].as_array().unwrap().iter().map(label).collect();
        out.push_str(&format!("--- buttons: {}\n", labels.join(" | ")));
    }
    for file in &message.files {
        out.push_str(&format!("--- file {}: {}\n{}\n", file.name, file.title, file.text));
    }
    if message.wants_page {
        out.push_str("--- wants its page\n");
    }
    out
}

#[test]
fn each_kind_of_message() {
    let headline = "revision 42 dropped DATABASE_URL".to_owned();
    let reported = LivingStatus::Reported { verdict: Verdict::Cause, headline };
    let mut over = living(reported.clone(), "");
    over.alerts = Some(AlertsNow { resolved: 3, resolved_after: Some("11 min".to_owned()), ..AlertsNow::default() });
    for (name, body) in [
        ("opening", PostBody::Opening(opening(""))),
        ("opening_asked", PostBody::Opening(Opening { alerts: Vec::new(), more: 0, previous: None, ..opening("") })),
        ("opening_empty", PostBody::Opening(Opening::default())),
        ("living_queued", PostBody::Living(living(LivingStatus::Queued, ""))),
        ("living", PostBody::Living(living(LivingStatus::Investigating, ""))),
        ("living_reported", PostBody::Living(living(reported, ""))),
        ("living_resolved", PostBody::Living(over)),
        ("living_failed", PostBody::Living(living(LivingStatus::Failed { why: "E003: too late".to_owned() }, ""))),
        ("report_cause", report(Verdict::Cause, "")),
        ("report_healthy", report(Verdict::Healthy, "")),
        ("report_recovered", report(Verdict::Recovered, "")),
        ("report_expected", report(Verdict::Expected, "")),
        ("report_blind", report(Verdict::Blind, "")),
        ("report_inconclusive", report(Verdict::Inconclusive, "")),
        ("report_huge", of(long_report(5_000, " and so on, at 10.0.0.1:8080/healthz_check"))),
        ("report_empty", of(empty_report())),
        ("report_hostile", report(Verdict::Cause, " <@&1> @everyone [a](https://b.example) ```sh\n# c")),
        ("storm", PostBody::Storm(storm(3, "KubePodCrashLooping"))),
        ("notice", PostBody::Notice { text: "RESOLVED after 11 min".to_owned() }),
        ("answer", PostBody::Answer { answer: answer(""), may_be_repeated: true }),
        ("answer_private", private(answer(""))),
    ] {
        let message = render(&body, TAG);
        check(&message);
        insta::assert_snapshot!(name, shown(&message));
    }
    insta::assert_snapshot!("words", shown(&words(&Answer::text("Muted for 1 h: `KubePodCrashLooping`."))));
    let body = render(&PostBody::Living(living(LivingStatus::Queued, "")), TAG).body();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!("body", body) });
}

fn check(message: &Message) {
    let body = message.body();
    assert_eq!(reader::refused(&body), Vec::<String>::new(), "{body:#}");
    for text in reader::marked_up(&body) {
        // Only reports have lists of ours, and only they have a line for notifications.
        assert_eq!(reader::acting(&text, !message.content.is_empty()), None, "{text}");
    }
    assert!(message.content.encode_utf16().count() <= 200);
    assert!(message.files.len() <= 5);
    assert_eq!(body["allowed_mentions"], serde_json::json!({ "parse": [] }));
    let text = body.to_string();
    assert!(!text.contains("\"url\""), "a link: {text}");
}

/// The last footer, and only that, ends with the tag; nothing of the outside is in it, because it cannot be escaped there.
fn check_footer(message: &Message) {
    let body = message.body();
    let embeds = body["embeds"].as_array().unwrap();
    let (last, others) = embeds.split_last().unwrap();
    let footer = last["footer"]["text"].as_str().unwrap();
    assert!(others.iter().all(|embed| embed["footer"].is_null()), "{body:#}");
    assert!(
        footer == "Midwatch · 3f9a2c81d0b4"
            || footer == "4.1 s, 19 reads, no model; as of 2026-11-22 12:00:00 UTC · 3f9a2c81d0b4",
        "{footer}"
    );
}

/// Everything that acts on Discord, and what might be taken for it.
const HOSTILE: &[&str] = &[
    "@everyone @here <@80351110224678912> <@!80351110224678912> <#80351110224678912> <@&80351110224678912>",
    "<:custom:80351110224678912> <a:custom:80351110224678912> :smile: :100: <t:1700000000:R> </ask:80351110224678912>",
    "[click](https://evil.example) https://evil.example <https://evil.example> HTTP://EVIL.example discord.gg/abc",
    "Discord.GG/abc discordapp.com/invite/abc steam://run/1 discord://-/channels <id:customize> <tel:+1> <mailto:a@b.example>",
    "*a* **b** ***c*** _d_ __e__ ~~f~~ ||g|| `h` ``i`` ```j``` \\* \\",
    "\n# head\n## head\n> quote\n>>> quote\n- item\n* item\n+ item\n  - item\n1. item\n 23. item\n-# small\n- # head",
    "\n```\nfence\n```\n````\n~~~\n***\n---\n===",
    "`",
    "``",
    "```",
    "````",
    "`a",
    "a`",
    "`a``b`",
    "`a`\\`b`",
    "\\`",
    "\\",
    "\\\\",
    "**",
    "*",
    "|",
    " ",
    "\n",
    "",
    " \u{202e}evil\u{2066} \u{1b}[31m \r\n\t \u{0} \u{feff}# \u{85}# \u{2028}# \u{3000}# head",
    "¯\\_(ツ)_/¯",
    "👩‍👩‍👧‍👦🇩🇪",
    "12:30:45 10.0.0.1:8080 [::1]:80 a:b::c",
];

#[test]
fn nothing_of_the_outside_acts() {
    let long = ["x".repeat(9_000), "漢".repeat(5_000), "👩‍👧".repeat(3_000), "*_`".repeat(3_000), "```\n".repeat(2_000)];
    for hostile in HOSTILE.iter().copied().chain(long.iter().map(String::as_str)) {
        for body in every(hostile) {
            let message = render(&body, TAG);
            check(&message);
            check_footer(&message);
        }
        check(&words(&answer(hostile)));
    }
}

/// Text with much in it that acts.
fn hostile() -> impl Strategy<Value = String> {
    let tokens = prop::collection::vec(prop::sample::select(HOSTILE), 0..4).prop_map(|tokens| tokens.concat());
    let signs = "[<>&@!#|*_`~:/ \\n\\[\\]()\\-+.\\\\0-9a-c]{0,60}";
    prop_oneof![tokens, signs, "\\PC{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_said_discord_takes_it_and_nothing_acts(hostile in hostile()) {
        for body in every(&hostile) {
            let message = render(&body, TAG);
            check(&message);
            check_footer(&message);
        }
        check(&words(&answer(&hostile)));
    }

    #[test]
    fn a_report_of_any_length_fits_and_says_when_something_is_left_out(entries in 0_usize..40, words in 0_usize..400) {
        let report = long_report(entries, &" _and_".repeat(words));
        let message = render(&of(report.clone()), TAG);
        check(&message);
        let text: String = reader::marked_up(&message.body()).iter().map(|text| reader::read(text)).collect();
        prop_assert_eq!(message.wants_page, text.contains("Not all fits here"));
        prop_assert!(text.contains("Do this") && text.contains("CAUSE"));
        let told = |claim: &Claim| text.contains(&claim.text.replace('`', ""));
        prop_assert!(message.wants_page || report.why.iter().all(told));
    }

    #[test]
    fn no_word_of_an_answer_is_lost(parts in prop::collection::vec(("[a-z \\n]{0,4000}", any::<bool>()), 0..12)) {
        let mut answer = Answer::default();
        for (text, code) in &parts {
            answer = if *code { answer.with_code(text.clone()) } else { answer.with_text(text.clone()) };
        }
        let message = render(&PostBody::Answer { answer, may_be_repeated: false }, TAG);
        check(&message);
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        let expected: String = parts.iter().map(|(text, _)| letters(text)).collect();
        let body = message.body();
        let descriptions = body["embeds"].as_array().unwrap().iter().filter_map(|embed| embed["description"].as_str());
        let said: String = descriptions.map(|text| text.lines().filter(|line| !line.starts_with("-# ")).collect::<String>()).collect();
        let said = letters(&said) + &message.files.iter().map(|file| letters(&file.text)).collect::<String>();
        prop_assert!(said == expected || expected.is_empty(), "{} of {}", said.len(), expected.len());
    }
}

proptest! {
    #[test]
    fn what_is_escaped_reads_as_it_was_written(text in hostile()) {
        let line = escape::line(&text);
        prop_assert_eq!(reader::acting(&line, false), None);
        prop_assert_eq!(reader::read(&line), clean::line(&text));
        let block = escape::short_block(&text, 9_000);
        prop_assert_eq!(reader::acting(&block, false), None);
        prop_assert_eq!(reader::read(&block), clean::block(&text).trim().to_owned());
        let fitting = escape::fitting(&text, 40);
        prop_assert_eq!(reader::acting(&fitting, false), None);
        prop_assert!(page::length(&fitting) <= 40);
    }

    #[test]
    fn ticks_are_code_and_nothing_else_acts(text in hostile()) {
        let markup = escape::with_ticks(&text);
        prop_assert_eq!(reader::acting(&markup, false), None);
        let words = |text: &str| text.replace(['`', ' '], "");
        prop_assert_eq!(words(&reader::read(&markup)), words(&clean::block(&text)));
        prop_assert!(page::length(&markup) <= 2 * page::length(&clean::block(&text)));
    }

    #[test]
    fn code_cannot_be_left(text in hostile()) {
        for (markup, whole) in [(escape::code(&text), clean::line(text.trim())), (escape::fenced(&text), clean::block(&text))] {
            let pieces = reader::pieces(&markup);
            let code = match pieces.as_slice() {
                [] => "",
                [Piece::Span(code) | Piece::Block(code)] => code,
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            let read = code.replace('\u{2cb}', "`");
            prop_assert_eq!(read.trim(), whole.trim());
        }
    }
}

#[test]
fn code_between_ticks_stays_code() {
    for (text, markup) in [
        ("env `DATABASE_URL` removed", "env `DATABASE_URL` removed"),
        ("`a_b``c`", "`a_b` `c`"),
        ("a ` b", "a \\` b"),
        ("`a\nb`", "\\`a\nb\\`"),
        ("`` x", "\\`\\` x"),
        ("`#` # x\n`-` - y\n- z", "`#` # x\n`-` - y\n\\- z"),
        ("1. one\n2.5 s", "1\\. one\n2\\.5 s"),
    ] {
        assert_eq!(escape::with_ticks(text), markup, "{text}");
    }
}

#[test]
fn buttons_carry_what_they_do_and_their_job() {
    let ids = |body: &PostBody| -> Vec<String> {
        let body = render(body, TAG).body();
        let rows = body["components"].as_array().unwrap().clone();
        rows.iter()
            .flat_map(|row| row["components"].as_array().unwrap().clone())
            .map(|b| b["custom_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let button = |action| Button { action, job: job() }.to_string();
    let living_now = |status| PostBody::Living(living(status, ""));
    assert_eq!(ids(&living_now(LivingStatus::Investigating)), Button::UNDER_WAY.map(button));
    assert_eq!(ids(&living_now(LivingStatus::Queued)), Button::UNDER_WAY.map(button));
    let (mut shown, mut expected) = (ids(&report(Verdict::Cause, "")), Button::REPORTED.map(button).to_vec());
    expected.push(format!("{ASK}{}", job()));
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
    let over = living_now(LivingStatus::Cancelled { why: "by ann".to_owned() });
    assert_eq!(ids(&over), Vec::<String>::new(), "a stopped job cannot be stopped");
    assert_eq!(render(&over, TAG).body()["components"], serde_json::json!([]), "an edit takes the buttons away");
}

#[test]
fn a_report_that_does_not_fit_shows_whole_commands_only() {
    let mut report = long_report(10, " and so on");
    report.recommendations[0].command = Some("kubectl ".repeat(400));
    report.recommendations[1].command = Some("kubectl get pods ``` ls".to_owned());
    let commands: Vec<String> = report
        .recommendations
        .iter()
        .flat_map(|one| one.command.iter().chain(&one.check))
        .map(|command| command.trim().to_owned())
        .collect();
    let message = render(&of(report), TAG);
    check(&message);
    let texts = reader::marked_up(&message.body());
    let blocks: Vec<String> = texts
        .iter()
        .flat_map(|text| reader::pieces(text))
        .filter_map(|piece| match piece {
            Piece::Block(code) => Some(code.trim().to_owned()),
            _ => None,
        })
        .collect();
    assert!(!blocks.is_empty() && blocks.iter().all(|block| commands.contains(block)), "{blocks:?}");
    assert!(texts.iter().any(|text| text.contains("the command is long")) && message.wants_page);
    let whole = render(&bodies::report(Verdict::Cause, ""), TAG);
    assert!(!whole.wants_page && !whole.body().to_string().contains("Not all fits"));
}

#[test]
fn what_may_be_repeated_says_so() {
    let mut body = report(Verdict::Cause, "");
    if let PostBody::Report { may_be_repeated, .. } = &mut body {
        *may_be_repeated = true;
    }
    for body in [body, PostBody::Answer { answer: answer(""), may_be_repeated: true }] {
        assert!(render(&body, TAG).body().to_string().contains("may be a repetition"));
    }
    assert!(!render(&report(Verdict::Cause, ""), TAG).body().to_string().contains("may be a repetition"));
}

#[test]
fn a_person_is_named_only_by_an_id_of_discord() {
    let asked = |who: &str| {
        let opening = Opening { asked_by: Some(who.to_owned()), ..Opening::default() };
        render(&PostBody::Opening(opening), TAG).body().to_string()
    };
    assert!(asked("80351110224678912").contains("asked by <@80351110224678912>"));
    for other in [
        "8035",
        "<@80351110224678912>",
        "&80351110224678912",
        "80351110224678912>",
        "８０３５１１１０２２４６７８９１２",
    ] {
        assert!(!asked(other).contains("asked by <"), "{other}");
    }
}

#[test]
fn a_private_answer_has_no_files_and_an_empty_one_says_something() {
    let long = Answer::text("so it is").with_code("line\n".repeat(4_000));
    let message = render(&private(long), TAG);
    check(&message);
    let text = message.body().to_string();
    assert!(message.files.is_empty() && text.contains("Cut: "), "{text}");
    assert!(text.matches("line").count() > 500, "as much as fits: {text}");
    let nothing = words(&Answer::default());
    check(&nothing);
    assert!(
        nothing.body().to_string().contains("There is nothing to show")
            && !nothing.body().to_string().contains("footer")
    );
}

#[test]
fn tables_are_aligned_by_width() {
    let rows = [["漢字", "7"], ["checkout", "12"]].map(|row| row.map(str::to_owned).to_vec());
    let head = ["Pod", "Restarts"].map(str::to_owned);
    assert_eq!(table::drawn(&head, &rows), "Pod       Restarts\n漢字      7\ncheckout  12");
    let wide = Part::Table { head: head.to_vec(), rows: vec![vec!["x".repeat(5_000)]] };
    let message = render(&PostBody::Answer { answer: Answer::default().with(wide), may_be_repeated: false }, TAG);
    assert!(message.files[0].text.contains(&"x".repeat(5_000)));
}

#[test]
fn a_living_message_is_green_once_all_is_resolved() {
    let colour = |status: LivingStatus, after: Option<&str>| {
        let mut living = living(status, "");
        living.alerts = Some(AlertsNow { resolved_after: after.map(str::to_owned), ..AlertsNow::default() });
        render(&PostBody::Living(living), TAG).body()["embeds"][0]["color"].as_u64().unwrap()
    };
    let reported = |verdict| LivingStatus::Reported { verdict, headline: String::new() };
    assert_eq!(colour(LivingStatus::Queued, None), u64::from(colour::GREY));
    assert_eq!(colour(LivingStatus::Investigating, None), u64::from(colour::BLUE));
    assert_eq!(colour(reported(Verdict::Cause), None), u64::from(colour::RED));
    for status in [LivingStatus::Investigating, reported(Verdict::Cause), LivingStatus::Failed { why: String::new() }] {
        assert_eq!(colour(status, Some("11 min")), u64::from(colour::GREEN));
    }
}

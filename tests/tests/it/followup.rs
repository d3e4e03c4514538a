//! Follow-up questions on the corpus: what is answered, what is owned up to, and the same each time.

use std::fmt::Write as _;

use midwatch_agent::followup::{self, Context};
use midwatch_agent::request::Limits;
use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::question::{Logs, Question, When};
use midwatch_redact::Redactor;

use crate::support::{Case, cases, corpus, investigate, open};

/// A case that was investigated.
async fn thread(id: &str) -> (Case, Context) {
    let case = Case::load(&corpus().join(id));
    let report = investigate(&case.cluster, &case.request).await.report.into_inner();
    let request = case.request.clone();
    (case, Context { request, report: Some(report) })
}

async fn ask(case: &Case, context: &Context, asked: &Question) -> Answer {
    let source = open(&case.cluster);
    let answered = followup::answer(&source, asked, context, &Limits::default(), Redactor::default()).await;
    answered.expect("an answer").answer.into_inner()
}

/// An answer as text, part by part.
fn shown(answer: &Answer) -> String {
    let mut out = String::new();
    for part in &answer.parts {
        let _ = match part {
            Part::Text { text } => writeln!(out, "{text}\n"),
            Part::Code { text } => writeln!(out, "```\n{text}\n```\n"),
            Part::Table { head, rows } => {
                let rows = rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n");
                writeln!(out, "{}\n---\n{rows}\n", head.join(" | "))
            }
            Part::File(file) => writeln!(out, "[{}: {}, {} bytes]\n", file.name, file.title, file.text.len()),
        };
    }
    out
}

fn logs(previous: bool, grep: Option<&str>) -> Question {
    Question::Logs(Logs { previous, grep: grep.map(str::to_owned), ..Logs::default() })
}

/// One of each kind.
fn questions() -> Vec<(&'static str, Question)> {
    let hour = jiff::SignedDuration::from_hours(1);
    vec![
        ("logs", logs(false, None)),
        ("previous", logs(true, None)),
        ("grep", logs(false, Some("error"))),
        ("events", Question::Events { target: None }),
        ("describe", Question::Describe { target: None }),
        ("changed", Question::Changed { target: None, since: Some(When::Ago(hour)) }),
        ("why", Question::Why),
        ("why-not", Question::WhyNot { what: Some("the node".to_owned()) }),
        ("why-not-all", Question::WhyNot { what: None }),
        ("compare", Question::Compare { with: When::Ago(hour) }),
        ("who-else", Question::WhoElse { place: None }),
        ("place", Question::WhoElse { place: Some("eu-west".to_owned()) }),
        ("next", Question::NextSteps),
        ("metrics", Question::Metrics { target: None, what: None }),
    ]
}

#[tokio::test]
async fn answers_of_a_crash() {
    let (case, context) = thread("crash-missing-env").await;
    // The answer about a place names the recording, wherever it lies.
    for (name, asked) in questions().into_iter().filter(|(name, _)| *name != "place") {
        let answer = ask(&case, &context, &asked).await;
        insta::assert_snapshot!(format!("crash-{name}"), shown(&answer));
    }
}

#[tokio::test]
async fn what_a_deploy_changed_is_told_to_the_last_line() {
    let (case, context) = thread("cascade-bad-configmap-value").await;
    let asked = |target: &str| Question::Changed { target: Some(target.to_owned()), since: None };
    insta::assert_snapshot!("changed-revision", shown(&ask(&case, &context, &asked("tariff-core")).await));
    let (case, context) = thread("configmap-host-typo").await;
    insta::assert_snapshot!(
        "changed-host",
        shown(&ask(&case, &context, &Question::Changed { target: None, since: None }).await)
    );
}

#[tokio::test]
async fn what_may_not_be_read_is_told_with_the_rule_that_is_missing() {
    let (case, context) = thread("blind-logs-forbidden").await;
    let answer = shown(&ask(&case, &context, &logs(true, None)).await);
    assert!(answer.contains("pods/log") && answer.contains("grant"), "{answer}");
    let (case, context) = thread("blind-pods-forbidden").await;
    let answer = shown(&ask(&case, &context, &Question::Describe { target: Some("pod/x".to_owned()) }).await);
    assert!(answer.contains("orbidden") && answer.contains("grant in a Role"), "{answer}");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_answered_with_those_that_are() {
    let (case, context) = thread("crash-missing-env").await;
    let asked = Logs { target: Some("deploy/paiments-gateway".to_owned()), ..Logs::default() };
    let answer = shown(&ask(&case, &context, &Question::Logs(asked)).await);
    assert!(answer.contains("Nothing that was read is called") && answer.contains("payments-api"), "{answer}");
    let asked = Logs { container: Some("sidecar".to_owned()), ..Logs::default() };
    let answer = shown(&ask(&case, &context, &Question::Logs(asked)).await);
    assert!(answer.contains("No container is called `sidecar`"), "{answer}");
}

#[tokio::test]
async fn another_place_is_told_apart_from_this_one() {
    let (case, context) = thread("crash-missing-env").await;
    let place = |place: &str| Question::WhoElse { place: Some(place.to_owned()) };
    let other = shown(&ask(&case, &context, &place("eu-west")).await);
    assert!(other.contains("`investigate deployment/payments-api -n inc-crashloop --cluster eu-west`"), "{other}");
    let here = shown(&ask(&case, &context, &place("inc-crashloop")).await);
    assert!(here.starts_with("Namespace `inc-crashloop`: 0 of 1 pod ready"), "{here}");
    assert!(here.contains("What this thread is about is in it.") && here.contains("Nothing else fails in"), "{here}");
}

#[tokio::test]
async fn a_question_reads_no_namespace_that_its_request_does_not_name() {
    let dir = corpus().join("crash-missing-env");
    let (case, mut context) = thread("crash-missing-env").await;
    context.request.namespace = Some("elsewhere".to_owned());
    (context.request.text, context.request.alerts) = (None, Vec::new());
    let source = open(&dir.join("cluster"));
    let asked = Question::Logs(Logs { target: Some("payments-api".to_owned()), ..Logs::default() });
    let limits = Limits::default();
    let answered = followup::answer(&source, &asked, &context, &limits, Redactor::default()).await.expect("an answer");
    assert!(!answered.read.namespaces.contains("inc-crashloop"), "{}: {}", case.id, *answered.read);
    assert!(shown(&answered.answer).contains("this thread is about"), "{}", shown(&answered.answer));
}

#[tokio::test]
async fn the_same_question_gets_the_same_answer_in_every_case() {
    // Every twelfth case: a spread of the classes, in a twelfth of the time.
    for dir in cases().iter().step_by(12) {
        let case = Case::load(dir);
        let report = investigate(&case.cluster, &case.request).await.report.into_inner();
        let context = Context { request: case.request.clone(), report: Some(report) };
        for (name, asked) in questions() {
            let first = ask(&case, &context, &asked).await;
            assert!(!first.parts.is_empty(), "{} {name}: an answer says something", case.id);
            assert_eq!(first, ask(&case, &context, &asked).await, "{} {name}", case.id);
        }
    }
}

#[tokio::test]
async fn evidence_and_timeline_show_what_the_report_holds() {
    let (_, context) = thread("crash-missing-env").await;
    let report = context.report.expect("a report");
    insta::assert_snapshot!("shown-evidence", shown(&followup::evidence(&report, None)));
    insta::assert_snapshot!("shown-timeline", shown(&followup::timeline(&report)));
    let one = shown(&followup::evidence(&report, "e2".parse().ok()));
    assert!(one.starts_with("e2: ") && one.contains("$ kubectl"), "{one}");
    assert!(shown(&followup::evidence(&report, "e999".parse().ok())).contains("There is no evidence e999"));
}

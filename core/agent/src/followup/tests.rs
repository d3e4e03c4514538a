//! What the report alone tells.

use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::question::Question;
use midwatch_diagnosis::verdict::Verdict;

use super::{evidence, told};
use crate::render::sample::report;

fn texts(answer: &Answer) -> String {
    let texts = answer.parts.iter().filter_map(|part| match part {
        Part::Text { text } | Part::Code { text } => Some(text.as_str()),
        Part::Table { .. } | Part::File(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn why_not(what: &str) -> String {
    let asked = Question::WhyNot { what: Some(what.to_owned()) };
    texts(&told(&asked, &report(Verdict::Cause, "")).expect("the report tells"))
}

#[rstest::rstest]
#[case::by_its_name("memory", "Memory is ruled out:")]
#[case::by_another_word("the OOM killer", "The OOM killer is ruled out:")]
#[case::part_of_the_chain("a missing variable in DATABASE_URL", "is not ruled out: the chain of evidence speaks of it")]
#[case::not_examined(
    "the node",
    "Not examined, or not conclusively: the report neither blames nor rules out `the node`"
)]
#[case::unheard_of("solar flares", "Not examined, or not conclusively")]
fn what_is_ruled_out_is_told_apart_from_what_was_not_examined(#[case] what: &str, #[case] expected: &str) {
    let said = why_not(what);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn what_was_not_examined_comes_with_what_would_tell() {
    let said = why_not("dns");
    assert!(said.contains("this would have to be read: the logs for names that did not resolve"), "{said}");
}

#[test]
fn next_steps_hold_command_risk_and_check_or_what_would_tell_more() {
    let steps = texts(&told(&Question::NextSteps, &report(Verdict::Cause, "")).expect("steps"));
    for part in ["1. Set DATABASE_URL", "kubectl -n shop set env", "Risk: low", "`kubectl -n shop rollout status"] {
        assert!(steps.contains(part), "{part}: {steps}");
    }
    let steps = texts(&told(&Question::NextSteps, &report(Verdict::Blind, "")).expect("steps"));
    assert!(!steps.contains("Risk:") && !steps.is_empty(), "{steps}");
}

#[test]
fn text_of_the_outside_ends_no_code_span_and_no_line() {
    let hostile = "` *x*\u{1b}[31m\nsecond line";
    let said = texts(&evidence(&report(Verdict::Cause, hostile), None));
    assert!(!said.contains('\u{1b}'), "{said}");
    let said = texts(&told(&Question::Why, &report(Verdict::Cause, hostile)).expect("why"));
    assert!(!said.contains("\nsecond line") && said.matches('`').count().is_multiple_of(2), "{said}");
}

#[test]
fn what_needs_reads_is_not_told() {
    let report = report(Verdict::Cause, "");
    for asked in
        [Question::Events { target: None }, Question::WhoElse { place: Some("eu-west".to_owned()) }, Question::Status]
    {
        assert_eq!(told(&asked, &report), None, "{asked:?}");
    }
}

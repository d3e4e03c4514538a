use std::time::Duration;

use midwatch_agent::request::ModelUse;
use midwatch_redact::{Redacted, Redactor};

use super::*;

fn case(id: &str, failures: &[&str], tokens: u64) -> Marked {
    Marked {
        id: id.to_owned(),
        class: "config".to_owned(),
        failures: failures.iter().map(|why| (*why).to_owned()).collect(),
        used: ModelUse { requests: 1, input: tokens, micro_usd: Some(tokens), ..ModelUse::default() },
        elapsed: Duration::from_millis(3),
        ..Marked::default()
    }
}

fn run(cases: Vec<Marked>) -> Redacted<Run> {
    Redactor::default().seal(Run { format: FORMAT.to_owned(), model: "main (a-model)".to_owned(), cases })
}

#[test]
fn two_runs_say_what_got_better_and_what_worse() {
    let before = run(vec![case("a", &[], 10), case("b", &["x"], 10), case("gone", &[], 1)]);
    let now = run(vec![case("a", &["y"], 20), case("b", &[], 20), case("new", &[], 5)]);
    let compared = compare(&now, before);
    assert_eq!((&compared.better, &compared.worse), (&vec!["b".to_owned()], &vec!["a".to_owned()]));
    assert_eq!((&compared.added, &compared.gone), (&vec!["new".to_owned()], &vec!["gone".to_owned()]));
    assert_eq!((compared.before.used.tokens(), compared.now.used.tokens()), (21, 45));
    for shown in [text(&now, Some(&compared)), markdown(&now, Some(&compared))] {
        assert!(shown.contains("worse: a") && shown.contains("tokens 21 -> 45"), "{}", *shown);
    }
}

#[test]
fn a_run_as_json_can_be_compared_with_later() {
    let first = run(vec![case("a", &["root: none"], 10)]);
    let read: Run = serde_json::from_str(&json(&first, None)).unwrap();
    assert_eq!(read, *first);
    assert!(!read.passed());
}

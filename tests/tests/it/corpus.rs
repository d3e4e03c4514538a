//! The incident corpus: what is known must stay known.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::render;
use midwatch_agent::request::{Depth, Limits};
use midwatch_agent::score::{self, Setup};
use midwatch_redact::Redactor;
use midwatch_snapshot::Snapshot;

use crate::support::{Case, cases, corpus, investigate};

/// Cases that do not pass yet, each with the reason on its line. The list may only shrink.
const KNOWN_FAILURES: &str = include_str!("../../corpus/known-failures.txt");

fn known_failures() -> BTreeSet<String> {
    let lines = KNOWN_FAILURES.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    lines.map(|l| l.split_whitespace().next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn every_case_passes_and_no_look_alike_is_given_a_cause() {
    let setup = Setup {
        limits: Limits::default(),
        lookback: SignedDuration::from_hours(1),
        depth: Depth::Standard,
        redactor: Redactor::default(),
    };
    let open = |dir: &std::path::Path| -> Result<Box<dyn EvidenceSource>, score::OpenFailure> {
        Ok(Box::new(Snapshot::open(dir, midwatch_snapshot::Limits::default())?))
    };
    let score = score::run(&corpus(), &setup, open).await.expect("a score");
    let failed: BTreeSet<String> =
        score.cases.iter().filter(|c| !c.failures.is_empty()).map(|c| c.id.clone()).collect();
    let known = known_failures();
    let new: Vec<&String> = failed.difference(&known).collect();
    let mended: Vec<&String> = known.difference(&failed).collect();
    assert!(new.is_empty(), "cases that passed before fail now: {new:?}\n{}", *score::text(&score));
    assert!(mended.is_empty(), "these cases pass now; take them off known-failures.txt: {mended:?}");
    assert_eq!(score.totals().false_causes, 0, "a cause is claimed on a look-alike");
}

#[test]
fn a_third_are_look_alikes_and_all_six_classes_occur() {
    let verdicts: Vec<String> = cases().iter().map(|dir| Case::load(dir).verdict).collect();
    let look_alikes = verdicts.iter().filter(|v| *v != "cause").count();
    assert!(look_alikes * 3 >= verdicts.len(), "{look_alikes} of {}", verdicts.len());
    for class in ["cause", "healthy", "recovered", "expected", "blind", "inconclusive"] {
        assert!(verdicts.iter().any(|v| v == class), "{class}");
    }
}

#[tokio::test]
async fn a_second_run_gives_the_same_bytes() {
    for dir in cases() {
        let case = Case::load(&dir);
        let first = investigate(&case.cluster, &case.request).await;
        let second = investigate(&case.cluster, &case.request).await;
        assert_eq!(render::json(&first.report), render::json(&second.report), "{}", case.id);
        assert_eq!(render::markdown(&first.report), render::markdown(&second.report), "{}", case.id);
    }
}

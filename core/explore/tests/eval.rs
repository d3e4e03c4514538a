//! The cases of the corpus that have recorded replies, explored with them.
#![allow(missing_docs, clippy::expect_used, reason = "tests may panic")]

use std::path::Path;

use jiff::SignedDuration;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Depth, Limits};
use midwatch_agent::score::{OpenFailure, Setup};
use midwatch_explore::eval::{self, By};
use midwatch_redact::Redactor;
use midwatch_snapshot::Snapshot;

/// Cases that do not pass yet. The list may only shrink.
const KNOWN_FAILURES: [&str; 0] = [];

#[tokio::test]
async fn every_case_with_recorded_replies_is_as_expected() {
    let setup = Setup {
        limits: Limits::default(),
        lookback: SignedDuration::from_hours(1),
        depth: Depth::Standard,
        redactor: Redactor::default(),
    };
    let open = |dir: &Path| -> Result<Box<dyn EvidenceSource>, OpenFailure> {
        Ok(Box::new(Snapshot::open(dir, midwatch_snapshot::Limits::default())?))
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let run = eval::run(&corpus, &setup, &By::Replies, false, open).await.expect("cases");
    assert!(run.cases.len() >= 10, "{}", run.cases.len());
    assert!(run.cases.iter().filter(|case| case.by_model).count() >= 2, "a model finds what the rules leave open");
    assert!(run.cases.iter().filter(|case| case.left_out > 0).count() >= 2, "what is invented is left out");
    let failed = run.cases.iter().filter(|case| !case.failures.is_empty());
    let failed: Vec<&str> = failed.map(|case| case.id.as_str()).collect();
    assert_eq!(failed, KNOWN_FAILURES, "{}", *eval::text(&run, None));
}

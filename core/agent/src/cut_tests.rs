//! What becomes of an investigation whose source is too slow.

use std::time::Duration;

use async_trait::async_trait;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::view::Content;
use midwatch_redact::Redactor;

use crate::investigate;
use crate::port::{EvidenceSource, Reading};
use crate::request::{Limits, NoReport, Outcome, Request};

/// Answers with nothing, except what hangs for ever.
struct Slow {
    hangs: fn(&Probe) -> bool,
    names_hang: bool,
}

#[async_trait]
impl EvidenceSource for Slow {
    fn describe(&self) -> String {
        "slow".to_owned()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        if self.names_hang {
            std::future::pending::<()>().await;
        }
        Ok(vec!["shop".to_owned()])
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        if (self.hangs)(probe) {
            std::future::pending::<()>().await;
        }
        Ok(Reading { content: Content::Objects(Vec::new()), bytes: 0, digest: 0, gaps: Vec::new() })
    }
}

async fn run(source: Slow, text: Option<&str>) -> Result<Outcome, NoReport> {
    let limits = Limits { deadline: Duration::from_millis(50), ..Limits::default() };
    let request = Request { text: text.map(str::to_owned), namespace: Some("shop".to_owned()), ..Request::default() };
    let outcome = investigate(&source, &request, &limits, Redactor::default(), &|_| {}).await;
    outcome.map_err(midwatch_redact::Redacted::into_inner)
}

fn events(probe: &Probe) -> bool {
    probe.to_string().starts_with("events")
}

#[tokio::test]
async fn what_was_read_by_the_deadline_is_reported_as_cut_short() {
    let outcome = run(Slow { hangs: events, names_hang: false }, None).await.unwrap();
    assert!(outcome.cut_short);
    assert!(outcome.report.could_not_see.iter().any(|gap| gap.why.contains("deadline")), "{:?}", outcome.report);
    assert!(outcome.read.kinds.contains_key("pods") && !outcome.read.kinds.contains_key("events"));
    assert!(outcome.read.to_string().contains("namespaces: shop"), "{}", *outcome.read);
}

#[tokio::test]
async fn a_source_in_time_is_not_cut_short() {
    let outcome = run(Slow { hangs: |_| false, names_hang: false }, None).await.unwrap();
    assert!(!outcome.cut_short);
}

#[tokio::test]
async fn a_name_that_could_not_be_looked_up_is_not_called_absent() {
    let cut = run(Slow { hangs: |p| p.to_string().starts_with("deployments"), names_hang: false }, Some("checkout"));
    assert!(matches!(cut.await, Err(NoReport::TooLate)));
    let whole = run(Slow { hangs: |_| false, names_hang: false }, Some("checkout"));
    assert!(matches!(whole.await, Err(NoReport::NoMatch { .. })));
}

#[tokio::test]
async fn a_source_that_cannot_even_be_listed_in_time_is_too_late() {
    let outcome = run(Slow { hangs: |_| false, names_hang: true }, None).await;
    assert!(matches!(outcome, Err(NoReport::TooLate)));
}

//! Recordings: bounds, damage, and what was never answered.

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::list::read_list;
use midwatch_diagnosis::metrics::{Point, Series};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_diagnosis::view::Content;
use midwatch_redact::{Redacted, Redactor};

use super::*;
use crate::port::{EvidenceSource, Reading};
use crate::render::sample;
use crate::request::{Limits, LogCaps, Request};

/// A source with one answer for every question; questions about leases are never answered.
struct Says(Content);

#[async_trait]
impl EvidenceSource for Says {
    fn describe(&self) -> String {
        "a test".to_owned()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        Ok(vec!["shop".to_owned()])
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        if matches!(probe, Probe::Objects { kind: Kind::Lease, .. }) {
            std::future::pending::<()>().await;
        }
        Ok(Reading { content: self.0.clone(), bytes: 7, digest: u64::MAX, gaps: vec!["a gap".to_owned()] })
    }
}

fn objects(kind: Kind) -> Probe {
    Probe::Objects { kind, namespace: Some("shop".to_owned()) }
}

fn recorded(recorder: &Recorder) -> Redacted<String> {
    let report = Redactor::default().seal(sample::report(Verdict::Healthy, ""));
    let found = (&report, &Redactor::default());
    text(&recorder.bundle(&Request::default(), &Limits::default(), found, None))
}

fn source(text: &Redacted<String>) -> BundleSource {
    BundleSource::new(Bundle::parse(text.as_bytes()).unwrap())
}

#[tokio::test]
async fn what_was_answered_is_answered_again_and_nothing_else() {
    let points = [f64::NAN, f64::INFINITY, 0.1 + 0.2].map(|value| Point { at: jiff::Timestamp::UNIX_EPOCH, value });
    let series = Series { labels: [("pod".to_owned(), "a".to_owned())].into(), points: points.to_vec() };
    let recorder = Recorder::new(Arc::new(Says(Content::Series(vec![series]))));
    let caps = LogCaps { lines: Some(5), bytes: None };
    let given = recorder.read_within(&objects(Kind::Pod), caps).await.unwrap();
    let replayed = source(&recorded(&recorder));
    for caps in [caps, LogCaps::default()] {
        let again = replayed.read_within(&objects(Kind::Pod), caps).await.unwrap();
        assert_eq!(format!("{again:?}"), format!("{given:?}"), "of another length there is only this one");
    }
    assert_eq!(replayed.read(&objects(Kind::Node)).await.unwrap_err(), ReadFailure::NotRecorded);
}

#[tokio::test]
async fn a_question_that_the_deadline_cut_off_is_one_without_an_answer_in_time() {
    let recorder = Recorder::new(Arc::new(Says(Content::Objects(Vec::new()))));
    let asked = objects(Kind::Lease);
    let cut = tokio::time::timeout(std::time::Duration::from_millis(1), recorder.read(&asked)).await;
    assert!(cut.is_err());
    let again = source(&recorded(&recorder)).read(&asked).await;
    assert!(matches!(again, Err(ReadFailure::TimedOut(_))), "{again:?}");
}

#[tokio::test]
async fn a_bundle_that_would_be_too_large_leaves_out_what_matters_least_and_says_so() {
    let data = "word ".repeat(CAP / 12);
    let list = serde_json::json!({"kind": "ConfigMapList", "items": [
        {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}, "data": {"text": data}}]});
    let large = read_list(list.to_string().as_bytes(), None).objects;
    let recorder = Recorder::new(Arc::new(Says(Content::Objects(large))));
    let kinds = [Kind::ConfigMap, Kind::Service, Kind::Pod];
    for kind in &kinds {
        recorder.read(&objects(kind.clone())).await.unwrap();
    }
    let bundle = recorded(&recorder);
    assert!(bundle.len() <= CAP);
    assert!(bundle.len() <= CAP);
    let replayed = source(&bundle);
    assert!(!replayed.bundle().left_out().is_empty());
    assert!(replayed.read(&objects(Kind::Pod)).await.is_ok(), "every verdict begins with pods");
    let mut left_out = 0;
    for kind in [Kind::ConfigMap, Kind::Service] {
        let again = replayed.read(&objects(kind)).await;
        left_out += usize::from(matches!(again, Err(ReadFailure::Unreadable(why)) if why.contains("left out")));
    }
    assert_eq!(left_out, 1, "no more than it takes");
}

#[test]
fn what_is_no_bundle_of_ours_is_told_apart() {
    assert!(matches!(Bundle::parse(b"{"), Err(BundleError::Unreadable(_))));
    let other = Bundle::parse(br#"{"format": "midwatch-bundle/2"}"#).unwrap_err();
    assert!(other.to_string().contains("midwatch-bundle/2"), "{other}");
}

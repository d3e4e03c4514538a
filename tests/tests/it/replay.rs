//! Every case of the corpus, recorded and replayed: the same report, byte for byte.

use std::sync::Arc;

use midwatch_agent::recording::{Bundle, BundleSource, CAP, Recorder, replay, text};
use midwatch_agent::render;
use midwatch_agent::request::Limits;
use midwatch_redact::Redactor;

use crate::support::{Case, cases, open};

#[tokio::test]
async fn a_replayed_investigation_gives_the_same_report() {
    let mut different = Vec::new();
    let (mut replayed, mut largest) = (0, 0);
    for dir in cases() {
        let Case { id, cluster, request, .. } = Case::load(&dir);
        let recorder = Recorder::new(Arc::new(open(&cluster)));
        let limits = Limits::default();
        let run = midwatch_agent::investigate(&*recorder, &request, &limits, Redactor::default(), &|_| {}).await;
        let Ok(outcome) = run else { continue };
        let bundle = text(&recorder.bundle(&request, &limits, (&outcome.report, &outcome.redactor), None)).into_inner();
        assert!(bundle.len() <= CAP, "{id}");
        largest = largest.max(bundle.len());
        let source = BundleSource::new(Bundle::parse(bundle.as_bytes()).expect("a bundle"));
        let again = replay(&source, Redactor::default(), &|_| {}).await.expect("a report");
        let (first, second) = (render::json(&outcome.report), render::json(&again.outcome.report));
        if first != second || !again.same {
            different.push(format!("{id}\n{}", difference(&first, &second)));
        }
        replayed += 1;
    }
    println!("{replayed} bundles, the largest of {largest} bytes");
    assert!(replayed >= 200, "{replayed}");
    assert!(different.is_empty(), "{} of {replayed} differ:\n{}", different.len(), different.join("\n"));
}

/// The first lines that differ.
fn difference(first: &str, second: &str) -> String {
    let pairs = first.lines().zip(second.lines()).filter(|(a, b)| a != b).take(3);
    pairs.map(|(a, b)| format!("  - {a}\n  + {b}\n")).collect::<Vec<_>>().concat()
}

//! What the ClusterRole grants is enough: no detector finds less when it sees nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::detect::{CATALOGUE, Detectors};
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{ContainerRef, Probe, ReadFailure};
use midwatch_diagnosis::view::{Collected, View};
use midwatch_snapshot::{Limits, Snapshot};

use crate::support::{root, text, yaml};

/// Everything that a recording holds of the known kinds, and the logs of its containers.
async fn everything(cluster: &Path) -> Vec<Collected> {
    let source = Snapshot::open(cluster, Limits::default()).expect("a recording");
    let read = async |probe: Probe| match source.read(&probe).await {
        Ok(reading) => Collected { probe, result: Ok(reading.content), gaps: Vec::new() },
        Err(failure) => Collected { probe, result: Err(failure), gaps: Vec::new() },
    };
    let mut collected = Vec::new();
    for kind in Kind::KNOWN {
        collected.push(read(Probe::Objects { kind: kind.clone(), namespace: None }).await);
    }
    let all = Kind::KNOWN.iter().cloned().collect();
    let view = View::new(allowed(&collected, &all), None, SignedDuration::from_hours(1));
    for pod in view.pods.iter() {
        for (container, ..) in pod.containers() {
            for previous in [false, true] {
                let (namespace, pod) = (pod.metadata.namespace.clone(), pod.metadata.name.clone());
                let of = ContainerRef { namespace, pod, container: container.name.clone() };
                collected.push(read(Probe::Log { of, previous, onset: None }).await);
            }
        }
    }
    collected
}

/// The same where only these kinds may be read.
fn allowed(collected: &[Collected], kinds: &BTreeSet<Kind>) -> Vec<Collected> {
    let is_allowed = |probe: &Probe| !matches!(probe, Probe::Objects { kind, .. } if !kinds.contains(kind));
    let forbidden = || Err(ReadFailure::Forbidden("forbidden".to_owned()));
    let one = |one: &Collected| Collected {
        probe: one.probe.clone(),
        result: if is_allowed(&one.probe) { one.result.clone() } else { forbidden() },
        gaps: one.gaps.clone(),
    };
    collected.iter().map(one).collect()
}

#[tokio::test]
async fn no_family_finds_less_where_only_its_kinds_may_be_read() {
    let families: BTreeSet<&str> = CATALOGUE.iter().filter_map(|d| d.id.split('.').next()).collect();
    let cases = std::fs::read_dir(root().join("tests/corpus")).expect("the corpus");
    let none = Detectors::default().except(Detectors::names()).unwrap().kinds();
    let (mut less, mut noticed) = (Vec::new(), BTreeSet::new());
    for dir in cases.map(|case| case.unwrap().path()).filter(|dir| dir.join("case.yaml").is_file()) {
        let case = yaml(&text(dir.join("case.yaml")));
        let as_of: Timestamp = case["as_of"].as_str().unwrap().parse().unwrap();
        let collected = everything(&dir.join("cluster")).await;
        let view = |collected| View::new(collected, Some(as_of), SignedDuration::from_hours(1));
        let all = Kind::KNOWN.iter().cloned().collect();
        let whole = view(allowed(&collected, &all));
        for family in &families {
            let detectors = Detectors::only([*family]).unwrap();
            let expected = detectors.detect(&whole);
            let seen = detectors.detect(&view(allowed(&collected, &detectors.kinds())));
            if seen != expected {
                less.push(format!("{}: {family}", dir.file_name().unwrap().to_string_lossy()));
            }
            if detectors.detect(&view(allowed(&collected, &none))) != expected {
                noticed.insert(*family);
            }
        }
    }
    // Else the corpus could not tell a role that is too small.
    let telling = ["access", "admission", "autoscale", "network", "pod", "storage", "workload"];
    assert!(noticed.is_superset(&telling.into()), "with less than that only these find less: {noticed:?}");
    assert!(less.is_empty(), "{} of the families read more than they say: {less:#?}", less.len());
}

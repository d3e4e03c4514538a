//! Every detector of the catalogue is shown by the corpus: cases in which it speaks, and look-alikes in which it is silent.

use std::collections::BTreeMap;
use std::path::Path;

use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::detect::CATALOGUE;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::finding::Role;
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::view::{Collected, View};
use midwatch_snapshot::Snapshot;

use crate::support::{Case, cases, open};

/// Everything that a recording holds, as a view.
async fn view_of(case: &Case) -> View {
    let source = open(&case.cluster);
    let kinds = Kind::KNOWN.iter().map(|kind| Probe::Objects { kind: kind.clone(), namespace: None });
    let objects = read(&source, kinds.collect()).await;
    let mut view = View::new(objects, case.request.as_of, case.request.lookback);
    let logs = view.pods.iter().flat_map(|pod| {
        pod.containers().flat_map(|(container, _, _)| {
            [false, true].map(|previous| Probe::Log {
                of: ContainerRef {
                    namespace: pod.metadata.namespace.clone(),
                    pod: pod.metadata.name.clone(),
                    container: container.name.clone(),
                },
                previous,
                onset: None,
            })
        })
    });
    let logs = read(&source, logs.collect()).await;
    view.extend(logs);
    view
}

async fn read(source: &Snapshot, probes: Vec<Probe>) -> Vec<Collected> {
    let mut collected = Vec::new();
    for probe in probes {
        let answer = source.read(&probe).await;
        let (result, gaps) = answer.map_or_else(|e| (Err(e), Vec::new()), |r| (Ok(r.content), r.gaps));
        collected.push(Collected { probe, result, gaps });
    }
    collected
}

#[tokio::test]
async fn every_detector_speaks_in_some_cases_and_is_silent_in_look_alikes() {
    let mut speaks: BTreeMap<&str, usize> = CATALOGUE.iter().map(|d| (d.id, 0)).collect();
    let mut silent: BTreeMap<&str, usize> = speaks.clone();
    for dir in cases() {
        let case = Case::load(&dir);
        let view = view_of(&case).await;
        for detector in CATALOGUE {
            let findings = (detector.run)(&view);
            let counter = if findings.is_empty() { &mut silent } else { &mut speaks };
            let look_alike = case.verdict != "cause";
            if !findings.is_empty() || look_alike {
                *counter.get_mut(detector.id).expect("a row") += 1;
            }
            let failing = findings.iter().filter(|f| f.role == Role::Failing);
            assert!(
                failing.clone().all(|f| !f.proof.is_empty()),
                "{}: {} claims without evidence",
                case.id,
                detector.id
            );
        }
    }
    let never: Vec<&&str> = speaks.iter().filter(|(_, n)| **n == 0).map(|(id, _)| id).collect();
    assert!(never.is_empty(), "no case shows these detectors: {never:?}");
    let always: Vec<&&str> = silent.iter().filter(|(_, n)| **n == 0).map(|(id, _)| id).collect();
    assert!(always.is_empty(), "these detectors speak in every look-alike: {always:?}");
}

#[test]
fn ids_of_detectors_are_unique_and_say_what_they_detect() {
    let mut ids: Vec<&str> = CATALOGUE.iter().map(|d| d.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(CATALOGUE.iter().all(|d| d.about.len() > 15), "each row says what it detects");
}

#[test]
fn paths_of_the_corpus_are_portable() {
    fn walk(dir: &Path) {
        for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)), "{name}");
            if entry.path().is_dir() {
                walk(&entry.path());
            }
        }
    }
    for dir in cases() {
        walk(&dir);
    }
}

//! What several tests need: the workspace, and an investigation of a directory.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::alertmanager;
use midwatch_agent::request::{Limits, Outcome, Request};
use midwatch_redact::Redactor;
use midwatch_snapshot::Snapshot;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The corpus.
pub(crate) fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The directories of all cases, in order.
pub(crate) fn cases() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(corpus())
        .expect("the corpus")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.join("case.yaml").is_file())
        .collect();
    dirs.sort();
    assert!(dirs.len() > 100, "the corpus is complete: {}", dirs.len());
    dirs
}

/// What a case is about.
pub(crate) struct Case {
    /// Its directory's name.
    pub(crate) id: String,
    /// The recording.
    pub(crate) cluster: PathBuf,
    /// What is asked.
    pub(crate) request: Request,
    /// The expected class.
    pub(crate) verdict: String,
}

impl Case {
    pub(crate) fn load(dir: &Path) -> Case {
        let text = std::fs::read_to_string(dir.join("case.yaml")).expect("case.yaml");
        let yaml: serde_json::Value = serde_saphyr::from_str(&text).expect("case.yaml is YAML");
        let alerts =
            std::fs::read(dir.join("alert.json")).map(|body| alertmanager::parse(&body).expect("alert.json").alerts);
        let question = alerts.is_err().then(|| yaml["question"].as_str().expect("a question").to_owned());
        let namespace = question.as_ref().and(yaml["scope"]["namespace"].as_str()).map(str::to_owned);
        let as_of: Timestamp = yaml["as_of"].as_str().expect("as_of").parse().expect("a time");
        Case {
            id: yaml["id"].as_str().expect("id").to_owned(),
            cluster: dir.join("cluster"),
            request: Request {
                text: question,
                namespace,
                alerts: alerts.unwrap_or_default(),
                as_of: Some(as_of),
                lookback: SignedDuration::from_hours(1),
                ..Request::default()
            },
            verdict: yaml["expect"]["verdict"].as_str().expect("verdict").to_owned(),
        }
    }
}

/// Opens a recording.
pub(crate) fn open(cluster: &Path) -> Snapshot {
    Snapshot::open(cluster, midwatch_snapshot::Limits::default()).expect("a recording")
}

/// Investigates a recording as the binary would.
pub(crate) async fn investigate(cluster: &Path, request: &Request) -> Outcome {
    let source = open(cluster);
    midwatch_agent::investigate(&source, request, &Limits::default(), Redactor::default(), &|_| {})
        .await
        .expect("a report")
}

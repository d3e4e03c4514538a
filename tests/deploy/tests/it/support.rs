//! Files, programs, and the figures there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use midwatch_agent::request::ModelUse;
use midwatch_service::health::Status;
use midwatch_service::metrics::{
    Connections, DutyLabel, HealthLabels, HeardLabels, JobLabels, Memory, Metrics, PackLabel, PlatformLabel,
    PostLabels, PriorityLabel, ResultLabel, RoleLabel, ThrottleLabels,
};
use midwatch_service::{fleet::Role, job::Priority};
use regex::Regex;
use serde_json::Value;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `config/deploy`.
pub(crate) fn deploy() -> PathBuf {
    root().join("config/deploy")
}

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("no YAML: {error}\n{text}"))
}

/// Runs a program to its end: whether it succeeded, and what it said.
pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| {
        let program = command.get_program().to_string_lossy();
        panic!("`{program}` cannot be started ({error}); ./test.sh installs what the tests need")
    });
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Every figure has a value, so that all of them are exposed with all of their labels.
pub(crate) fn filled() -> Metrics {
    let metrics = Metrics::default();
    let (pack, platform, result) = ("crash".to_owned(), "slack", "ok");
    metrics.jobs.get_or_create(&JobLabels { state: "completed", pack: pack.clone() }).inc();
    metrics.execution.get_or_create(&PackLabel { pack }).observe(1.0);
    metrics.wait.observe(0.1);
    metrics.queue.get_or_create(&PriorityLabel::from(Priority::High)).set(1);
    metrics.queue_age.get_or_create(&PriorityLabel::from(Priority::High)).set(0.5);
    metrics.outbox_delay.get_or_create(&PlatformLabel { platform }).set(0.5);
    metrics.posts.get_or_create(&PostLabels { platform, result }).inc();
    metrics.throttled.get_or_create(&ThrottleLabels { platform, scope: "channel" }).inc();
    metrics.called("kubernetes", result, std::time::Duration::from_millis(3));
    for family in [&metrics.alerts, &metrics.http, &metrics.handled, &metrics.events, &metrics.announcements] {
        family.get_or_create(&ResultLabel { result }).inc();
    }
    metrics.heard.get_or_create(&HeardLabels { platform: platform.to_owned(), kind: "mention" }).inc();
    metrics.model("main", &ModelUse { requests: 1, input: 2, micro_usd: Some(3), ..ModelUse::default() });
    metrics.health.get_or_create(&HealthLabels::new("a \"part\"\n\\", true, Status::Up)).set(1);
    metrics.replicas.get_or_create(&RoleLabel::from(Role::Worker)).set(1);
    metrics.leaders.get_or_create(&DutyLabel { duty: "gateway:discord".to_owned() }).set(1);
    metrics.connections(&Connections { open: 3, refused: 1, ..Connections::default() });
    metrics.memory(&Memory { resident: 1, limit: None });
    metrics.utilisation.set(0.25);
    metrics
}

/// The labels of every name that a query may use, those of histograms' parts included.
pub(crate) fn series() -> BTreeMap<String, BTreeSet<String>> {
    let sample = Regex::new(r"^(midwatch_[a-z_]+)(?:\{(.*)\})? [^ ]+$").unwrap();
    let label = Regex::new(r#"([a-z_]+)="(?:[^"\\]|\\.)*""#).unwrap();
    let mut series: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in filled().encode().lines().filter(|line| !line.starts_with('#')) {
        let found = sample.captures(line).unwrap_or_else(|| panic!("not a sample: {line}"));
        let labels = found.get(2).map_or("", |labels| labels.as_str());
        let names = label.captures_iter(labels).map(|label| label[1].to_owned());
        series.entry(found[1].to_owned()).or_default().extend(names);
    }
    series
}

/// Labels that Prometheus adds to every series.
const ADDED: [&str; 3] = ["namespace", "job", "instance"];

/// A query of ours uses only names and labels that there are.
pub(crate) fn check_query(query: &str, series: &BTreeMap<String, BTreeSet<String>>) {
    let selector = Regex::new(r"\b(midwatch_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let matcher = Regex::new(r"([a-z_]+)\s*(?:=~|!~|!=|=)").unwrap();
    let grouping = Regex::new(r"\bby \(([^)]*)\)").unwrap();
    let mut known: BTreeSet<&str> = ADDED.into_iter().collect();
    for found in selector.captures_iter(query) {
        let name = &found[1];
        let labels = series.get(name).unwrap_or_else(|| panic!("there is no {name}: {query}"));
        known.extend(labels.iter().map(String::as_str));
        let asked = found.get(2).map_or("", |matchers| matchers.as_str());
        for asked in matcher.captures_iter(asked) {
            let label = &asked[1];
            assert!(labels.contains(label) || ADDED.contains(&label), "{name} has no label {label}: {query}");
        }
    }
    for by in grouping.captures_iter(query) {
        for label in by[1].split(',').map(str::trim).filter(|label| !label.is_empty()) {
            assert!(known.contains(label), "nothing has the label {label}: {query}");
        }
    }
}

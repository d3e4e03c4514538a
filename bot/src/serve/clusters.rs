//! The clusters of the server: each opened once, when the first job needs it, and shared by all.
//!
//! Must never be waited for at start: a cluster that is away is a reason in the health, not a server that does not come up.
//! Start at [`Clusters`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::sources::Sources;
use midwatch_config::Settings;
use midwatch_kubernetes::Cluster;
use midwatch_prometheus::{OptionsError, Prometheus};
use midwatch_redact::Redactor;
use midwatch_service::code::ErrorCode;
use midwatch_service::health::{Health, Status};
use midwatch_service::job::JobError;
use midwatch_service::port::sources::SourceProvider;
use tokio::sync::OnceCell;

use super::calls::{Calls, Counted};
use super::lookout::PROMETHEUS;
use crate::live;

/// What the only cluster is called when none is named: the current context, or the one around this process.
const CURRENT: &str = "default";

/// The part that health knows clusters by.
pub(super) const PART: &str = "kubernetes";

/// What the clusters are called: their contexts.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let contexts = &settings.kubernetes.contexts;
    if contexts.is_empty() { vec![CURRENT.to_owned()] } else { contexts.clone() }
}

/// The part that health knows one of several clusters by.
fn part(name: &str) -> String {
    format!("{PART}:{name}")
}

/// The clusters, and the metrics that are read beside all of them.
pub(super) struct Clusters {
    settings: Settings,
    redactor: Redactor,
    health: Arc<Health>,
    calls: Calls,
    names: Vec<String>,
    opened: BTreeMap<String, OnceCell<Cluster>>,
    metrics: OnceCell<Option<Arc<Prometheus>>>,
    /// How each did when it was last looked at, and why it is down if it is.
    seen: Mutex<BTreeMap<String, Result<(), String>>>,
}

impl Clusters {
    /// The configured ones; nothing is opened yet. Health expects their reports.
    pub(super) fn new(settings: &Settings, redactor: Redactor, health: Arc<Health>, calls: Calls) -> Self {
        let names = names(settings);
        health.expect(PART, false);
        if names.len() > 1 {
            for name in &names {
                health.expect(&part(name), false);
            }
        }
        if settings.prometheus.url.is_some() {
            health.expect(PROMETHEUS, false);
        }
        let opened = names.iter().map(|name| (name.clone(), OnceCell::new())).collect();
        let (settings, metrics, seen) = (settings.clone(), OnceCell::new(), Mutex::default());
        Self { settings, redactor, health, calls, names, opened, metrics, seen }
    }

    /// What they are called.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether Prometheus is configured.
    pub(super) fn has_metrics(&self) -> bool {
        self.settings.prometheus.url.is_some()
    }

    /// One of them, opened if it was not yet. Who comes while it is being opened waits for the same; a failure leaves it
    /// closed for the next try: what is configured wrong does not mend itself, but a kubeconfig may be replaced.
    pub(super) async fn cluster(&self, name: &str) -> Result<&Cluster, JobError> {
        let cell = self.opened.get(name).ok_or_else(|| self.unknown(name))?;
        let context = (!self.settings.kubernetes.contexts.is_empty()).then_some(name);
        let opening = cell.get_or_try_init(|| live::connect(&self.settings, context));
        opening.await.map_err(|error| self.failed(name, &error.to_string()))
    }

    /// Prometheus, where one is configured; one client for all clusters.
    pub(super) async fn prometheus(&self) -> Result<Option<&Arc<Prometheus>>, OptionsError> {
        let made = async || live::prometheus(&self.settings.prometheus).map(|found| found.map(Arc::new));
        Ok(self.metrics.get_or_try_init(made).await?.as_ref())
    }

    /// Takes how a cluster did. With several, each is a part of its own and one part speaks of all.
    pub(super) fn report(&self, name: &str, outcome: Result<(), String>, latency: Option<Duration>) {
        let outcome = outcome.map_err(|why| self.redactor.redact_text(&why).into_inner());
        let now = Timestamp::now();
        if self.names.len() > 1 {
            let (status, why) = match &outcome {
                Ok(()) => (Status::Up, ""),
                Err(why) => (Status::Down, why.as_str()),
            };
            self.health.report(&part(name), status, why, latency, now);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(name.to_owned(), outcome);
        let (status, why) = overall(&seen);
        self.health.report(PART, status, &why, latency, now);
    }

    fn unknown(&self, name: &str) -> JobError {
        let message = format!("there is no cluster {name}; there are: {}", self.names.join(", "));
        JobError { code: ErrorCode::E002, message: self.redactor.redact_text(&message).into_inner() }
    }

    fn failed(&self, name: &str, error: &str) -> JobError {
        let message = self.redactor.redact_text(&format!("cluster {name}: {error}")).into_inner();
        JobError { code: ErrorCode::E006, message }
    }
}

/// All that were looked at, as one.
fn overall(seen: &BTreeMap<String, Result<(), String>>) -> (Status, String) {
    let down: Vec<&str> = seen.values().filter_map(|outcome| outcome.as_ref().err().map(String::as_str)).collect();
    let status = match down.len() {
        0 => Status::Up,
        count if count < seen.len() => Status::Degraded,
        _ => Status::Down,
    };
    (status, down.join("; "))
}

#[async_trait]
impl SourceProvider for Clusters {
    fn clusters(&self) -> Vec<String> {
        self.names.clone()
    }

    async fn open(&self, cluster: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        let name = cluster.or(self.names.first().map(String::as_str)).unwrap_or(CURRENT);
        let found = self.cluster(name).await.inspect_err(|error| {
            if error.code != ErrorCode::E002 {
                self.report(name, Err(error.message.clone()), None);
            }
        })?;
        let calls = self.calls.clone();
        let sources = Sources::new(Arc::new(Counted { source: Arc::new(found.clone()), integration: PART, calls }));
        let metrics = self.prometheus().await.map_err(|error| self.failed(name, &error.to_string()))?;
        Ok(match metrics {
            Some(metrics) => {
                let calls = self.calls.clone();
                let counted = Counted { source: Arc::clone(metrics), integration: PROMETHEUS, calls };
                Arc::new(sources.with_metrics(Arc::new(counted)))
            }
            None => Arc::new(sources),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(contexts: &[&str]) -> (Clusters, Arc<Health>) {
        let mut settings = Settings::default();
        settings.kubernetes.contexts = contexts.iter().map(|name| (*name).to_owned()).collect();
        settings.kubernetes.kubeconfig = Some("/nonexistent/kubeconfig".into());
        let health = Arc::new(Health::default());
        let calls = Calls::new(Arc::default());
        (Clusters::new(&settings, Redactor::default(), Arc::clone(&health), calls), health)
    }

    #[tokio::test]
    async fn an_unknown_cluster_is_a_wrong_question_and_a_broken_one_is_tried_again() {
        let (clusters, health) = clusters(&["eu", "us"]);
        assert_eq!(clusters.clusters(), ["eu", "us"]);
        let unknown = clusters.open(Some("mars")).await.err().unwrap();
        assert_eq!((unknown.code, unknown.message.contains("eu, us")), (ErrorCode::E002, true));
        assert_eq!(health.parts()[PART].status, Status::Starting, "a wrong question says nothing of the clusters");
        let broken = clusters.open(None).await.err().unwrap();
        assert!(broken.code.is_retryable() && broken.message.contains("cluster eu"), "{broken:?}");
        assert_eq!(health.parts()[PART].status, Status::Down);
        assert_eq!(health.parts()["kubernetes:us"].status, Status::Starting, "it was not looked at");
    }

    #[test]
    fn one_part_speaks_of_all_clusters_and_each_has_its_own() {
        let (clusters, health) = clusters(&["eu", "us"]);
        clusters.report("eu", Ok(()), None);
        clusters.report("us", Err("no route".to_owned()), None);
        let parts = health.parts();
        let of = |name: &str| (parts[name].status, parts[name].reason.as_str());
        assert_eq!(of(PART), (Status::Degraded, "no route"));
        assert_eq!((of("kubernetes:eu"), of("kubernetes:us")), ((Status::Up, ""), (Status::Down, "no route")));
        clusters.report("us", Ok(()), None);
        assert_eq!(health.parts()[PART].status, Status::Up);
    }

    #[test]
    fn without_contexts_there_is_one() {
        assert_eq!(clusters(&[]).0.clusters(), [CURRENT]);
    }
}

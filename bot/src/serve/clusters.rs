//! The clusters of the server: each opened once, when the first job needs it, and shared by all.
//!
//! Must never be waited for at start: a cluster that is away is a reason in the health, not a server that does not come up.
//! Start at [`Clusters`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::port::EvidenceSource;
use midwatch_config::Settings;
use midwatch_redact::Redactor;
use midwatch_service::code::ErrorCode;
use midwatch_service::health::{Health, Status};
use midwatch_service::job::JobError;
use midwatch_service::port::sources::SourceProvider;
use tokio::sync::OnceCell;

use crate::live::{self, LiveError};

/// What the only cluster is called when none is named: the current context, or the one around this process.
const CURRENT: &str = "default";

/// The part that health knows clusters by.
pub(super) const PART: &str = "kubernetes";

/// What the clusters are called: their contexts.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let contexts = &settings.kubernetes.contexts;
    if contexts.is_empty() { vec![CURRENT.to_owned()] } else { contexts.clone() }
}

/// The clusters.
pub(super) struct Clusters {
    settings: Settings,
    redactor: Redactor,
    health: Arc<Health>,
    names: Vec<String>,
    opened: BTreeMap<String, OnceCell<Arc<dyn EvidenceSource>>>,
}

impl Clusters {
    /// The configured ones; nothing is opened yet.
    pub(super) fn new(settings: &Settings, redactor: Redactor, health: Arc<Health>) -> Self {
        let names = names(settings);
        let opened = names.iter().map(|name| (name.clone(), OnceCell::new())).collect();
        Self { settings: settings.clone(), redactor, health, names, opened }
    }

    fn context<'a>(&self, name: &'a str) -> Option<&'a str> {
        (!self.settings.kubernetes.contexts.is_empty()).then_some(name)
    }

    fn unknown(&self, name: &str) -> JobError {
        let message = format!("there is no cluster {name}; there are: {}", self.names.join(", "));
        JobError { code: ErrorCode::E002, message: self.redactor.redact_text(&message).into_inner() }
    }

    /// What is configured wrong does not mend itself, but a kubeconfig may be replaced: it is tried again.
    fn failed(&self, name: &str, error: &LiveError) -> JobError {
        let message = self.redactor.redact_text(&format!("cluster {name}: {error}")).into_inner();
        self.health.report(PART, Status::Down, &message, None, Timestamp::now());
        JobError { code: ErrorCode::E006, message }
    }
}

#[async_trait]
impl SourceProvider for Clusters {
    fn clusters(&self) -> Vec<String> {
        self.names.clone()
    }

    async fn open(&self, cluster: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        let name = cluster.or(self.names.first().map(String::as_str)).unwrap_or(CURRENT);
        let cell = self.opened.get(name).ok_or_else(|| self.unknown(name))?;
        // Who comes while it is being opened waits for the same; a failure leaves the cell empty for the next try.
        let opening = cell.get_or_try_init(|| live::open(&self.settings, self.context(name)));
        let source = opening.await.map_err(|error| self.failed(name, &error))?;
        self.health.report(PART, Status::Up, "", None, Timestamp::now());
        Ok(Arc::clone(source))
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
        health.expect(PART, false);
        (Clusters::new(&settings, Redactor::default(), Arc::clone(&health)), health)
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
    }

    #[test]
    fn without_contexts_there_is_one() {
        assert_eq!(clusters(&[]).0.clusters(), [CURRENT]);
    }
}

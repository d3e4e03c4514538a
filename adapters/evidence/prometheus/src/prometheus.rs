//! The evidence source: which request answers which probe.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_diagnosis::metrics::{MetricQuery, When};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::client::{Client, QUERY_CAP};
use crate::options::{OptionsError, PrometheusOptions};
use crate::wire;

/// One Prometheus.
pub struct Prometheus {
    client: Client,
}

/// How a Prometheus is, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// How long the smallest query took.
    pub latency: Duration,
}

impl Prometheus {
    /// Prepares the client; connects to nothing. A process-wide TLS provider must be installed.
    ///
    /// # Errors
    /// When the options cannot be used; see [`OptionsError`].
    pub fn new(options: PrometheusOptions) -> Result<Self, OptionsError> {
        Ok(Self { client: Client::new(options)? })
    }

    /// Whether it is ready and lets us ask: the smallest query, and its version.
    ///
    /// # Errors
    /// What is wrong, with the next step for a person.
    pub async fn check(&self) -> Result<Health, ReadFailure> {
        match self.client.get("-/ready", &[], |_| Ok(())).await {
            // What only speaks its API (Thanos, Mimir), or a proxy that lets nothing else through, has no such path.
            Ok(()) | Err(ReadFailure::NotFound(_) | ReadFailure::Forbidden(_)) => {}
            Err(failure) => return Err(failure),
        }
        let started = Instant::now();
        let query = [("query", "vector(1)".to_owned())];
        self.client.get("api/v1/query", &query, wire::is_success).await?;
        let latency = started.elapsed();
        let version = self.client.get("api/v1/status/buildinfo", &[], wire::version).await.ok();
        Ok(Health { version: version.filter(|v| !v.is_empty()), latency })
    }

    async fn series(&self, query: &MetricQuery) -> Result<Reading, ReadFailure> {
        if query.expr.len() > QUERY_CAP {
            let words = format!("the expression has {} bytes; at most {QUERY_CAP} are sent", query.expr.len());
            return Err(ReadFailure::Unreadable(words));
        }
        let limit = format!("{}ms", self.client.timeout().as_millis().max(1));
        let mut parameters = vec![("query", query.expr.clone()), ("timeout", limit)];
        let path = match query.when {
            When::At(at) => {
                parameters.push(("time", at.to_string()));
                "api/v1/query"
            }
            When::Range { from, to, step } => {
                parameters.extend([
                    ("start", from.to_string()),
                    ("end", to.to_string()),
                    ("step", step.as_secs().max(1).to_string()),
                ]);
                "api/v1/query_range"
            }
        };
        let decode = |body: &[u8]| wire::series(body, query).map(|found| (found, body.len()));
        let (found, bytes) = self.client.get(path, &parameters, decode).await?;
        let about = Probe::Metric(query.clone());
        let gaps = found.gaps.into_iter().map(|gap| format!("{about}: {gap}")).collect();
        Ok(reading(digest(&found.series), Content::Series(found.series), bytes, gaps))
    }

    async fn rules(&self, alert: &str) -> Result<Reading, ReadFailure> {
        // Older servers ignore the name and give all rules.
        let parameters = [("type", "alert".to_owned()), ("rule_name[]", alert.to_owned())];
        let decode = |body: &[u8]| wire::rules(body, alert).map(|found| (found, body.len()));
        let ((rules, gaps), bytes) = self.client.get("api/v1/rules", &parameters, decode).await?;
        Ok(reading(digest(&rules), Content::Rules(rules), bytes, gaps))
    }
}

fn reading(digest: u64, content: Content, bytes: usize, gaps: Vec<String>) -> Reading {
    Reading { content, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), digest, gaps }
}

/// A digest of what was kept: what was dropped while reading must not make two equal readings differ.
fn digest(kept: &impl Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(format!("{kept:?}").as_bytes());
    hasher.finish()
}

#[async_trait]
impl EvidenceSource for Prometheus {
    fn describe(&self) -> String {
        self.client.place()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        // It holds no objects; the namespaces are those of the source beside it.
        Err(ReadFailure::NotRecorded)
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        kind == ProbeKind::Metrics
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        match probe {
            Probe::Metric(query) => self.series(query).await,
            Probe::Rules { alert } => self.rules(alert).await,
            Probe::Objects { .. } | Probe::Log { .. } | Probe::Lines { .. } => Err(ReadFailure::NotRecorded),
        }
    }
}

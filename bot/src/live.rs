//! Live sources: from settings to a cluster and what is read beside it.
//!
//! Must never ask anything of a cluster by itself: connecting reads the kubeconfig and no more. Start at [`open`].

use std::sync::Arc;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::sources::Sources;
use midwatch_alertmanager::{Alertmanager, AlertmanagerOptions};
use midwatch_config::{AlertmanagerSettings, KubernetesSettings, PrometheusSettings, Settings};
use midwatch_kubernetes::{Access, Cluster, ClusterOptions, ConnectError};
use midwatch_prometheus::{Auth, OptionsError, Prometheus, PrometheusOptions};

use crate::cli::Live;
use crate::settings::Flag;

/// Why a live source cannot be set up; nothing was asked yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ConnectError),
    /// Prometheus.
    #[error(transparent)]
    Prometheus(#[from] OptionsError),
}

/// The flags that say what is read live, as settings.
pub(crate) fn flags(live: &Live) -> [Flag<'_>; 3] {
    [
        ("kubernetes.contexts", live.context.as_ref(), "--context"),
        ("kubernetes.kubeconfig", live.kubeconfig.as_ref(), "--kubeconfig"),
        ("prometheus.url", live.prometheus.as_ref(), "--prometheus"),
    ]
}

/// The one TLS provider of the process; needed before the first client is made.
pub(crate) fn tls() {
    // A second time finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A cluster with its metrics: the one of this context, of the first configured, or of the current one.
pub(crate) async fn open(settings: &Settings, context: Option<&str>) -> Result<Arc<dyn EvidenceSource>, LiveError> {
    let cluster = connect(settings, context.or(first(settings))).await?;
    let sources = Sources::new(Arc::new(cluster));
    Ok(match prometheus(&settings.prometheus)? {
        Some(metrics) => Arc::new(sources.with_metrics(Arc::new(metrics))),
        None => Arc::new(sources),
    })
}

/// The context that applies when none is named.
pub(crate) fn first(settings: &Settings) -> Option<&str> {
    settings.kubernetes.contexts.first().map(String::as_str)
}

/// A connection to one cluster.
pub(crate) async fn connect(settings: &Settings, context: Option<&str>) -> Result<Cluster, ConnectError> {
    Cluster::connect(options(settings, context)).await
}

fn options(settings: &Settings, context: Option<&str>) -> ClusterOptions {
    let (wanted, bounds) = (&settings.kubernetes, &settings.investigation);
    ClusterOptions {
        access: access(wanted, context),
        namespaces: wanted.namespaces.clone(),
        parallel_requests: usize::try_from(wanted.max_requests).unwrap_or(usize::MAX),
        answer_within: wanted.timeout,
        share_for: wanted.cache,
        max_log_bytes: bounds.max_log_bytes,
        tail_lines: bounds.tail_lines,
        ..ClusterOptions::default()
    }
}

fn access(wanted: &KubernetesSettings, context: Option<&str>) -> Access {
    match (&wanted.kubeconfig, context) {
        (None, None) => Access::Auto,
        (file, context) => Access::Kubeconfig { file: file.clone(), context: context.map(str::to_owned) },
    }
}

/// Prometheus, where one is configured.
pub(crate) fn prometheus(wanted: &PrometheusSettings) -> Result<Option<Prometheus>, OptionsError> {
    let Some(url) = &wanted.url else { return Ok(None) };
    let auth = match (&wanted.token, &wanted.user, &wanted.password) {
        (Some(token), ..) => Auth::Bearer(token.clone()),
        (None, Some(user), Some(password)) => Auth::Basic { user: user.clone(), password: password.clone() },
        _ => Auth::None,
    };
    let options = PrometheusOptions {
        auth,
        headers: wanted.headers.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        ca_file: wanted.ca_file.clone(),
        timeout: wanted.timeout,
        ..PrometheusOptions::new(url.as_str())
    };
    Prometheus::new(options).map(Some)
}

/// Alertmanager, where one is configured.
pub(crate) fn alertmanager(
    wanted: &AlertmanagerSettings,
) -> Result<Option<Alertmanager>, midwatch_alertmanager::OptionsError> {
    use midwatch_alertmanager::Auth;
    let Some(url) = &wanted.url else { return Ok(None) };
    let auth = match (&wanted.token, &wanted.user, &wanted.password) {
        (Some(token), ..) => Auth::Bearer(token.clone()),
        (None, Some(user), Some(password)) => Auth::Basic { user: user.clone(), password: password.clone() },
        _ => Auth::None,
    };
    let (ca_file, timeout) = (wanted.ca_file.clone(), wanted.timeout);
    Alertmanager::new(AlertmanagerOptions { url: url.to_string(), auth, ca_file, timeout }).map(Some)
}

//! What a command reads: the alerts, the question, the recording or the live cluster.
//!
//! Must never fall back from what was named to something else. Start at [`Wanted::read`], which reads what the person gave;
//! [`Wanted::open`] then opens what is investigated.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use midwatch_agent::alertmanager::{self, AlertGroup, BODY_CAP};
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::Request;
use midwatch_agent::sources::Sources;
use midwatch_config::Settings;
use midwatch_console::{Opening, Question};
use midwatch_kubernetes::ConnectError;
use midwatch_snapshot::{Limits, Snapshot};

use crate::cli::Selection;
use crate::failure::Failure;
use crate::live::{self, LiveError};
use crate::settings;

/// What to say to someone who has neither a cluster nor a recording.
const NO_CLUSTER: &str = "to read a recording instead: --snapshot DIR\n\n  \
    make one:  kubectl cluster-info dump --all-namespaces --output-directory ./dump\n  \
    then:      midwatch investigate --snapshot ./dump\n  \
    or try:    midwatch demo";

/// What was asked, read and checked.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) source: Arc<dyn EvidenceSource>,
    pub(crate) opening: Opening,
}

/// What a person gave, read before anything else: standard input may be a terminal.
pub(crate) struct Wanted<'a> {
    selection: &'a Selection,
    text: Option<String>,
    group: AlertGroup,
    now: Timestamp,
}

impl<'a> Wanted<'a> {
    /// Reads the alerts and the question.
    pub(crate) fn read(selection: &'a Selection) -> Result<Self, Failure> {
        let words = selection.words.join(" ");
        let text = Some(words.trim().to_owned()).filter(|words| !words.is_empty());
        let group = match &selection.alert {
            Some(path) => read_alerts(path)?,
            None => AlertGroup::default(),
        };
        Ok(Self { selection, text, group, now: Timestamp::now() })
    }

    /// Opens what is to be read.
    pub(crate) async fn open(self, settings: &Settings) -> Result<Asked, Failure> {
        let Self { selection, text, group, now } = self;
        let (source, as_of) = match &selection.snapshot {
            Some(dir) => (recording(dir, selection, settings)?, selection.as_of),
            None => (live::open(settings, None).await.map_err(unusable)?, selection.as_of.or(Some(now))),
        };
        let request = Request {
            text: text.clone(),
            namespace: selection.namespace.clone(),
            alerts: group.alerts.clone(),
            as_of,
            lookback: settings::lookback(settings),
            depth: settings::depth(settings),
        };
        let question = Question { text, namespace: selection.namespace.clone(), source: source.describe() };
        let opening =
            if group.alerts.is_empty() { Opening::Question(question) } else { Opening::Alerts(group, question) };
        Ok(Asked { request, source, opening })
    }
}

impl Asked {
    /// The same under a name for the reader, where the directory's own would say nothing.
    pub(crate) fn named(mut self, name: &str) -> Self {
        let (Opening::Question(question) | Opening::Alerts(_, question)) = &mut self.opening;
        name.clone_into(&mut question.source);
        self
    }
}

/// A recording; with metrics beside it only when they were asked for: it may be of another cluster than the configured one.
fn recording(dir: &Path, selection: &Selection, settings: &Settings) -> Result<Arc<dyn EvidenceSource>, Failure> {
    let recorded: Arc<dyn EvidenceSource> = Arc::from(open(dir, settings).map_err(Failure::usage)?);
    if selection.live.prometheus.is_none() {
        return Ok(recorded);
    }
    Ok(match live::prometheus(&settings.prometheus).map_err(Failure::usage)? {
        Some(metrics) => Arc::new(Sources::new(recorded).with_metrics(Arc::new(metrics))),
        None => recorded,
    })
}

/// Nothing was asked of a cluster yet: what is wrong is what was configured.
pub(crate) fn unusable(error: LiveError) -> Failure {
    match error {
        LiveError::Cluster(error @ (ConnectError::NoKubeconfig { .. } | ConnectError::NoCurrentContext { .. })) => {
            Failure::usage(format!("{error}\n\n  {NO_CLUSTER}"))
        }
        other => Failure::usage(other),
    }
}

/// Opens a recording.
pub(crate) fn open(dir: &Path, settings: &Settings) -> Result<Box<dyn EvidenceSource>, midwatch_snapshot::OpenError> {
    let limits = Limits { log_bytes: settings.investigation.max_log_bytes, ..Limits::default() };
    Ok(Box::new(Snapshot::open(dir, limits)?))
}

fn read_alerts(path: &Path) -> Result<AlertGroup, Failure> {
    let body = bounded(path, BODY_CAP + 1)?;
    alertmanager::parse(&body).map_err(|error| {
        Failure::usage(format!(
            "{}: {error}\n  expected is what Alertmanager posts to a webhook, or `amtool alert query -o json`",
            name(path)
        ))
    })
}

/// Reads a file or standard input up to a bound; who reads less than that has read all.
pub(crate) fn bounded(path: &Path, cap: usize) -> Result<Vec<u8>, Failure> {
    let cap = u64::try_from(cap).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let result = if path.as_os_str() == "-" {
        io::stdin().lock().take(cap).read_to_end(&mut body)
    } else {
        File::open(path).and_then(|file| file.take(cap).read_to_end(&mut body))
    };
    result.map_err(|error| Failure::usage(format!("{}: {error}", name(path))))?;
    Ok(body)
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

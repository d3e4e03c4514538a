//! What a command reads: the alerts, the question, the recording.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use midwatch_agent::alertmanager::{self, AlertGroup, BODY_CAP};
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::Request;
use midwatch_config::Settings;
use midwatch_console::{Opening, Question};
use midwatch_snapshot::{Limits, Snapshot};

use crate::cli::Selection;
use crate::failure::Failure;
use crate::settings;

/// What to say to someone who gave no recording.
const NO_SNAPSHOT: &str = "this version reads recorded clusters only; give one with --snapshot DIR\n\n  \
    make one:  kubectl cluster-info dump --all-namespaces --output-directory ./dump\n  \
    then:      midwatch investigate --snapshot ./dump\n  \
    or try:    midwatch demo";

/// What was asked, read and checked.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) source: Box<dyn EvidenceSource>,
    pub(crate) opening: Opening,
}

/// Reads everything that a selection names.
pub(crate) fn read(selection: &Selection, settings: &Settings) -> Result<Asked, Failure> {
    let snapshot = selection.snapshot.as_deref().ok_or_else(|| Failure::usage(NO_SNAPSHOT))?;
    let words = selection.words.join(" ");
    let text = Some(words.trim().to_owned()).filter(|words| !words.is_empty());
    let group = match &selection.alert {
        Some(path) => read_alerts(path)?,
        None => AlertGroup::default(),
    };
    let source = open(snapshot, settings).map_err(Failure::usage)?;
    Ok(asked(text, selection, group, source, settings))
}

/// The same under a name for the reader, where the directory's own would say nothing.
pub(crate) fn read_named(selection: &Selection, settings: &Settings, name: &str) -> Result<Asked, Failure> {
    let mut asked = read(selection, settings)?;
    let (Opening::Question(question) | Opening::Alerts(_, question)) = &mut asked.opening;
    name.clone_into(&mut question.source);
    Ok(asked)
}

/// The request, and the first post of its thread.
fn asked(
    text: Option<String>,
    selection: &Selection,
    group: AlertGroup,
    source: Box<dyn EvidenceSource>,
    settings: &Settings,
) -> Asked {
    let request = Request {
        text: text.clone(),
        namespace: selection.namespace.clone(),
        alerts: group.alerts.clone(),
        as_of: selection.as_of,
        lookback: settings::lookback(settings),
        depth: settings::depth(settings),
    };
    let question = Question { text, namespace: selection.namespace.clone(), source: source.describe() };
    let opening = if group.alerts.is_empty() { Opening::Question(question) } else { Opening::Alerts(group, question) };
    Asked { request, source, opening }
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

//! Writes a cluster down in the layout of `kubectl cluster-info dump`, so that it can be investigated again elsewhere.
//!
//! Must never write a value of a Secret, nor anything that did not pass the redactor, nor into a directory that holds
//! something. What could not be read is written where kubectl would have printed why, and into `RECORDING.md`. Nothing
//! appears under the final name before all of it is there. Start at [`record`].
//!
//! ```text
//! nodes.json, namespaces.json, ...        kinds of the cluster
//! NAMESPACE/pods.json, events.json, ...   kinds of a namespace
//! NAMESPACE/POD/logs.txt                  logs of all containers, between markers; logs-previous.txt the run before
//! RECORDING.md                            when, by whom, and what is missing
//! ```

mod learn;
mod lists;
mod logs;
mod manifest;
mod target;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_redact::Redactor;

use crate::cluster::Cluster;
use target::Target;

/// Bounds of a recording.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// Lines of a log, counted from its end.
    pub tail_lines: u32,
    /// Bytes of one log.
    pub max_log_bytes: u64,
    /// Bytes in all; what comes after is listed as missing.
    pub max_bytes: u64,
    /// Whether logs are recorded.
    pub logs: bool,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self { tail_lines: 20_000, max_log_bytes: 8 * 1024 * 1024, max_bytes: 1024 * 1024 * 1024, logs: true }
    }
}

/// How far a recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordProgress {
    /// A kind was written: `pods in shop`.
    Kind(String),
    /// The logs of so many pods of a namespace were written.
    Logs(String, usize),
}

/// A finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Where it is.
    pub dir: PathBuf,
    /// When it was taken, by the API server's clock: `--as-of` for an investigation of it.
    pub as_of: Option<Timestamp>,
    /// Bytes that were written.
    pub bytes: u64,
    /// What is missing, for a person.
    pub gaps: Vec<String>,
}

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The target holds something already.
    #[error("{}: the directory is not empty; give one that does not exist yet", path.display())]
    NotEmpty {
        /// The target.
        path: PathBuf,
    },
    /// Writing failed.
    #[error("{}: {source}", path.display())]
    Write {
        /// What was written.
        path: PathBuf,
        /// The operating system's words.
        source: std::io::Error,
    },
    /// No namespace was given.
    #[error("no namespace to record; name at least one")]
    NoNamespace,
    /// The API server does not answer at all.
    #[error("the cluster cannot be read: {0}")]
    Unreachable(ReadFailure),
}

/// What the parts of one recording share.
struct Run<'a> {
    cluster: &'a Cluster,
    redactor: &'a Redactor,
    options: &'a RecordOptions,
    target: &'a Target,
    progress: &'a (dyn Fn(RecordProgress) + Sync),
    bytes: AtomicU64,
    gaps: Mutex<Vec<String>>,
}

impl Run<'_> {
    fn gap(&self, text: String) {
        self.gaps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(text);
    }

    /// Whether there is room for so many bytes more.
    fn room(&self, bytes: u64) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.options.max_bytes
    }
}

/// Records namespaces and the kinds of the cluster into a new directory.
///
/// The redactor should know what must be hidden beyond its rules; values of secret-looking variables are learned first, so
/// that they are hidden in logs and messages, too.
///
/// # Errors
/// When nothing can be written, or the cluster does not answer. What single reads could not give is no error: see
/// [`Recorded::gaps`].
pub async fn record(
    cluster: &Cluster,
    namespaces: &[String],
    dir: &Path,
    options: &RecordOptions,
    mut redactor: Redactor,
    progress: &(dyn Fn(RecordProgress) + Sync),
) -> Result<Recorded, RecordError> {
    if namespaces.is_empty() {
        return Err(RecordError::NoNamespace);
    }
    let target = Target::begin(dir)?;
    let as_of = cluster.server_time().await.map_err(RecordError::Unreachable)?;
    learn::values(cluster, namespaces, &mut redactor).await;
    let run = Run {
        cluster,
        redactor: &redactor,
        options,
        target: &target,
        progress,
        bytes: AtomicU64::new(0),
        gaps: Mutex::default(),
    };
    let customs = cluster.other_kinds().await;
    for kind in Kind::KNOWN.iter().filter(|k| !k.namespaced()) {
        lists::write(&run, kind, None, namespaces).await?;
    }
    for kind in &customs {
        if cluster.resource(kind).await.is_some_and(|r| !r.namespaced) {
            lists::write(&run, kind, None, namespaces).await?;
        }
    }
    for namespace in namespaces {
        for kind in Kind::KNOWN.iter().filter(|k| k.namespaced() && **k != Kind::Lease) {
            lists::write(&run, kind, Some(namespace), namespaces).await?;
        }
        for kind in &customs {
            if cluster.resource(kind).await.is_some_and(|r| r.namespaced) {
                lists::write(&run, kind, Some(namespace), namespaces).await?;
            }
        }
        if options.logs {
            logs::write(&run, namespace).await?;
        }
    }
    let mut gaps = run.gaps.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    gaps.sort();
    let bytes = run.bytes.into_inner();
    let about = redactor.redact_text(&about(cluster, namespaces, as_of, &gaps));
    target.write("RECORDING.md", &about).await?;
    let dir = target.finish()?;
    Ok(Recorded { dir, as_of, bytes, gaps })
}

fn about(cluster: &Cluster, namespaces: &[String], as_of: Option<Timestamp>, gaps: &[String]) -> String {
    let mut text = format!("# Recording of {}\n\n", cluster.describe());
    // Writing to a text does not fail.
    let _ = writeln!(text, "Namespaces: {}", namespaces.join(", "));
    if let Some(at) = as_of {
        let _ = writeln!(text, "Taken: {at} (give it as --as-of)");
    }
    let _ = writeln!(text, "Values of Secrets were never read; what looks like a secret elsewhere is hidden.\n");
    let _ = writeln!(text, "Not recorded:");
    for gap in gaps {
        let _ = writeln!(text, "- {gap}");
    }
    if gaps.is_empty() {
        let _ = writeln!(text, "- nothing is missing");
    }
    text
}

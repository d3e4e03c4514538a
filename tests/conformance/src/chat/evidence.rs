//! The cluster of these tests: one recording of the corpus, with lines in its logs that a test asks for.
//!
//! Start at [`Cluster`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_service::code::ErrorCode;
use midwatch_service::job::JobError;
use midwatch_service::port::sources::SourceProvider;
use midwatch_snapshot::Snapshot;

/// The namespace of the recording.
pub const NAMESPACE: &str = "inc-crashloop";
/// The pod that crashes.
pub const POD: &str = "payments-api-768fcbbc49-t6lgw";
/// Words of the cause.
pub const CAUSE: &str = "DATABASE_URL";

/// When the recording was made.
pub(super) fn recorded_at() -> Timestamp {
    "2026-11-22T04:36:31Z".parse().unwrap()
}

/// What a test wants of the cluster.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Stands behind the words of the log line that tells the cause.
    pub hostile: String,
    /// Lines of the log before that.
    pub lines: usize,
}

/// The recording, in a place of its own.
pub(super) struct Sources {
    dir: PathBuf,
    /// Whether nothing is answered for now.
    pub(super) hangs: Arc<AtomicBool>,
}

impl Sources {
    /// Copies the recording to `dir`.
    pub(super) fn new(dir: PathBuf, cluster: &Cluster) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/crash-missing-env/cluster");
        copy(&from, &dir);
        for name in ["logs.txt", "logs-previous.txt"] {
            let path = dir.join(NAMESPACE).join(POD).join(name);
            let log = std::fs::read_to_string(&path).unwrap();
            let line = |n| format!("2026 INFO request {n} took {n} ms\n");
            let lines = (0..cluster.lines).map(line).collect::<Vec<_>>().concat();
            let log = log.replace("2026 FATAL", &format!("{lines}2026 FATAL"));
            let log = log.replace("is not set", &format!("is not set {}", cluster.hostile));
            std::fs::write(&path, log).unwrap();
        }
        Self { dir, hangs: Arc::default() }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[async_trait]
impl SourceProvider for Sources {
    fn clusters(&self) -> Vec<String> {
        vec!["prod".to_owned()]
    }

    async fn open(&self, _: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        let recording = Snapshot::open(&self.dir, midwatch_snapshot::Limits::default())
            .map_err(|error| JobError { code: ErrorCode::E006, message: error.to_string() })?;
        Ok(Arc::new(Evidence { recording, hangs: self.hangs.clone() }))
    }
}

struct Evidence {
    recording: Snapshot,
    hangs: Arc<AtomicBool>,
}

impl Evidence {
    async fn awake(&self) {
        while self.hangs.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[async_trait]
impl EvidenceSource for Evidence {
    fn describe(&self) -> String {
        self.recording.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.awake().await;
        self.recording.namespaces().await
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.awake().await;
        self.recording.read(probe).await
    }
}

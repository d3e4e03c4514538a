//! Objects between the file and the one who asked: each file is decoded at most once while nothing is asked twice.
//!
//! Must never hold an object that was handed out: it is moved, not copied, and a second question for the same objects
//! reads the file again. Start at [`Store::take`].

use std::sync::Arc;
use std::time::Duration;

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::probe::ReadFailure;
use tokio::sync::{Mutex, Semaphore};

use crate::blocking;
use crate::index::DataFile;
use crate::limits::Limits;
use crate::load::{self, Facts, Key, Objects};

/// Files from this size (bytes) on are decoded one after the other: memory holds the bytes of one at a time.
const LARGE: u64 = 8 << 20;

/// The decoded files of a recording.
#[derive(Debug)]
pub(crate) struct Store {
    limits: Limits,
    slots: Vec<Mutex<Option<Slot>>>,
    large: Semaphore,
}

#[derive(Debug)]
struct Slot {
    facts: Arc<Facts>,
    left: Objects,
}

impl Store {
    /// A store for so many files.
    pub(crate) fn new(files: usize, limits: Limits) -> Self {
        let slots = (0..files).map(|_| Mutex::new(None)).collect();
        Self { limits, slots, large: Semaphore::new(1) }
    }

    /// How long a read may take.
    pub(crate) fn wait(&self) -> Duration {
        self.limits.wait
    }

    /// Bytes of one log file that are read.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.limits.log_bytes
    }

    /// Facts of a file, and the objects of a kind in it, in one namespace or all.
    pub(crate) async fn take(
        &self,
        at: usize,
        file: &DataFile,
        kind: &Kind,
        namespace: Option<&str>,
    ) -> Result<(Arc<Facts>, Vec<Object>), ReadFailure> {
        let Some(slot) = self.slots.get(at) else { return Err(ReadFailure::NotRecorded) };
        let mut slot = slot.lock().await;
        let held = match slot.take() {
            Some(held) => slot.insert(held),
            None => slot.insert(self.load(file).await?),
        };
        let facts = held.facts.clone();
        let wanted = keys(&facts, kind, namespace);
        let pick = |from: &mut Objects| wanted.iter().filter_map(|key| from.remove(key)).flatten().collect();
        if wanted.iter().all(|key| held.left.contains_key(key)) {
            return Ok((facts, pick(&mut held.left)));
        }
        let mut again = self.load(file).await?;
        Ok((facts, pick(&mut again.left)))
    }

    /// What is known of a file, decoding it if that has not happened yet.
    pub(crate) async fn facts(&self, at: usize, file: &DataFile) -> Result<Arc<Facts>, ReadFailure> {
        let Some(slot) = self.slots.get(at) else { return Err(ReadFailure::NotRecorded) };
        let mut slot = slot.lock().await;
        if let Some(slot) = slot.as_ref() {
            return Ok(slot.facts.clone());
        }
        Ok(slot.insert(self.load(file).await?).facts.clone())
    }

    async fn load(&self, file: &DataFile) -> Result<Slot, ReadFailure> {
        let permit = if file.size >= LARGE { self.large.acquire().await.ok() } else { None };
        let (file, limits) = (file.clone(), self.limits.clone());
        let loaded = blocking::run(self.limits.wait, move |_| load::load(&file, &limits)).await;
        drop(permit);
        loaded.map(|(facts, left)| Slot { facts: Arc::new(facts), left })
    }
}

fn keys(facts: &Facts, kind: &Kind, namespace: Option<&str>) -> Vec<Key> {
    let fits = |(k, ns): &&Key| k == kind && namespace.is_none_or(|wanted| wanted == ns);
    facts.counts.keys().filter(fits).cloned().collect()
}

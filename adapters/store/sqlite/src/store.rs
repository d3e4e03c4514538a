//! The port: each call becomes work for the writer or for a reader.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_redact::Redacted;
use midwatch_service::audit::Sealed;
use midwatch_service::fleet::{Order, Orders, Replica};
use midwatch_service::id::{IncidentId, JobId, MessageId, PostKey, ThreadId, WorkerId};
use midwatch_service::incident::Incident;
use midwatch_service::job::{Job, Lease, Leased, Priority, Transition};
use midwatch_service::mute::Mute;
use midwatch_service::port::store::{
    Artifact, ArtifactInfo, Beat, Closed, CommitError, DueHeard, DuePost, Feedback, JobFilter, Load, Reaped, Retention,
    Share, Store, StoreError, Write,
};
use midwatch_service::post::PostBody;
use midwatch_service::search::FoundReport;
use midwatch_service::spend::{DaySpend, Spender};
use midwatch_service::thread::{Entry, Thread};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::query::first;
use crate::{
    artifacts, commit, feedback, fleet, heard, incidents, jobs, mutes, outbox, packs, reports, spent, sweep, threads,
    trail,
};

impl SqliteStore {
    async fn write<T, F>(&self, work: F) -> Result<T, CommitError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.run(work).await,
            None => Err(for_reading()),
        }
    }

    /// The same for calls that can only fail because the storage does.
    async fn change<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.write(work).await.map_err(|error| Fault::Refused(error).into_store())
    }
}

pub(crate) fn for_reading() -> CommitError {
    CommitError::Storage(StoreError::ReadOnly("it was opened for reading only; the server writes it".to_owned()))
}

/// Proves that a write arrives: the mark grows by one.
fn mark(db: &Connection) -> Result<i64, Fault> {
    let sql = "UPDATE meta SET value = value + 1 WHERE name = 'mark' RETURNING value";
    first(db, sql, [], |row| Ok(row.get(0)?))?.ok_or_else(|| Fault::Damaged("its mark is missing".to_owned()))
}

fn marked(db: &Connection) -> Result<i64, Fault> {
    let sql = "SELECT value FROM meta WHERE name = 'mark'";
    first(db, sql, [], |row| Ok(row.get(0)?))?.ok_or_else(|| Fault::Damaged("its mark is missing".to_owned()))
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, now: Timestamp, writes: Vec<Write>) -> Result<(), CommitError> {
        let Some(key) = self.key.clone() else { return Err(for_reading()) };
        self.write(move |db| commit::apply(db, &key, now, &writes)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        slots: usize,
    ) -> Result<Vec<Leased>, StoreError> {
        let worker = worker.clone();
        self.change(move |db| jobs::claim::claim(db, &worker, now, lease, slots)).await
    }

    async fn heartbeat(&self, leases: &[Lease], now: Timestamp, lease: Duration) -> Result<Vec<Beat>, StoreError> {
        let leases = leases.to_vec();
        self.change(move |db| jobs::lease::heartbeat(db, &leases, now, lease)).await
    }

    async fn reap(&self, now: Timestamp, backoff: fn(u32) -> Duration) -> Result<Vec<Reaped>, StoreError> {
        self.change(move |db| jobs::lease::reap(db, now, backoff)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.readers.run(jobs::read::next_due).await
    }

    async fn announce(&self, replica: &Replica, now: Timestamp, gone_after: Duration) -> Result<Orders, StoreError> {
        let replica = replica.clone();
        self.change(move |db| fleet::announce(db, &replica, now, gone_after)).await
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), StoreError> {
        let id = id.clone();
        self.change(move |db| fleet::leave(db, &id)).await
    }

    async fn replicas(&self, now: Timestamp) -> Result<Vec<Replica>, StoreError> {
        self.readers.run(move |db| fleet::list(db, now)).await
    }

    async fn kill_switch(&self) -> Result<Option<Order>, StoreError> {
        self.readers.run(fleet::kill_switch).await
    }

    /// The directory is locked: there is no other.
    async fn lead(&self, _: &str, _: &WorkerId, _: Timestamp, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn resign(&self, _: &str, _: &WorkerId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.readers.run(move |db| jobs::read::load(db, id)).await
    }

    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let filter = filter.clone();
        self.readers.run(move |db| jobs::read::list(db, &filter)).await
    }

    async fn history(&self, id: JobId) -> Result<Vec<Transition>, StoreError> {
        self.readers.run(move |db| jobs::read::history(db, id)).await
    }

    async fn load(&self) -> Result<Load, StoreError> {
        self.readers.run(jobs::read::load_now).await
    }

    async fn waiting(&self) -> Result<Vec<(Priority, u64, Timestamp)>, StoreError> {
        self.readers.run(jobs::read::waiting).await
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.readers.run(move |db| incidents::load(db, id)).await
    }

    async fn incidents_by_keys(&self, keys: &[String]) -> Result<Vec<Incident>, StoreError> {
        let keys = keys.to_vec();
        self.readers.run(move |db| incidents::by_keys(db, &keys)).await
    }

    async fn last_closed(&self, keys: &[String]) -> Result<Option<IncidentId>, StoreError> {
        let keys = keys.to_vec();
        self.readers.run(move |db| incidents::last_closed(db, &keys)).await
    }

    async fn open_incidents(&self, limit: usize) -> Result<Vec<Incident>, StoreError> {
        self.readers.run(move |db| incidents::open(db, limit)).await
    }

    async fn thread(&self, id: ThreadId) -> Result<Option<Thread>, StoreError> {
        self.readers.run(move |db| threads::load(db, id)).await
    }

    async fn thread_at(&self, platform: &str, channel: &str, root: &MessageId) -> Result<Option<Thread>, StoreError> {
        let (platform, channel, root) = (platform.to_owned(), channel.to_owned(), root.clone());
        self.readers.run(move |db| threads::at(db, &platform, &channel, &root.0)).await
    }

    async fn memory(&self, thread: ThreadId) -> Result<Vec<Redacted<Entry>>, StoreError> {
        self.readers.run(move |db| threads::memory(db, thread)).await
    }

    async fn incident_of(&self, thread: ThreadId) -> Result<Option<Incident>, StoreError> {
        self.readers.run(move |db| incidents::of_thread(db, thread)).await
    }

    async fn take_heard(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DueHeard>, StoreError> {
        let worker = worker.clone();
        self.change(move |db| heard::take(db, &worker, now, lease, limit)).await
    }

    async fn next_heard(&self) -> Result<Option<Timestamp>, StoreError> {
        self.readers.run(heard::next).await
    }

    async fn mutes(&self, now: Timestamp) -> Result<Vec<Mute>, StoreError> {
        self.readers.run(move |db| mutes::list(db, now)).await
    }

    async fn feedback(&self, job: JobId) -> Result<Vec<Feedback>, StoreError> {
        self.readers.run(move |db| feedback::list(db, job)).await
    }

    async fn take_posts(
        &self,
        worker: &WorkerId,
        platform: &str,
        now: Timestamp,
        lease: Duration,
        share: Share,
        closed: &Closed,
    ) -> Result<Vec<DuePost>, StoreError> {
        let (worker, platform, closed) = (worker.clone(), platform.to_owned(), closed.clone());
        self.change(move |db| outbox::take::take(db, &worker, &platform, now, lease, share, &closed)).await
    }

    async fn next_post(&self, platform: &str, closed: &Closed) -> Result<Option<Timestamp>, StoreError> {
        let (platform, closed) = (platform.to_owned(), closed.clone());
        self.readers.run(move |db| outbox::choose::next(db, &platform, &closed)).await
    }

    async fn post(&self, key: &PostKey) -> Result<Option<Redacted<PostBody>>, StoreError> {
        let key = key.clone();
        self.readers.run(move |db| outbox::write::body(db, &key)).await
    }

    async fn written(&self, key: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, StoreError> {
        let key = key.clone();
        self.readers.run(move |db| outbox::write::written(db, &key)).await
    }

    async fn artifact(&self, job: JobId, name: &str) -> Result<Option<Artifact>, StoreError> {
        let name = name.to_owned();
        self.readers.run(move |db| artifacts::load(db, job, &name)).await
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.readers.run(move |db| artifacts::list(db, job)).await
    }

    async fn spending(&self, since: Timestamp) -> Result<Vec<DaySpend>, StoreError> {
        self.readers.run(move |db| spent::by_day(db, since)).await
    }

    async fn spent(&self, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, StoreError> {
        let by = by.cloned();
        self.readers.run(move |db| spent::since(db, since, by.as_ref())).await
    }

    async fn spent_on(&self, job: JobId) -> Result<ModelUse, StoreError> {
        self.readers.run(move |db| spent::on_job(db, job)).await
    }

    async fn find_reports(&self, words: &str, limit: usize) -> Result<Vec<FoundReport>, StoreError> {
        let words = words.to_owned();
        self.readers.run(move |db| reports::find(db, &words, limit)).await
    }

    async fn packs(&self) -> Result<Vec<(String, bool)>, StoreError> {
        self.readers.run(packs::list).await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<Sealed>, StoreError> {
        self.readers.run(move |db| trail::page(db, after, limit)).await
    }

    async fn sweep(&self, now: Timestamp, retention: Retention) -> Result<u64, StoreError> {
        self.change(move |db| sweep::sweep(db, now, retention)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let written = self.change(mark).await?;
        let read = self.readers.run(marked).await?;
        if read < written {
            return Err(StoreError::Damaged(format!("mark {written} was written, {read} was read back")));
        }
        Ok(())
    }
}

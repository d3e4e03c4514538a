//! The port: each call becomes a unit of work, or a read.

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

use crate::open::RedisStore;
use crate::{
    artifacts, check, commit, feedback, fleet, heard, incidents, jobs, mutes, outbox, packs, reports, spent, sweep,
    threads, trail,
};

#[async_trait]
impl Store for RedisStore {
    async fn commit(&self, now: Timestamp, writes: Vec<Write>) -> Result<(), CommitError> {
        let numbered = writes.iter().any(|write| matches!(write, Write::Audit(_) | Write::Hear { .. }));
        let _turn = if numbered { Some(self.turn(&self.inner.queues.trail).await?) } else { None };
        let inner = &self.inner;
        self.work(|unit| commit::plan(unit, &inner.chain_key, &inner.process, now, &writes)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        slots: usize,
    ) -> Result<Vec<Leased>, StoreError> {
        let _turn = self.turn(&self.inner.queues.claims).await?;
        jobs::claim::promote(&self.inner.link, &self.inner.keys, now).await?;
        self.change(|unit| jobs::claim::claim(unit, worker, now, lease, slots)).await
    }

    async fn heartbeat(&self, leases: &[Lease], now: Timestamp, lease: Duration) -> Result<Vec<Beat>, StoreError> {
        self.change(|unit| jobs::lease::heartbeat(unit, leases, now, lease)).await
    }

    async fn reap(&self, now: Timestamp, backoff: fn(u32) -> Duration) -> Result<Vec<Reaped>, StoreError> {
        self.change(|unit| jobs::lease::reap(unit, now, backoff)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.look(jobs::read::next_due).await
    }

    async fn announce(&self, replica: &Replica, now: Timestamp, gone_after: Duration) -> Result<Orders, StoreError> {
        self.change(|unit| fleet::announce(unit, replica, now, gone_after)).await
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), StoreError> {
        self.change(|unit| fleet::leave(unit, id)).await
    }

    async fn replicas(&self, now: Timestamp) -> Result<Vec<Replica>, StoreError> {
        self.look(|unit| fleet::list(unit, now)).await
    }

    async fn kill_switch(&self) -> Result<Option<Order>, StoreError> {
        self.look(fleet::kill_switch).await
    }

    async fn lead(&self, what: &str, id: &WorkerId, now: Timestamp, lease: Duration) -> Result<bool, StoreError> {
        self.change(|unit| fleet::lead(unit, what, id, now, lease)).await
    }

    async fn resign(&self, what: &str, id: &WorkerId) -> Result<(), StoreError> {
        self.change(|unit| fleet::resign(unit, what, id)).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.look(|unit| jobs::read::load(unit, id)).await
    }

    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        self.look(|unit| jobs::read::list(unit, filter)).await
    }

    async fn history(&self, id: JobId) -> Result<Vec<Transition>, StoreError> {
        self.look(|unit| jobs::read::history(unit, id)).await
    }

    async fn load(&self) -> Result<Load, StoreError> {
        self.look(jobs::read::load_now).await
    }

    async fn waiting(&self) -> Result<Vec<(Priority, u64, Timestamp)>, StoreError> {
        self.look(jobs::read::waiting).await
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.look(|unit| incidents::load(unit, id)).await
    }

    async fn incidents_by_keys(&self, keys: &[String]) -> Result<Vec<Incident>, StoreError> {
        self.look(|unit| incidents::by_keys(unit, keys)).await
    }

    async fn last_closed(&self, keys: &[String]) -> Result<Option<IncidentId>, StoreError> {
        self.look(|unit| incidents::last_closed(unit, keys)).await
    }

    async fn open_incidents(&self, limit: usize) -> Result<Vec<Incident>, StoreError> {
        self.look(|unit| incidents::open(unit, limit)).await
    }

    async fn thread(&self, id: ThreadId) -> Result<Option<Thread>, StoreError> {
        self.look(|unit| threads::load(unit, id)).await
    }

    async fn thread_at(&self, platform: &str, channel: &str, root: &MessageId) -> Result<Option<Thread>, StoreError> {
        self.look(|unit| threads::at(unit, platform, channel, root)).await
    }

    async fn memory(&self, thread: ThreadId) -> Result<Vec<Redacted<Entry>>, StoreError> {
        self.look(|unit| threads::memory(unit, thread)).await
    }

    async fn incident_of(&self, thread: ThreadId) -> Result<Option<Incident>, StoreError> {
        self.look(|unit| incidents::of_thread(unit, thread)).await
    }

    async fn take_heard(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DueHeard>, StoreError> {
        let _turn = self.turn(&self.inner.queues.heard).await?;
        self.change(|unit| heard::take(unit, worker, now, lease, limit)).await
    }

    async fn next_heard(&self) -> Result<Option<Timestamp>, StoreError> {
        self.look(heard::next).await
    }

    async fn mutes(&self, now: Timestamp) -> Result<Vec<Mute>, StoreError> {
        self.look(|unit| mutes::list(unit, now)).await
    }

    async fn feedback(&self, job: JobId) -> Result<Vec<Feedback>, StoreError> {
        self.look(|unit| feedback::list(unit, job)).await
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
        let _turn = self.turn(&self.inner.queues.posts).await?;
        self.change(|unit| outbox::take(unit, worker, platform, now, lease, share, closed)).await
    }

    async fn next_post(&self, platform: &str, closed: &Closed) -> Result<Option<Timestamp>, StoreError> {
        self.look(|unit| outbox::next(unit, platform, closed)).await
    }

    async fn post(&self, key: &PostKey) -> Result<Option<Redacted<PostBody>>, StoreError> {
        self.look(|unit| Ok(outbox::written(unit, key)?.map(|(_, body)| body))).await
    }

    async fn written(&self, key: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, StoreError> {
        self.look(|unit| outbox::written(unit, key)).await
    }

    async fn artifact(&self, job: JobId, name: &str) -> Result<Option<Artifact>, StoreError> {
        self.look(|unit| artifacts::load(unit, job, name)).await
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.look(|unit| artifacts::list(unit, job)).await
    }

    async fn spending(&self, since: Timestamp) -> Result<Vec<DaySpend>, StoreError> {
        self.look(|unit| spent::by_day(unit, since)).await
    }

    async fn spent(&self, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, StoreError> {
        self.look(|unit| spent::since(unit, since, by)).await
    }

    async fn spent_on(&self, job: JobId) -> Result<ModelUse, StoreError> {
        self.look(|unit| spent::on_job(unit, job)).await
    }

    async fn find_reports(&self, words: &str, limit: usize) -> Result<Vec<FoundReport>, StoreError> {
        self.look(|unit| reports::find(unit, words, limit)).await
    }

    async fn packs(&self) -> Result<Vec<(String, bool)>, StoreError> {
        self.look(packs::list).await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<Sealed>, StoreError> {
        self.look(|unit| trail::page(unit, after, limit)).await
    }

    async fn sweep(&self, now: Timestamp, retention: Retention) -> Result<u64, StoreError> {
        sweep::sweep(self, now, retention).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        check::check(&self.inner.link, &self.inner.keys).await
    }
}

//! What an operator steers: dead letters, what waits, processes, the kill switch. Each asks the policy first and is audited in
//! the commit that does it.
//!
//! Must never do anything around the store's rules: they are the same for every process. Start at [`Intake::replay_dead`].

use std::time::Duration;

use super::{Ask, Intake, IntakeParts, Refused, Reply, namespaces_of};
use crate::fleet::Order;
use crate::given_back::Teller;
use crate::id::{JobId, WorkerId};
use crate::job::{Job, JobState, Origin};
use crate::policy::Verb;
use crate::port::store::{CommitError, JobFilter, Reaped, Write};

/// Jobs that one call stops at most; whoever wants more asks again.
pub const CLEARED: usize = 200;

/// Rounds of taking back in one call, each a bounded number of jobs.
const ROUNDS: usize = 20;

/// Characters of a reason that are kept.
const REASON_CAP: usize = 500;

/// What became of clearing the queue of a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Jobs that waited and were stopped.
    pub cancelled: usize,
    /// Whether more of the pack may wait.
    pub more: bool,
}

impl Intake {
    /// A dead letter is tried again from its first attempt.
    ///
    /// # Errors
    /// See [`Refused`]; `Conflict` when it is no dead letter, or another job does the same.
    pub async fn replay_dead(&self, job: JobId, by: Origin) -> Result<(), Refused> {
        self.not_draining()?;
        let known = self.steered(job, Verb::Operate, &by).await?;
        let writes = vec![
            Write::Replay { job, by: by.actor.clone() },
            self.pen(&by).audit("dead letter replay", format!("job {job}"), String::new()),
        ];
        self.steer(writes).await?;
        self.handed_in(&known.spec.pack.name);
        Ok(())
    }

    /// A dead letter is put away.
    ///
    /// # Errors
    /// See [`Refused`]; `Conflict` when it is no dead letter.
    pub async fn discard_dead(&self, job: JobId, by: Origin) -> Result<(), Refused> {
        self.steered(job, Verb::Operate, &by).await?;
        let writes = vec![
            Write::Discard { job, by: by.actor.clone() },
            self.pen(&by).audit("dead letter discard", format!("job {job}"), String::new()),
        ];
        self.steer(writes).await?;
        self.parts.signals.job_changed();
        Ok(())
    }

    /// What an ended job did is done once more, by a new job; what is already done again is the answer.
    ///
    /// # Errors
    /// See [`Refused`]; `Conflict` while the job has not ended.
    pub async fn retry(&self, job: JobId, by: Origin) -> Result<JobId, Refused> {
        let known = self.steered(job, Verb::Retry, &by).await?;
        if !known.state.is_final() {
            let state = known.state.as_str();
            return Err(Refused::Conflict(format!("job {job} has not ended: it is {state}")));
        }
        let spec = known.spec;
        let mut request = spec.request;
        request.as_of = None;
        self.ask(Ask {
            request,
            cluster: spec.cluster,
            task: spec.task,
            verb: Verb::Retry,
            origin: by,
            deadline: Some(spec.deadline),
            pack: Some(spec.pack.name),
            reply: spec.thread.map_or(Reply::Caller, Reply::Existing),
            dedup: Some(format!("again:{job}")),
            also: Vec::new(),
        })
        .await
    }

    /// Stops what waits of a pack, a bounded number at a time ([`CLEARED`]), those that came last first. What runs goes on.
    ///
    /// # Errors
    /// See [`Refused`]. Each job has to be one that the caller may stop.
    pub async fn clear_pack(&self, pack: &str, by: &Origin, reason: &str) -> Result<Cleared, Refused> {
        self.permit(by, Verb::Operate, None, &[]).await?;
        let filter = JobFilter {
            states: vec![JobState::Pending],
            pack: Some(pack.to_owned()),
            limit: CLEARED,
            ..JobFilter::default()
        };
        let waiting = self.parts.store.jobs(&filter).await?;
        let more = waiting.len() == CLEARED;
        let entry = self.pen(by).audit("queue clear", format!("pack {pack}"), format!("{} jobs", waiting.len()));
        self.steer(vec![entry]).await?;
        for job in &waiting {
            self.cancel(job.spec.id, by.clone(), reason.to_owned()).await?;
        }
        Ok(Cleared { cancelled: waiting.len(), more })
    }

    /// Takes jobs from workers that went silent and lets them wait for no pause: they are due at once. Workers do so by
    /// themselves, with a pause; this is for when none is there, or the operator does not want to wait.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn move_stuck(&self, by: &Origin) -> Result<Vec<Reaped>, Refused> {
        self.permit(by, Verb::Operate, None, &[]).await?;
        let mut moved = Vec::new();
        for _ in 0..ROUNDS {
            let round = self.parts.store.reap(self.parts.clock.now(), |_| Duration::ZERO).await?;
            if round.is_empty() {
                break;
            }
            moved.extend(round);
        }
        let entry = self.pen(by).audit("queue move-stuck", format!("{} jobs", moved.len()), String::new());
        self.steer(vec![entry]).await?;
        for reaped in &moved {
            self.tell(reaped).await?;
        }
        self.parts.signals.jobs.notify_one();
        self.parts.signals.job_changed();
        Ok(moved)
    }

    /// Tells the thread of a job that was taken back.
    async fn tell(&self, reaped: &Reaped) -> Result<(), Refused> {
        let (Reaped::Again(id) | Reaped::Dead(id) | Reaped::Cancelled(id)) = reaped;
        let Some(job) = self.parts.store.job(*id).await? else { return Ok(()) };
        let IntakeParts { store, clock, signals, redactor, .. } = &self.parts;
        let teller = Teller { store: &**store, clock: &**clock, signals, redactor };
        teller.tell(&job, Vec::new()).await;
        Ok(())
    }

    /// Orders a process to take no new jobs and to finish those it runs; without a reason, lifts that.
    ///
    /// # Errors
    /// See [`Refused`]; `NotFound` when there is no such process.
    pub async fn drain_worker(&self, worker: WorkerId, reason: Option<&str>, by: &Origin) -> Result<(), Refused> {
        self.permit(by, Verb::Operate, None, &[]).await?;
        let order = reason.map(|reason| self.order(by, reason));
        let action = if order.is_some() { "drain" } else { "undrain" };
        let why = order.as_ref().map(|order| order.reason.clone()).unwrap_or_default();
        let entry = self.pen(by).audit(action, format!("worker {worker}"), why);
        self.steer(vec![Write::Drain { replica: worker, order }, entry]).await?;
        self.parts.signals.orders.notify_one();
        Ok(())
    }

    /// Turns the kill switch on: no process takes jobs, those that run stop. Without a reason, off.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn kill_switch(&self, reason: Option<&str>, by: &Origin) -> Result<(), Refused> {
        self.permit(by, Verb::Operate, None, &[]).await?;
        let order = reason.map(|reason| self.order(by, reason));
        let state = if order.is_some() { "on" } else { "off" };
        let why = order.as_ref().map(|order| order.reason.clone()).unwrap_or_default();
        let entry = self.pen(by).audit(&format!("kill switch {state}"), "all processes".to_owned(), why);
        self.steer(vec![Write::Kill(order), entry]).await?;
        self.parts.signals.orders.notify_one();
        Ok(())
    }

    fn order(&self, by: &Origin, reason: &str) -> Order {
        let reason: String = reason.chars().take(REASON_CAP).collect();
        let reason = self.parts.redactor.redact_text(&reason).into_inner();
        Order { by: by.actor.clone(), reason, at: self.parts.clock.now() }
    }

    /// A job that the caller may steer by this verb.
    async fn steered(&self, job: JobId, verb: Verb, by: &Origin) -> Result<Job, Refused> {
        let known = self.parts.store.job(job).await?;
        // Whoever may do nothing does not learn which jobs there are.
        let namespaces = known.as_ref().map(|job| namespaces_of(&job.spec.request)).unwrap_or_default();
        let cluster = known.as_ref().and_then(|job| job.spec.cluster.clone());
        self.permit(by, verb, cluster.as_deref(), &namespaces).await?;
        known.ok_or_else(|| Refused::NotFound(format!("there is no job {job}; ended jobs are kept for a while only")))
    }

    async fn steer(&self, writes: Vec<Write>) -> Result<(), Refused> {
        let done = self.parts.store.commit(self.parts.clock.now(), writes).await;
        done.map_err(|error| match error {
            CommitError::NotFound(what) => Refused::NotFound(format!("there is no {what}")),
            CommitError::NotAllowed(why) => Refused::Conflict(why),
            CommitError::Duplicate(other) => Refused::Conflict(format!("job {other} does the same already")),
            other => other.into(),
        })
    }
}

//! How a job moves from state to state: values only, no statement. Each move gives the line for the job's history.

use std::time::Duration;

use crate::clock::after;
use crate::code::ErrorCode;
use crate::id::WorkerId;
use crate::job::{Actor, Cancel, Job, JobError, JobState, LOST_ALLOWED, Transition};
use crate::port::store::{CommitError, JobOutcome, Reaped};
use jiff::Timestamp;

/// A worker moves it on; nothing when it is there already.
pub fn advance(job: &mut Job, to: JobState, reason: &str, now: Timestamp) -> Result<Option<Transition>, CommitError> {
    if !to.is_leased() || to < job.state {
        let (id, from) = (job.spec.id, job.state.as_str());
        return Err(CommitError::NotAllowed(format!("job {id} cannot go from {from} to {}", to.as_str())));
    }
    if to == job.state {
        return Ok(None);
    }
    let worker = holder(job);
    Ok(Some(step(job, to, worker, reason.to_owned(), now)))
}

/// A worker ends it.
pub fn finish(job: &mut Job, outcome: &JobOutcome, now: Timestamp) -> Transition {
    match outcome {
        JobOutcome::Completed(result) => {
            job.result = Some(result.clone());
            job.error = None;
            let reason = format!("{}: {}", result.verdict.as_str(), result.headline);
            end_by_holder(job, JobState::Completed, reason, now)
        }
        JobOutcome::Answered => {
            job.error = None;
            end_by_holder(job, JobState::Completed, "answered".to_owned(), now)
        }
        JobOutcome::Timeout { error, result } => {
            job.error = Some(error.clone());
            job.result.clone_from(result);
            end_by_holder(job, JobState::Timeout, words(error), now)
        }
        JobOutcome::Failed { error, dead } => {
            job.error = Some(error.clone());
            job.dead = *dead;
            end_by_holder(job, JobState::Failed, words(error), now)
        }
        JobOutcome::Cancelled { reason } => end_by_holder(job, JobState::Cancelled, reason.clone(), now),
    }
}

/// A worker could not do it this time.
pub fn retry(job: &mut Job, run_at: Timestamp, error: &JobError, now: Timestamp) -> Transition {
    job.error = Some(error.clone());
    if let Some(cancel) = job.cancel.clone() {
        return end_by_holder(job, JobState::Cancelled, asked(&cancel), now);
    }
    if used_up(job) {
        job.dead = true;
        return end_by_holder(job, JobState::Failed, words(error), now);
    }
    let worker = holder(job);
    job.run_at = run_at;
    wait(job, worker, words(error), now)
}

/// A worker stops; the attempt does not count.
pub fn hand_back(job: &mut Job, reason: &str, now: Timestamp) -> Transition {
    if let Some(cancel) = job.cancel.clone() {
        return end_by_holder(job, JobState::Cancelled, asked(&cancel), now);
    }
    let worker = holder(job);
    let transition = wait(job, worker, reason.to_owned(), now);
    job.attempts = job.attempts.saturating_sub(1);
    transition
}

/// Someone wants it to stop; nothing for the history while a worker still has to see the mark, or when it has ended.
pub fn cancel(job: &mut Job, cancel: &Cancel, now: Timestamp) -> Option<Transition> {
    if job.state.is_final() {
        return None;
    }
    let mark = job.cancel.get_or_insert_with(|| cancel.clone());
    let reason = asked(mark);
    (!job.state.is_leased()).then(|| end(job, JobState::Cancelled, None, reason, now))
}

/// A dead letter begins anew.
pub fn replay(job: &mut Job, by: &Actor, now: Timestamp) -> Result<Transition, CommitError> {
    if !job.dead {
        let (id, state) = (job.spec.id, job.state.as_str());
        return Err(CommitError::NotAllowed(format!("job {id} is no dead letter: it is {state}")));
    }
    job.dead = false;
    (job.attempts, job.lost) = (0, 0);
    (job.error, job.result, job.cancel) = (None, None, None);
    (job.started_at, job.finished_at) = (None, None);
    job.run_at = now;
    Ok(wait(job, None, format!("tried again, asked by {}", name(by)), now))
}

/// A dead letter is put away.
pub fn discard(job: &mut Job, by: &Actor, now: Timestamp) -> Result<Transition, CommitError> {
    if !job.dead {
        let (id, state) = (job.spec.id, job.state.as_str());
        return Err(CommitError::NotAllowed(format!("job {id} is no dead letter: it is {state}")));
    }
    job.dead = false;
    let state = job.state;
    Ok(step(job, state, None, format!("put away by {}", name(by)), now))
}

/// Its worker went silent.
pub fn reap(job: &mut Job, now: Timestamp, backoff: fn(u32) -> Duration) -> (Reaped, Transition) {
    let (id, worker) = (job.spec.id, holder(job));
    let silent = worker.map_or_else(|| "the worker".to_owned(), |worker| format!("worker {worker}"));
    let reason = format!("{silent} went silent");
    if let Some(cancel) = job.cancel.clone() {
        return (Reaped::Cancelled(id), end(job, JobState::Cancelled, None, asked(&cancel), now));
    }
    let run_at = after(now, backoff(job.lost + 1));
    let error = JobError { code: ErrorCode::E008, message: reason };
    let transition = lost(job, run_at, &error, now);
    (if job.dead { Reaped::Dead(id) } else { Reaped::Again(id) }, transition)
}

/// Its worker vanished: not the job's fault, unless that happens again and again.
pub fn lost(job: &mut Job, run_at: Timestamp, error: &JobError, now: Timestamp) -> Transition {
    job.error = Some(error.clone());
    if let Some(cancel) = job.cancel.clone() {
        return end(job, JobState::Cancelled, None, asked(&cancel), now);
    }
    job.lost += 1;
    if job.lost > LOST_ALLOWED {
        job.dead = true;
        return end(job, JobState::Failed, None, format!("{}, for the {}th time", words(error), job.lost), now);
    }
    let transition = wait(job, None, words(error), now);
    job.attempts = job.attempts.saturating_sub(1);
    job.run_at = run_at;
    transition
}

fn used_up(job: &Job) -> bool {
    job.attempts >= job.spec.max_attempts
}

fn holder(job: &Job) -> Option<WorkerId> {
    job.lease.as_ref().map(|lease| lease.worker.clone())
}

fn end_by_holder(job: &mut Job, to: JobState, reason: String, now: Timestamp) -> Transition {
    let worker = holder(job);
    end(job, to, worker, reason, now)
}

fn end(job: &mut Job, to: JobState, worker: Option<WorkerId>, reason: String, now: Timestamp) -> Transition {
    job.finished_at = Some(now);
    job.lease = None;
    step(job, to, worker, reason, now)
}

fn wait(job: &mut Job, worker: Option<WorkerId>, reason: String, now: Timestamp) -> Transition {
    job.lease = None;
    step(job, JobState::Pending, worker, reason, now)
}

fn step(job: &mut Job, to: JobState, worker: Option<WorkerId>, reason: String, at: Timestamp) -> Transition {
    let from = std::mem::replace(&mut job.state, to);
    Transition { at, from: Some(from), to, attempt: job.attempts, worker, reason }
}

fn asked(cancel: &Cancel) -> String {
    format!("stopped by {}: {}", name(&cancel.by), cancel.reason)
}

fn name(actor: &Actor) -> String {
    format!("{} {}", actor.platform, actor.user)
}

fn words(error: &JobError) -> String {
    format!("{}: {}", error.code.as_str(), error.message)
}

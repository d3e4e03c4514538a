//! Who follows the events of which job, in this process.
//!
//! Must never keep a job that nobody follows any more. Start at [`Followers::follow`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::id::JobId;

/// Those who follow. As many jobs as are followed at a time, and one.
#[derive(Debug, Default)]
pub struct Followers(Mutex<HashMap<JobId, watch::Sender<u64>>>);

impl Followers {
    /// Follows a job.
    pub fn follow(&self, job: JobId) -> watch::Receiver<u64> {
        let mut jobs = self.jobs();
        jobs.retain(|known, calls| *known == job || calls.receiver_count() > 0);
        jobs.entry(job).or_default().subscribe()
    }

    /// Calls those who follow a job.
    pub fn call(&self, job: JobId) {
        if let Some(calls) = self.jobs().get(&job) {
            calls.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// Calls everybody: news may have been missed.
    pub fn call_all(&self) {
        for calls in self.jobs().values() {
            calls.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// The jobs that somebody follows.
    pub fn followed(&self) -> Vec<JobId> {
        let mut jobs = self.jobs();
        jobs.retain(|_, calls| calls.receiver_count() > 0);
        jobs.keys().copied().collect()
    }

    /// Nothing half done is ever left in it.
    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_follow_are_called_and_nobody_else() {
        let (followers, job, other) = (Followers::default(), JobId::new(), JobId::new());
        let (follows, another) = (followers.follow(job), followers.follow(other));
        followers.call(job);
        assert!(follows.has_changed().unwrap());
        assert!(!another.has_changed().unwrap());
        followers.call_all();
        assert!(another.has_changed().unwrap());
    }

    #[test]
    fn a_job_that_nobody_follows_is_forgotten() {
        let (followers, job) = (Followers::default(), JobId::new());
        let first = followers.follow(job);
        let second = followers.follow(job);
        drop(first);
        assert_eq!(followers.followed(), [job]);
        drop(second);
        assert_eq!(followers.followed(), []);
        followers.call(job);
    }
}

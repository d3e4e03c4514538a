//! Identical reads are made once, and their answers shared for a short time.
//!
//! Must never keep a failure, and must never hold memory for nobody: answers go when their time is over, also when no
//! one asks again. Start at [`Shared::get`].

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::ReadFailure;
use moka::future::Cache;

use crate::objects::Objects;

/// What was asked: a kind, and a namespace or everywhere.
pub(crate) type Key = (Kind, Option<String>);

/// Answers of a cluster that are still fresh.
#[derive(Clone)]
pub(crate) struct Shared {
    answers: Cache<Key, Arc<Objects>>,
    keep: Duration,
    sweeping: Arc<AtomicBool>,
}

impl Shared {
    pub(crate) fn new(keep: Duration, bytes: u64) -> Self {
        let weigh = |_: &Key, answer: &Arc<Objects>| u32::try_from(answer.bytes).unwrap_or(u32::MAX).max(1);
        let answers = Cache::builder().max_capacity(bytes).weigher(weigh).time_to_live(keep).build();
        Self { answers, keep, sweeping: Arc::default() }
    }

    /// The answer that is fresh, that is under way for somebody else, or that `read` gets now.
    pub(crate) async fn get<F>(&self, key: Key, read: F) -> Result<Arc<Objects>, ReadFailure>
    where
        F: Future<Output = Result<Objects, ReadFailure>>,
    {
        let read = async { read.await.map(Arc::new) };
        let answer = self.answers.try_get_with(key, read).await.map_err(|failure| (*failure).clone());
        self.sweep_later();
        answer
    }

    /// The library drops what is over only when it is used; one task looks after it as long as there is something.
    fn sweep_later(&self) {
        if self.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(shared.keep).await;
                shared.answers.run_pending_tasks().await;
                if shared.answers.entry_count() == 0 {
                    shared.sweeping.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }
}

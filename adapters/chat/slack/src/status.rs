//! The line below a thread that says what the bot is doing: "is reading logs ...".
//!
//! A courtesy: it is set beside the message, has a short deadline of its own, and never delays or fails anything. Where a
//! workspace refuses it, it is left alone from then on. Slack clears it two minutes after the last, and with every post:
//! <https://docs.slack.dev/reference/methods/assistant.threads.setStatus>. Start at [`Status::tell`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use midwatch_agent::request::{Step, StepState};
use midwatch_service::post::{LivingMessage, LivingStatus};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::fault::Fault;
use crate::method::Method;

/// Time for one.
const DEADLINE: Duration = Duration::from_secs(3);

/// How many at the same time; beyond it they are left out.
const PARALLEL: usize = 4;

/// Threads whose status is remembered.
const REMEMBERED: usize = 1_000;

/// Wait after a limit that named none.
const PAUSE: Duration = Duration::from_mins(1);

/// The status lines of a workspace.
#[derive(Clone)]
pub(crate) struct Status {
    inner: Arc<Inner>,
}

struct Inner {
    client: Arc<Client>,
    slots: Arc<Semaphore>,
    refused: AtomicBool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// What stands below each thread.
    lines: BTreeMap<(String, String), &'static str>,
    /// Slack said to wait until then.
    not_before: Option<Instant>,
}

impl Status {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        let slots = Arc::new(Semaphore::new(PARALLEL));
        Self { inner: Arc::new(Inner { client, slots, refused: AtomicBool::new(false), told: Mutex::default() }) }
    }

    /// Says below the thread what a living message says, if it says something else than before.
    pub(crate) fn tell(&self, channel: &str, root: &str, living: &LivingMessage) {
        let line = line(living);
        if self.inner.refused.load(Ordering::Relaxed) || !self.inner.is_news(channel, root, line) {
            return;
        }
        let Ok(slot) = Arc::clone(&self.inner.slots).try_acquire_owned() else { return };
        let (inner, channel, root) = (Arc::clone(&self.inner), channel.to_owned(), root.to_owned());
        tokio::spawn(async move {
            let _slot = slot;
            inner.set(&channel, &root, line).await;
        });
    }
}

impl Inner {
    /// Whether it differs from what stands there; from now on it stands there.
    fn is_news(&self, channel: &str, root: &str, line: &'static str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.not_before.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        told.not_before = None;
        let place = (channel.to_owned(), root.to_owned());
        if line.is_empty() {
            return told.lines.remove(&place).is_some();
        }
        if told.lines.len() >= REMEMBERED && !told.lines.contains_key(&place) {
            told.lines.pop_first();
        }
        told.lines.insert(place, line) != Some(line)
    }

    async fn set(&self, channel: &str, root: &str, line: &str) {
        let args = json!({"channel_id": channel, "thread_ts": root, "status": line});
        let call = self.client.write(Method::SetStatus, &args);
        match tokio::time::timeout(DEADLINE, call).await {
            Ok(Err(Fault::Refused { code, .. })) => {
                self.refused.store(true, Ordering::Relaxed);
                tracing::debug!(code, "Slack takes no status lines here; they are left out");
            }
            Ok(Err(Fault::Limited { after, .. })) => {
                let until = Instant::now().checked_add(after.unwrap_or(PAUSE));
                self.told.lock().unwrap_or_else(PoisonError::into_inner).not_before = until;
            }
            _ => {}
        }
    }
}

/// What the bot is doing, as Slack shows it behind its name; empty when it does nothing.
fn line(living: &LivingMessage) -> &'static str {
    match living.status {
        LivingStatus::Queued => "is waiting for its turn ...",
        LivingStatus::Investigating => {
            let now = living.steps.iter().rev().find(|step| step.state == StepState::InProgress);
            match now.map(|progress| progress.step) {
                Some(Step::Scope) | None => "is finding out what it is about ...",
                Some(Step::Objects) => "is reading objects and events ...",
                Some(Step::Logs) => "is reading logs ...",
                Some(Step::Verdict) => "is linking causes ...",
                Some(Step::Model) => "is asking the language model ...",
            }
        }
        LivingStatus::Reported { .. } | LivingStatus::Failed { .. } | LivingStatus::Cancelled { .. } => "",
    }
}

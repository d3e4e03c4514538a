//! A model that is asked again when what went wrong may pass.
//!
//! Must never wait or ask beyond its deadline. Start at [`Patient`].

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;
use tokio::time::{Instant, sleep, timeout_at};

use super::Ear;
use crate::port::{ChatModel, ChatReply, ChatRequest, Delta, Hear, Message, ModelFacts, ModelFailure};

/// How patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Requests in all; one at least.
    pub tries: u32,
    /// The wait before the second one; it doubles from then on. A provider that says when to come again is believed.
    pub first_wait: Duration,
    /// The longest wait of our own choice.
    pub longest_wait: Duration,
    /// All tries and waits together.
    pub deadline: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 4,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(20),
            deadline: Duration::from_mins(3),
        }
    }
}

/// A model with patience.
pub struct Patient {
    model: Arc<dyn ChatModel>,
    patience: Patience,
}

impl Patient {
    /// A model, asked with this patience.
    pub fn new(model: Arc<dyn ChatModel>, patience: Patience) -> Self {
        Self { model, patience }
    }

    /// How long to wait after a failure; none when it is not worth it.
    pub(super) fn wait(&self, failure: &ModelFailure, tries: u32, request: &ChatRequest) -> Option<Duration> {
        if !failure.is_passing() || tries >= self.patience.tries {
            return None;
        }
        let doubled = self.patience.first_wait.saturating_mul(1 << (tries.saturating_sub(1)).min(16));
        let own = doubled.min(self.patience.longest_wait);
        let jitter = jitter(&self.model.facts().name, tries, request);
        Some(match failure.after() {
            // A little later than it says, so that not all come back at the same moment.
            Some(after) => after.saturating_add(own.mul_f64(0.1 * jitter)),
            None => own.mul_f64(0.5 + 0.5 * jitter),
        })
    }
}

#[async_trait]
impl ChatModel for Patient {
    fn facts(&self) -> &ModelFacts {
        self.model.facts()
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let ends = Instant::now() + self.patience.deadline;
        let ear = Ear::default();
        let listen = |delta: Delta<'_>| {
            ear.note(delta);
            hear(delta);
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let Ok(asked) = timeout_at(ends, self.model.chat(request, &listen)).await else {
                return Err(ModelFailure::TimedOut(self.patience.deadline));
            };
            let failure = match asked {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let wait = self.wait(&failure, tries, request).filter(|wait| *wait < ends - Instant::now());
            let Some(wait) = wait else { return Err(failure) };
            tracing::warn!(model = %self.facts().name, tries, ?wait, %failure, "asking the model again");
            sleep(wait).await;
            ear.again(hear);
        }
    }
}

/// A number from 0 to 1 that is the same for the same request and try, and another for others: sessions that were refused
/// together do not come back together.
fn jitter(model: &str, tries: u32, request: &ChatRequest) -> f64 {
    let mut hasher = DefaultHasher::new();
    (model, tries, request.messages.len()).hash(&mut hasher);
    for message in &request.messages {
        match message {
            Message::User { text } | Message::Assistant { text, .. } | Message::Tool { text, .. } => {
                text.hash(&mut hasher);
            }
        }
    }
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

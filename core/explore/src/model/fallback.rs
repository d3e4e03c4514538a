//! A model that stands in for another.
//!
//! Must never send names to a model that must not see them because the first may. Start at [`Fallback`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;
use tokio::time::Instant;

use super::Ear;
use crate::port::{ChatModel, ChatReply, ChatRequest, Delta, Hear, ModelFacts, ModelFailure};

/// So long a model that is down is passed over: long enough that not every step of an investigation waits for it, short
/// enough that the next investigation finds it again.
const PASSED_OVER: Duration = Duration::from_mins(1);

/// The same when another try does not help: the key is wrong, the quota is used up. An operator has to act.
const PASSED_OVER_FOR_GOOD: Duration = Duration::from_mins(10);

/// Models in the order in which they are asked: the next one when the one before fails.
pub struct Fallback {
    facts: ModelFacts,
    models: Vec<Arc<dyn ChatModel>>,
    /// Until when each is passed over.
    down: Mutex<Vec<Option<Instant>>>,
}

impl Fallback {
    /// A model, and those that stand in for it.
    pub fn new(first: Arc<dyn ChatModel>, others: Vec<Arc<dyn ChatModel>>) -> Self {
        let facts = together(first.facts(), &others);
        let models: Vec<Arc<dyn ChatModel>> = std::iter::once(first).chain(others).collect();
        let down = Mutex::new(vec![None; models.len()]);
        Self { facts, models, down }
    }

    /// Which to ask, in order: those that are down last.
    fn order(&self) -> Vec<usize> {
        let now = Instant::now();
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        let is_down = |at: &usize| down.get(*at).copied().flatten().is_some_and(|until| until > now);
        let (last, mut first): (Vec<usize>, Vec<usize>) = (0..self.models.len()).partition(is_down);
        first.extend(last);
        first
    }

    fn note(&self, at: usize, until: Option<Instant>) {
        if let Some(mark) = self.down.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
            *mark = until;
        }
    }

    /// Whether a failure of one is worth the request to another.
    fn may_help(&self, failure: &ModelFailure, failed: usize, next: usize) -> bool {
        let context = |at: usize| self.models.get(at).map_or(0, |model| model.facts().context);
        !matches!(failure, ModelFailure::TooLong(_)) || context(next) > context(failed)
    }
}

/// The facts of the first, but for what must hold for each that may get the request.
fn together(first: &ModelFacts, others: &[Arc<dyn ChatModel>]) -> ModelFacts {
    let mut facts = first.clone();
    for other in others.iter().map(|model| model.facts()) {
        facts.masks_names |= other.masks_names;
        facts.max_output = facts.max_output.min(other.max_output);
        if !facts.provider.split(", else ").any(|known| known == other.provider) {
            facts.provider = format!("{}, else {}", facts.provider, other.provider);
        }
    }
    facts
}

/// How long a model that failed so is passed over.
fn pass_over(failure: &ModelFailure) -> Option<Duration> {
    match failure {
        ModelFailure::RateLimited { after, .. } | ModelFailure::Unavailable { after, .. } => {
            Some(after.unwrap_or(PASSED_OVER).clamp(PASSED_OVER, PASSED_OVER_FOR_GOOD))
        }
        ModelFailure::TimedOut(_) => Some(PASSED_OVER),
        ModelFailure::OutOfQuota(_) | ModelFailure::Unauthorised(_) => Some(PASSED_OVER_FOR_GOOD),
        // Of this request, not of the model.
        ModelFailure::TooLong(_) | ModelFailure::Refused(_) | ModelFailure::Garbled(_) => None,
    }
}

#[async_trait]
impl ChatModel for Fallback {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let ear = Ear::default();
        let listen = |delta: Delta<'_>| {
            ear.note(delta);
            hear(delta);
        };
        let mut failed: Option<(usize, ModelFailure)> = None;
        for at in self.order() {
            let Some(model) = self.models.get(at) else { continue };
            if let Some((before, failure)) = &failed {
                if !self.may_help(failure, *before, at) {
                    continue;
                }
                tracing::warn!(model = %model.facts().name, instead_of = %self.facts.name, %failure, "another model is asked");
                ear.again(hear);
            }
            match model.chat(request, &listen).await {
                Ok(reply) => {
                    self.note(at, None);
                    return Ok(reply);
                }
                Err(failure) => {
                    self.note(at, pass_over(&failure).map(|time| Instant::now() + time));
                    // The failure of the first that was asked says most.
                    failed.get_or_insert((at, failure));
                }
            }
        }
        Err(failed.map_or(ModelFailure::Refused("no model".to_owned()), |(_, failure)| failure))
    }
}

//! Stands before a model and keeps what it says.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use midwatch_redact::Redacted;

use super::exchange::{Conversation, Exchange};
use crate::port::{ChatModel, ChatReply, ChatRequest, Hear, ModelFacts, ModelFailure};
use crate::run::Brief;

/// Exchanges that are kept of one exploration: far more than its budget has steps.
const CAP: usize = 1_000;

/// A model whose replies are kept. It belongs before all that makes another model of it, so that what is kept is what the
/// loop heard.
pub struct Recorder {
    model: Arc<dyn ChatModel>,
    kept: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Before a model, for one exploration.
    pub fn new(model: Arc<dyn ChatModel>) -> Arc<Self> {
        Arc::new(Self { model, kept: Mutex::default() })
    }

    /// What was kept; none when the model was not asked.
    pub fn conversation(&self, brief: &Brief) -> Option<Conversation> {
        let exchanges = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let facts = self.model.facts().clone();
        (!exchanges.is_empty()).then(|| Conversation { facts, brief: brief.clone(), exchanges })
    }
}

#[async_trait]
impl ChatModel for Recorder {
    fn facts(&self) -> &ModelFacts {
        self.model.facts()
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let came = self.model.chat(request, hear).await;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < CAP {
            kept.push(Exchange::of(request, &came));
        }
        came
    }
}

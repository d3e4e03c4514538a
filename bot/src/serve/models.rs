//! Language models as parts of the program's health: each time one is asked, how it went is remembered.
//!
//! Must never ask one by itself: that would cost. Start at [`Watched`].

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_explore::port::{ChatModel, ChatReply, ChatRequest, Hear, ModelFacts, ModelFailure};
use midwatch_redact::{Redacted, Redactor};
use midwatch_service::health::{Health, Status};
use tokio::time::Instant;

/// A model whose health is told.
pub(super) struct Watched {
    model: Arc<dyn ChatModel>,
    part: String,
    health: Arc<Health>,
    redactor: Redactor,
}

impl Watched {
    /// The model, which is from now on a part that reports.
    pub(super) fn new(model: Arc<dyn ChatModel>, health: Arc<Health>, redactor: Redactor) -> Self {
        let part = format!("model {}", model.facts().name);
        health.report(&part, Status::Up, "it was not asked yet", None, Timestamp::now());
        Self { model, part, health, redactor }
    }
}

#[async_trait]
impl ChatModel for Watched {
    fn facts(&self) -> &ModelFacts {
        self.model.facts()
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let begun = Instant::now();
        let reply = self.model.chat(request, hear).await;
        let (status, why) = match &reply {
            Ok(_) => (Status::Up, String::new()),
            // What was too long or refused says nothing of the next request.
            Err(failure @ (ModelFailure::TooLong(_) | ModelFailure::Refused(_))) => {
                (Status::Degraded, failure.to_string())
            }
            Err(failure) => (Status::Down, failure.to_string()),
        };
        let why = self.redactor.redact_text(&why).into_inner();
        self.health.report(&self.part, status, &why, Some(begun.elapsed()), Timestamp::now());
        reply
    }
}

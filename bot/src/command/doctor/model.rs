//! Language models: whether each answers, and how soon. A word is asked of each, which costs a few tokens.

use std::sync::Arc;
use std::time::Instant;

use midwatch_config::Settings;
use midwatch_explore::port::{ChatModel, ChatRequest, Choice, Message, ModelFailure};
use midwatch_redact::Redacted;
use midwatch_service::check::Check;

use crate::model;

/// Looks at each configured model.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let models = match model::each(settings) {
        Ok(models) => models,
        Err(failure) => return vec![Check::fail("model", "cannot be set up", failure.words())],
    };
    if models.is_empty() {
        return vec![Check::ok("model", "none is configured: reports are made by rules alone, and nothing leaves")];
    }
    futures::future::join_all(models.into_iter().map(check)).await
}

async fn check(model: Arc<dyn ChatModel>) -> Check {
    let facts = model.facts();
    let (name, who) = (format!("model {}", facts.name), format!("{} ({})", facts.model, facts.provider));
    let started = Instant::now();
    match model.chat(&question(), &|_| {}).await {
        Ok(reply) => {
            let took = started.elapsed().as_millis();
            Check::ok(
                name,
                format!("{who} answered after {took} ms, {} tokens", reply.usage.input + reply.usage.output),
            )
        }
        Err(failure) => Check::fail(name, format!("{who}: {failure}"), fix(&failure)),
    }
}

/// Text of our own.
fn question() -> Redacted<ChatRequest> {
    Redacted::fixed("Say that you are ready, in one word.").map(|text| ChatRequest {
        system: "You are asked whether you answer at all.".to_owned(),
        messages: vec![Message::User { text: text.clone() }],
        tools: Vec::new(),
        choice: Choice::Words,
        max_output: 256,
    })
}

fn fix(failure: &ModelFailure) -> &'static str {
    match failure {
        ModelFailure::Unauthorised(_) => "check the key: model.key_file, or MIDWATCH__MODEL__KEY in the environment",
        ModelFailure::OutOfQuota(_) => "look at the account's balance and limits with the provider",
        ModelFailure::Refused(_) | ModelFailure::TooLong(_) => {
            "check model.name, model.url, model.context and model.max_output against the provider's list"
        }
        ModelFailure::RateLimited { .. } => "the account's limits are reached: wait, or raise them with the provider",
        ModelFailure::Unavailable { .. } | ModelFailure::TimedOut(_) | ModelFailure::Garbled(_) => {
            "check model.url and the network between; reports are made without it meanwhile"
        }
    }
}

//! Patience, fallback and the protocol in words, with a model that says what a test wants.

mod fallback;
mod patient;
mod plain;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::{Redacted, Redactor};

use crate::port::{ChatModel, ChatReply, ChatRequest, Delta, Hear, Message, ModelFacts, ModelFailure};

type Answer = Result<ChatReply, ModelFailure>;

/// Says what was prepared, in order, and keeps what it was asked. What a failure said before is told first.
pub(super) struct Said {
    facts: ModelFacts,
    answers: Mutex<VecDeque<(&'static str, Answer)>>,
    pub(super) asked: Mutex<Vec<ChatRequest>>,
}

impl Said {
    pub(super) fn new(name: &str, answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Arc<Self> {
        let facts = ModelFacts {
            name: name.to_owned(),
            provider: format!("test at {name}"),
            model: format!("{name}-1"),
            context: 1_000,
            max_output: 100,
            calls_tools: true,
            masks_names: false,
            price: None,
        };
        Self::of(facts, answers)
    }

    pub(super) fn of(facts: ModelFacts, answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { facts, answers, asked: Mutex::default() })
    }

    pub(super) fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl ChatModel for Said {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Answer {
        self.asked.lock().unwrap().push((**request).clone());
        let next = self.answers.lock().unwrap().pop_front();
        let (before, answer) = next.unwrap_or(("", Err(ModelFailure::Refused("nothing is prepared".into()))));
        if !before.is_empty() {
            hear(Delta::Text(before));
        }
        match answer {
            Ok(reply) => {
                // Letter by letter: a listener must not rely on whole words.
                for letter in reply.text.chars() {
                    hear(Delta::Text(letter.encode_utf8(&mut [0; 4])));
                }
                Ok(ChatReply { model: self.facts.model.clone(), price: self.facts.price, ..reply })
            }
            Err(failure) => Err(failure),
        }
    }
}

pub(super) fn says(text: &str) -> (&'static str, Answer) {
    ("", Ok(ChatReply { text: text.to_owned(), ..ChatReply::default() }))
}

pub(super) fn fails(failure: ModelFailure) -> (&'static str, Answer) {
    ("", Err(failure))
}

pub(super) fn down() -> ModelFailure {
    ModelFailure::Unavailable { why: "down".into(), after: None }
}

pub(super) fn limited(after: Duration) -> ModelFailure {
    ModelFailure::RateLimited { why: "slowly".into(), after: Some(after) }
}

pub(super) fn question() -> ChatRequest {
    ChatRequest {
        system: "You look.".into(),
        messages: vec![Message::User { text: "Why?".into() }],
        ..ChatRequest::default()
    }
}

/// The answer, and all that was heard; `|` stands where what was heard before is void.
pub(super) async fn ask(model: &dyn ChatModel, request: &ChatRequest) -> (Answer, String) {
    let heard = Mutex::new(String::new());
    let hear = |delta: Delta<'_>| {
        heard.lock().unwrap().push_str(match delta {
            Delta::Text(text) => text,
            Delta::Again => "|",
        });
    };
    let answer = model.chat(&Redactor::default().seal(request.clone()), &hear).await;
    (answer, heard.into_inner().unwrap())
}

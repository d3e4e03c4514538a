//! Tools for a model that knows none: it is told of them in words, and calls them in a block of its text.
//!
//! ```text
//! what it is told     plain/told
//! what it answers     plain/read; plain/speech keeps the block from whoever listens
//! ```
//! Must never take prose for a call: a block is one by its mark, or because it names a tool that was offered. Start at
//! [`PlainTools`].

mod read;
mod speech;
mod told;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use midwatch_redact::Redacted;

use crate::port::{ChatModel, ChatReply, ChatRequest, Choice, Delta, Hear, ModelFacts, ModelFailure, Stop};

/// A model that calls tools in its text.
pub struct PlainTools {
    model: Arc<dyn ChatModel>,
}

impl PlainTools {
    /// Puts the protocol before a model.
    pub fn new(model: Arc<dyn ChatModel>) -> Self {
        Self { model }
    }
}

#[async_trait]
impl ChatModel for PlainTools {
    fn facts(&self) -> &ModelFacts {
        self.model.facts()
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let told = request.map(told::told);
        let may_call = !request.tools.is_empty() && request.choice != Choice::Words;
        let speech = Mutex::new(speech::Speech::new(may_call));
        let listen = |delta: Delta<'_>| match delta {
            Delta::Text(text) => {
                let words = speech.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                if !words.is_empty() {
                    hear(Delta::Text(&words));
                }
            }
            Delta::Again => {
                *speech.lock().unwrap_or_else(PoisonError::into_inner) = speech::Speech::new(may_call);
                hear(Delta::Again);
            }
        };
        let reply = self.model.chat(&told, &listen).await?;
        let (text, calls) = if may_call {
            read::read(&reply.text, request)
        } else {
            (speech::after_thoughts(&reply.text).unwrap_or_default().trim().to_owned(), Vec::new())
        };
        if calls.is_empty() {
            let rest = speech.into_inner().unwrap_or_else(PoisonError::into_inner).rest();
            if !rest.is_empty() {
                hear(Delta::Text(&rest));
            }
        }
        if text.trim().is_empty() && calls.is_empty() && reply.stop == Stop::End {
            return Err(ModelFailure::Garbled("a reply without words and without calls".to_owned()));
        }
        Ok(ChatReply { text, calls, ..reply })
    }
}

//! A model that says what was kept.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use midwatch_redact::Redacted;

use super::exchange::{AskedFor, Conversation, Exchange};
use crate::port::{ChatModel, ChatReply, ChatRequest, Delta, Hear, ModelFacts, ModelFailure};

/// Gives back recorded replies, each once.
///
/// The reply to the very same request comes first. Where there is none, because the program words its requests otherwise by
/// now, the next reply is given to a request that brings the results of the calls it was given to; research in parallel
/// finds its own replies by that. Anything else is a failure.
pub struct Recorded {
    facts: ModelFacts,
    exchanges: Vec<Exchange>,
    state: Mutex<State>,
}

struct State {
    given: Vec<bool>,
    reworded: usize,
}

impl Recorded {
    /// Of a conversation.
    pub fn new(facts: ModelFacts, exchanges: Vec<Exchange>) -> Self {
        let state = State { given: vec![false; exchanges.len()], reworded: 0 };
        Self { facts, exchanges, state: Mutex::new(state) }
    }

    /// Of a recorded exploration.
    pub fn of(conversation: &Conversation) -> Self {
        Self::new(conversation.facts.clone(), conversation.exchanges.clone())
    }

    /// Replies that nobody asked for.
    pub fn left(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.given.iter().filter(|given| !**given).count()
    }

    /// Replies that were given to a request in other words than the recorded one.
    pub fn reworded(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).reworded
    }

    fn take(&self, request: &ChatRequest) -> Result<&Exchange, ModelFailure> {
        let asked = AskedFor::of(request);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || (0..self.exchanges.len()).filter(|at| !state.given.get(*at).copied().unwrap_or(true));
        let same = open().find(|at| self.known(*at).is_some_and(|known| known.sha256 == asked.sha256));
        let fits = || open().find(|at| self.known(*at).is_some_and(|known| known.results_of == asked.results_of));
        let written = || open().next().filter(|at| self.known(*at).is_none() && self.follows(*at, &asked));
        let found = same.or_else(fits).or_else(written);
        let Some((at, exchange)) = found.and_then(|at| Some((at, self.exchanges.get(at)?))) else {
            let next =
                open().next().map_or("there is none left".to_owned(), |at| format!("the next is reply {}", at + 1));
            let results = asked.results_of.join(", ");
            return Err(ModelFailure::Refused(format!("no recorded reply to the results of [{results}]; {next}")));
        };
        state.reworded += usize::from(same.is_none() && exchange.asked.is_some());
        if let Some(given) = state.given.get_mut(at) {
            *given = true;
        }
        Ok(exchange)
    }

    fn known(&self, at: usize) -> Option<&AskedFor> {
        self.exchanges.get(at)?.asked.as_ref()
    }

    /// Whether a request brings the results of the calls in the line before.
    fn follows(&self, at: usize, asked: &AskedFor) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.exchanges.get(before));
        let called = before.into_iter().flat_map(|before| before.calls.iter().map(|call| &call.id));
        called.eq(asked.results_of.iter())
    }
}

#[async_trait]
impl ChatModel for Recorded {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let reply = self.take(request)?.reply(&self.facts)?;
        if !reply.text.is_empty() {
            hear(Delta::Text(&reply.text));
        }
        Ok(reply)
    }
}

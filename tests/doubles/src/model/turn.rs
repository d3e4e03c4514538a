//! One reply: words, calls, tokens, why it ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

use super::fault::{Fault, Refusal};

/// What the model does when it is asked.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub(super) text: String,
    pub(super) thinking: Option<(String, String)>,
    pub(super) calls: Vec<Call>,
    pub(super) tokens: Tokens,
    pub(super) ends: Ends,
    pub(super) held: Option<Arc<Notify>>,
    pub(super) delay: Duration,
    pub(super) pace: Duration,
    pub(super) fault: Option<Fault>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) model: Option<String>,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The tool, known or not.
    pub name: String,
    /// The arguments as text, JSON or not.
    pub arguments: String,
}

/// What the provider counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, those of the cache included.
    pub input: u64,
    /// Of `input`, found in the cache.
    pub cached: u64,
    /// Of `input`, put into the cache. Only Anthropic says it.
    pub cache_write: u64,
    /// Answered.
    pub output: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { input: 100, cached: 0, cache_write: 0, output: 10 }
    }
}

/// Why a reply ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// The model has no more to say, or wants tools called.
    #[default]
    Done,
    /// Its tokens are used up.
    Length,
    /// The provider would not have it said.
    Filtered,
}

impl Turn {
    /// Says this.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Calls a tool.
    pub fn call(name: &str, arguments: &Value) -> Self {
        Self::default().and_call(name, arguments)
    }

    /// Calls a tool with arguments that are given as text, such as no JSON at all.
    pub fn raw_call(name: &str, arguments: &str) -> Self {
        Self::default().and_raw_call(name, arguments)
    }

    /// Says nothing and calls nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Says so many bytes of words.
    pub fn giant(bytes: usize) -> Self {
        let sentence = "The log says the same again. ";
        Self::text(sentence.repeat(bytes / sentence.len() + 1))
    }

    /// Goes wrong.
    pub fn fault(fault: Fault) -> Self {
        Self::text("This is what would have been said, had all gone well.").and_fault(fault)
    }

    /// Is refused, in the words of the provider.
    pub fn refused(refusal: Refusal) -> Self {
        Self::fault(Fault::Refused(refusal))
    }

    /// Answers with a status and a body of its own.
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self::fault(Fault::Status(status, body.into()))
    }

    /// Says this as well.
    #[must_use]
    pub fn and_text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Calls this as well, in the same turn.
    #[must_use]
    pub fn and_call(self, name: &str, arguments: &Value) -> Self {
        self.and_raw_call(name, &arguments.to_string())
    }

    /// Calls this as well, with arguments as text.
    #[must_use]
    pub fn and_raw_call(mut self, name: &str, arguments: &str) -> Self {
        self.calls.push(Call { name: name.to_owned(), arguments: arguments.to_owned() });
        self
    }

    /// Thinks before it speaks; the thoughts are signed where the format knows that, and come as `reasoning_content`
    /// where it does not.
    #[must_use]
    pub fn thinking(mut self, thoughts: &str, signature: &str) -> Self {
        self.thinking = Some((thoughts.to_owned(), signature.to_owned()));
        self
    }

    /// Took so many tokens.
    #[must_use]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }

    /// Ends for this reason.
    #[must_use]
    pub fn ends(mut self, ends: Ends) -> Self {
        self.ends = ends;
        self
    }

    /// Nothing comes for so long.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Nothing comes before the test lets it go: `notify_one`, once for each request.
    #[must_use]
    pub fn held(mut self, until: &Arc<Notify>) -> Self {
        self.held = Some(Arc::clone(until));
        self
    }

    /// A stream waits so long before every piece.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Goes wrong; what was said so far is where it goes wrong in the middle.
    #[must_use]
    pub fn and_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// With this header in the answer: `retry-after`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// By a model of another name than the one that was asked.
    #[must_use]
    pub fn by(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }
}

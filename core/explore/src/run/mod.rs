//! The loop: what a model is asked, what is read for it, and how it ends.
//!
//! ```text
//! research   an exploration: one conversation, or several whose conclusions become one
//! question   a question of a thread: a conversation that ends in words
//! round      one round of all conversations: ask, understand, read, answer
//! track      one conversation with a goal: its slips, and how it ends
//! talk       what was said in it, and how it is made shorter
//! calls      what a reply calls, and what each call is answered
//! repeats    what was asked already
//! plan       the model's list of tasks, and progress
//! state      what all conversations share
//! trail      what left, for the audit trail and the transcript
//! ```
//! Each of its loops costs a request, and requests have a budget; each budget has an end at which the model may still say
//! what it knows. Nothing is detached: who drops the future has stopped it all. Start at [`explain`] and [`answer`].

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_agent::Watcher;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Depth, Limits, ModelUse, ReadSummary, Request};
use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::report::{Opinion, Report};
use midwatch_redact::{Redacted, Redactor};
use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::port::{ChatModel, ChatRequest};
use crate::tool::{Tool, Toolsets};

mod calls;
mod plan;
mod question;
mod repeats;
mod research;
mod round;
mod state;
mod talk;
#[cfg(test)]
mod tests;
mod track;
mod trail;

/// Who explores: a model, and tools that are not of the evidence sources.
#[derive(Clone)]
pub struct Explorer {
    /// The model, with its patience and its fallback.
    pub model: Arc<dyn ChatModel>,
    /// Tools of MCP servers.
    pub foreign: Vec<Arc<dyn Tool>>,
}

/// What an operator and a pack say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brief {
    /// Their instructions for the model; empty for none.
    pub instructions: String,
    /// Which tools.
    pub toolsets: Toolsets,
    /// How much it may take.
    pub budget: Budget,
    /// How thorough it is.
    pub depth: Depth,
}

/// What it is about.
pub struct Asked<'a> {
    /// Where evidence is read.
    pub source: Arc<dyn EvidenceSource>,
    /// What was asked or alerted. The namespaces that it names bound all reads; its `as_of` is "now".
    pub request: &'a Request,
    /// Bounds of the reads of tools.
    pub limits: &'a Limits,
    /// What the rules found; none while there is no report yet.
    pub report: Option<&'a Redacted<Report>>,
    /// What hides secrets.
    pub redactor: Redactor,
    /// Asked before anything leaves.
    pub gate: &'a dyn Gate,
}

/// Asked before each request leaves: writes it down, shows it, or holds it back.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Lets a request pass.
    ///
    /// # Errors
    /// Why it must not leave, for the reader: the day's budget is used up, the trail cannot be written. Nothing is sent then,
    /// and the exploration ends.
    async fn pass(&self, sent: &Sent, request: &Redacted<ChatRequest>) -> Result<(), String>;

    /// Lets a call of a tool of somebody else's pass: an MCP server is told its arguments. [`Sent::to`] names server and tool.
    ///
    /// # Errors
    /// Why it must not leave. The call is not made then; the model is told, and goes on.
    async fn foreign(&self, sent: &Sent) -> Result<(), String> {
        let _ = sent;
        Ok(())
    }

    /// The reply to a request is there, or there will be none; what it took.
    async fn came(&self, sent: &Sent, used: &ModelUse) {
        let _ = (sent, used);
    }
}

/// Lets everything pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

#[async_trait]
impl Gate for Open {
    async fn pass(&self, _: &Sent, _: &Redacted<ChatRequest>) -> Result<(), String> {
        Ok(())
    }
}

/// What came of an exploration, and what it took.
#[derive(Clone, Debug)]
pub struct Explained {
    /// For the report: [`Report::with_opinion`].
    pub opinion: Redacted<Opinion>,
    /// What it took.
    pub spent: Spent,
}

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer; none when the model thinks that it was not asked: people talk to each other in threads.
    pub answer: Option<Redacted<Answer>>,
    /// At least one sentence of the answer stands on evidence, or says that it is not known.
    pub stands: bool,
    /// Why there is no answer of the model, for the reader, where it could not be asked.
    pub failed: Option<Redacted<String>>,
    /// What it took.
    pub spent: Spent,
}

/// What an exploration took, for the trail.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// Requests, calls, tokens, money.
    pub used: ModelUse,
    /// What was read.
    pub read: Redacted<ReadSummary>,
    /// What left, to whom: an entry for each request.
    pub sent: Vec<Sent>,
    /// All of the conversation as it left and came, a JSON line each, for the artifact of the job.
    pub transcript: Redacted<String>,
}

/// One request that leaves, or left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To whom: [`crate::port::ModelFacts::provider`] and the model.
    pub to: String,
    /// Bytes of it.
    pub bytes: u64,
    /// SHA-256 of it, in hex: what the transcript holds can be compared.
    pub digest: String,
    /// How it ended: `1,204 tokens in, 87 out`, or the failure; empty before it left.
    pub outcome: String,
}

/// Lets a model look further than the rules did, and say what it makes of it. What cannot be had from it is said in the
/// opinion; there is always one.
pub async fn explain(explorer: &Explorer, asked: Asked<'_>, brief: &Brief, watcher: Watcher<'_>) -> Explained {
    research::explain(explorer, asked, brief, watcher).await
}

/// Lets a model answer a question of a thread. `memory` is what was said there, oldest first; `hear` is told the answer as
/// far as it stands, each time it grew by whole sentences that were checked.
pub async fn answer(
    explorer: &Explorer,
    asked: Asked<'_>,
    question: &str,
    memory: &[String],
    brief: &Brief,
    hear: &(dyn Fn(Redacted<Answer>) + Send + Sync),
) -> Answered {
    question::answer(explorer, asked, question, memory, brief, hear).await
}

//! A thread: the conversation about one incident or question, and what Midwatch remembers of it.
//!
//! Must never rely on the platform to remember: their history can be read once a minute at best. Start at [`Thread`].

use jiff::Timestamp;
use midwatch_redact::Redacted;
use serde::{Deserialize, Serialize};

use crate::id::{JobId, MessageId, ThreadId};

/// Entries that a thread remembers; the oldest go first.
pub const ENTRIES_KEPT: usize = 200;

/// Where a thread is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its id.
    pub id: ThreadId,
    /// The platform: `console`, `slack`.
    pub platform: String,
    /// The channel.
    pub channel: String,
    /// Its first message, once that was sent (or found, when the thread hangs on another's post).
    pub root: Option<MessageId>,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// A person or a program outside.
    Outside,
    /// Midwatch.
    Midwatch,
}

/// One thing that was said or happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub speaker: Speaker,
    /// The words, or a line that tells what happened.
    pub text: String,
    /// The job it belongs to.
    pub job: Option<JobId>,
}

/// What was said in a thread, the newest so many entries of it, oldest first, for a language model.
pub fn spoken(entries: &[midwatch_redact::Redacted<Entry>], most: usize) -> Vec<String> {
    let line = |entry: &midwatch_redact::Redacted<Entry>| {
        let who = match entry.speaker {
            Speaker::Outside => "person",
            Speaker::Midwatch => "Midwatch",
        };
        format!("{} {who}: {}", entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"), entry.text)
    };
    entries.iter().skip(entries.len().saturating_sub(most)).map(line).collect()
}

/// An entry to remember.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// In which thread.
    pub thread: ThreadId,
    /// What.
    pub entry: Redacted<Entry>,
}

impl midwatch_redact::Redact for Entry {
    fn redact(&mut self, redactor: &midwatch_redact::Redactor) {
        self.text.redact(redactor);
    }
}

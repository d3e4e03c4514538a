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

/// An entry to remember.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// In which thread.
    pub thread: ThreadId,
    /// What.
    pub entry: Redacted<Entry>,
}

/// Characters of what was said that a language model is told.
const TOLD: usize = 8_000;

/// What was said in a thread, for a language model that is asked there: a line for each entry, oldest first. The newest so
/// many of them, as far as they are not too much together.
pub fn spoken(entries: &[Redacted<Entry>], most: usize) -> Vec<String> {
    let line = |entry: &Redacted<Entry>| {
        let who = match entry.speaker {
            Speaker::Outside => "person",
            Speaker::Midwatch => "Midwatch",
        };
        format!("{} {who}: {}", entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"), entry.text)
    };
    let mut room = TOLD;
    let newest_first = entries.iter().rev().take(most).map(line).take_while(|line| {
        let characters = line.chars().count();
        let fits = characters <= room;
        room = room.saturating_sub(characters);
        fits
    });
    let mut lines: Vec<String> = newest_first.collect();
    lines.reverse();
    lines
}

impl midwatch_redact::Redact for Entry {
    fn redact(&mut self, redactor: &midwatch_redact::Redactor) {
        self.text.redact(redactor);
    }
}

#[cfg(test)]
mod tests {
    use midwatch_redact::Redactor;

    use super::*;

    fn entry(second: i64, speaker: Speaker, text: &str) -> Redacted<Entry> {
        let at = Timestamp::from_second(second).unwrap();
        Redactor::default().seal(Entry { at, speaker, text: text.to_owned(), job: None })
    }

    #[test]
    fn what_was_said_is_told_in_order() {
        let memory = [
            entry(1, Speaker::Outside, "alice: is it the node?"),
            entry(2, Speaker::Midwatch, "No."),
            entry(3, Speaker::Outside, "bob: and the mesh?"),
        ];
        let told = spoken(&memory, 2);
        assert_eq!(told, ["1970-01-01T00:00:02Z Midwatch: No.", "1970-01-01T00:00:03Z person: bob: and the mesh?"]);
        assert_eq!(spoken(&memory, 9).len(), 3);
        assert_eq!(spoken(&[], 9), Vec::<String>::new());
    }

    #[test]
    fn of_much_the_newest_is_told() {
        let long = "\u{e4}".repeat(TOLD / 4);
        let memory: Vec<_> = (0..9).map(|n| entry(n, Speaker::Midwatch, &format!("{n}{long}"))).collect();
        let told = spoken(&memory, 100);
        assert!(told.len() == 3 && told[0].contains("06Z Midwatch: 6"), "the fourth would be too much: {told:?}");
        let huge = [entry(1, Speaker::Midwatch, &long.repeat(9)), entry(2, Speaker::Midwatch, "short")];
        assert_eq!(spoken(&huge, 100).len(), 1);
    }
}

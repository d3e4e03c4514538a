//! What is said back: paragraphs, preformatted text, tables and files. Each platform renders it in its own way.
//!
//! Must never hold markup of one platform: a text is plain but for `code` spans between backticks, and what looks like
//! markup, a mention or a link in it is shown as it is written. Start at [`Answer`].

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

/// An answer, in the order in which it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its parts.
    pub parts: Vec<Part>,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum Part {
    /// Paragraphs, with an empty line between them.
    Text {
        /// The words.
        text: String,
    },
    /// Preformatted: log lines, a command. What is longer than a message becomes a file.
    Code {
        /// The lines.
        text: String,
    },
    /// A table.
    Table {
        /// The columns.
        head: Vec<String>,
        /// The rows, each as long as the head.
        rows: Vec<Vec<String>>,
    },
    /// Too long for a message, whatever the platform: always a file.
    File(File),
}

/// A file beside an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name: `checkout-previous.log`.
    pub name: String,
    /// What it holds, for a person: `the last 400 lines of container app, previous run`.
    pub title: String,
    /// The text.
    pub text: String,
}

impl Answer {
    /// An answer of one paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().with_text(text)
    }

    /// With another paragraph.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.with(Part::Text { text: text.into() })
    }

    /// With preformatted lines.
    #[must_use]
    pub fn with_code(self, text: impl Into<String>) -> Self {
        self.with(Part::Code { text: text.into() })
    }

    /// With another part.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

impl Redact for Answer {
    fn redact(&mut self, redactor: &Redactor) {
        for part in &mut self.parts {
            match part {
                Part::Text { text } | Part::Code { text } => text.redact(redactor),
                Part::Table { head, rows } => {
                    head.redact(redactor);
                    rows.redact(redactor);
                }
                Part::File(file) => {
                    file.name.redact(redactor);
                    file.title.redact(redactor);
                    file.text.redact(redactor);
                }
            }
        }
    }
}

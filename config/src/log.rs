//! Settings of Midwatch's own log.
//!
//! Never sets up logging: the binary does. Start at [`Log`].

use crate::choice::choice;
use crate::field::{Field, Slot};

/// The level that depends on the command: info in `midwatch serve`, warn elsewhere.
pub const LEVEL_AUTO: &str = "auto";

choice! {
    /// Form of log lines.
    LogFormat {
        /// JSON in `midwatch serve` where standard error is no terminal, text elsewhere.
        #[default]
        Auto = "auto",
        /// For people.
        Text = "text",
        /// One JSON object per line, for a log collector.
        Json = "json",
    }
}

/// Midwatch's own log, written to standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Filter in the manner of `tracing`: `warn`, or `info,midwatch_snapshot=debug`. Default
    /// [`LEVEL_AUTO`].
    pub level: String,
    /// Form of log lines. Default auto.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LEVEL_AUTO.to_owned(), format: LogFormat::Auto }
    }
}

/// Fields of the section `log`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "log.level",
        doc: "How much Midwatch writes about itself.",
        slot: Slot::Directive(|s| &mut s.log.level),
    },
    Field { key: "log.format", doc: "Form of Midwatch's own log lines.", slot: Slot::Choice(|s| &mut s.log.format) },
];

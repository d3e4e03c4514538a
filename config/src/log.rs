//! Settings of Midwatch's own log.
//!
//! Never sets up logging: the binary does. Start at [`Log`].

use crate::choice::choice;
use crate::field::{Field, Slot};

choice! {
    /// Form of log lines.
    LogFormat {
        /// For people.
        #[default]
        Text = "text",
        /// One JSON object per line, for a log collector.
        Json = "json",
    }
}

/// Midwatch's own log, written to standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Filter in the manner of `tracing`: `warn`, or `info,midwatch_snapshot=debug`. Default warn.
    pub level: String,
    /// Form of log lines. Default text.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "warn".to_owned(), format: LogFormat::Text }
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

//! Settings of what a person sees in a terminal.
//!
//! Never asks whether there is a terminal: the binary resolves `auto`. Start at [`Output`].

use crate::choice::choice;
use crate::field::{Field, Slot};

choice! {
    /// Form of the report.
    OutputFormat {
        /// As a chat thread: plan, progress, report.
        #[default]
        Thread = "thread",
        /// Markdown, for a ticket or a page.
        Markdown = "markdown",
        /// JSON, for a program.
        Json = "json",
    }
}

choice! {
    /// When something that suits only a terminal is shown.
    When {
        /// On a terminal only.
        #[default]
        Auto = "auto",
        /// In files and pipes too.
        Always = "always",
        /// Not at all.
        Never = "never",
    }
}

/// How results are shown in a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// Form of the report. Default thread.
    pub format: OutputFormat,
    /// When colour is used. Default auto.
    pub colour: When,
    /// When progress is shown while reading. Default auto.
    pub progress: When,
}

/// Fields of the section `output`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field { key: "output.format", doc: "Form of the report.", slot: Slot::Choice(|s| &mut s.output.format) },
    Field { key: "output.colour", doc: "When colour is used.", slot: Slot::Choice(|s| &mut s.output.colour) },
    Field {
        key: "output.progress",
        doc: "When progress is shown while reading.",
        slot: Slot::Choice(|s| &mut s.output.progress),
    },
];

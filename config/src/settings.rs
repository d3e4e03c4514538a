//! The tree of settings: one struct per component.
//!
//! Never holds a setting that nothing uses. Start at the component's own file.

use crate::{Investigation, Log, Output, RedactionSettings};

/// Everything that can be configured; `Default` is the documented defaults.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How far an investigation looks and how much it may read.
    pub investigation: Investigation,
    /// What counts as secret beyond the built-in rules.
    pub redaction: RedactionSettings,
    /// How results are shown in a terminal.
    pub output: Output,
    /// Midwatch's own log, not the logs it reads.
    pub log: Log,
}

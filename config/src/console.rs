//! Settings of the console platform: threads as files, for those who have no chat yet.
//!
//! Start at [`ConsoleSettings`].

use std::path::PathBuf;

use crate::field::{Field, Slot};

/// The platform that needs no chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsoleSettings {
    /// Folder of the threads. Default none: `threads` in the folder of the store.
    pub directory: Option<PathBuf>,
}

/// Fields of the section `console`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[Field {
    key: "console.directory",
    doc: "Folder of the threads: one text file each.",
    slot: Slot::Path(|s| &mut s.console.directory),
}];

//! Settings of packs: where one's own are.
//!
//! Never reads them. Start at [`PackSettings`].

use std::path::PathBuf;

use crate::field::{Field, Slot};

/// When and how to investigate, beyond what is built in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackSettings {
    /// Folder with packs of one's own. Default none: the built-in ones only.
    pub directory: Option<PathBuf>,
}

/// Fields of the section `packs`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[Field {
    key: "packs.directory",
    doc: "Folder with packs of your own: one YAML file each.",
    slot: Slot::Path(|s| &mut s.packs.directory),
}];

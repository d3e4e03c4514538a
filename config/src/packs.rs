//! Packs: those that come with the program, as they are written, and where one's own are.
//!
//! Never reads them: what a pack means is decided where packs are used. Start at [`PackSettings`] and [`builtin_packs`].

use std::path::PathBuf;

use crate::field::{Field, Slot};

/// When and how to investigate, beyond what is built in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackSettings {
    /// Folder with packs of one's own. Default none: the built-in ones only.
    pub directory: Option<PathBuf>,
}

/// Every built-in pack: its name and its YAML, in order of the names.
pub fn builtin_packs() -> &'static [(&'static str, &'static str)] {
    &[
        ("crash", include_str!("../packs/crash.yaml")),
        ("default", include_str!("../packs/default.yaml")),
        ("jobs", include_str!("../packs/jobs.yaml")),
        ("nodes", include_str!("../packs/nodes.yaml")),
        ("pace", include_str!("../packs/pace.yaml")),
        ("question", include_str!("../packs/question.yaml")),
        ("rollout", include_str!("../packs/rollout.yaml")),
        ("storage", include_str!("../packs/storage.yaml")),
    ]
}

/// Fields of the section `packs`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[Field {
    key: "packs.directory",
    doc: "Folder with packs of your own: one YAML file each.",
    slot: Slot::Path(|s| &mut s.packs.directory),
}];

//! Settings of the redactor: what counts as secret beyond its built-in rules, and what never does.
//!
//! Never redacts anything itself. Start at [`RedactionSettings`].

use std::path::PathBuf;

use secrecy::SecretString;

use crate::field::{Field, Slot};

/// What the redactor is told beyond its built-in rules.
#[derive(Debug, Clone)]
pub struct RedactionSettings {
    /// Whether long random-looking words count as secret. Default true.
    pub entropy: bool,
    /// Names of environment variables whose values count as secret: plain text is found anywhere in
    /// the name, `*` stands for anything; case does not matter. Default none.
    pub extra_names: Vec<String>,
    /// Literal values that are always redacted. After [`crate::load`] these are the values from
    /// whichever of this setting and [`Self::extra_literals_file`] was given. Default none.
    pub extra_literals: Vec<SecretString>,
    /// File with one such value per line. Default none.
    pub extra_literals_file: Option<PathBuf>,
    /// Literal values that are never redacted, such as public host names. Default none.
    pub keep: Vec<String>,
}

impl Default for RedactionSettings {
    fn default() -> Self {
        Self {
            entropy: true,
            extra_names: Vec::new(),
            extra_literals: Vec::new(),
            extra_literals_file: None,
            keep: Vec::new(),
        }
    }
}

/// Fields of the section `redaction`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "redaction.entropy",
        doc: "Whether long random-looking words count as secret.",
        slot: Slot::Flag(|s| &mut s.redaction.entropy),
    },
    Field {
        key: "redaction.extra_names",
        doc: "Names of environment variables whose values count as secret, beyond the built-in ones.",
        slot: Slot::Names(|s| &mut s.redaction.extra_names),
    },
    Field {
        key: "redaction.extra_literals",
        doc: "Literal values that are always redacted.",
        slot: Slot::Secrets { at: |s| &mut s.redaction.extra_literals, file: |s| &mut s.redaction.extra_literals_file },
    },
    Field {
        key: "redaction.extra_literals_file",
        doc: "File with one literal value per line that is always redacted.",
        slot: Slot::SecretFile(|s| &mut s.redaction.extra_literals_file),
    },
    Field {
        key: "redaction.keep",
        doc: "Literal values that are never redacted, such as public host names.",
        slot: Slot::Texts(|s| &mut s.redaction.keep),
    },
];

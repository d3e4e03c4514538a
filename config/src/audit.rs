//! Settings of the audit trail: the key of its chain.
//!
//! Never writes to it. Start at [`AuditSettings`].

use std::path::PathBuf;

use secrecy::SecretString;

use crate::field::{Field, Slot};

/// The trail of who asked what.
#[derive(Debug, Clone, Default)]
pub struct AuditSettings {
    /// Key of the chain. Default none: one is made at the first start and kept beside the store.
    pub key: Option<SecretString>,
    /// File that holds it. Default none.
    pub key_file: Option<PathBuf>,
}

/// Fields of the section `audit`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "audit.key",
        doc: "Key of the audit trail's chain.",
        slot: Slot::Secret { at: |s| &mut s.audit.key, file: |s| &mut s.audit.key_file },
    },
    Field {
        key: "audit.key_file",
        doc: "File that holds the key of the audit trail's chain.",
        slot: Slot::SecretFile(|s| &mut s.audit.key_file),
    },
];

//! Settings of the conversation: how much may be asked for.
//!
//! Start at [`ConversationSettings`].

use crate::field::{Field, Slot};

/// How many investigations people may start within ten minutes; alerts are not counted.
#[derive(Debug, Clone)]
pub struct ConversationSettings {
    /// One user. 1 to 1,000, default 10.
    pub user_starts: u32,
    /// All users in one channel. 1 to 10,000, default 30.
    pub channel_starts: u32,
    /// All users of a workspace. 1 to 100,000, default 100.
    pub workspace_starts: u32,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self { user_starts: 10, channel_starts: 30, workspace_starts: 100 }
    }
}

/// Fields of the section `conversation`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "conversation.user_starts",
        doc: "Investigations that one user may start within 10 minutes.",
        slot: Slot::Count { at: |s| &mut s.conversation.user_starts, min: 1, max: 1_000 },
    },
    Field {
        key: "conversation.channel_starts",
        doc: "Investigations that may be started in one channel within 10 minutes.",
        slot: Slot::Count { at: |s| &mut s.conversation.channel_starts, min: 1, max: 10_000 },
    },
    Field {
        key: "conversation.workspace_starts",
        doc: "Investigations that may be started in one workspace within 10 minutes.",
        slot: Slot::Count { at: |s| &mut s.conversation.workspace_starts, min: 1, max: 100_000 },
    },
];

//! What there is in the workspace: people, groups, channels, messages, files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::message::{Ephemeral, File, Message};
use super::options::{BOT_USER, TEAM};

/// What kind of conversation a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelKind {
    Public,
    Private,
    Direct,
}

impl ChannelKind {
    /// As events name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Direct => "im",
        }
    }

    /// As `types` of `conversations.list` names it.
    pub(super) fn listed(self) -> &'static str {
        match self {
            Self::Public => "public_channel",
            Self::Private => "private_channel",
            Self::Direct => "im",
        }
    }

    /// The subscription that brings its messages.
    pub(super) fn subscription(self) -> &'static str {
        match self {
            Self::Public => "message.channels",
            Self::Private => "message.groups",
            Self::Direct => "message.im",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: ChannelKind,
    pub(super) members: BTreeSet<String>,
    pub(super) archived: bool,
    pub(super) messages: BTreeMap<String, Message>,
}

impl Channel {
    pub(super) fn has_bot(&self) -> bool {
        self.members.contains(BOT_USER)
    }

    pub(super) fn told(&self) -> Value {
        let (is_im, is_private) = (self.kind == ChannelKind::Direct, self.kind == ChannelKind::Private);
        json!({
            "id": self.id, "name": self.name, "name_normalized": self.name, "created": 1_700_000_000,
            "creator": "U0FOUNDER", "is_channel": self.kind == ChannelKind::Public, "is_group": is_private,
            "is_im": is_im, "is_mpim": false, "is_private": self.kind != ChannelKind::Public,
            "is_archived": self.archived, "is_general": false, "is_shared": false, "is_org_shared": false,
            "is_member": self.has_bot(), "num_members": self.members.len(), "context_team_id": TEAM,
            "topic": {"value": "", "creator": "", "last_set": 0}, "purpose": {"value": "", "creator": "", "last_set": 0},
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) handle: String,
    pub(super) users: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) file: File,
    pub(super) length: usize,
    pub(super) uploaded: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    /// Names by id.
    pub(super) users: BTreeMap<String, String>,
    pub(super) groups: Vec<Group>,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) ephemerals: Vec<Ephemeral>,
    /// By file id; not yet shared.
    pub(super) uploads: BTreeMap<String, Upload>,
    /// What the app says it does, by channel and thread.
    pub(super) statuses: Vec<(String, String, String)>,
    /// Views that were opened: who sees them, and what.
    pub(super) views: Vec<(String, Value)>,
}

impl World {
    /// By id, or by name with or without `#`.
    pub(super) fn channel(&self, name: &str) -> Option<&Channel> {
        let bare = name.trim_start_matches('#');
        self.channels.get(name).or_else(|| self.channels.values().find(|c| c.name == bare))
    }

    /// The direct conversation of the app and a user.
    pub(super) fn direct(&mut self, user: &str) -> String {
        let id = format!("D{}", user.trim_start_matches('U'));
        self.channels.entry(id.clone()).or_insert_with(|| Channel {
            id: id.clone(),
            name: format!("dm-{user}"),
            kind: ChannelKind::Direct,
            members: [user.to_owned(), BOT_USER.to_owned()].into(),
            archived: false,
            messages: BTreeMap::new(),
        });
        id
    }
}

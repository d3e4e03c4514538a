//! Settings of who may do what: the rules of `core/service`'s policy as they are written.
//!
//! Never allows more than a rule says: an empty list or an empty `who` is a mistake and not everyone. Start at
//! [`PermissionSettings`].

use crate::describe::list;
use crate::field::{Field, Slot};
use crate::record::{Entries, Record};

/// The verbs that can be allowed; `help` is always answered.
pub const VERBS: &[&str] = &[
    "help",
    "investigate",
    "ask",
    "status",
    "list",
    "stop",
    "retry",
    "explain",
    "timeline",
    "mute",
    "unmute",
    "pack",
    "doctor",
    "operate",
];

/// Who may do what, where. What no rule allows is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSettings {
    /// The rules. Default: webhooks may investigate, holders of an API key may do everything.
    pub rules: Vec<PermissionRule>,
}

/// One rule: it only allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionRule {
    /// For whom; at least one of its fields is set.
    pub who: PermissionWho,
    /// Words of [`VERBS`]; none: all of them.
    pub verbs: Vec<&'static str>,
    /// Clusters, `*` stands for any text; none: all of them.
    pub clusters: Vec<String>,
    /// Namespaces, `*` stands for any text; none: all of them.
    pub namespaces: Vec<String>,
}

/// For whom a rule is: every field that is set must fit; `*` in a field stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionWho {
    /// `api`, `webhook`.
    pub platform: Option<String>,
    /// Workspace or server of a chat platform.
    pub workspace: Option<String>,
    /// User, API key's name, webhook's source.
    pub user: Option<String>,
    /// A group or role of the user.
    pub group: Option<String>,
    /// Channel.
    pub channel: Option<String>,
}

impl Default for PermissionSettings {
    fn default() -> Self {
        let on = |platform: &str| PermissionWho { platform: Some(platform.to_owned()), ..PermissionWho::default() };
        Self {
            rules: vec![
                PermissionRule { who: on("webhook"), verbs: vec!["investigate"], ..PermissionRule::default() },
                PermissionRule { who: on("api"), ..PermissionRule::default() },
            ],
        }
    }
}

impl Record for PermissionRule {
    const SHAPE: &'static str = "a list of rules, each with `who` and what it allows";
    const EXAMPLE: &'static str = "write a rule like `- {who: {platform: api, user: ci}, verbs: [investigate, status], namespaces: [\"team-*\"]}`";
    const KEYS: &'static [&'static str] = &["who", "verbs", "clusters", "namespaces"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        let who = read_who(entries);
        let verbs = entries.words("verbs", VERBS);
        let (clusters, namespaces) = (entries.texts("clusters"), entries.texts("namespaces"));
        Some(Self { who: who?, verbs, clusters, namespaces })
    }

    fn show(&self) -> String {
        let verbs: Vec<String> = self.verbs.iter().map(|verb| (*verb).to_owned()).collect();
        let lists = [("verbs", &verbs), ("clusters", &self.clusters), ("namespaces", &self.namespaces)];
        let lists = lists.iter().filter(|(_, items)| !items.is_empty());
        let parts: Vec<String> = lists.map(|(key, items)| format!(", {key}: {}", list(items))).collect();
        format!("{{who: {{{}}}{}}}", show_who(&self.who), parts.concat())
    }
}

const WHO: &[&str] = &["platform", "workspace", "user", "group", "channel"];

/// Everyone is written `{platform: "*"}`: a rule for all must not come of a key that was forgotten.
fn read_who(entries: &mut Entries<'_>) -> Option<PermissionWho> {
    const FIX: &str = "name at least one of `platform`, `workspace`, `user`, `group`, `channel`; everyone is `who: {platform: \"*\"}`";
    if !entries.has("who") {
        entries.wrong_here("does not say for whom it is", FIX);
        return None;
    }
    let mut inner = entries.section("who", WHO)?;
    let who = PermissionWho {
        platform: inner.text("platform"),
        workspace: inner.id("workspace"),
        user: inner.id("user"),
        group: inner.id("group"),
        channel: inner.id("channel"),
    };
    if who != PermissionWho::default() {
        return Some(who);
    }
    if !WHO.iter().any(|key| inner.has(key)) {
        inner.wrong_here("is empty", FIX);
    }
    None
}

fn show_who(who: &PermissionWho) -> String {
    let fields = [&who.platform, &who.workspace, &who.user, &who.group, &who.channel];
    let set = WHO.iter().zip(fields).filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}: {value:?}")));
    set.collect::<Vec<_>>().join(", ")
}

/// Fields of the section `permissions`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[Field {
    key: "permissions.rules",
    doc: "Rules that allow; what no rule allows is denied.",
    slot: Slot::Records(|s| &mut s.permissions.rules),
}];

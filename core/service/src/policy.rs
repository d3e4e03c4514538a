//! Who may do what, where. Deny by default: without a rule that allows it, only `help` is answered.
//!
//! A rule as it is written in the configuration; every field but `who` may be left out and then stands for all of its kind:
//!
//! ```yaml
//! permissions:
//!   - who: {group: sre}                       # everything, everywhere
//!   - who: {platform: slack, channel: shop-*} # these verbs, in these namespaces of this cluster
//!     verbs: [investigate, ask, status]
//!     clusters: [prod-eu]
//!     namespaces: [shop, shop-*]
//!   - who: {user: "*"}                        # anyone
//!     verbs: [status]
//! ```
//!
//! An empty list is refused, for it could mean all or nothing. `namespaces: ["*"]` is any namespace that is named; what is
//! about all of them at once, or about nodes, needs a rule without namespaces.
//!
//! Pure, used by every platform alike. Must never be asked after the work has begun. Start at [`Policy::decide`].

mod written;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::job::Actor;

/// What someone wants to do: the verbs of the one grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Ask what can be asked.
    Help,
    /// Start an investigation.
    Investigate,
    /// Ask a question in a thread.
    Ask,
    /// See a job's or an incident's state and report.
    Status,
    /// List jobs, incidents, alerts.
    List,
    /// Stop a job.
    Stop,
    /// Run a job again.
    Retry,
    /// See the evidence behind a report.
    Explain,
    /// See what happened when.
    Timeline,
    /// Mute an alert.
    Mute,
    /// Let a muted alert speak again.
    Unmute,
    /// Switch a pack on or off.
    Pack,
    /// See how the program itself does.
    Doctor,
    /// Steer the program: the queue, dead letters, processes, the kill switch; see who spends what.
    Operate,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 14] = [
        Verb::Help,
        Verb::Investigate,
        Verb::Ask,
        Verb::Status,
        Verb::List,
        Verb::Stop,
        Verb::Retry,
        Verb::Explain,
        Verb::Timeline,
        Verb::Mute,
        Verb::Unmute,
        Verb::Pack,
        Verb::Doctor,
        Verb::Operate,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Help => "help",
            Verb::Investigate => "investigate",
            Verb::Ask => "ask",
            Verb::Status => "status",
            Verb::List => "list",
            Verb::Stop => "stop",
            Verb::Retry => "retry",
            Verb::Explain => "explain",
            Verb::Timeline => "timeline",
            Verb::Mute => "mute",
            Verb::Unmute => "unmute",
            Verb::Pack => "pack",
            Verb::Doctor => "doctor",
            Verb::Operate => "operate",
        }
    }
}

/// Who a rule is for: every field that is set must fit; `*` in a field stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Who {
    /// `api`, `webhook`, `slack`, `discord`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written::pattern")]
    pub platform: Option<String>,
    /// Workspace or server.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written::pattern")]
    pub workspace: Option<String>,
    /// User, API key, webhook source.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written::pattern")]
    pub user: Option<String>,
    /// One of the user's groups or roles.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written::pattern")]
    pub group: Option<String>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written::pattern")]
    pub channel: Option<String>,
}

/// One rule: it only allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// For whom. A rule that is read from a file has to say it.
    #[serde(deserialize_with = "written::who")]
    pub who: Who,
    /// Which verbs; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "written::verbs")]
    pub verbs: Vec<Verb>,
    /// In which clusters; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "written::patterns")]
    pub clusters: Vec<String>,
    /// In which namespaces; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "written::patterns")]
    pub namespaces: Vec<String>,
}

/// What someone wants, and where.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The verb.
    pub verb: Verb,
    /// The cluster, where one is meant.
    pub cluster: Option<&'a str>,
    /// The namespaces, where some are meant; empty means all of them.
    pub namespaces: &'a [&'a str],
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allowed,
    /// No; the words are for the person.
    Denied(String),
}

/// The rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
}

impl Policy {
    /// With these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Decides. Several rules may allow a wish together only when each allows all of it: rights are not pieced together.
    pub fn decide(&self, actor: &Actor, wish: Wish<'_>) -> Decision {
        if wish.verb == Verb::Help || self.rules.iter().any(|rule| rule.allows(actor, wish)) {
            return Decision::Allowed;
        }
        Self::denied(actor, wish)
    }

    /// Whether there is any place where the actor may do this. Who may see nothing at all is told so: an empty list would
    /// look as if there were nothing.
    pub fn decide_somewhere(&self, actor: &Actor, verb: Verb) -> Decision {
        let anywhere = |rule: &Rule| (rule.verbs.is_empty() || rule.verbs.contains(&verb)) && rule.who.is(actor);
        if verb == Verb::Help || self.rules.iter().any(anywhere) {
            return Decision::Allowed;
        }
        Self::denied(actor, Wish { verb, cluster: None, namespaces: &[] })
    }

    fn denied(actor: &Actor, wish: Wish<'_>) -> Decision {
        let place = match (wish.cluster, wish.namespaces) {
            (_, [first, ..]) => format!(" in namespace {first}"),
            (Some(cluster), []) => format!(" in cluster {cluster}"),
            (None, []) => String::new(),
        };
        Decision::Denied(format!(
            "{} {} may not `{}`{place}: no rule of `permissions` allows it; ask whoever configures Midwatch",
            actor.platform,
            actor.user,
            wish.verb.as_str()
        ))
    }
}

impl Rule {
    fn allows(&self, actor: &Actor, wish: Wish<'_>) -> bool {
        let verb = self.verbs.is_empty() || self.verbs.contains(&wish.verb);
        let cluster = self.clusters.is_empty() || wish.cluster.is_some_and(|c| fits_any(&self.clusters, c));
        let everywhere = self.namespaces.is_empty();
        let named = !wish.namespaces.is_empty() && wish.namespaces.iter().all(|ns| fits_any(&self.namespaces, ns));
        verb && cluster && (everywhere || named) && self.who.is(actor)
    }
}

impl Who {
    fn is(&self, actor: &Actor) -> bool {
        let one = |pattern: &Option<String>, value: Option<&str>| {
            pattern.as_deref().is_none_or(|pattern| value.is_some_and(|value| fits(pattern, value)))
        };
        one(&self.platform, Some(&actor.platform))
            && one(&self.workspace, actor.workspace.as_deref())
            && one(&self.user, Some(&actor.user))
            && one(&self.channel, actor.channel.as_deref())
            && self.group.as_deref().is_none_or(|pattern| actor.groups.iter().any(|group| fits(pattern, group)))
    }
}

fn fits_any(patterns: &[String], value: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, value))
}

/// Whether a text fits a pattern in which `*` stands for any text. Case counts: names are identities. What is empty is no
/// name, and fits nothing.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    if text.is_empty() {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pattern.rsplit_once('*').map(|(_, last)| last) else { return rest.is_empty() };
    let middle: Vec<&str> = parts.collect();
    for part in middle.iter().take(middle.len().saturating_sub(1)) {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

//! The names that one group of alerts has in more than one place: the title of a post about it, the post itself.
//!
//! A webhook's alerts have their labels' names and a title has none, so both are brought to what they share: the sorted
//! words. Pure. Start at [`of_group`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use midwatch_conversation::posted::{is_replica, title_key};
use midwatch_diagnosis::alert::Alert;
use sha2::{Digest as _, Sha256};

use super::Hang;
use super::settings::IntakeSettings;
use crate::lifecycle::Arrival;

/// What the alias of a title begins with.
const TITLE: &str = "title:";

/// A key longer than this (bytes) is replaced by its hash: it only has to be the same each time.
const KEY_CAP: usize = 512;

/// The aliases of a delivery.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    /// Those that its incident is found by from now on.
    pub(super) held: Vec<String>,
    /// Those that it is looked for by.
    pub(super) sought: Vec<String>,
}

impl Aliases {
    /// A title joins posts to what others deliver, and posts to posts. Two groups of one source may well have the same
    /// title, as two workloads with the same alert in one namespace have: those are never joined by it.
    pub(super) fn new(aliases: Vec<String>, is_post: bool) -> Self {
        let mut both = Self::default();
        for alias in aliases {
            if !alias.starts_with(TITLE) {
                both.held.push(alias.clone());
                both.sought.push(alias);
                continue;
            }
            let (posted, sent) = (format!("posted-{alias}"), format!("sent-{alias}"));
            both.sought.push(posted.clone());
            both.sought.extend(Some(sent.clone()).filter(|_| is_post));
            both.held.push(if is_post { posted } else { sent });
        }
        both
    }

    /// Whether an alias is a title, of whichever side.
    pub(super) fn is_title(alias: &str) -> bool {
        alias.split_once('-').is_some_and(|(side, rest)| matches!(side, "posted" | "sent") && rest.starts_with(TITLE))
    }
}

/// The alias of a message.
pub(super) fn of_post(hang: &Hang) -> String {
    short(format!("post:{}:{}:{}", hang.platform, hang.channel, hang.root))
}

/// The titles that posts about a group would have: of all its alerts and of those that fire, because a receiver that is
/// told no resolves is sent only these; with and without the labels that tell replicas apart.
pub(super) fn of_group(arrivals: &[Arrival], cluster: Option<&str>, settings: &IntakeSettings) -> Vec<String> {
    let whole: Vec<&Alert> = arrivals.iter().filter(|arrival| !arrival.posted).map(|arrival| &arrival.alert).collect();
    let firing: Vec<&Alert> = whole.iter().filter(|alert| alert.firing).copied().collect();
    let mut aliases = BTreeSet::new();
    for alerts in [whole, firing] {
        let common = common(&alerts);
        let values = |replicas: bool| {
            let kept = common.iter().filter(move |(name, _)| replicas || !settings.replica_labels.contains(*name));
            kept.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        aliases
            .extend([true, false].into_iter().filter_map(|replicas| of_title("", values(replicas), cluster, settings)));
    }
    aliases.into_iter().collect()
}

/// The aliases of a title that tells values: as it is, and without what tells replicas apart.
pub(super) fn of_values(
    name: &str,
    values: &[String],
    cluster: Option<&str>,
    settings: &IntakeSettings,
) -> BTreeSet<String> {
    let all = values.iter().map(String::as_str);
    let without = all.clone().filter(|value| !is_replica(value));
    [all.collect(), without.collect()].into_iter().filter_map(|v| of_title(name, v, cluster, settings)).collect()
}

/// With several clusters, the same title in two of them is not the same group.
fn of_title(name: &str, values: Vec<&str>, cluster: Option<&str>, settings: &IntakeSettings) -> Option<String> {
    let place = if settings.clusters.len() > 1 { cluster.unwrap_or_default() } else { "" };
    Some(short(format!("{TITLE}{place}:{}", title_key(name, values)?)))
}

/// Labels that all alerts share.
fn common(alerts: &[&Alert]) -> BTreeMap<String, String> {
    let Some((first, rest)) = alerts.split_first() else { return BTreeMap::new() };
    let mut common = first.labels.clone();
    common.retain(|name, value| rest.iter().all(|alert| alert.labels.get(name) == Some(value)));
    common
}

/// The key, or the first 128 bits of its hash.
pub(super) fn short(key: String) -> String {
    if key.len() <= KEY_CAP {
        return key;
    }
    let kind = key.split(':').next().unwrap_or_default();
    let mut hash = format!("{kind}:#");
    for byte in Sha256::digest(&key).iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

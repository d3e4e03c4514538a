//! Which incident each alert of a delivery belongs to. Pure.
//!
//! The decision, for each alert on its own, in this order:
//! 1. The open incident that knows it already, by identity: so a resolve finds the incident in which the alert fires, and
//!    one alert that comes by webhook and by poll is in one incident.
//! 2. The open incident of the group key. Whoever configured the source said that these belong together, even when one key
//!    stands for everything.
//! 3. The open incident of an alias: the post that this was read from, or the title that a post of this group would have.
//! 4. The open incident about the same workload in the same namespace: two groups about it are one incident. Never the
//!    namespace alone: one namespace can hold a whole company.
//! 5. Otherwise, when it fires, a new incident: one for what is left of a group; without a group key one for each
//!    workload, or for each alert name in a namespace. A resolve that reaches this point opens nothing, nor does a muted
//!    alert.
//! 6. When too many groups would open at once, the next ones go to the storm of the source instead.
//!
//! Keys that are held by another open incident are never claimed a second time: the store would refuse that.
//! Start at [`route`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::Hang;
use super::alias::Aliases;
use super::identity::{Entity, namespace_of};
use super::settings::IntakeSettings;
use crate::clock::after;
use crate::id::IncidentId;
use crate::incident::{ALERTS_KEPT, Incident, IncidentKind, IncidentState, STORM_ALERTS_KEPT};
use crate::lifecycle::{Arrival, track_key};
use crate::mute::Mute;

/// A delivery, ready to be routed.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) source: String,
    pub(super) group_key: Option<String>,
    pub(super) cluster: Option<String>,
    pub(super) arrivals: Vec<Arrival>,
    /// What each arrival is about, in the same order.
    pub(super) entities: Vec<Option<Entity>>,
    pub(super) truncated: u64,
    /// The key of the storm that its alerts would go to.
    pub(super) storm: String,
    /// The key of the storm where alerts are shown that name no place of their own: while it blows, they go there.
    pub(super) usual: String,
    /// More keys that find its incident.
    pub(super) aliases: Aliases,
    /// The message that a new incident's thread hangs on.
    pub(super) place: Option<Hang>,
    /// What a new incident's thread says besides.
    pub(super) notes: Vec<String>,
}

/// Where a part of a delivery goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// An incident that is not closed, and whose quiet window has not passed.
    Open(Arc<Incident>),
    /// A new incident.
    New,
    /// A new storm.
    NewStorm,
}

/// A part of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) target: Target,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) truncated: u64,
    /// What the alerts are about.
    pub(super) entities: BTreeSet<Entity>,
    /// Keys that the incident should hold beyond those it has, the most telling first.
    pub(super) keys: Vec<String>,
}

/// A routed delivery.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Routed {
    pub(super) parts: Vec<Part>,
    /// Incidents whose quiet window has passed while nobody looked: to be closed before their keys are claimed anew.
    pub(super) over: Vec<Arc<Incident>>,
    /// Resolves of alerts that no incident knows.
    pub(super) unknown: u64,
    /// Muted alerts that no incident knows.
    pub(super) muted: u64,
}

/// The key of an alert.
pub(super) fn alert_key(id: u64) -> String {
    format!("alert:{}", track_key(id))
}

/// The key of a delivered fingerprint.
pub(super) fn fingerprint_key(fingerprint: &str) -> String {
    format!("fp:{fingerprint}")
}

/// The key of the storm that is shown in a channel, wherever its alerts come from: there is one at a time.
pub(super) fn storm_key(platform: &str, channel: &str) -> String {
    format!("storm:{platform}/{channel}")
}

impl Batch {
    /// The key of the delivery's group.
    pub(super) fn group(&self) -> Option<String> {
        self.group_key.as_ref().map(|key| format!("group:{}:{key}", self.source))
    }

    /// Every key by which an open incident could be found.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys: BTreeSet<String> = self.group().into_iter().collect();
        keys.extend([self.storm.clone(), self.usual.clone()]);
        keys.extend(self.aliases.held.iter().chain(&self.aliases.sought).cloned());
        for (arrival, entity) in self.arrivals.iter().zip(&self.entities) {
            keys.insert(alert_key(arrival.id));
            keys.extend(entity.as_ref().map(Entity::key));
            keys.insert(self.own_group(arrival, entity.as_ref()));
            keys.extend(print_of(arrival));
        }
        keys.into_iter().collect()
    }

    /// The group of an alert that came without a group key.
    fn own_group(&self, arrival: &Arrival, entity: Option<&Entity>) -> String {
        let cluster = self.cluster.as_deref().or_else(|| arrival.alert.label("cluster")).unwrap_or_default();
        if let Some(entity) = entity {
            return format!("own:{}:{}", self.source, entity.key());
        }
        let namespace = namespace_of(&arrival.alert).unwrap_or_default();
        format!("own:{}:{}@{cluster}/{namespace}", self.source, arrival.alert.name)
    }
}

fn print_of(arrival: &Arrival) -> Option<String> {
    let print = arrival.alert.fingerprint.as_str();
    (!print.is_empty()).then(|| fingerprint_key(print))
}

/// What is known when a delivery is routed.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// Incidents that hold any of the delivery's keys and are not closed.
    pub(super) found: &'a [Arc<Incident>],
    /// Groups that were opened within the storm window.
    pub(super) opened_lately: usize,
    pub(super) now: Timestamp,
    pub(super) settings: &'a IntakeSettings,
    /// Mutes that have not ended.
    pub(super) mutes: &'a [Mute],
}

/// A place for alerts while they are sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Open(usize),
    Fresh(String),
}

/// Sorts the alerts of a delivery.
pub(super) fn route(batch: &Batch, scene: Scene<'_>) -> Routed {
    let is_over = |incident: &Incident| match incident.state {
        IncidentState::Resolved(at) => after(at, scene.settings.quiet) <= scene.now,
        IncidentState::Firing | IncidentState::Closed(_) => false,
    };
    let (over, open): (Vec<&Arc<Incident>>, Vec<&Arc<Incident>>) =
        scene.found.iter().partition(|incident| is_over(incident));
    let index = Index::of(&open);
    let group = batch.group();
    let batch = &*marked(batch, scene);
    let mut muted = 0;
    let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    let mut strays = Vec::new();
    for (at, (arrival, entity)) in batch.arrivals.iter().zip(&batch.entities).enumerate() {
        let own = batch.own_group(arrival, entity.as_ref());
        match index.place(batch, arrival, entity.as_ref(), group.as_ref().unwrap_or(&own)) {
            Some(incident) => places.entry(Place::Open(incident)).or_default().push(at),
            None if arrival.muted => muted += 1,
            None if arrival.alert.firing => {
                places.entry(Place::Fresh(group.clone().unwrap_or(own))).or_default().push(at);
            }
            None => strays.push((group.clone().unwrap_or(own), at)),
        }
    }
    // A resolve that comes with firing alerts of its own group goes along with them.
    let mut unknown = 0;
    for (group, at) in strays {
        match places.get_mut(&Place::Fresh(group)) {
            Some(members) => members.push(at),
            None => unknown += 1,
        }
    }
    let mut parts = gather(batch, scene, &open, places);
    if let Some(first) = parts.first_mut() {
        first.truncated = batch.truncated;
    }
    // They hold keys that a part may claim.
    let over = if parts.is_empty() { Vec::new() } else { over.into_iter().map(Arc::clone).collect() };
    claim(&mut parts, &open);
    Routed { parts, over, unknown, muted }
}

/// The delivery with its muted alerts marked. Only what fires can be muted: that something is over is always told.
fn marked<'a>(batch: &'a Batch, scene: Scene<'_>) -> Cow<'a, Batch> {
    let is_muted = |arrival: &Arrival| {
        let cluster = batch.cluster.as_deref().or_else(|| arrival.alert.label("cluster"));
        arrival.alert.firing && scene.mutes.iter().any(|mute| mute.covers(&arrival.alert, cluster, scene.now))
    };
    if scene.mutes.is_empty() || !batch.arrivals.iter().any(is_muted) {
        return Cow::Borrowed(batch);
    }
    let mark = |arrival: &Arrival| Arrival { muted: is_muted(arrival), ..arrival.clone() };
    Cow::Owned(Batch { arrivals: batch.arrivals.iter().map(mark).collect(), ..batch.clone() })
}

/// Open incidents by what finds them.
struct Index<'a> {
    alerts: HashMap<&'a str, usize>,
    keys: HashMap<&'a str, usize>,
    open: &'a [&'a Arc<Incident>],
}

impl<'a> Index<'a> {
    fn of(open: &'a [&'a Arc<Incident>]) -> Self {
        let all = || open.iter().enumerate();
        let alerts =
            all().flat_map(|(at, incident)| incident.alerts.keys().map(move |key| (key.as_str(), at))).collect();
        let keys = all().flat_map(|(at, incident)| incident.keys.iter().map(move |key| (key.as_str(), at))).collect();
        Self { alerts, keys, open }
    }

    fn place(&self, batch: &Batch, arrival: &Arrival, entity: Option<&Entity>, group: &str) -> Option<usize> {
        let tracked = self.alerts.get(track_key(arrival.id).as_str()).copied();
        let folded = || self.open.iter().position(|incident| incident.folded.get(arrival.id).is_some());
        let known = tracked.or_else(folded).or_else(|| self.keys.get(alert_key(arrival.id).as_str()).copied());
        let of_group = || self.keys.get(group).copied();
        let by_alias = || batch.aliases.sought.iter().find_map(|alias| self.of_alias(alias, batch));
        let about = || self.keys.get(entity.filter(|_| arrival.alert.firing)?.key().as_str()).copied();
        known.or_else(of_group).or_else(by_alias).or_else(about)
    }

    /// A title never finds what is of another group of the same source.
    fn of_alias(&self, alias: &str, batch: &Batch) -> Option<usize> {
        let at = self.keys.get(alias).copied()?;
        let groups = format!("group:{}:", batch.source);
        let is_others = self.open.get(at)?.keys.iter().any(|key| key.starts_with(&groups));
        (!is_others || !Aliases::is_title(alias)).then_some(at)
    }
}

/// Makes parts of places; new groups beyond what is bearable become a storm.
fn gather(batch: &Batch, scene: Scene<'_>, open: &[&Arc<Incident>], places: BTreeMap<Place, Vec<usize>>) -> Vec<Part> {
    let holder = |key: &String| open.iter().position(|incident| incident.keys.contains(key));
    let storm = holder(&batch.storm).or_else(|| holder(&batch.usual));
    let absorbs = storm.and_then(|at| open.get(at)).is_some_and(|storm| match storm.kind {
        IncidentKind::Storm { grew_at, .. } => scene.now < after(grew_at, scene.settings.quiet),
        IncidentKind::Group => false,
    });
    let mut opened = scene.opened_lately;
    let mut joining: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut fresh: Vec<(String, Vec<usize>)> = Vec::new();
    let mut stormy: Vec<usize> = Vec::new();
    for (place, members) in places {
        match place {
            Place::Open(at) => joining.entry(at).or_default().extend(members),
            Place::Fresh(_) if absorbs || opened >= scene.settings.storm_groups => stormy.extend(members),
            Place::Fresh(group) => {
                opened += 1;
                fresh.push((group, members));
            }
        }
    }
    let storm_part = match storm {
        _ if stormy.is_empty() => None,
        Some(at) => {
            joining.entry(at).or_default().extend(stormy);
            None
        }
        None => Some(part(batch, Target::NewStorm, &stormy, Vec::new())),
    };
    let group = batch.group();
    let is_storm = |at: usize| Some(at) == storm;
    // A group whose alerts all found a place by other means is known by that place from now on, also by its aliases.
    let adopts = if fresh.is_empty() && storm_part.is_none() { joining.keys().next().copied() } else { None };
    let joining: Vec<Part> = joining
        .into_iter()
        .filter_map(|(at, members)| {
            let keys = if adopts == Some(at) && !is_storm(at) { group_keys(batch, group.clone()) } else { Vec::new() };
            Some(part(batch, Target::Open(Arc::clone(open.get(at)?)), &members, keys))
        })
        .collect();
    let fresh =
        fresh.into_iter().map(|(group, members)| part(batch, Target::New, &members, group_keys(batch, Some(group))));
    fresh.chain(storm_part).chain(joining).collect()
}

/// The keys of a delivery as a whole.
fn group_keys(batch: &Batch, group: Option<String>) -> Vec<String> {
    group.into_iter().chain(batch.aliases.held.iter().cloned()).collect()
}

fn part(batch: &Batch, target: Target, members: &[usize], group: Vec<String>) -> Part {
    let arrivals: Vec<Arrival> = members.iter().filter_map(|at| batch.arrivals.get(*at).cloned()).collect();
    let entities: BTreeSet<Entity> = members.iter().filter_map(|at| batch.entities.get(*at)?.clone()).collect();
    let is_storm = match &target {
        Target::NewStorm => true,
        Target::Open(incident) => matches!(incident.kind, IncidentKind::Storm { .. }),
        Target::New => false,
    };
    // A storm is found by its own key: what it holds is not what it is about.
    let mut keys = if is_storm { vec![batch.storm.clone()] } else { group };
    if !is_storm {
        keys.extend(entities.iter().map(Entity::key));
    }
    let kept = if is_storm { STORM_ALERTS_KEPT } else { ALERTS_KEPT };
    keys.extend(arrivals.iter().take(kept).flat_map(|a| [Some(alert_key(a.id)), print_of(a)]).flatten());
    Part { target, arrivals, truncated: 0, entities, keys }
}

/// Leaves each part the keys that nobody else holds, without doubles, within the bound.
fn claim(parts: &mut [Part], open: &[&Arc<Incident>]) {
    let holders: HashMap<&str, IncidentId> =
        open.iter().flat_map(|incident| incident.keys.iter().map(|key| (key.as_str(), incident.id))).collect();
    let mut claimed: BTreeSet<String> = BTreeSet::new();
    for part in parts {
        let (held, bound) = match &part.target {
            Target::Open(incident) => (incident.keys.len(), keys_kept(&incident.kind)),
            Target::New => (0, ALERTS_KEPT),
            Target::NewStorm => (0, 2 * STORM_ALERTS_KEPT),
        };
        part.keys.retain(|key| !holders.contains_key(key.as_str()) && claimed.insert(key.clone()));
        part.keys.truncate(bound.saturating_sub(held));
    }
}

/// A storm remembers by identity what it holds, and is always looked at: it needs few keys.
fn keys_kept(kind: &IncidentKind) -> usize {
    match kind {
        IncidentKind::Group => ALERTS_KEPT,
        IncidentKind::Storm { .. } => 2 * STORM_ALERTS_KEPT,
    }
}

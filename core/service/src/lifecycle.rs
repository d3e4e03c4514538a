//! How an incident moves: firing, resolved, firing again or closed after the quiet window. Pure.
//!
//! Rules, each with its test:
//! - Alerts that differ only in their replica are one; within one delivery a copy that fires outweighs one that is resolved.
//! - A repeat changes counters and nothing else, so a delivery that comes twice does no harm.
//! - What is older than what is known flips nothing: a resolve of an earlier episode, or a late copy of a firing.
//! - What only a post told gives way to the alerts it stands for, and a post about alerts that are known is about those.
//! - Muted alerts are counted, and no effect says so.
//! - An incident is resolved when nothing of it fires; whatever fires before the quiet window has passed reopens it.
//!
//! Must never lose count: `received` grows by every alert that is taken. Start at [`take`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;

use crate::clock::after;
use crate::incident::{
    ALERTS_KEPT, AlertTrack, FOLDED_KEPT, Folded, Incident, IncidentKind, IncidentState, STORM_ALERTS_KEPT, STORM_ROWS,
    StormRow,
};
use crate::intake::identity::{gravity, namespace_of, severity_of};
use crate::post::AlertsNow;

mod told;

pub(crate) use told::covers;

/// A firing that tells of the very episode whose resolve came less than this before is a late copy and no new failure.
/// Alertmanager sends a group again after `group_interval`, minutes in practice; a retry or a second replica is quicker.
const LATE: Duration = Duration::from_secs(30);

/// An alert that comes in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrival {
    /// What it is: a hash over its labels.
    pub id: u64,
    /// The alert.
    pub alert: Alert,
    /// Whether a poll saw it, and no webhook brought it.
    pub polled: bool,
    /// Whether a post told of it, with only some of its labels.
    pub posted: bool,
    /// Whether it is muted: it counts, and nobody is told.
    pub muted: bool,
}

/// Something that happened to an incident, for whoever writes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Alerts that it did not know before.
    Grew(u64),
    /// It is graver than before: the new severity.
    Graver(String),
    /// Nothing of it fires any more. How long it lasted.
    Resolved(Duration),
    /// It fires again inside the quiet window.
    Reopened,
}

/// An incident after something happened, and what that was.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The incident.
    pub incident: Incident,
    /// What happened; nothing for a repeat.
    pub effects: Vec<Effect>,
}

/// What one alert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    New,
    Repeat,
    Resolved,
    Refired,
}

/// Takes alerts into an incident that is not closed, and so many more that nobody can read.
pub fn take(mut incident: Incident, arrivals: &[Arrival], truncated: u64, now: Timestamp) -> Step {
    let known = told::by_known(&incident, arrivals);
    let mut by_id: BTreeMap<u64, (&Arrival, u64)> = BTreeMap::new();
    for arrival in known.iter() {
        let (best, copies) = by_id.entry(arrival.id).or_insert((arrival, 0));
        *copies += 1;
        if weight(arrival) > weight(best) {
            *best = arrival;
        }
    }
    let loud = by_id.values().filter(|(arrival, _)| !arrival.muted);
    let graver = loud.filter_map(|(a, _)| graver(&incident, &a.alert)).max_by_key(|s| gravity(Some(s)));
    let mut grew = 0;
    let mut news = false;
    let mut heard = false;
    for (arrival, copies) in by_id.into_values() {
        let outcome = take_one(&mut incident, arrival, copies, now);
        grew += u64::from(outcome == Outcome::New && !arrival.muted);
        news |= outcome != Outcome::Repeat;
        heard |= outcome != Outcome::Repeat && !arrival.muted;
    }
    told::supersede(&mut incident, arrivals);
    incident.received += u64::try_from(arrivals.len()).unwrap_or(u64::MAX).saturating_add(truncated);
    incident.beyond += truncated;
    incident.repeats += u64::from(!news);
    incident.last_at = incident.last_at.max(now);
    let mut effects = Vec::new();
    if grew > 0 {
        effects.push(Effect::Grew(grew));
    }
    if let Some(severity) = graver {
        incident.severity = Some(severity.clone());
        effects.push(Effect::Graver(severity));
    }
    effects.extend(settle(&mut incident, now).filter(|effect| heard || *effect != Effect::Reopened));
    Step { incident, effects }
}

/// Resolves alerts that a poll does not see any more. They were not received, so no count of those grows.
pub fn vanish(mut incident: Incident, gone: &BTreeSet<u64>, now: Timestamp) -> Step {
    for id in gone {
        let row = match incident.alerts.get_mut(&track_key(*id)) {
            Some(track) if track.alert.firing => {
                track.alert.firing = false;
                track.alert.ends_at = Some(now);
                track.last = now;
                row_of(&incident.kind, &track.alert)
            }
            Some(_) => continue,
            None => match incident.folded.get(*id).filter(|folded| folded.firing) {
                Some(folded) => {
                    incident.folded.insert(*id, Folded { firing: false, ..folded });
                    folded.row
                }
                None => continue,
            },
        };
        shift(&mut incident.kind, row, false);
    }
    let effects = settle(&mut incident, now).into_iter().collect();
    Step { incident, effects }
}

/// The incident, closed, when its quiet window has passed, or when nothing was heard of it for so long that nobody will
/// say that it is over.
pub fn closed(incident: &Incident, now: Timestamp, quiet: Duration, forget: Duration) -> Option<Incident> {
    let over = match incident.state {
        IncidentState::Firing => after(incident.last_at, forget) <= now,
        IncidentState::Resolved(at) => after(at, quiet) <= now,
        IncidentState::Closed(_) => false,
    };
    over.then(|| Incident { state: IncidentState::Closed(now), ..incident.clone() })
}

/// How the alerts of an incident stand.
pub fn counts(incident: &Incident, now: Timestamp) -> AlertsNow {
    let (firing, known) = tally(incident);
    let resolved_after = match incident.state {
        IncidentState::Firing => None,
        IncidentState::Resolved(_) | IncidentState::Closed(_) => Some(spoken(lasted(incident, now))),
    };
    let (repeats, reopened) = (incident.repeats, incident.reopened);
    AlertsNow { firing, resolved: known - firing, repeats, reopened, resolved_after }
}

/// Whether an incident knows this alert.
pub fn knows(incident: &Incident, id: u64) -> bool {
    incident.alerts.contains_key(&track_key(id)) || incident.folded.get(id).is_some()
}

/// The key of an alert in [`Incident::alerts`].
pub fn track_key(id: u64) -> String {
    format!("{id:016x}")
}

/// A duration as a person says it: `45 s`, `11 min`, `2 h 5 min`, `3 d 4 h`.
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |a: u64, a_unit: &str, b: u64, b_unit: &str| match b {
        0 => format!("{a} {a_unit}"),
        b => format!("{a} {a_unit} {b} {b_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// Of two copies in one delivery, which counts: the one that fires, then the newer one.
fn weight(arrival: &Arrival) -> (bool, Option<Timestamp>, Option<Timestamp>) {
    (arrival.alert.firing, arrival.alert.starts_at, arrival.alert.ends_at)
}

fn graver(incident: &Incident, alert: &Alert) -> Option<String> {
    let severity = severity_of(alert).filter(|_| alert.firing)?;
    let known = incident.severity.as_deref();
    let more = known.is_none_or(|known| gravity(Some(severity)) > gravity(Some(known)));
    more.then(|| severity.to_owned())
}

fn take_one(incident: &mut Incident, arrival: &Arrival, copies: u64, now: Timestamp) -> Outcome {
    let key = track_key(arrival.id);
    if let Some(track) = incident.alerts.get_mut(&key) {
        let outcome = take_known(track, arrival, copies, now);
        let row = row_of(&incident.kind, &arrival.alert);
        match outcome {
            Outcome::Resolved => shift(&mut incident.kind, row, false),
            Outcome::Refired => shift(&mut incident.kind, row, true),
            Outcome::New | Outcome::Repeat => {}
        }
        return outcome;
    }
    let firing = arrival.alert.firing;
    if let Some(folded) = incident.folded.get(arrival.id) {
        incident.beyond += copies;
        if folded.firing == firing {
            return Outcome::Repeat;
        }
        incident.folded.insert(arrival.id, Folded { firing, ..folded });
        shift(&mut incident.kind, folded.row, firing);
        return if firing { Outcome::Refired } else { Outcome::Resolved };
    }
    take_new(incident, arrival, key, copies, now)
}

fn take_new(incident: &mut Incident, arrival: &Arrival, key: String, copies: u64, now: Timestamp) -> Outcome {
    let kept = if matches!(incident.kind, IncidentKind::Storm { .. }) { STORM_ALERTS_KEPT } else { ALERTS_KEPT };
    if incident.alerts.len() < kept {
        seat(&mut incident.kind, &arrival.alert, now);
        let (alert, polled) = (arrival.alert.clone(), arrival.polled);
        let posted = arrival.posted;
        let track = AlertTrack { alert, times: copies, refires: 0, first: now, last: now, polled, posted };
        incident.alerts.insert(key, track);
        return Outcome::New;
    }
    incident.beyond += copies;
    if incident.folded.len() >= FOLDED_KEPT {
        return Outcome::Repeat;
    }
    let row = seat(&mut incident.kind, &arrival.alert, now);
    incident.folded.insert(arrival.id, Folded { firing: arrival.alert.firing, row });
    Outcome::New
}

fn take_known(track: &mut AlertTrack, arrival: &Arrival, copies: u64, now: Timestamp) -> Outcome {
    let alert = &arrival.alert;
    track.times += copies;
    track.polled &= arrival.polled;
    track.posted &= arrival.posted;
    let older = matches!((alert.starts_at, track.alert.starts_at), (Some(new), Some(known)) if new < known);
    let outcome = match (track.alert.firing, alert.firing) {
        _ if older => return Outcome::Repeat,
        (true, true) | (false, false) => Outcome::Repeat,
        (true, false) if ended_before(alert, &track.alert) => return Outcome::Repeat,
        (true, false) => Outcome::Resolved,
        (false, true) if is_late_copy(track, alert, now) => return Outcome::Repeat,
        (false, true) => Outcome::Refired,
    };
    track.refires += u32::from(outcome == Outcome::Refired);
    track.alert = alert.clone();
    track.last = now;
    outcome
}

/// The resolve belongs to an episode before the one that is known to fire.
fn ended_before(resolve: &Alert, firing: &Alert) -> bool {
    matches!((resolve.ends_at, firing.starts_at), (Some(end), Some(start)) if end < start)
}

/// The same episode that was resolved a moment ago. A later firing with the same beginning is real: whoever sends alerts
/// was away, and the alert timed out meanwhile.
fn is_late_copy(track: &AlertTrack, firing: &Alert, now: Timestamp) -> bool {
    firing.starts_at.is_some() && firing.starts_at == track.alert.starts_at && now < after(track.last, LATE)
}

/// Moves the incident to the state that its alerts are in.
fn settle(incident: &mut Incident, now: Timestamp) -> Option<Effect> {
    let (firing, _) = tally(incident);
    match incident.state {
        IncidentState::Firing if firing == 0 => {
            incident.state = IncidentState::Resolved(now);
            Some(Effect::Resolved(lasted(incident, now)))
        }
        IncidentState::Resolved(_) if firing > 0 => {
            incident.state = IncidentState::Firing;
            incident.reopened += 1;
            Some(Effect::Reopened)
        }
        _ => None,
    }
}

/// Alerts that fire, and alerts that are known.
fn tally(incident: &Incident) -> (u64, u64) {
    let tracked = incident.alerts.values().filter(|track| track.alert.firing).count();
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    (number(tracked + incident.folded.firing()), number(incident.alerts.len() + incident.folded.len()))
}

/// From the first alert's beginning to the last one's end, as the alerts say; where they do not say, as they came.
fn lasted(incident: &Incident, now: Timestamp) -> Duration {
    let alerts = || incident.alerts.values().map(|track| &track.alert);
    let begin =
        alerts().filter_map(|alert| alert.starts_at).min().unwrap_or(incident.opened_at).min(incident.opened_at);
    let end = match incident.state {
        IncidentState::Resolved(at) | IncidentState::Closed(at) => at,
        IncidentState::Firing => now,
    };
    let ended = alerts().map(|alert| alert.ends_at).collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
    let end = ended.filter(|at| incident.folded.is_empty() && *at >= begin && *at <= end).unwrap_or(end);
    Duration::try_from(end.duration_since(begin)).unwrap_or_default()
}

/// The row that an alert has in a storm's table.
fn row_of(kind: &IncidentKind, alert: &Alert) -> Option<u16> {
    let IncidentKind::Storm { rows, .. } = kind else { return None };
    let namespace = namespace_of(alert).unwrap_or_default();
    let at = rows.iter().position(|row| row.alert == alert.name && row.namespace == namespace)?;
    u16::try_from(at).ok()
}

/// Takes an alert out of a storm's table.
fn unseat(kind: &mut IncidentKind, alert: &Alert) {
    let at = row_of(kind, alert);
    shift(kind, at.filter(|_| alert.firing), false);
    let IncidentKind::Storm { rows, .. } = kind else { return };
    if let Some(row) = at.and_then(|at| rows.get_mut(usize::from(at))) {
        row.total = row.total.saturating_sub(1);
    }
}

/// Gives a new alert its place in a storm's table.
fn seat(kind: &mut IncidentKind, alert: &Alert, now: Timestamp) -> Option<u16> {
    let known = row_of(kind, alert);
    let IncidentKind::Storm { rows, beyond, grew_at } = kind else { return None };
    *grew_at = now;
    let at = match known {
        Some(at) => usize::from(at),
        None if rows.len() < STORM_ROWS => {
            let namespace = namespace_of(alert).unwrap_or_default().to_owned();
            rows.push(StormRow { alert: alert.name.clone(), namespace, firing: 0, total: 0 });
            rows.len() - 1
        }
        None => {
            *beyond += 1;
            return None;
        }
    };
    let row = rows.get_mut(at)?;
    row.total += 1;
    row.firing += u64::from(alert.firing);
    u16::try_from(at).ok()
}

/// An alert of a row begins or ceases to fire.
fn shift(kind: &mut IncidentKind, row: Option<u16>, firing: bool) {
    let IncidentKind::Storm { rows, .. } = kind else { return };
    if let Some(row) = row.and_then(|at| rows.get_mut(usize::from(at))) {
        row.firing = if firing { row.firing + 1 } else { row.firing.saturating_sub(1) };
    }
}

#[cfg(test)]
mod tests;

//! Alerts as a post tells of them, against alerts whose labels are known.
//!
//! A post may tell some labels only, or values without their names, for one alert or for a whole group. So what it tells is
//! about every known alert that has all of it; and when such an alert comes in by another way, what was told gives way to it.
//! Must never count one alert twice because it was told in two ways. Start at [`by_known`].

use std::borrow::Cow;
use std::collections::BTreeSet;

use midwatch_conversation::posted::{is_replica, tokens};
use midwatch_diagnosis::alert::Alert;

use super::{Arrival, track_key, unseat};
use crate::incident::{AlertTrack, Incident};
use crate::posts::VALUES;

/// The arrivals, with those of posts replaced by the alerts that they are about. A firing that is told is about what fires,
/// and news when nothing that it could be about does; a resolve is about all that it could be.
pub(super) fn by_known<'a>(incident: &Incident, arrivals: &'a [Arrival]) -> Cow<'a, [Arrival]> {
    if !arrivals.iter().any(|arrival| arrival.posted) {
        return Cow::Borrowed(arrivals);
    }
    Cow::Owned(arrivals.iter().flat_map(|arrival| about(incident, arrival)).collect())
}

fn about(incident: &Incident, arrival: &Arrival) -> Vec<Arrival> {
    let own = track_key(arrival.id);
    if !arrival.posted {
        return vec![arrival.clone()];
    }
    let fires = arrival.alert.firing;
    let is_about = |track: &AlertTrack| (track.alert.firing || !fires) && fits(arrival, track);
    let others = incident.alerts.iter().filter(|(key, track)| **key != own && is_about(track));
    let as_told = |(key, track): (&String, &AlertTrack)| {
        let alert = Alert { firing: fires, ..track.alert.clone() };
        let id = u64::from_str_radix(key, 16).ok()?;
        Some(Arrival { id, alert, polled: track.polled, posted: track.posted, muted: arrival.muted })
    };
    let mut about: Vec<Arrival> = others.filter_map(as_told).collect();
    let is_own = incident.alerts.get(&own).is_some_and(|track| track.alert.firing || !fires);
    if about.is_empty() || is_own {
        about.push(arrival.clone());
    }
    about
}

fn fits(arrival: &Arrival, track: &AlertTrack) -> bool {
    covers(&arrival.alert, &track.alert) || (track.posted && covers(&track.alert, &arrival.alert))
}

/// Takes out what a post told of alerts that have come in with all their labels.
pub(super) fn supersede(incident: &mut Incident, arrivals: &[Arrival]) {
    let told: Vec<&String> = incident.alerts.iter().filter(|(_, track)| track.posted).map(|(key, _)| key).collect();
    let is_superseded = |key: &&String| {
        let Some(track) = incident.alerts.get(*key) else { return false };
        arrivals.iter().any(|arrival| !arrival.posted && covers(&track.alert, &arrival.alert))
    };
    let gone: Vec<String> = told.into_iter().filter(is_superseded).cloned().collect();
    for key in gone {
        if let Some(track) = incident.alerts.remove(&key) {
            unseat(&mut incident.kind, &track.alert);
        }
    }
}

/// Whether an alert has everything that was told: the labels, the values wherever they stand, the name. How grave it is may
/// be told in another word.
pub(crate) fn covers(told: &Alert, full: &Alert) -> bool {
    let same = |(name, value): (&String, &String)| {
        matches!(name.as_str(), "alertname" | "severity") || full.labels.get(name) == Some(value)
    };
    if told.labels.iter().any(|pair| !same(pair)) {
        return false;
    }
    let values = full.annotations.get(VALUES).map_or("", String::as_str);
    let all = full.labels.values().map(String::as_str).chain([full.name.as_str(), values]);
    let known: BTreeSet<&str> = all.flat_map(tokens).collect();
    let values = told.annotations.get(VALUES).map_or("", String::as_str);
    let mut asked = tokens(&told.name).chain(tokens(values).filter(|word| !is_replica(word))).peekable();
    asked.peek().is_some() && asked.all(|word| known.contains(word))
}

//! Polling: for those who cannot add a webhook, the alerts that fire are read again and again.
//!
//! A poll is a look and not a delivery: an alert that is known to fire is not counted again, and what is gone from two
//! polls in a row is resolved, when only polls have ever seen it. Two, because an Alertmanager that was restarted knows
//! nothing until Prometheus has sent its alerts again. Must never resolve what a webhook will resolve.
//! Start at [`Intake::polled`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use midwatch_diagnosis::alert::Alert;

use super::compose::{Desk, Facts, Overload, Plan, follow};
use super::identity::identity;
use super::tick::{AT_ONCE, settled};
use super::{Delivery, Intake, POLL, Receipt, Refused};
use crate::incident::{Incident, IncidentState};
use crate::job::Origin;
use crate::lifecycle;
use crate::port::store::StoreError;

impl Intake {
    /// Takes what a poll saw: all the alerts that fire now. What needs a new job while there is no room is left out; the
    /// next poll brings it again.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn polled(&self, firing: Vec<Alert>, origin: Origin) -> Result<Receipt, Refused> {
        self.not_draining()?;
        let open = self.parts.store.open_incidents(AT_ONCE).await?;
        let seen: BTreeMap<u64, Alert> = firing
            .into_iter()
            .filter(|alert| alert.firing)
            .map(|alert| (identity(&alert, &self.parts.settings.replica_labels, false), alert))
            .collect();
        let known: BTreeSet<u64> = open.iter().flat_map(firing_ids).collect();
        let seen_ids: BTreeSet<u64> = seen.keys().copied().collect();
        for incident in open {
            self.vanished(incident, &seen_ids, &origin).await?;
        }
        let alerts = seen.into_iter().filter(|(id, _)| !known.contains(id)).map(|(_, alert)| alert).collect();
        let delivery = Delivery { source: POLL.to_owned(), alerts, origin, ..Delivery::default() };
        self.take(delivery, Overload::PutOff).await
    }

    /// Resolves the alerts of an incident that only polls have seen and that were missing in the last poll, too.
    async fn vanished(&self, incident: Incident, seen: &BTreeSet<u64>, origin: &Origin) -> Result<(), StoreError> {
        let missing: BTreeSet<u64> = polled_ids(&incident).filter(|id| !seen.contains(id)).collect();
        let gone: BTreeSet<u64> = {
            let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            let before = if missing.is_empty() {
                missed.remove(&incident.id)
            } else {
                missed.insert(incident.id, missing.clone())
            };
            before.map(|before| before.intersection(&missing).copied().collect()).unwrap_or_default()
        };
        if gone.is_empty() {
            return Ok(());
        }
        let now = self.parts.clock.now();
        let mut facts = Facts::default();
        self.facts_of(&incident, &mut facts).await?;
        let before = lifecycle::counts(&incident, now);
        let step = lifecycle::vanish(incident, &gone, now);
        let desk = Desk {
            pen: self.pen_at(origin, now),
            settings: &self.parts.settings,
            packs: &*self.parts.packs,
            source: POLL,
            cluster: None,
            overload: Overload::PutOff,
            place: None,
            notes: &[],
            kill: None,
        };
        let mut plan = Plan::default();
        follow(&mut plan, step.incident, &before, &step.effects, Vec::new(), &facts, desk);
        settled(self.committed(plan).await).map(drop)
    }
}

/// The alerts of an incident that fire.
fn firing_ids(incident: &Incident) -> impl Iterator<Item = u64> {
    let tracked = incident.alerts.iter().filter(|(_, track)| track.alert.firing).filter_map(|(key, _)| id_of(key));
    let folded = incident.folded.iter().filter(|(_, folded)| folded.firing).map(|(id, _)| id);
    // Once the quiet window runs, nothing of it fires.
    tracked.chain(folded).filter(|_| incident.state == IncidentState::Firing)
}

/// Those of them that no webhook brought. What is not kept singly counts by where the incident is from.
fn polled_ids(incident: &Incident) -> impl Iterator<Item = u64> {
    let tracked = incident.alerts.iter().filter(|(_, track)| track.alert.firing && track.polled);
    let folded = incident.folded.iter().filter(|(_, folded)| folded.firing && incident.source == POLL);
    tracked.filter_map(|(key, _)| id_of(key)).chain(folded.map(|(id, _)| id))
}

fn id_of(key: &str) -> Option<u64> {
    u64::from_str_radix(key, 16).ok()
}

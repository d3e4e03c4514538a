//! Deliveries: permission, identity and redaction, then a place in the lane, where they are decided and written.
//!
//! Must never write before the permission was asked for, and never more than one commit per delivery. Start at
//! [`Intake::deliver`].

use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redact as _;
use tracing::info;

use super::alias::Aliases;
use super::compose::{Overload, Plan};
use super::identity::{Entity, identity, is_heartbeat, namespaces_of_alerts};
use super::lane::{Order, Taken};
use super::route::{Batch, fingerprint_key, storm_key};
use super::{Delivery, Intake, POLL, Receipt, Refused, alias};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::job::Origin;
use crate::lifecycle::Arrival;
use crate::metrics::ResultLabel;
use crate::policy::Verb;
use crate::port::store::{CommitError, StoreError};

impl Intake {
    /// Takes alerts: each goes to exactly one incident, and a new incident gets its thread and its job in the same commit.
    /// The same delivery twice does no harm: the second is counted as a repeat.
    ///
    /// # Errors
    /// See [`Refused`]; nothing of it was taken then, and it can be delivered again as a whole.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Receipt, Refused> {
        let received = count(&delivery);
        let taken = self.take(delivery, Overload::Refuse).await;
        if taken.is_err() {
            self.count_alerts("refused", received);
        }
        taken
    }

    /// The alert with this fingerprint, and its incident: of one that is not closed, else of the newest that is.
    ///
    /// # Errors
    /// When the storage failed.
    pub async fn alert_by_fingerprint(&self, fingerprint: &str) -> Result<Option<(Alert, IncidentId)>, StoreError> {
        let keys = [fingerprint_key(fingerprint)];
        let mut found = self.parts.store.incidents_by_keys(&keys).await?;
        if found.is_empty()
            && let Some(closed) = self.parts.store.last_closed(&keys).await?
        {
            found.extend(self.parts.store.incident(closed).await?);
        }
        let alert = |incident: &Incident| {
            let track = incident.alerts.values().find(|track| track.alert.fingerprint == fingerprint)?;
            Some((track.alert.clone(), incident.id))
        };
        Ok(found.iter().rev().find_map(alert))
    }

    pub(super) async fn take(&self, mut delivery: Delivery, overload: Overload) -> Result<Receipt, Refused> {
        self.not_draining()?;
        let cap = self.parts.settings.alerts_per_delivery;
        delivery.truncated = delivery.truncated.saturating_add(number(delivery.alerts.len().saturating_sub(cap)));
        delivery.alerts.truncate(cap);
        if delivery.alerts.is_empty() && delivery.told.is_empty() {
            return Ok(Receipt::default());
        }
        delivery.cluster = self.cluster_of(&delivery);
        let all: Vec<Alert> = delivery.alerts.iter().chain(&delivery.told).cloned().collect();
        let namespaces = namespaces_of_alerts(&all);
        self.permit(&delivery.origin, Verb::Investigate, delivery.cluster.as_deref(), &namespaces).await?;
        let heartbeats = without_heartbeats(&mut delivery.alerts) + without_heartbeats(&mut delivery.told);
        self.count_alerts("heartbeat", heartbeats);
        if delivery.alerts.is_empty() && delivery.told.is_empty() && delivery.truncated == 0 {
            return Ok(Receipt { heartbeats, ..Receipt::default() });
        }
        let (origin, batch) = self.prepare(delivery);
        let order = Order { keys: batch.keys(), batch, origin, overload };
        let Taken { receipt, packs } = self.line_up(order).await?;
        self.count_alerts("muted", receipt.muted);
        if receipt.received > 0 {
            self.told(&receipt, &packs);
        }
        Ok(Receipt { heartbeats, ..receipt })
    }

    /// Commits a plan, then tells whoever waits for it.
    pub(super) async fn committed(&self, plan: Plan) -> Result<Receipt, CommitError> {
        if plan.writes.is_empty() {
            return Ok(plan.receipt);
        }
        self.parts.store.commit(self.parts.clock.now(), plan.writes).await?;
        self.told(&plan.receipt, &plan.packs);
        Ok(plan.receipt)
    }

    /// Wakes whoever waits for what was committed, and counts it.
    fn told(&self, receipt: &Receipt, packs: &[String]) {
        for pack in packs {
            self.handed_in(pack);
        }
        self.parts.signals.post_written();
        self.count_alerts("joined", receipt.joined);
        self.count_alerts("opened", receipt.received - receipt.joined);
        info!(
            received = receipt.received,
            joined = receipt.joined,
            unknown = receipt.unknown,
            muted = receipt.muted,
            opened = receipt.opened.len(),
            jobs = receipt.jobs.len(),
            "alerts were taken"
        );
    }

    /// The cluster that the delivery names, or the one of ours that all its alerts name.
    fn cluster_of(&self, delivery: &Delivery) -> Option<String> {
        let all = || delivery.alerts.iter().chain(&delivery.told);
        let named = all().next().and_then(|alert| alert.label("cluster"));
        let shared = named.filter(|name| all().all(|alert| alert.label("cluster") == Some(name)));
        let ours = shared.filter(|name| self.parts.settings.clusters.iter().any(|cluster| cluster == name));
        delivery.cluster.clone().or_else(|| ours.map(str::to_owned))
    }

    /// Identifies the alerts by what was delivered, and keeps what is redacted.
    fn prepare(&self, delivery: Delivery) -> (Origin, Batch) {
        let Delivery { source, group_key, alerts, told, truncated, cluster, origin, mut aliases, place, notes } =
            delivery;
        let settings = &self.parts.settings;
        // What a post led to was looked up, as a poll does: unless a webhook brings it, too, none will say that it is over.
        let polled = source == POLL || place.is_some();
        let arrival = |mut alert: Alert, posted: bool| {
            let id = identity(&alert, &settings.replica_labels, posted);
            alert.redact(&self.parts.redactor);
            Arrival { id, alert, polled: polled && !posted, posted, ..Arrival::default() }
        };
        let mut arrivals: Vec<Arrival> = alerts.into_iter().map(|alert| arrival(alert, false)).collect();
        arrivals.extend(told.into_iter().map(|alert| arrival(alert, true)));
        let entities = arrivals.iter().map(|arrival| Entity::of(&arrival.alert, cluster.as_deref())).collect();
        let group_key = group_key.filter(|key| !key.is_empty());
        if group_key.is_some() {
            aliases.extend(alias::of_group(&arrivals, cluster.as_deref(), settings));
        }
        let aliases = Aliases::new(aliases, place.is_some());
        let (platform, channel) = match &place {
            Some(hang) => (&hang.platform, &hang.channel),
            None => (&settings.platform, &settings.channel),
        };
        let storm = storm_key(platform, channel);
        let usual = storm_key(&settings.platform, &settings.channel);
        (
            origin,
            Batch { source, group_key, cluster, arrivals, entities, truncated, storm, usual, aliases, place, notes },
        )
    }

    pub(super) fn count_alerts(&self, result: &'static str, alerts: u64) {
        self.parts.metrics.alerts.get_or_create(&ResultLabel { result }).inc_by(alerts);
    }
}

/// Takes the alerts out that speak of no trouble; how many.
fn without_heartbeats(alerts: &mut Vec<Alert>) -> u64 {
    let all = alerts.len();
    alerts.retain(|alert| !is_heartbeat(alert));
    number(all - alerts.len())
}

fn count(delivery: &Delivery) -> u64 {
    number(delivery.alerts.len() + delivery.told.len()).saturating_add(delivery.truncated)
}

pub(super) fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

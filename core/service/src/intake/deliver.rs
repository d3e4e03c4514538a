//! Deliveries: read what is known, decide (`route`, `compose`), commit; again when another writer was first.
//!
//! Must never write before the permission was asked for, and never more than one commit per delivery. Start at
//! [`Intake::deliver`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redact as _;
use tracing::{debug, info};

use super::compose::{Desk, Facts, Overload, Plan, compose};
use super::identity::{Entity, identity, namespaces_of_alerts};
use super::route::{Batch, Routed, Scene, Target, fingerprint_key, route, storm_key};
use super::{Delivery, Intake, POLL, Receipt, Refused};
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentKind};
use crate::job::Origin;
use crate::lifecycle::Arrival;
use crate::living;
use crate::metrics::NameLabel;
use crate::policy::Verb;
use crate::port::store::{CommitError, StoreError};

/// How often a delivery is tried while others change the same incidents.
const TRIES: u32 = 20;

/// Keys that the store is asked for at once.
const KEYS_AT_ONCE: usize = 1000;

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
        if delivery.alerts.is_empty() {
            return Ok(Receipt::default());
        }
        delivery.cluster = self.cluster_of(&delivery);
        let namespaces = namespaces_of_alerts(&delivery.alerts);
        self.permit(&delivery.origin, Verb::Investigate, delivery.cluster.as_deref(), &namespaces).await?;
        let (origin, batch) = self.prepare(delivery);
        let shared = batch.entities.iter().flatten().map(Entity::key);
        let _turn = self.locks.take(batch.group().into_iter().chain(shared)).await;
        self.attempt(&batch, &origin, overload).await
    }

    /// Reads, decides and commits until it is done or refused.
    async fn attempt(&self, batch: &Batch, origin: &Origin, overload: Overload) -> Result<Receipt, Refused> {
        let mut storm_turn = None;
        let mut full = false;
        let mut tries = 0;
        loop {
            let now = self.parts.clock.now();
            let (routed, opens) = self.routed(batch, now).await?;
            if storm_turn.is_none() && routed.parts.iter().any(|part| is_storm(&part.target)) {
                self.gusts.undo(now, opens);
                storm_turn = Some(self.locks.storm.lock().await);
                continue;
            }
            let facts = match self.facts(&routed, full).await {
                Ok(facts) => facts,
                Err(error) => {
                    self.gusts.undo(now, opens);
                    return Err(error.into());
                }
            };
            let desk = Desk {
                pen: self.pen_at(origin, now),
                settings: &self.parts.settings,
                packs: &*self.parts.packs,
                source: &batch.source,
                cluster: batch.cluster.as_deref(),
                overload,
            };
            let plan = compose(routed, &facts, desk);
            let committed = match plan {
                Ok(plan) => self.committed(plan).await,
                Err(refused) => {
                    self.gusts.undo(now, opens);
                    return Err(refused);
                }
            };
            match committed {
                Ok(receipt) => return Ok(receipt),
                Err(error) => {
                    self.gusts.undo(now, opens);
                    full |= matches!(error, CommitError::Full { .. });
                    tries += 1;
                    if tries >= TRIES || !can_be_mended(&error) {
                        return Err(error.into());
                    }
                    debug!(tries, %error, "a delivery is decided anew");
                    tokio::time::sleep(pause(tries, now)).await;
                }
            }
        }
    }

    /// Where the alerts belong by what is known now, and how many groups that opens.
    async fn routed(&self, batch: &Batch, now: Timestamp) -> Result<(Routed, usize), StoreError> {
        let found = self.found(&batch.keys()).await?;
        let settings = &self.parts.settings;
        Ok(self.gusts.decide(now, settings.storm_window, |opened_lately| {
            let routed = route(batch, Scene { found: &found, opened_lately, now, settings });
            let opens = routed.parts.iter().filter(|part| part.target == Target::New).count();
            (opens, (routed, opens))
        }))
    }

    async fn found(&self, keys: &[String]) -> Result<Vec<Incident>, StoreError> {
        let mut found = BTreeMap::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let incidents = self.parts.store.incidents_by_keys(keys).await?;
            found.extend(incidents.into_iter().map(|incident| (incident.id, incident)));
        }
        Ok(found.into_values().collect())
    }

    async fn facts(&self, routed: &Routed, full: bool) -> Result<Facts, StoreError> {
        let mut facts = Facts { load: self.parts.store.load().await?, full, ..Facts::default() };
        for (at, part) in routed.parts.iter().enumerate() {
            match &part.target {
                Target::Open(incident) => self.facts_of(incident, &mut facts).await?,
                Target::New | Target::NewStorm => {
                    let over = routed.over.iter().rfind(|over| over.keys.iter().any(|key| part.keys.contains(key)));
                    let previous = match over {
                        Some(over) => Some((over.id, over.thread)),
                        None => self.previous(&part.keys).await?,
                    };
                    facts.previous.extend(previous.map(|previous| (at, previous)));
                }
            }
        }
        Ok(facts)
    }

    /// What is shown of an incident, and whether its job is live.
    pub(super) async fn facts_of(&self, incident: &Incident, facts: &mut Facts) -> Result<(), StoreError> {
        let body = self.parts.store.post(&living::key(incident.thread)).await?;
        facts.bodies.extend(body.map(|body| (incident.thread, body)));
        if let Some(id) = incident.job {
            let job = self.parts.store.job(id).await?;
            facts.live.extend(job.filter(|job| !job.state.is_final()).map(|_| id));
        }
        Ok(())
    }

    async fn previous(&self, keys: &[String]) -> Result<Option<(IncidentId, crate::id::ThreadId)>, StoreError> {
        let Some(closed) = self.parts.store.last_closed(keys).await? else { return Ok(None) };
        Ok(self.parts.store.incident(closed).await?.map(|incident| (incident.id, incident.thread)))
    }

    /// Commits a plan, then tells whoever waits for it.
    pub(super) async fn committed(&self, plan: Plan) -> Result<Receipt, CommitError> {
        if plan.writes.is_empty() {
            return Ok(plan.receipt);
        }
        self.parts.store.commit(self.parts.clock.now(), plan.writes).await?;
        for pack in &plan.packs {
            self.handed_in(pack);
        }
        self.parts.signals.posts.notify_one();
        let receipt = plan.receipt;
        self.count_alerts("joined", receipt.joined);
        self.count_alerts("opened", receipt.received - receipt.joined);
        info!(
            received = receipt.received,
            joined = receipt.joined,
            unknown = receipt.unknown,
            opened = receipt.opened.len(),
            jobs = receipt.jobs.len(),
            "alerts were taken"
        );
        Ok(receipt)
    }

    /// The cluster that the delivery names, or the one of ours that all its alerts name.
    fn cluster_of(&self, delivery: &Delivery) -> Option<String> {
        let named = delivery.alerts.first().and_then(|alert| alert.label("cluster"));
        let shared = named.filter(|name| delivery.alerts.iter().all(|alert| alert.label("cluster") == Some(name)));
        let ours = shared.filter(|name| self.parts.settings.clusters.iter().any(|cluster| cluster == name));
        delivery.cluster.clone().or_else(|| ours.map(str::to_owned))
    }

    /// Identifies the alerts by what was delivered, and keeps what is redacted.
    fn prepare(&self, delivery: Delivery) -> (Origin, Batch) {
        let Delivery { source, group_key, alerts, truncated, cluster, origin } = delivery;
        let polled = source == POLL;
        let arrival = |mut alert: Alert| {
            let id = identity(&alert, &self.parts.settings.replica_labels);
            alert.redact(&self.parts.redactor);
            Arrival { id, alert, polled }
        };
        let arrivals: Vec<Arrival> = alerts.into_iter().map(arrival).collect();
        let entities = arrivals.iter().map(|arrival| Entity::of(&arrival.alert, cluster.as_deref())).collect();
        let group_key = group_key.filter(|key| !key.is_empty());
        let storm = storm_key(&self.parts.settings);
        (origin, Batch { source, group_key, cluster, arrivals, entities, truncated, storm })
    }

    pub(super) fn count_alerts(&self, name: &'static str, alerts: u64) {
        self.parts.metrics.alerts.get_or_create(&NameLabel { name }).inc_by(alerts);
    }
}

fn is_storm(target: &Target) -> bool {
    match target {
        Target::NewStorm => true,
        Target::New => false,
        Target::Open(incident) => matches!(incident.kind, IncidentKind::Storm { .. }),
    }
}

/// Whether reading again and deciding anew can help.
fn can_be_mended(error: &CommitError) -> bool {
    matches!(error, CommitError::Stale | CommitError::Duplicate(_) | CommitError::Full { .. })
}

/// A short wait, longer with each try, and different for those who collided: by the low digits of the clock.
fn pause(tries: u32, now: Timestamp) -> Duration {
    let most = Duration::from_millis(1 << tries.min(6));
    let jitter = u32::try_from(now.subsec_nanosecond()).unwrap_or_default() % 1000;
    most / 2 + most / 2 * jitter / 1000
}

fn count(delivery: &Delivery) -> u64 {
    number(delivery.alerts.len()).saturating_add(delivery.truncated)
}

pub(super) fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

//! This process among the others: says that it is there, hears what is ordered of it, and keeps what it leads.
//!
//! Every round reads stored state, so an order reaches a process that was frozen or cut off with its first round after
//! that; a call from another process only begins a round at once. Must never end because a round failed. Start at
//! [`Member::run`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Order, Orders, Replica};
use crate::clock::{SharedClock, after};
use crate::health::{Health, Status};
use crate::metrics::{Metrics, ResultLabel};
use crate::port::store::{Store, StoreError};
use crate::signals::Signals;

/// The name under which it reports its health.
pub const HEALTH: &str = "fleet";

/// How often a process says that it is there, and renews what it leads.
pub const EVERY: Duration = Duration::from_secs(2);

/// How long that counts: a process that was not heard of for so long is not there, and leads nothing.
pub const LEASE: Duration = Duration::from_secs(6);

/// How much earlier a process takes its own lead for lost than others do: for the difference of their clocks, and for what
/// it has just begun.
pub const MARGIN: Duration = Duration::from_secs(1);

/// What a member is made of.
pub struct MemberParts {
    /// Where everybody says that they are there.
    pub store: Arc<dyn Store>,
    /// The time; the same for all processes, as well as can be.
    pub clock: SharedClock,
    /// Calls, and how this process stands.
    pub signals: Arc<Signals>,
    /// Its figures.
    pub metrics: Arc<Metrics>,
    /// Where it reports how it does.
    pub health: Arc<Health>,
    /// Who it is. What changes is filled in.
    pub replica: Replica,
    /// What it would lead.
    pub leads: Vec<String>,
}

/// This process among the others.
pub struct Member {
    parts: MemberParts,
    wanted: Mutex<BTreeSet<String>>,
    /// One round, or one resignation, at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Member {
    /// With these parts.
    pub fn new(parts: MemberParts) -> Self {
        parts.health.expect(HEALTH, false);
        let wanted = Mutex::new(parts.leads.iter().cloned().collect());
        Self { parts, wanted, turn: tokio::sync::Mutex::default() }
    }

    /// Is there until `ended`, then leaves. From `stopping` on it takes over nothing any more, and says so.
    pub async fn run(&self, stopping: CancellationToken, ended: CancellationToken) {
        while !ended.is_cancelled() {
            let began = self.parts.clock.now();
            self.in_time(self.round(stopping.is_cancelled())).await;
            let next = after(began, EVERY);
            tokio::select! {
                () = ended.cancelled() => {}
                () = stopping.cancelled(), if !stopping.is_cancelled() => {}
                () = self.parts.signals.orders.notified() => {}
                () = self.parts.clock.sleep_until(next) => {}
            }
        }
        self.in_time(async { self.parts.store.leave(&self.parts.replica.id).await }).await;
    }

    /// Gives up what it leads, or would lead, for good: another takes it over at its next round.
    pub async fn resign(&self, what: &str) {
        let _turn = self.turn.lock().await;
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
        if self.parts.signals.standing.led(what, None) {
            tracing::info!(what, "given up, for another process to lead");
            self.in_time(async { self.parts.store.resign(what, &self.parts.replica.id).await }).await;
        }
    }

    /// No round lasts longer than what it renews.
    async fn in_time(&self, round: impl Future<Output = Result<(), StoreError>>) {
        let limit = after(self.parts.clock.now(), LEASE);
        let worked = tokio::select! {
            worked = round => worked.map_err(|error| error.to_string()),
            () = self.parts.clock.sleep_until(limit) => Err(format!("no answer within {} s", LEASE.as_secs())),
        };
        let (status, result, why) = match worked {
            Ok(()) => (Status::Up, "ok", String::new()),
            Err(why) => {
                tracing::warn!("this process cannot tell the others that it is there: {why}");
                let why = format!("cannot say that it is there, nor hear what is ordered: {why}");
                (Status::Degraded, "error", why)
            }
        };
        self.parts.metrics.announcements.get_or_create(&ResultLabel { result }).inc();
        self.parts.health.report(HEALTH, status, &why, None, self.parts.clock.now());
    }

    async fn round(&self, stopping: bool) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let MemberParts { store, clock, signals, replica, .. } = &self.parts;
        let now = clock.now();
        let standing = &signals.standing;
        let running = standing.running();
        let leads = standing.led_now(now);
        let me = Replica { running, seen_at: now, draining: stopping, leads, ..replica.clone() };
        let orders = store.announce(&me, now, LEASE).await?;
        self.heard(orders, now);
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let renewing = wanted.iter().filter(|what| !stopping || me.leads.contains(what));
        let renewed = join_all(renewing.map(|what| self.renew(what, now))).await;
        renewed.into_iter().collect()
    }

    async fn renew(&self, what: &str, now: Timestamp) -> Result<(), StoreError> {
        let leads = self.parts.store.lead(what, &self.parts.replica.id, now, LEASE).await?;
        let until = leads.then(|| after(now, LEASE.saturating_sub(MARGIN)));
        if !self.parts.signals.standing.led(what, until) {
            return Ok(());
        }
        if leads {
            tracing::info!(what, "this process leads it now");
        } else {
            tracing::warn!(what, "another process leads it now");
        }
        Ok(())
    }

    fn heard(&self, orders: Orders, now: Timestamp) {
        let Some(before) = self.parts.signals.standing.heard(orders.clone(), after(now, LEASE)) else { return };
        tell("the kill switch", before.kill.as_ref(), orders.kill.as_ref());
        tell("the order to drain", before.drain.as_ref(), orders.drain.as_ref());
        // Jobs that had to wait may be taken now.
        self.parts.signals.jobs.notify_one();
    }
}

fn tell(what: &str, before: Option<&Order>, now: Option<&Order>) {
    match (before, now) {
        (None, Some(order)) => {
            tracing::warn!(by = order.by.user, at = %order.at, reason = order.reason, "{what} is on: no jobs are taken");
        }
        (Some(_), None) => tracing::info!("{what} is off: jobs are taken again"),
        (Some(_), Some(_)) | (None, None) => {}
    }
}

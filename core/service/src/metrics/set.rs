//! Figures that are set from values that others give.
//!
//! Must never ask for anything: who has the values calls. Start at [`Metrics::connections`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;

use super::{
    CallLabels, DutyLabel, HealthLabels, IntegrationLabel, Metrics, ModelLabel, PriorityLabel, RoleLabel, TokenLabels,
};
use crate::fleet::{Replica, Role};
use crate::health::{Component, Status};
use crate::job::Priority;
use crate::port::store::Load;

/// How the connections to the store do, as the store tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that are open.
    pub open: u64,
    /// Calls under way.
    pub active: u64,
    /// Calls that may be under way at a time.
    pub room: u64,
    /// Calls refused since the start because there was no room.
    pub refused: u64,
    /// Connections made since the start.
    pub made: u64,
    /// Writes begun anew since the start because another writer was first.
    pub conflicts: u64,
}

/// What the process holds of memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// It holds so much.
    pub resident: u64,
    /// It may hold so much; none when nothing limits it.
    pub limit: Option<u64>,
}

pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Metrics {
    /// How the connections to the store do.
    pub fn connections(&self, now: &Connections) {
        self.store_open.set(signed(now.open));
        self.store_active.set(signed(now.active));
        self.store_room.set(signed(now.room));
        self.store_refused.inner().store(now.refused, Ordering::Relaxed);
        self.store_made.inner().store(now.made, Ordering::Relaxed);
        self.store_conflicts.inner().store(now.conflicts, Ordering::Relaxed);
    }

    /// What the process holds of memory.
    pub fn memory(&self, now: &Memory) {
        self.resident.set(signed(now.resident));
        self.memory_limit.set(signed(now.limit.unwrap_or(0)));
    }

    /// A call of another ended.
    pub fn called(&self, integration: &'static str, result: &'static str, took: Duration) {
        self.requests.get_or_create(&CallLabels { integration, result }).inc();
        self.request_duration.get_or_create(&IntegrationLabel { integration }).observe(took.as_secs_f64());
    }

    /// Counts what a request to a language model took.
    pub fn model(&self, model: &str, used: &ModelUse) {
        let label = || ModelLabel { model: model.to_owned() };
        self.model_requests.get_or_create(&label()).inc_by(u64::from(used.requests));
        for (kind, tokens) in [("input", used.input), ("cached", used.cached), ("output", used.output)] {
            self.model_tokens.get_or_create(&TokenLabels { model: model.to_owned(), kind }).inc_by(tokens);
        }
        if let Some(cost) = used.micro_usd.and_then(|cost| u32::try_from(cost).ok()) {
            self.model_cost.get_or_create(&label()).inc_by(f64::from(cost) / 1_000_000.0);
        }
    }

    /// How full the store is, against so many live jobs that it may have.
    pub(super) fn load(&self, load: &Load, room: u64) {
        self.running.set(signed(load.running));
        self.dead.set(signed(load.dead));
        self.outbox.set(signed(load.posts));
        self.utilisation.set(ratio(load.running.saturating_add(load.pending), room.max(1)));
    }

    /// What waits, by priority, with the moment the oldest was accepted.
    pub(super) fn waiting(&self, waiting: &[(Priority, u64, Timestamp)], now: Timestamp) {
        for priority in [Priority::Low, Priority::Normal, Priority::High] {
            let of = waiting.iter().find(|(which, ..)| *which == priority);
            let age = of.map_or(0.0, |(_, _, oldest)| late(*oldest, now));
            self.queue.get_or_create(&PriorityLabel::from(priority)).set(of.map_or(0, |(_, n, _)| signed(*n)));
            self.queue_age.get_or_create(&PriorityLabel::from(priority)).set(age);
        }
    }

    /// How the parts do.
    pub(super) fn parts(&self, parts: &BTreeMap<String, Component>) {
        for (name, part) in parts {
            for status in [Status::Up, Status::Degraded, Status::Starting, Status::Down] {
                let labels = HealthLabels::new(name, part.required, status);
                self.health.get_or_create(&labels).set(i64::from(status == part.status));
            }
        }
    }

    /// The processes, and how many lead each of the duties.
    pub(super) fn fleet(&self, replicas: &[Replica], duties: &BTreeSet<String>) {
        for role in Role::ALL {
            let there = replicas.iter().filter(|replica| replica.roles.contains(&role)).count();
            self.replicas.get_or_create(&RoleLabel::from(role)).set(signed(there as u64));
        }
        self.draining.set(signed(replicas.iter().filter(|replica| replica.draining).count() as u64));
        for duty in duties {
            let leaders = replicas.iter().filter(|replica| replica.leads.contains(duty)).count();
            self.leaders.get_or_create(&DutyLabel { duty: duty.clone() }).set(signed(leaders as u64));
        }
    }
}

/// Seconds from a moment until now; 0 when it has not come.
pub(super) fn late(moment: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(moment).as_secs_f64().max(0.0)
}

/// Counts of jobs are far below where a float loses one.
#[allow(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn ratio(of: u64, all: u64) -> f64 {
    of as f64 / all as f64
}

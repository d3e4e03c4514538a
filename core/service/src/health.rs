//! How each part of the running program does: what probes of Kubernetes and people ask.
//!
//! Must never wait for anything: parts report, this remembers. Start at [`Health`].

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// How a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It works.
    Up,
    /// It works in part; the rest of the program goes on.
    Degraded,
    /// It has not been looked at yet.
    Starting,
    /// It does not work.
    Down,
}

/// What is known of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// How it does.
    pub status: Status,
    /// Why, and what to do; empty when it works. Redacted by whoever reports it.
    pub reason: String,
    /// How long its last check took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// When it was last looked at.
    pub checked_at: Option<Timestamp>,
    /// Whether the program cannot serve without it.
    pub required: bool,
}

/// The parts, by name: `store`, `worker`, `outbox`, `kubernetes`, `alertmanager`, `prometheus`, `packs`.
#[derive(Debug, Default)]
pub struct Health {
    parts: RwLock<BTreeMap<String, Component>>,
}

impl Health {
    /// Names a part that will report.
    pub fn expect(&self, name: &str, required: bool) {
        let part = Component {
            status: Status::Starting,
            reason: "has not been checked yet".to_owned(),
            latency_ms: None,
            checked_at: None,
            required,
        };
        self.parts.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), part);
    }

    /// Takes a report. A part that nobody expects is not required.
    pub fn report(&self, name: &str, status: Status, reason: &str, latency: Option<Duration>, at: Timestamp) {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        let required = parts.get(name).is_some_and(|p| p.required);
        let latency_ms = latency.map(|l| u64::try_from(l.as_millis()).unwrap_or(u64::MAX));
        let part = Component { status, reason: reason.to_owned(), latency_ms, checked_at: Some(at), required };
        parts.insert(name.to_owned(), part);
    }

    /// Every part.
    pub fn parts(&self) -> BTreeMap<String, Component> {
        self.parts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the program is not ready: the required parts that are not up. Empty when it is.
    pub fn not_ready(&self) -> Vec<String> {
        let bad = |part: &Component| part.required && matches!(part.status, Status::Starting | Status::Down);
        self.parts()
            .iter()
            .filter(|(_, part)| bad(part))
            .map(|(name, part)| format!("{name}: {}", part.reason))
            .collect()
    }

    /// Why the program has not started: required parts that were never looked at.
    pub fn not_started(&self) -> Vec<String> {
        let bad = |part: &Component| part.required && part.status == Status::Starting;
        self.parts()
            .iter()
            .filter(|(_, part)| bad(part))
            .map(|(name, part)| format!("{name}: {}", part.reason))
            .collect()
    }
}

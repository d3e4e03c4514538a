//! What became of the packs between two readings, in words.
//!
//! Must never keep a difference to itself: a key of a pack that is not compared here would change unseen. Start at
//! [`between`].

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use super::Pack;
use super::model::PackModel;
use super::set::{Entry, Set};

/// What became of one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The pack.
    pub name: String,
    /// Its version, or both: `1.0.0 -> 1.1.0`.
    pub version: String,
    /// What is different, a clause for each thing; at least one.
    pub what: Vec<String>,
}

/// `pack crash 1.0.0 -> 1.1.0: model.instructions changed, budgets.deadline 2m -> 3m`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pack {} {}: {}", self.name, self.version, self.what.join(", "))
    }
}

/// Every pack that is not as it was, by name.
pub(super) fn between(old: &Set, new: &Set) -> Vec<Change> {
    let change =
        |entry: &Entry, version: String, what: Vec<String>| Change { name: entry.pack.id.name.clone(), version, what };
    let version = |entry: &Entry| entry.pack.id.version.clone();
    let mut changes: Vec<Change> = new
        .iter()
        .filter_map(|(name, now)| match old.get(name) {
            None => Some(change(now, version(now), vec!["added".to_owned()])),
            Some(before) if before == now => None,
            Some(before) => {
                let (from, to) = (version(before), version(now));
                let versions = if from == to { to } else { format!("{from} -> {to}") };
                Some(change(now, versions, of_entry(before, now)))
            }
        })
        .collect();
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
    changes.extend(gone.map(|(_, before)| change(before, version(before), vec!["removed".to_owned()])));
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    changes
}

/// Clauses about one pack, in the order of its keys.
fn of_entry(before: &Entry, now: &Entry) -> Vec<String> {
    let mut told = Told(Vec::new());
    let origin = |own: bool| if own { "your own" } else { "the built-in one" };
    told.moved("it is", before.own, now.own, |own| origin(own).to_owned());
    told.of_pack(&before.pack, &now.pack);
    if told.0.is_empty() {
        told.0.push("its version alone".to_owned());
    }
    told.0
}

/// What is different so far.
struct Told(Vec<String>);

impl Told {
    /// Every field of a pack; a new one does not compile before it is compared.
    fn of_pack(&mut self, before: &Pack, now: &Pack) {
        let Pack {
            id: _,
            description,
            triggers,
            sources,
            detectors,
            depth,
            lookback,
            deadline,
            max_attempts,
            max_reads,
            parallel_reads,
            pods_per_workload,
            tail_lines,
            max_log_bytes,
            priority,
            model,
        } = before;
        self.changed("description", description, &now.description);
        self.changed("triggers", triggers, &now.triggers);
        self.changed("sources", sources, &now.sources);
        self.changed("detectors", detectors, &now.detectors);
        self.moved("depth", *depth, now.depth, |depth| format!("{depth:?}").to_lowercase());
        self.moved("lookback", *lookback, now.lookback, time);
        let by_alert = || "by the alert".to_owned();
        self.moved("priority", *priority, now.priority, |p| {
            p.map_or_else(by_alert, |p| format!("{p:?}").to_lowercase())
        });
        self.moved("budgets.deadline", *deadline, now.deadline, time);
        self.moved("budgets.max_attempts", *max_attempts, now.max_attempts, |n| n.to_string());
        self.moved("budgets.max_reads", *max_reads, now.max_reads, |n| n.to_string());
        self.moved("budgets.parallel_reads", *parallel_reads, now.parallel_reads, |n| n.to_string());
        self.moved("budgets.pods_per_workload", *pods_per_workload, now.pods_per_workload, |n| n.to_string());
        self.moved("budgets.tail_lines", *tail_lines, now.tail_lines, |n| n.to_string());
        self.moved("budgets.max_log_bytes", *max_log_bytes, now.max_log_bytes, size);
        self.of_model(model, &now.model);
    }

    fn of_model(&mut self, before: &PackModel, now: &PackModel) {
        let PackModel { enabled, instructions, toolsets, budgets } = before;
        self.moved("model.enabled", *enabled, now.enabled, |on| on.to_string());
        self.changed("model.instructions", instructions, &now.instructions);
        self.changed("model.toolsets", toolsets, &now.toolsets);
        let configured = |text: Option<String>| text.unwrap_or_else(|| "as configured".to_owned());
        for ((key, before), (_, now)) in budgets.each().into_iter().zip(now.budgets.each()) {
            self.moved(&format!("model.budgets.{key}"), before, now, configured);
        }
    }

    /// Something too long to be shown.
    fn changed<T: PartialEq>(&mut self, what: &str, before: &T, now: &T) {
        if before != now {
            self.0.push(format!("{what} changed"));
        }
    }

    fn moved<T: PartialEq>(&mut self, what: &str, before: T, now: T, show: impl Fn(T) -> String) {
        if before != now {
            self.0.push(format!("{what} {} -> {}", show(before), show(now)));
        }
    }
}

/// As a pack's file has it: `1h30m`.
pub(super) fn time(time: Duration) -> String {
    format!("{:#}", SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)).replace(' ', "")
}

/// As a pack's file has it, in the largest unit that gives a whole number.
pub(super) fn size(bytes: u64) -> String {
    let units = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1_u64 << 10)];
    let whole = units.into_iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

//! Where and how often something goes wrong in a platform of the tests: by rule, and by seed.
//!
//! Start at [`Rule`].

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

/// When a fault strikes.
#[derive(Clone, Debug)]
pub struct Rule<F> {
    /// A call of the API, or what is delivered: `chat.postMessage`, `block_actions`, `POST /channels/{channel}/messages`,
    /// `MESSAGE_CREATE`. None: everything.
    on: Option<String>,
    fault: F,
    skip: usize,
    times: usize,
    matches: fn(&Value) -> bool,
}

impl<F> Rule<F> {
    /// The next call of this method, or delivery of this type, meets the fault.
    pub fn on(name: &str, fault: F) -> Self {
        Self { on: Some(name.to_owned()), ..Self::any(fault) }
    }

    /// The next one of any kind meets the fault.
    pub fn any(fault: F) -> Self {
        Self { on: None, fault, skip: 0, times: 1, matches: |_| true }
    }

    /// Not the next one, but the nth from now; 1 is the next.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// So many in a row.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Only those whose arguments, or payload, are like this; others are not counted.
    #[must_use]
    pub fn matching(mut self, matches: fn(&Value) -> bool) -> Self {
        self.matches = matches;
        self
    }
}

#[derive(Clone, Debug)]
struct Chaos<F> {
    seed: u64,
    percent: u64,
    faults: Vec<F>,
}

/// The faults that are still to come.
#[derive(Clone, Debug)]
pub(crate) struct Plan<F> {
    rules: Vec<Rule<F>>,
    chaos: Option<Chaos<F>>,
    met: BTreeMap<String, u64>,
}

impl<F> Default for Plan<F> {
    fn default() -> Self {
        Self { rules: Vec::new(), chaos: None, met: BTreeMap::new() }
    }
}

impl<F: Clone> Plan<F> {
    pub(crate) fn add(&mut self, rule: Rule<F>) {
        self.rules.push(rule);
    }

    pub(crate) fn chaos(&mut self, seed: u64, percent: u64, faults: Vec<F>) {
        self.chaos = Some(Chaos { seed, percent, faults });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self { met: std::mem::take(&mut self.met), ..Self::default() };
    }

    /// The fault that this one meets, used up once.
    pub(crate) fn meet(&mut self, name: &str, what: &Value) -> Option<F> {
        let nth = self.met.entry(name.to_owned()).or_default();
        *nth += 1;
        let nth = *nth;
        let concerns =
            |r: &&mut Rule<F>| r.times > 0 && r.on.as_deref().is_none_or(|on| on == name) && (r.matches)(what);
        // Each rule counts this one for itself; when several are due, the first strikes and the others wait.
        let mut struck = None;
        for rule in self.rules.iter_mut().filter(|r| concerns(r)) {
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if struck.is_none() {
                rule.times -= 1;
                struck = Some(rule.fault.clone());
            }
        }
        if struck.is_some() {
            return struck;
        }
        let chaos = self.chaos.as_ref().filter(|chaos| !chaos.faults.is_empty())?;
        let mut hasher = DefaultHasher::new();
        (chaos.seed, name, nth).hash(&mut hasher);
        let drawn = hasher.finish();
        let which = usize::try_from(drawn / 100).unwrap_or(0) % chaos.faults.len();
        (drawn % 100 < chaos.percent).then(|| chaos.faults[which].clone())
    }
}

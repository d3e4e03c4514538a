//! The limits of a platform of the tests, enforced as platforms do: it counts what came, in every window.
//!
//! Knows nothing of the limiter it tests. Start at [`Quotas::admit`].

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::port::chat::{Call, Limit, Scope};

/// What a limit counts together.
type Lane = (usize, Option<Call>, Option<String>);

/// A call that was refused: a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// The limit it met.
    pub(crate) scope: Scope,
    /// `Retry-After`.
    pub(crate) after: Duration,
}

/// What came, by limit.
#[derive(Default)]
pub(crate) struct Quotas {
    limits: Vec<Limit>,
    passed: HashMap<Lane, VecDeque<Timestamp>>,
}

impl Quotas {
    pub(crate) fn new(limits: Vec<Limit>) -> Self {
        Self { limits, passed: HashMap::new() }
    }

    /// Lets a call pass, or says when to come again. What is refused is not counted.
    pub(crate) fn admit(&mut self, now: Timestamp, call: Call, channel: &str) -> Result<(), TooMany> {
        let lanes: Vec<(Lane, Limit)> = self.lanes(call, channel);
        for (lane, limit) in &lanes {
            let passed = self.passed.entry(lane.clone()).or_default();
            while passed.front().is_some_and(|at| after(*at, limit.every) <= now) {
                passed.pop_front();
            }
            let at_once = passed.iter().rev().take_while(|at| **at == now).count();
            let whole = |wait: Timestamp| Duration::try_from(wait.duration_since(now)).unwrap_or_default();
            let wait = match passed.front() {
                Some(first) if passed.len() >= number(limit.calls.get()) => whole(after(*first, limit.every)),
                _ if at_once >= number(limit.burst.get()) => limit.every / limit.calls.get(),
                _ => continue,
            };
            return Err(TooMany { scope: limit.scope, after: wait });
        }
        for (lane, _) in lanes {
            self.passed.entry(lane).or_default().push_back(now);
        }
        Ok(())
    }

    fn lanes(&self, call: Call, channel: &str) -> Vec<(Lane, Limit)> {
        let counts = |limit: &Limit| limit.call.is_none_or(|counted| counted == call);
        let limits = self.limits.iter().enumerate().filter(|(_, limit)| counts(limit));
        let lane = |(at, limit): (usize, &Limit)| {
            let lane = match limit.scope {
                Scope::Workspace => (at, None, None),
                Scope::Method => (at, Some(call), None),
                Scope::Channel => (at, None, Some(channel.to_owned())),
            };
            (lane, *limit)
        };
        limits.map(lane).collect()
    }
}

fn number(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

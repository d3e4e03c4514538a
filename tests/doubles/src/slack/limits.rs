//! Slack's rate limits, nested: one channel, one method, the whole workspace.
//!
//! Each is a bucket that fills evenly, so a client that keeps an even pace never meets one. Slack allows longer bursts than
//! the ones here and does not say how long; nothing should count on them. <https://docs.slack.dev/apis/web-api/rate-limits>

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// So many calls in this time, of which so many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many ...
    pub calls: u32,
    /// ... in this time ...
    pub every: Duration,
    /// ... of which so many may come at once.
    pub burst: u32,
}

impl Rate {
    /// So many a minute, a fifth of them at once.
    pub const fn a_minute(calls: u32) -> Self {
        Self { calls, every: Duration::from_mins(1), burst: if calls < 5 { 1 } else { calls / 5 } }
    }
}

/// What a limit counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Posts in one channel.
    Channel(String),
    /// One method in the workspace.
    Method(String),
    /// Posts in the whole workspace.
    Workspace,
}

/// The limits of a workspace. None: not limited.
#[derive(Clone, Debug)]
pub struct Limits {
    /// `chat.postMessage` in one channel.
    pub channel: Option<Rate>,
    /// Messages in the whole workspace.
    pub workspace: Option<Rate>,
    /// Tiers 1 to 4; index 0 is tier 1.
    pub tiers: [Option<Rate>; 4],
    /// Methods that are limited otherwise than their tier says.
    pub methods: BTreeMap<String, Rate>,
}

impl Default for Limits {
    /// What Slack documents, for an internal app.
    fn default() -> Self {
        let second = Rate { calls: 1, every: Duration::from_secs(1), burst: 3 };
        let tiers = [1, 20, 50, 100].map(|calls| Some(Rate::a_minute(calls)));
        // Tier 1 by its documentation; an app may open ten connections one after the other all the same.
        let methods = [("apps.connections.open", Rate::a_minute(100)), ("auth.test", Rate::a_minute(600))];
        let methods = methods.map(|(name, rate)| (name.to_owned(), rate)).into();
        Self { channel: Some(second), workspace: Some(Rate::a_minute(300)), tiers, methods }
    }
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Self { channel: None, workspace: None, tiers: [None; 4], methods: BTreeMap::new() }
    }

    /// With a limit of its own for one method.
    #[must_use]
    pub fn method(mut self, name: &str, rate: Rate) -> Self {
        self.methods.insert(name.to_owned(), rate);
        self
    }
}

/// A call that came too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The method.
    pub method: String,
    /// Which limit.
    pub reach: Reach,
    /// When, by the workspace's clock.
    pub at: Timestamp,
    /// Whether it came before the `Retry-After` of an earlier refusal had passed.
    pub warned: bool,
}

/// How far the limits are used up.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    /// The moment at which a bucket is full again.
    full: BTreeMap<Reach, Timestamp>,
    /// Refused until.
    held: BTreeMap<Reach, Timestamp>,
    pub(super) violations: Vec<Violation>,
}

impl Usage {
    /// Counts a call, or says which limit refuses it and for how many seconds.
    pub(super) fn take(
        &mut self,
        method: &str,
        now: Timestamp,
        limits: Vec<(Reach, Rate)>,
    ) -> Result<(), (Reach, u64)> {
        for (reach, rate) in &limits {
            let held = self.held.get(reach).filter(|until| **until > now).copied();
            let Some(free) = held.or_else(|| self.free(reach, rate, now)) else { continue };
            let at = Violation { method: method.to_owned(), reach: reach.clone(), at: now, warned: held.is_some() };
            self.violations.push(at);
            let seconds = seconds(free.duration_since(now));
            let until = now + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            self.held.insert(reach.clone(), until);
            return Err((reach.clone(), seconds));
        }
        for (reach, rate) in limits {
            let full = self.full.get(&reach).copied().unwrap_or(now).max(now);
            self.full.insert(reach, full + step(&rate));
        }
        Ok(())
    }

    /// When the next call passes, if that is later than now.
    fn free(&self, reach: &Reach, rate: &Rate, now: Timestamp) -> Option<Timestamp> {
        let full = self.full.get(reach).copied().unwrap_or(now).max(now);
        let room = step(rate) * i32::try_from(rate.burst.saturating_sub(1)).unwrap_or(i32::MAX);
        let free = full - room;
        (free > now).then_some(free)
    }
}

/// The time that one call takes up.
fn step(rate: &Rate) -> SignedDuration {
    SignedDuration::try_from(rate.every / rate.calls.max(1)).unwrap_or(SignedDuration::MAX)
}

/// Whole seconds, rounded up, at least one: `Retry-After` knows no parts.
fn seconds(wait: SignedDuration) -> u64 {
    let whole = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
    u64::try_from(whole).unwrap_or(0).max(1)
}

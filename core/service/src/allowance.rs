//! How many investigations may be started by people and programs: per user, per channel, per workspace.
//!
//! Kept in memory: a restart forgives. What the same delivery started is counted once, however often it is handled. Must
//! never be asked about alerts: what fires is investigated by whoever it may concern. Start at `Allowance::take`.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::SharedClock;
use crate::job::Actor;
use crate::pace::LimiterClock;

/// Keys of one limit after which those are dropped that have their whole allowance again.
const KEYS: usize = 10_000;

/// Deliveries that are remembered as counted.
const COUNTED: usize = 10_000;

/// So many starts in this time, all of them at once if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Starts.
    pub starts: NonZeroU32,
    /// The time after which all of them are possible again.
    pub every: Duration,
}

impl Rate {
    /// So many in ten minutes; at least one.
    pub const fn in_ten_minutes(starts: u32) -> Self {
        let starts = match NonZeroU32::new(starts) {
            Some(starts) => starts,
            None => NonZeroU32::MIN,
        };
        Self { starts, every: Duration::from_mins(10) }
    }
}

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowanceSettings {
    /// Of one user.
    pub user: Rate,
    /// In one channel.
    pub channel: Rate,
    /// In one workspace.
    pub workspace: Rate,
}

impl Default for AllowanceSettings {
    fn default() -> Self {
        Self { user: Rate::in_ten_minutes(10), channel: Rate::in_ten_minutes(30), workspace: Rate::in_ten_minutes(100) }
    }
}

/// A limit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Whose: `you have`, `this channel has`.
    pub(crate) whose: &'static str,
    /// The limit.
    pub(crate) rate: Rate,
    /// When the next one is possible.
    pub(crate) again_in: Duration,
}

type Limiter = RateLimiter<String, HashMapStateStore<String>, LimiterClock, NoOpMiddleware<Nanos>>;

struct Limit {
    whose: &'static str,
    rate: Rate,
    limiter: Limiter,
}

impl Limit {
    fn new(whose: &'static str, rate: Rate, clock: &LimiterClock) -> Self {
        let step = (rate.every / rate.starts.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(step).unwrap_or_else(|| Quota::per_second(rate.starts));
        let limiter = Limiter::hashmap_with_clock(quota.allow_burst(rate.starts), clock.clone());
        Self { whose, rate, limiter }
    }

    fn take(&self, key: String, now: Nanos) -> Result<(), Spent> {
        if self.limiter.len() >= KEYS {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&key).map_err(|not_until| {
            let again_in = not_until.wait_time_from(now);
            Spent { whose: self.whose, rate: self.rate, again_in }
        })
    }
}

/// Who has started how much lately.
pub(crate) struct Allowance {
    clock: LimiterClock,
    user: Limit,
    channel: Limit,
    workspace: Limit,
    counted: Mutex<(BTreeSet<String>, VecDeque<String>)>,
}

impl Allowance {
    pub(crate) fn new(settings: AllowanceSettings, clock: &SharedClock) -> Self {
        // One for all of them: each begins to count when it is made.
        let clock = LimiterClock::new(clock.clone());
        Self {
            user: Limit::new("you have", settings.user, &clock),
            channel: Limit::new("this channel has", settings.channel, &clock),
            workspace: Limit::new("this workspace has", settings.workspace, &clock),
            clock,
            counted: Mutex::default(),
        }
    }

    /// Counts one start. `delivery` tells it apart: the same again is counted once.
    ///
    /// # Errors
    /// When a limit is reached; the narrowest is asked first, so that one person does not use up what is everyone's.
    pub(crate) fn take(&self, delivery: &str, actor: &Actor) -> Result<(), Spent> {
        if self.is_counted(delivery) {
            return Ok(());
        }
        let now = self.clock.now();
        let workspace = format!("{}\n{}", actor.platform, actor.workspace.as_deref().unwrap_or_default());
        self.user.take(format!("{workspace}\n{}", actor.user), now)?;
        if let Some(channel) = &actor.channel {
            self.channel.take(format!("{workspace}\n{channel}"), now)?;
        }
        self.workspace.take(workspace, now)?;
        self.count(delivery);
        Ok(())
    }

    fn is_counted(&self, delivery: &str) -> bool {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).0.contains(delivery)
    }

    fn count(&self, delivery: &str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *counted;
        if known.insert(delivery.to_owned()) {
            order.push_back(delivery.to_owned());
        }
        if order.len() > COUNTED
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use async_trait::async_trait;
    use jiff::Timestamp;

    use super::*;
    use crate::clock::Clock;

    struct Hand(AtomicI64);

    #[async_trait]
    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
        }

        async fn sleep_until(&self, _: Timestamp) {}
    }

    fn someone(user: &str, channel: &str) -> Actor {
        let (platform, workspace) = ("slack".to_owned(), Some("T1".to_owned()));
        Actor { platform, workspace, user: user.to_owned(), channel: Some(channel.to_owned()), groups: Vec::new() }
    }

    #[test]
    fn each_limit_holds_and_says_when_it_is_possible_again() {
        let hand = Arc::new(Hand(AtomicI64::new(1_800_000_000)));
        let clock: SharedClock = hand.clone();
        let rate = |starts| Rate { starts: NonZeroU32::new(starts).unwrap(), every: Duration::from_mins(10) };
        let settings = AllowanceSettings { user: rate(2), channel: rate(3), workspace: rate(4) };
        let allowance = Allowance::new(settings, &clock);
        let take = |n: u32, user, channel| allowance.take(&n.to_string(), &someone(user, channel));
        assert_eq!((take(1, "a", "x"), take(2, "a", "x")), (Ok(()), Ok(())));
        let spent = take(3, "a", "x").unwrap_err();
        assert_eq!((spent.whose, spent.again_in), ("you have", Duration::from_mins(5)));
        assert_eq!(take(1, "a", "x"), Ok(()), "the same delivery again");
        assert_eq!(take(4, "b", "x"), Ok(()));
        assert_eq!(take(5, "c", "x").unwrap_err().whose, "this channel has");
        assert_eq!(take(6, "d", "y"), Ok(()));
        assert_eq!(take(7, "e", "y").unwrap_err().whose, "this workspace has");
        hand.0.fetch_add(300, Ordering::SeqCst);
        assert_eq!(take(8, "a", "x"), Ok(()));
        assert!(take(9, "a", "x").is_err());
    }
}

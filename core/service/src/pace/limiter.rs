//! One limit of a platform, as a limiter of `governor` that can be looked at without using it up.
//!
//! Must never let more through than the limit says, in any window of its length: see [`quota`]. Start at [`Limiter`].

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::clock::LimiterClock;
use crate::port::chat::{Call, Limit, Scope};

/// What a limit counts together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Workspace,
    Method(Call),
    Channel(String),
}

/// A question to a limiter: whether calls would pass, or that one passes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cell {
    counted: Counted,
    takes: bool,
}

/// One limit of a platform.
pub(super) struct Limiter {
    limit: Limit,
    burst: NonZeroU32,
    cells: Cells,
    gcra: RateLimiter<Cell, Cells, LimiterClock, NoOpMiddleware<Nanos>>,
}

impl Limiter {
    /// None for a limit over no time, which limits nothing.
    pub(super) fn new(limit: Limit, clock: LimiterClock) -> Option<Self> {
        let quota = quota(&limit)?;
        let cells = Cells::default();
        Some(Self {
            limit,
            burst: quota.burst_size(),
            cells: cells.clone(),
            gcra: RateLimiter::new(quota, cells, clock),
        })
    }

    /// Whether it counts channels apart.
    pub(super) fn is_of_channel(&self) -> bool {
        self.limit.scope == Scope::Channel
    }

    /// Whether it counts calls of this kind.
    pub(super) fn counts(&self, call: Call) -> bool {
        self.limit.call.is_none_or(|counted| counted == call)
    }

    /// How many calls may be left over after one that gives way to others: a third of what may come at once, but never all of it.
    pub(super) fn reserve(&self) -> u32 {
        self.burst.get().div_ceil(3).min(self.burst.get() - 1)
    }

    /// When so many calls will pass, unless they pass now. Takes nothing. More than may ever come at once are as many as
    /// may.
    pub(super) fn opens(&self, call: Call, channel: &str, calls: u32) -> Option<Nanos> {
        let calls = NonZeroU32::new(calls)?.min(self.burst);
        let asked = Cell { counted: self.counted(call, channel), takes: false };
        match self.gcra.check_key_n(&asked, calls) {
            Ok(Err(not_until)) => Some(not_until.earliest_possible()),
            Ok(Ok(())) | Err(_) => None,
        }
    }

    /// How many calls would pass at once now, of so many.
    pub(super) fn room(&self, call: Call, calls: u32) -> u32 {
        let most = calls.min(self.burst.get());
        (0..most).take_while(|passed| self.opens(call, "", passed + 1).is_none()).last().map_or(0, |passed| passed + 1)
    }

    /// One call passes. Asked only after [`Limiter::opens`] said so, by one at a time: no time is lost meanwhile, so it does.
    pub(super) fn take(&self, call: Call, channel: &str) {
        let asked = Cell { counted: self.counted(call, channel), takes: true };
        let passed = self.gcra.check_key(&asked);
        debug_assert!(passed.is_ok(), "what was open is open");
    }

    /// Channels that are not as if never used.
    pub(super) fn channels(&self) -> Vec<String> {
        self.gcra.retain_recent();
        self.cells.channels()
    }

    fn counted(&self, call: Call, channel: &str) -> Counted {
        match self.limit.scope {
            Scope::Workspace => Counted::Workspace,
            Scope::Method => Counted::Method(call),
            Scope::Channel => Counted::Channel(channel.to_owned()),
        }
    }
}

/// A bucket that never lets more through than the limit, in any window of its length: what comes at once counts towards
/// the window, so the rest of it is spread over the whole. A bucket of `b` that gains a call every `t` lets at most
/// `b + ceil(w / t) - 1` pass in a window `w` (without its end); with `t = w / (n - b + 1)` that is `n`.
///
/// Half of the calls at most come at once: with more there would be next to nothing left for the rest of the window.
fn quota(limit: &Limit) -> Option<Quota> {
    let half = limit.calls.get().div_ceil(2);
    let burst = limit.burst.min(NonZeroU32::new(half)?);
    let steps = limit.calls.get() - burst.get() + 1;
    // Rounded up: a hair too short, and one more would fit at the end of a window.
    let step = limit.every.as_nanos().div_ceil(steps.into());
    let step = Duration::from_nanos(u64::try_from(step).unwrap_or(u64::MAX));
    Some(Quota::with_period(step)?.allow_burst(burst))
}

/// The state of a limiter: by what is counted, when it would be as if never used. A look leaves it as it is.
#[derive(Clone, Default)]
struct Cells(Arc<Mutex<HashMap<Counted, Nanos>>>);

impl Cells {
    fn map(&self) -> MutexGuard<'_, HashMap<Counted, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&self) -> Vec<String> {
        let of = |counted: &Counted| match counted {
            Counted::Channel(channel) => Some(channel.clone()),
            Counted::Workspace | Counted::Method(_) => None,
        };
        self.map().keys().filter_map(of).collect()
    }
}

impl StateStore for Cells {
    type Key = Cell;

    fn measure_and_replace<T, F, E>(&self, cell: &Cell, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut map = self.map();
        let (outcome, next) = f(map.get(&cell.counted).copied())?;
        if cell.takes {
            map.insert(cell.counted.clone(), next);
        }
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Cell> for Cells {
    fn retain_recent(&self, drop_below: Nanos) {
        self.map().retain(|_, next| *next > drop_below);
    }

    fn len(&self) -> usize {
        self.map().len()
    }

    fn is_empty(&self) -> bool {
        self.map().is_empty()
    }
}

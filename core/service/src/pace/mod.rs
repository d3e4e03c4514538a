//! The pace that a platform allows: its limits, nested as it nests them, and the waits that it asked for.
//!
//! A call passes when every limit that counts it has room and no hold is on it. All limits are looked at before anything is
//! taken of any of them, under one lock, so a call that one of them refuses costs nothing of the others. Progress passes
//! only while more is left than a reserve, so what matters more finds room at once.
//!
//! Must never send, wait or read a store: the sender asks. Start at [`Pace::pass`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::Clock as _;
use governor::nanos::Nanos;
use jiff::Timestamp;

use self::limiter::Limiter;
use crate::clock::SharedClock;
use crate::port::chat::{Call, Limit, Scope};
use crate::port::store::{Closed, Share};
use crate::post::Urgency;

mod clock;
mod limiter;
#[cfg(test)]
mod tests;

pub use self::clock::LimiterClock;

/// Every kind of call.
const CALLS: [Call; 2] = [Call::Post, Call::Edit];

/// What a platform asked to leave alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Workspace,
    Method(Call),
    Channel(Call, String),
}

/// What may be shut.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gate {
    /// Calls of a kind, in every channel.
    All(Call),
    /// Edits that give way to others.
    Progress,
    /// Calls of a kind in one channel.
    Channel(Call, String),
}

/// The pace of one platform.
pub struct Pace {
    clock: LimiterClock,
    limiters: Vec<Limiter>,
    holds: Mutex<BTreeMap<Held, Nanos>>,
}

impl Pace {
    /// A platform's pace with these limits; none: it allows everything until it asks to wait.
    pub fn new(limits: Vec<Limit>, clock: SharedClock) -> Self {
        let clock = LimiterClock::new(clock);
        let limiters = limits.into_iter().filter_map(|limit| Limiter::new(limit, clock.clone())).collect();
        Self { clock, limiters, holds: Mutex::default() }
    }

    /// Takes the right to one call, to be made at once.
    ///
    /// # Errors
    /// When it has to wait, and until when at least; nothing was taken then.
    pub fn pass(&self, call: Call, channel: &str, urgency: Urgency) -> Result<(), Timestamp> {
        // Held all the while: nobody takes between the look and the taking.
        let holds = self.holds();
        let yields = call == Call::Edit && urgency == Urgency::Progress;
        let shut = [self.shut(&holds, call, None, yields), self.shut(&holds, call, Some(channel), yields)];
        if let Some(until) = shut.into_iter().flatten().max() {
            return Err(self.clock.moment(until));
        }
        self.limiters.iter().filter(|limiter| limiter.counts(call)).for_each(|limiter| limiter.take(call, channel));
        Ok(())
    }

    /// Nothing that the scope counts together with this call passes before that moment. Of two holds the longer counts.
    pub fn hold(&self, scope: Scope, call: Call, channel: &str, until: Timestamp) {
        let held = match scope {
            Scope::Workspace => Held::Workspace,
            Scope::Method => Held::Method(call),
            Scope::Channel => Held::Channel(call, channel.to_owned()),
        };
        let until = self.clock.time(until);
        let mut holds = self.holds();
        let kept = holds.entry(held).or_insert(until);
        *kept = until.max(*kept);
    }

    /// What is shut now, for the store.
    pub fn closed(&self) -> Closed {
        let mut closed = Closed::default();
        for (gate, _) in self.gates() {
            match gate {
                Gate::All(Call::Post) => closed.posts = true,
                Gate::All(Call::Edit) => closed.edits = true,
                Gate::Progress => closed.progress = true,
                Gate::Channel(Call::Post, channel) => closed.post_channels.extend([channel]),
                Gate::Channel(Call::Edit, channel) => closed.edit_channels.extend([channel]),
            }
        }
        closed
    }

    /// When the first of what is shut opens; the end of time when nothing is.
    pub fn opens_at(&self) -> Timestamp {
        let first = self.gates().into_iter().map(|(_, until)| until).min();
        first.map_or(Timestamp::MAX, |until| self.clock.moment(until))
    }

    /// How many messages to take now, at most so many: no more than will pass, so that none is taken in vain.
    pub fn share(&self, batch: usize) -> Share {
        let by_channel = |limiter: &Limiter| limiter.is_of_channel() && limiter.counts(Call::Post);
        let of_channel = if self.limiters.iter().any(by_channel) { 1 } else { batch };
        let [posts, edits] = CALLS.map(|call| self.room(call, batch));
        Share { all: posts.max(edits), of_channel: of_channel.min(posts), edits }
    }

    /// How many calls of a kind would pass now by the limits that count all channels together.
    fn room(&self, call: Call, batch: usize) -> usize {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX);
        let limiters = self.limiters.iter().filter(|limiter| limiter.counts(call) && !limiter.is_of_channel());
        let room = limiters.map(|limiter| limiter.room(call, batch)).min().unwrap_or(batch);
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// Everything that is shut, and until when. Bounded: channels are forgotten once they are as if never used.
    fn gates(&self) -> Vec<(Gate, Nanos)> {
        let holds = self.unended();
        let all = CALLS.map(|call| (Gate::All(call), self.shut(&holds, call, None, false)));
        let progress = (Gate::Progress, self.shut(&holds, Call::Edit, None, true));
        let of_limits = self.limiters.iter().filter(|limiter| limiter.is_of_channel()).flat_map(Limiter::channels);
        let of_holds = holds.keys().filter_map(|held| match held {
            Held::Channel(_, channel) => Some(channel.clone()),
            Held::Workspace | Held::Method(_) => None,
        });
        let channels: BTreeSet<String> = of_limits.chain(of_holds).collect();
        let of_channels = channels.into_iter().flat_map(|channel| {
            CALLS.map(|call| {
                let until = self.shut(&holds, call, Some(&channel), false);
                (Gate::Channel(call, channel.clone()), until)
            })
        });
        let gates = all.into_iter().chain([progress]).chain(of_channels);
        gates.filter_map(|(gate, until)| Some((gate, until?))).collect()
    }

    /// Until when a kind of call is shut: by what counts all channels together, or by what counts this channel alone.
    /// A call that yields needs the reserve on top.
    fn shut(&self, holds: &BTreeMap<Held, Nanos>, call: Call, channel: Option<&str>, yields: bool) -> Option<Nanos> {
        let held = match channel {
            Some(channel) => [holds.get(&Held::Channel(call, channel.to_owned())), None],
            None => [holds.get(&Held::Workspace), holds.get(&Held::Method(call))],
        };
        let now = self.clock.now();
        let held = held.into_iter().flatten().copied().filter(|until| *until > now);
        let limiters =
            self.limiters.iter().filter(|limiter| limiter.counts(call) && limiter.is_of_channel() == channel.is_some());
        let limited = limiters.filter_map(|limiter| {
            let calls = if yields { 1 + limiter.reserve() } else { 1 };
            limiter.opens(call, channel.unwrap_or_default(), calls)
        });
        held.chain(limited).max()
    }

    /// The holds, without those that have ended.
    fn unended(&self) -> MutexGuard<'_, BTreeMap<Held, Nanos>> {
        let now = self.clock.now();
        let mut holds = self.holds();
        holds.retain(|_, until| *until > now);
        holds
    }

    fn holds(&self) -> MutexGuard<'_, BTreeMap<Held, Nanos>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

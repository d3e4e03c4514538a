//! Limits and holds on a clock that is moved by hand.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, after};

/// A clock that is moved by hand.
pub(super) struct Hand(Mutex<Timestamp>);

impl Default for Hand {
    fn default() -> Self {
        Self(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap()))
    }
}

impl Hand {
    pub(super) fn moment(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.set(after(self.moment(), time));
    }

    pub(super) fn back(&self, time: Duration) {
        self.set(self.moment().checked_sub(time).unwrap());
    }

    fn set(&self, moment: Timestamp) {
        *self.0.lock().unwrap() = moment;
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        self.moment()
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

fn limit(call: Option<Call>, scope: Scope, calls: u32, seconds: u64, burst: u32) -> Limit {
    let number = |n| NonZeroU32::new(n).unwrap();
    Limit { call, scope, calls: number(calls), every: Duration::from_secs(seconds), burst: number(burst) }
}

fn pace(limits: Vec<Limit>) -> (Arc<Hand>, Pace) {
    let hand = Arc::new(Hand::default());
    (hand.clone(), Pace::new(limits, hand))
}

/// Seconds until a call passes; none: it passed.
fn wait(hand: &Hand, pace: &Pace, call: Call, channel: &str, urgency: Urgency) -> Option<f64> {
    let until = pace.pass(call, channel, urgency).err()?;
    Some(until.duration_since(hand.moment()).as_secs_f64())
}

fn about(wait: Option<f64>, seconds: f64) -> bool {
    wait.is_some_and(|wait| (wait - seconds).abs() < 1e-5)
}

#[test]
fn without_limits_everything_passes_and_all_is_taken() {
    let (_, pace) = pace(Vec::new());
    assert!((0..10_000).all(|_| pace.pass(Call::Post, "a", Urgency::Progress).is_ok()));
    assert_eq!(pace.closed(), Closed::default());
    assert_eq!(pace.opens_at(), Timestamp::MAX);
    let share = pace.share(32);
    assert_eq!((share.all, share.of_channel, share.edits), (32, 32, 32));
}

#[test]
fn a_call_passes_only_when_every_limit_that_counts_it_has_room() {
    let limits = vec![
        limit(Some(Call::Post), Scope::Channel, 1, 1, 1),
        limit(Some(Call::Post), Scope::Method, 4, 60, 2),
        limit(None, Scope::Workspace, 20, 60, 3),
    ];
    let (hand, pace) = pace(limits);
    let go = |call, channel| wait(&hand, &pace, call, channel, Urgency::Report);
    assert_eq!(go(Call::Post, "a"), None);
    assert!(about(go(Call::Post, "a"), 1.0), "the channel's limit");
    assert_eq!(go(Call::Post, "b"), None, "another channel");
    assert!(about(go(Call::Post, "c"), 20.0), "the method's limit: two at once, then one every 20 s");
    assert_eq!(go(Call::Edit, "a"), None, "an edit is counted by the workspace alone");
    assert!(about(go(Call::Edit, "a"), 60.0 / 18.0), "the workspace's limit");
    assert!(about(go(Call::Post, "c"), 20.0), "the longest wait counts");
}

#[test]
fn what_one_limit_refuses_costs_nothing_of_the_others() {
    let limits = vec![
        limit(None, Scope::Workspace, 10, 10, 5),
        limit(Some(Call::Post), Scope::Method, 10, 10, 5),
        limit(Some(Call::Post), Scope::Channel, 1, 5, 1),
    ];
    let (hand, pace) = pace(limits);
    assert_eq!(wait(&hand, &pace, Call::Post, "a", Urgency::Report), None);
    for _ in 0..100 {
        assert!(about(wait(&hand, &pace, Call::Post, "a", Urgency::Report), 5.0));
    }
    let passed = (0..10).filter(|n| pace.pass(Call::Post, &n.to_string(), Urgency::Report).is_ok()).count();
    assert_eq!(passed, 4, "the four that were left");
}

#[test]
fn a_hold_is_obeyed_exactly_by_all_that_it_is_for() {
    let (hand, pace) = pace(vec![limit(Some(Call::Post), Scope::Channel, 5, 1, 1)]);
    let until = |seconds| after(Hand::default().moment(), Duration::from_secs(seconds));
    pace.hold(Scope::Channel, Call::Post, "a", until(30));
    pace.hold(Scope::Channel, Call::Post, "a", until(7));
    pace.hold(Scope::Method, Call::Edit, "a", until(10));
    assert_eq!(pace.pass(Call::Post, "a", Urgency::Opening), Err(until(30)));
    assert_eq!(pace.pass(Call::Post, "b", Urgency::Progress), Ok(()));
    assert_eq!(pace.pass(Call::Edit, "b", Urgency::Finding), Err(until(10)));
    let closed = pace.closed();
    assert!(closed.edits && closed.progress && !closed.posts);
    assert_eq!(closed.post_channels, ["a", "b"].map(str::to_owned).into(), "b by its limit");
    hand.set(until(30).checked_sub(Duration::from_micros(1)).unwrap());
    assert_eq!(pace.pass(Call::Post, "a", Urgency::Opening), Err(until(30)), "not sooner");
    assert_eq!(pace.opens_at(), until(30));
    hand.set(until(30));
    assert_eq!(pace.closed(), Closed::default(), "not longer");
    assert_eq!(pace.pass(Call::Post, "a", Urgency::Opening), Ok(()));
    pace.hold(Scope::Workspace, Call::Post, "a", until(31));
    assert_eq!(pace.pass(Call::Edit, "c", Urgency::Finding), Err(until(31)));
}

#[test]
fn progress_leaves_a_reserve_for_what_matters_more() {
    let (hand, pace) = pace(vec![limit(Some(Call::Edit), Scope::Method, 50, 60, 6)]);
    let passed = |urgency| (0..20).filter(|_| pace.pass(Call::Edit, "a", urgency).is_ok()).count();
    assert_eq!(passed(Urgency::Progress), 4, "six at once, less a third");
    let closed = pace.closed();
    assert!(closed.progress && !closed.edits);
    assert_eq!(pace.share(32).edits, 2);
    assert_eq!(passed(Urgency::Finding), 2, "at once");
    assert!(pace.closed().edits);
    hand.pass(Duration::from_secs(2));
    assert_eq!(passed(Urgency::Progress), 0, "the reserve fills first");
    assert_eq!(passed(Urgency::Finding), 1);
    hand.pass(Duration::from_mins(1));
    assert_eq!(passed(Urgency::Progress), 4);
}

#[test]
fn channels_that_are_as_if_never_used_are_forgotten() {
    let (hand, pace) = pace(vec![limit(Some(Call::Post), Scope::Channel, 1, 1, 1)]);
    for n in 0..1_000 {
        pace.pass(Call::Post, &n.to_string(), Urgency::Notice).unwrap();
        pace.hold(Scope::Channel, Call::Edit, &n.to_string(), after(hand.moment(), Duration::from_secs(2)));
    }
    assert_eq!(pace.closed().post_channels.len(), 1_000);
    hand.pass(Duration::from_secs(3));
    assert_eq!(pace.closed(), Closed::default());
    assert_eq!(pace.limiters.iter().map(|limiter| limiter.channels().len()).sum::<usize>(), 0);
    assert!(pace.holds().is_empty());
}

/// What happens in a random run.
#[derive(Clone, Debug)]
enum Act {
    Call(Call, u8, bool),
    Hold(Scope, Call, u8, u16),
    Pass(u16),
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![Just(Call::Post), Just(Call::Edit)]
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::Channel), Just(Scope::Method), Just(Scope::Workspace)]
}

fn limits() -> impl Strategy<Value = Limit> {
    (proptest::option::of(calls()), scopes(), 1..60_u32, 1..61_u64, 1..60_u32)
        .prop_map(|(call, scope, calls, seconds, burst)| limit(call, scope, calls, seconds, burst))
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (calls(), 0..4_u8, any::<bool>()).prop_map(|(call, channel, progress)| Act::Call(call, channel, progress)),
        1 => (scopes(), calls(), 0..4_u8, 0..5_000_u16)
            .prop_map(|(scope, call, channel, ms)| Act::Hold(scope, call, channel, ms)),
        8 => (0..3_000_u16).prop_map(Act::Pass),
    ]
}

/// What a limit counts together with a call, if it counts it.
fn counted(limit: &Limit, call: Call, channel: u8) -> Option<(Option<Call>, Option<u8>)> {
    if limit.call.is_some_and(|counted| counted != call) {
        return None;
    }
    Some(match limit.scope {
        Scope::Workspace => (None, None),
        Scope::Method => (Some(call), None),
        Scope::Channel => (None, Some(channel)),
    })
}

/// The platform's own count: every window that ends with a call.
fn exceeded(limit: &Limit, passed: &[(Timestamp, Call, u8)]) -> Option<String> {
    let mut lanes: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
    for (at, call, channel) in passed {
        let Some(lane) = counted(limit, *call, *channel) else { continue };
        let lane = lanes.entry(lane).or_default();
        lane.push(*at);
        let within = lane.iter().filter(|earlier| after(**earlier, limit.every) > *at).count();
        let at_once = lane.iter().filter(|earlier| *earlier == at).count();
        if within > limit.calls.get() as usize || at_once > limit.burst.get() as usize {
            return Some(format!("{within} calls in a window, {at_once} at once: {limit:?}"));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_and_no_hold_is_ever_broken(
        limits in proptest::collection::vec(limits(), 0..5),
        acts in proptest::collection::vec(acts(), 1..200),
    ) {
        let (hand, pace) = pace(limits.clone());
        let mut passed: Vec<(Timestamp, Call, u8)> = Vec::new();
        let mut holds: Vec<(Scope, Call, u8, Timestamp)> = Vec::new();
        for act in acts {
            let now = hand.moment();
            match act {
                Act::Pass(ms) => hand.pass(Duration::from_millis(ms.into())),
                Act::Hold(scope, call, channel, ms) => {
                    let until = after(now, Duration::from_millis(ms.into()));
                    pace.hold(scope, call, &channel.to_string(), until);
                    holds.push((scope, call, channel, until));
                }
                Act::Call(call, channel, progress) => {
                    let urgency = if progress { Urgency::Progress } else { Urgency::Report };
                    let name = channel.to_string();
                    let closed = pace.closed();
                    let shut = match call {
                        Call::Post => closed.posts || closed.post_channels.contains(&name),
                        Call::Edit => closed.edits || closed.edit_channels.contains(&name),
                    };
                    match pace.pass(call, &name, urgency) {
                        Ok(()) => {
                            prop_assert!(!shut, "what is shut does not pass");
                            for (scope, held, of, until) in &holds {
                                let is_for = match scope {
                                    Scope::Workspace => true,
                                    Scope::Method => *held == call,
                                    Scope::Channel => *held == call && *of == channel,
                                };
                                prop_assert!(!is_for || *until <= now, "a hold is obeyed");
                            }
                            passed.push((now, call, channel));
                        }
                        Err(until) => {
                            prop_assert!(until > now, "there is something to wait for");
                            prop_assert!(shut || progress, "what is open passes, but for progress");
                            prop_assert!(pace.opens_at() <= until || !shut, "the sender wakes in time");
                        }
                    }
                }
            }
        }
        for limit in &limits {
            prop_assert_eq!(exceeded(limit, &passed), None);
        }
        // Whoever waits as long as told passes, whatever went before.
        for (call, urgency) in [(Call::Post, Urgency::Report), (Call::Edit, Urgency::Progress)] {
            while let Err(until) = pace.pass(call, "0", urgency) {
                prop_assert!(until > hand.moment());
                hand.set(until);
            }
        }
    }
}

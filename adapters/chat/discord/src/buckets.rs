//! Discord's own limits, as its answers tell them: which calls are counted together, how many are left, until when.
//!
//! A call that would be refused is not made: refusals count as well, and 10,000 in ten minutes shut the address out for an
//! hour. <https://docs.discord.com/developers/topics/rate-limits>. Pure: time is handed in. Must never grow without bound.
//! Start at [`Buckets`].

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Buckets that are remembered; each is forgotten when its time is over.
const KEPT: usize = 4_096;

/// How long calls are counted together until an answer tells it.
const GUESS: Duration = Duration::from_millis(500);

/// Calls in any second, of all kinds together: Discord allows 50
/// (<https://docs.discord.com/developers/topics/rate-limits#global-rate-limit>), by its own clock.
const A_SECOND: usize = 45;

/// The time that the global limit is counted in.
const SECOND: Duration = Duration::from_secs(1);

/// A limit that is told to be over at once is not asked again at once.
const LEAST: Duration = Duration::from_millis(10);

/// Which calls: a route's name, and what its limits are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// [`crate::route::Route::name`].
    pub(crate) route: &'static str,
    /// [`crate::route::Route::major`].
    pub(crate) major: String,
    /// Whether it counts for the global limit.
    pub(crate) global: bool,
}

/// What an answer tells of its bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// Calls in each window.
    pub(crate) limit: u32,
    /// Calls that are left in this one.
    pub(crate) remaining: u32,
    /// Until the next one.
    pub(crate) reset_after: Duration,
}

/// What is known of a route.
#[derive(Clone, Debug)]
enum Known {
    /// Discord counts it in this bucket, so many calls in each window.
    Bucket { name: String, limit: u32 },
    /// Discord names no bucket.
    Free,
}

/// The calls that are left until a moment.
#[derive(Clone, Copy, Debug)]
struct Window {
    left: u32,
    until: Instant,
}

/// The limits of one bot.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    routes: HashMap<&'static str, Known>,
    windows: BTreeMap<(String, String), Window>,
    global: Option<Instant>,
    /// The calls of the last second that count for the global limit.
    lately: VecDeque<Instant>,
}

impl Buckets {
    /// Takes the right to one call, to be made at once.
    ///
    /// # Errors
    /// How long to wait, when there is none.
    pub(crate) fn pass(&mut self, call: &Counted, now: Instant) -> Result<(), Duration> {
        if let Some(until) = self.global.filter(|until| call.global && *until > now) {
            return Err((until - now).max(LEAST));
        }
        while self.lately.front().is_some_and(|at| *at + SECOND <= now) {
            self.lately.pop_front();
        }
        if let Some(first) = self.lately.front().filter(|_| call.global && self.lately.len() >= A_SECOND) {
            return Err((*first + SECOND - now).max(LEAST));
        }
        let known = self.routes.get(call.route);
        // Of a route that was never called one call goes ahead, and tells of the others' limit. Each interaction is on its own,
        // and has to be answered at once.
        let limit = match known {
            Some(Known::Bucket { limit, .. }) => Some(*limit),
            Some(Known::Free) => None,
            None => call.global.then_some(1),
        };
        let key = self.key(call);
        if let Some(window) = self.windows.get_mut(&key).filter(|window| window.until > now) {
            if window.left == 0 {
                return Err((window.until - now).max(LEAST));
            }
            window.left -= 1;
        } else if let Some(limit) = limit {
            self.open(key, Window { left: limit.saturating_sub(1), until: now + GUESS }, now);
        }
        if call.global {
            self.lately.push_back(now);
        }
        Ok(())
    }

    /// Whether a call that gives way would leave one to others; takes nothing.
    ///
    /// # Errors
    /// How long to wait, when it would not.
    pub(crate) fn spare(&self, call: &Counted, now: Instant) -> Result<(), Duration> {
        let of_many = matches!(self.routes.get(call.route), Some(Known::Bucket { limit: 2.., .. }));
        let window = self.windows.get(&self.key(call)).filter(|window| window.until > now);
        match window.filter(|window| of_many && window.left <= 1) {
            Some(window) => Err((window.until - now).max(LEAST)),
            None => Ok(()),
        }
    }

    /// An answer came, with what it tells of its bucket, if it does.
    pub(crate) fn note(&mut self, call: &Counted, told: Option<&Told>, now: Instant) {
        let before = self.key(call);
        let Some(told) = told else {
            if !matches!(self.routes.get(call.route), Some(Known::Bucket { .. })) {
                self.routes.insert(call.route, Known::Free);
                self.windows.remove(&before);
            }
            return;
        };
        self.routes.insert(call.route, Known::Bucket { name: told.bucket.clone(), limit: told.limit.max(1) });
        let after = self.key(call);
        if before != after {
            self.windows.remove(&before);
        }
        let window = self.windows.get(&after).filter(|window| window.until > now).copied();
        // Calls that are under way are not counted there yet; here they are.
        let left = window.map_or(told.remaining, |window| window.left.min(told.remaining));
        self.open(after, Window { left, until: now + told.reset_after }, now);
    }

    /// Discord refused a call for its limit: all that counts together waits as long.
    pub(crate) fn shut(&mut self, call: &Counted, wait: Duration, global: bool, now: Instant) {
        let until = now + wait.max(LEAST);
        if global && call.global {
            self.global = Some(self.global.map_or(until, |known| known.max(until)));
        } else {
            let key = self.key(call);
            self.open(key, Window { left: 0, until }, now);
        }
    }

    fn key(&self, call: &Counted) -> (String, String) {
        let name = match self.routes.get(call.route) {
            Some(Known::Bucket { name, .. }) => name.as_str(),
            Some(Known::Free) | None => call.route,
        };
        (name.to_owned(), call.major.clone())
    }

    fn open(&mut self, key: (String, String), window: Window, now: Instant) {
        self.windows.insert(key, window);
        if self.windows.len() <= KEPT {
            return;
        }
        self.windows.retain(|_, window| window.until > now);
        while self.windows.len() > KEPT {
            let first = self.windows.iter().min_by_key(|(_, window)| window.until).map(|(key, _)| key.clone());
            let Some(first) = first else { break };
            self.windows.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(major: &str) -> Counted {
        Counted { route: "post a message", major: major.to_owned(), global: true }
    }

    fn told(remaining: u32, ms: u64) -> Told {
        let reset_after = Duration::from_millis(ms);
        Told { bucket: "b1".to_owned(), limit: 5, remaining, reset_after }
    }

    fn passed(buckets: &mut Buckets, call: &Counted, now: Instant) -> usize {
        (0..20).take_while(|_| buckets.pass(call, now).is_ok()).count()
    }

    #[test]
    fn one_call_goes_ahead_and_tells_of_the_limit() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        assert_eq!(passed(&mut buckets, &post("c"), now), 1);
        assert_eq!(buckets.pass(&post("c"), now), Err(GUESS));
        buckets.note(&post("c"), Some(&told(4, 2_000)), now);
        assert_eq!(passed(&mut buckets, &post("c"), now), 4);
        // From now on as many go at once as Discord will take, before any of them is answered.
        assert_eq!(passed(&mut buckets, &post("d"), now), 5);
        let next = now + Duration::from_secs(2);
        assert_eq!(passed(&mut buckets, &post("c"), next), 5);
        buckets.note(&post("c"), Some(&told(4, 2_000)), next);
        assert_eq!(passed(&mut buckets, &post("c"), next), 0, "those under way are counted");
    }

    #[test]
    fn no_second_holds_more_than_the_global_limit() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        let mut passed = 0;
        for number in 0..60 {
            let call = Counted { route: "read a channel", major: number.to_string(), global: true };
            passed += usize::from(buckets.pass(&call, now + Duration::from_millis(number)).is_ok());
        }
        assert_eq!(passed, A_SECOND);
        let late = now + Duration::from_millis(900);
        assert_eq!(buckets.pass(&post("x"), late), Err(Duration::from_millis(100)));
        assert_eq!(buckets.pass(&Counted { global: false, ..post("y") }, late), Ok(()), "an interaction does not wait");
        assert_eq!(buckets.pass(&post("x"), now + SECOND), Ok(()));
    }

    #[test]
    fn what_gives_way_leaves_one_call_to_others() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        assert_eq!(buckets.spare(&post("c"), now), Ok(()), "nothing is known");
        buckets.note(&post("c"), Some(&told(2, 700)), now);
        assert_eq!(buckets.spare(&post("c"), now), Ok(()));
        assert_eq!(buckets.pass(&post("c"), now), Ok(()));
        assert_eq!(buckets.spare(&post("c"), now), Err(Duration::from_millis(700)));
        assert_eq!(buckets.pass(&post("c"), now), Ok(()), "others may have it");
        let single = Counted { route: "start a thread", ..post("c") };
        buckets.note(&single, Some(&Told { bucket: "b2".to_owned(), limit: 1, ..told(0, 700) }), now);
        assert_eq!(buckets.spare(&single, now), Ok(()), "there is none to be left");
    }

    #[test]
    fn a_shut_bucket_is_left_alone_until_it_opens_and_others_are_not() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        buckets.note(&post("c"), Some(&told(0, 700)), now);
        assert_eq!(buckets.pass(&post("c"), now), Err(Duration::from_millis(700)));
        assert_eq!(buckets.pass(&post("d"), now), Ok(()));
        assert_eq!(buckets.pass(&post("c"), now + Duration::from_millis(701)), Ok(()));
    }

    #[test]
    fn routes_of_one_bucket_are_counted_together() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        let edit = Counted { route: "edit a message", ..post("c") };
        buckets.note(&post("c"), Some(&told(3, 900)), now);
        buckets.note(&edit, Some(&told(0, 900)), now);
        assert_eq!(buckets.pass(&post("c"), now), Err(Duration::from_millis(900)));
        assert_eq!(buckets.pass(&Counted { major: "d".to_owned(), ..edit }, now), Ok(()));
    }

    #[test]
    fn answers_out_of_order_open_nothing() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        buckets.note(&post("c"), Some(&told(1, 900)), now);
        buckets.note(&post("c"), Some(&told(3, 900)), now);
        assert_eq!(passed(&mut buckets, &post("c"), now), 1);
    }

    #[test]
    fn the_global_limit_holds_everything_but_interactions() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        buckets.shut(&post("c"), Duration::from_secs(3), true, now);
        assert_eq!(buckets.pass(&post("d"), now), Err(Duration::from_secs(3)));
        assert_eq!(buckets.pass(&Counted { global: false, ..post("d") }, now), Ok(()));
        assert_eq!(buckets.pass(&post("d"), now + Duration::from_secs(3)), Ok(()));
    }

    #[test]
    fn a_refusal_shuts_what_it_names() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        buckets.note(&post("c"), Some(&told(4, 900)), now);
        buckets.shut(&post("c"), Duration::from_secs(9), false, now);
        assert_eq!(buckets.pass(&post("c"), now), Err(Duration::from_secs(9)));
        assert_eq!(buckets.pass(&post("d"), now), Ok(()));
    }

    #[test]
    fn a_route_without_a_bucket_is_free() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        assert_eq!(passed(&mut buckets, &post("c"), now), 1);
        buckets.note(&post("c"), None, now);
        assert_eq!(passed(&mut buckets, &post("c"), now), 20);
        buckets.shut(&post("c"), Duration::from_secs(1), false, now);
        assert_eq!(buckets.pass(&post("c"), now), Err(Duration::from_secs(1)));
    }

    #[test]
    fn an_interaction_that_got_no_answer_is_answered_again_at_once() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        let callback = Counted { route: "acknowledge an interaction", major: "t".to_owned(), global: false };
        assert_eq!(passed(&mut buckets, &callback, now), 20);
        buckets.shut(&callback, Duration::from_secs(1), true, now);
        assert_eq!(buckets.pass(&callback, now), Err(Duration::from_secs(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut buckets, now) = (Buckets::default(), Instant::now());
        for n in 0..KEPT + 50 {
            buckets.note(&post(&n.to_string()), Some(&told(1, 60_000 + n as u64)), now);
        }
        assert_eq!(buckets.windows.len(), KEPT);
        assert!(!buckets.windows.contains_key(&("b1".to_owned(), "0".to_owned())), "the first to open goes first");
    }
}

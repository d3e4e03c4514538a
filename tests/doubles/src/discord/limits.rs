//! Discord's rate limits: a window for each route and major parameter, and one for all of the bot.
//! <https://docs.discord.com/developers/topics/rate-limits>
//!
//! Discord does not document the numbers of its windows; those of messages are what its answers say, the others are guesses on
//! the careful side. Nothing should count on them: they are told with every answer.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use midwatch_service::clock::after;

/// So many calls in a window that begins with the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many ...
    pub calls: u32,
    /// ... in this time.
    pub every: Duration,
}

impl Rate {
    /// So many in so many seconds.
    pub const fn of(calls: u32, seconds: u64) -> Self {
        Self { calls, every: Duration::from_secs(seconds) }
    }
}

/// The limits of a bot.
#[derive(Clone, Debug)]
pub struct Limits {
    /// By route, as [`Call::route`](super::Call::route) names it.
    pub routes: BTreeMap<String, Rate>,
    /// Routes that have none of their own.
    pub others: Rate,
    /// Everything but what belongs to an interaction.
    pub global: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        let five = Rate::of(5, 5);
        let routes = [
            ("POST /channels/{channel}/messages", five),
            ("PATCH /channels/{channel}/messages/{message}", five),
            ("PATCH /webhooks/{application}/{token}/messages/@original", five),
        ];
        let routes = routes.map(|(route, rate)| (route.to_owned(), rate)).into();
        Self { routes, others: Rate::of(10, 5), global: Rate::of(50, 1) }
    }
}

impl Limits {
    /// No limits that a test could meet.
    pub fn none() -> Self {
        let wide = Rate::of(1_000_000, 1);
        Self { routes: BTreeMap::new(), others: wide, global: wide }
    }

    /// With a limit of its own for one route.
    #[must_use]
    pub fn route(mut self, name: &str, rate: Rate) -> Self {
        self.routes.insert(name.to_owned(), rate);
        self
    }

    fn of(&self, route: &str) -> Rate {
        self.routes.get(route).copied().unwrap_or(self.others)
    }
}

/// A call that came too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The route.
    pub route: String,
    /// The channel, guild or token that is counted apart; empty when there is none.
    pub major: String,
    /// When, by the guild's clock.
    pub at: Timestamp,
    /// Whether it met the limit of all routes.
    pub global: bool,
}

/// What a call used of its window, as the headers tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) resets: Timestamp,
    pub(super) now: Timestamp,
}

impl Used {
    /// Time until the window ends.
    pub(super) fn after(&self) -> Duration {
        Duration::try_from(self.resets.duration_since(self.now)).unwrap_or_default()
    }
}

/// A call that is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMany {
    pub(super) used: Used,
    pub(super) global: bool,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    resets: Timestamp,
    left: u32,
}

/// How far the limits are used up.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    windows: BTreeMap<(String, String), Window>,
    global: Option<Window>,
    pub(super) violations: Vec<Violation>,
}

impl Usage {
    /// Counts a call, or says that it is one too many.
    pub(super) fn take(
        &mut self,
        limits: &Limits,
        (route, major): (&str, &str),
        counts_globally: bool,
        now: Timestamp,
    ) -> Result<Used, TooMany> {
        let rate = limits.of(route);
        if counts_globally {
            let window = open(self.global, limits.global, now);
            self.global = Some(window);
            if window.left == 0 {
                let used = Used { limit: limits.global.calls, remaining: 0, resets: window.resets, now };
                return Err(self.early(route, major, TooMany { used, global: true }));
            }
        }
        let key = (route.to_owned(), major.to_owned());
        let mut window = open(self.windows.get(&key).copied(), rate, now);
        let full = window.left == 0;
        window.left = window.left.saturating_sub(1);
        self.windows.insert(key, window);
        let used = Used { limit: rate.calls, remaining: window.left, resets: window.resets, now };
        if full {
            return Err(self.early(route, major, TooMany { used, global: false }));
        }
        if counts_globally && let Some(global) = &mut self.global {
            global.left = global.left.saturating_sub(1);
        }
        Ok(used)
    }

    fn early(&mut self, route: &str, major: &str, too_many: TooMany) -> TooMany {
        let (route, major) = (route.to_owned(), major.to_owned());
        self.violations.push(Violation { route, major, at: too_many.used.now, global: too_many.global });
        too_many
    }

    /// A window is shut for so long, whatever it counted: a fault.
    pub(super) fn told(limits: &Limits, route: &str, seconds: u64, now: Timestamp) -> Used {
        let resets = now.saturating_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
        Used { limit: limits.of(route).calls, remaining: 0, resets: resets.unwrap_or(Timestamp::MAX), now }
    }
}

/// The window that is open now, or a new one.
fn open(window: Option<Window>, rate: Rate, now: Timestamp) -> Window {
    let fresh = Window { resets: after(now, rate.every), left: rate.calls };
    window.filter(|window| window.resets > now).unwrap_or(fresh)
}

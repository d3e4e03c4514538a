//! How much one exploration may take, and what it took.
//!
//! Must never be reached by an error: each budget has a graceful end that reports what is known. So a reserve is kept for
//! the last word: `Spending::nearly` tells when it is time for that, `Spending::over` when not even that is left. Start
//! at [`Budget`].

use std::fmt;
use std::time::Duration;

use midwatch_agent::render::model::grouped;
use midwatch_agent::request::{Depth, ModelUse};
use tokio::time::Instant;

use crate::port::{Price, Usage};
use serde::{Deserialize, Serialize};

/// Bounds of one exploration. Whatever is reached first ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Requests to the model.
    pub steps: u32,
    /// Calls of tools.
    pub calls: u32,
    /// Tokens in both directions.
    pub tokens: u64,
    /// Millionths of a US dollar; heeded only where a price is known.
    pub micro_usd: Option<u64>,
    /// Time in all.
    pub wall: Duration,
    /// Bytes that tools may read.
    pub bytes: u64,
    /// Time of one call of a tool.
    pub per_call: Duration,
    /// Calls at the same time.
    pub parallel: usize,
}

impl Default for Budget {
    /// Of standard depth.
    fn default() -> Self {
        Self {
            steps: 12,
            calls: 30,
            tokens: 200_000,
            micro_usd: None,
            wall: Duration::from_secs(90),
            bytes: 64 * 1024 * 1024,
            per_call: Duration::from_secs(15),
            parallel: 4,
        }
    }
}

impl Budget {
    /// No more of it than a depth needs: quick only checks what the rules found.
    #[must_use]
    pub fn at(&self, depth: Depth) -> Self {
        match depth {
            Depth::Quick => Self { steps: self.steps.min(5), calls: self.calls.min(6), ..self.clone() },
            Depth::Standard | Depth::Deep => self.clone(),
        }
    }
}

/// One of the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Steps(u32),
    Calls(u32),
    Tokens(u64),
    Money(u64),
    Wall(Duration),
    Bytes(u64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Steps(n) => write!(f, "the budget of {n} requests to the model"),
            Bound::Calls(n) => write!(f, "the budget of {n} calls of tools"),
            Bound::Tokens(n) => write!(f, "the budget of {} tokens", grouped(*n)),
            Bound::Money(n) => write!(f, "the budget of {}.{:06} US dollars", n / 1_000_000, n % 1_000_000),
            Bound::Wall(time) => write!(f, "the time of {} s", time.as_secs()),
            Bound::Bytes(n) => write!(f, "the budget of {} bytes read by tools", grouped(*n)),
        }
    }
}

/// What is left to be done before the end: so many requests of about so many tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    /// Requests of the round to come.
    pub(crate) round: u32,
    /// Requests after it that the last word needs.
    pub(crate) reserve: u32,
    /// Tokens of the largest of them, in both directions.
    pub(crate) each: Usage,
}

/// What was spent of a budget. Shared by all tracks of an exploration.
#[derive(Debug)]
pub(crate) struct Spending {
    budget: Budget,
    price: Option<Price>,
    begun: Instant,
    used: ModelUse,
    /// What counts against the bound of money: what has no price of its own counts as if the first model had answered.
    micro_usd: Option<u64>,
    bytes: u64,
}

impl Spending {
    /// Nothing yet; the clock runs from now on.
    pub(crate) fn new(budget: Budget, price: Option<Price>) -> Self {
        let used = ModelUse { micro_usd: price.map(|_| 0), ..ModelUse::default() };
        Self { budget, price, begun: Instant::now(), used, micro_usd: used.micro_usd, bytes: 0 }
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(crate) fn used(&self) -> ModelUse {
        self.used
    }

    /// Counts a request that leaves.
    pub(crate) fn request(&mut self) {
        self.used.requests = self.used.requests.saturating_add(1);
    }

    /// Counts what a reply took, at the price of the model that answered. Without one the cost is not known from then on.
    pub(crate) fn reply(&mut self, usage: &Usage, price: Option<Price>) {
        if let Some(counted) = price.or(self.price) {
            self.micro_usd = Some(self.micro_usd.unwrap_or(0).saturating_add(counted.of(usage)));
        }
        self.used = self.used.and(took(usage, price));
    }

    /// Takes one call of a tool, if there is one left.
    pub(crate) fn call(&mut self) -> bool {
        let left = self.used.calls < self.budget.calls && self.bytes < self.budget.bytes;
        self.used.calls += u32::from(left);
        left
    }

    /// Counts bytes that a tool read.
    pub(crate) fn read(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// When all ends.
    pub(crate) fn until(&self) -> Instant {
        self.begun + self.budget.wall
    }

    /// When it is time for the last word: a quarter of the time is kept for it, half a minute at most.
    pub(crate) fn research_until(&self) -> Instant {
        self.until() - (self.budget.wall / 4).min(Duration::from_secs(30))
    }

    /// Which bound does not bear another round of research before the last word.
    pub(crate) fn nearly(&self, ahead: &Ahead) -> Option<Bound> {
        let budget = &self.budget;
        let requests = ahead.round.saturating_add(ahead.reserve);
        let tokens = (ahead.each.input + ahead.each.output).saturating_mul(u64::from(requests));
        let cost = self.price.map_or(0, |price| price.of(&ahead.each)).saturating_mul(u64::from(requests));
        if Instant::now() >= self.research_until() {
            Some(Bound::Wall(budget.wall))
        } else if self.used.requests.saturating_add(requests) > budget.steps {
            Some(Bound::Steps(budget.steps))
        } else if self.used.calls >= budget.calls {
            Some(Bound::Calls(budget.calls))
        } else if self.bytes >= budget.bytes {
            Some(Bound::Bytes(budget.bytes))
        } else if self.used.tokens().saturating_add(tokens) > budget.tokens {
            Some(Bound::Tokens(budget.tokens))
        } else {
            self.money_within(cost)
        }
    }

    /// Which bound bears no request at all.
    pub(crate) fn over(&self) -> Option<Bound> {
        let budget = &self.budget;
        if Instant::now() >= self.until() {
            Some(Bound::Wall(budget.wall))
        } else if self.used.requests >= budget.steps {
            Some(Bound::Steps(budget.steps))
        } else if self.used.tokens() >= budget.tokens {
            Some(Bound::Tokens(budget.tokens))
        } else {
            self.money_within(1)
        }
    }

    /// The bound of money, when so much more would pass it.
    fn money_within(&self, more: u64) -> Option<Bound> {
        let (bound, used) = (self.budget.micro_usd?, self.micro_usd?);
        (used.saturating_add(more) > bound).then_some(Bound::Money(bound))
    }
}

/// What a reply took; the request for it was counted when it left.
pub(crate) fn took(usage: &Usage, price: Option<Price>) -> ModelUse {
    let Usage { input, output, cached, .. } = *usage;
    ModelUse { input, output, cached, micro_usd: price.map(|price| price.of(usage)), ..ModelUse::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { input: 1_000_000, cached: 0, cache_write: 0, output: 2_000_000 };
    const AHEAD: Ahead =
        Ahead { round: 1, reserve: 2, each: Usage { input: 1_000, cached: 0, cache_write: 0, output: 100 } };

    fn spending(budget: Budget) -> Spending {
        Spending::new(budget, Some(PRICE))
    }

    #[tokio::test]
    async fn a_reserve_is_kept_for_the_last_word() {
        let mut spending = spending(Budget { steps: 4, ..Budget::default() });
        spending.request();
        assert_eq!(spending.nearly(&AHEAD), None);
        spending.request();
        assert_eq!(spending.nearly(&AHEAD), Some(Bound::Steps(4)));
        assert_eq!(spending.over(), None);
        spending.request();
        spending.request();
        assert_eq!(spending.over(), Some(Bound::Steps(4)));
    }

    #[tokio::test]
    async fn tokens_and_money_are_foreseen() {
        let mut by_tokens = spending(Budget { tokens: 10_000, ..Budget::default() });
        by_tokens.reply(&Usage { input: 6_000, output: 600, ..Usage::default() }, Some(PRICE));
        assert_eq!(by_tokens.nearly(&AHEAD), None);
        by_tokens.reply(&Usage { input: 100, output: 10, ..Usage::default() }, Some(PRICE));
        assert_eq!(by_tokens.nearly(&AHEAD), Some(Bound::Tokens(10_000)));

        let mut by_money = spending(Budget { micro_usd: Some(5_000), ..Budget::default() });
        by_money.reply(&Usage { input: 1_000, output: 200, ..Usage::default() }, Some(PRICE));
        assert_eq!(by_money.nearly(&AHEAD), None);
        by_money.reply(&Usage { input: 100, ..Usage::default() }, Some(PRICE));
        assert_eq!(by_money.nearly(&AHEAD), Some(Bound::Money(5_000)));
        assert_eq!(by_money.used().micro_usd, Some(1_500));
    }

    #[tokio::test]
    async fn without_a_price_there_is_no_cost_and_no_bound_of_money() {
        let mut spending = Spending::new(Budget { micro_usd: Some(1), ..Budget::default() }, None);
        spending.request();
        spending.reply(&Usage { input: 9_000, ..Usage::default() }, None);
        assert_eq!(spending.nearly(&AHEAD), None);
        assert_eq!(spending.used().micro_usd, None);
    }

    #[tokio::test]
    async fn a_stand_in_costs_its_own_price_and_one_without_is_bounded_all_the_same() {
        let mut spending = spending(Budget { micro_usd: Some(20_000), ..Budget::default() });
        let usage = Usage { input: 1_000, ..Usage::default() };
        spending.reply(&usage, Some(Price { input: 7_000_000, ..PRICE }));
        assert_eq!(spending.used().micro_usd, Some(7_000));
        spending.reply(&usage, None);
        assert_eq!((spending.used().micro_usd, spending.nearly(&AHEAD)), (None, None));
        for _ in 0..10 {
            spending.reply(&usage, None);
        }
        assert_eq!(spending.nearly(&AHEAD), Some(Bound::Money(20_000)));
    }

    #[test]
    fn bounds_are_said_in_words() {
        assert_eq!(Bound::Tokens(200_000).to_string(), "the budget of 200,000 tokens");
        assert_eq!(Bound::Money(50_000).to_string(), "the budget of 0.050000 US dollars");
    }
}

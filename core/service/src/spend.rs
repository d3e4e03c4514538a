//! What language models took: by job, by user and by day, and whether a day's budget lets them be asked again.
//!
//! Values only. Must never forgive what was spent: a restart does not, nor does an attempt that failed. Start at [`Spend`].

use jiff::Timestamp;
use jiff::tz::TimeZone;
use midwatch_agent::request::ModelUse;

use crate::id::{JobId, SpendId};
use crate::job::Actor;

/// Something that was spent. An attempt that is made again really spends again, under an id of its own; the same id again
/// is the same money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// Tells it apart.
    pub id: SpendId,
    /// When.
    pub at: Timestamp,
    /// For which job.
    pub job: JobId,
    /// On whose behalf. Who they are is told by platform and user.
    pub actor: Actor,
    /// The model that was asked, as the configuration calls it.
    pub model: String,
    /// How much.
    pub used: ModelUse,
}

/// Whose spending is summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spender {
    /// Where they are known: [`Actor::platform`].
    pub platform: String,
    /// The user: [`Actor::user`].
    pub user: String,
}

impl From<&Actor> for Spender {
    fn from(actor: &Actor) -> Self {
        Self { platform: actor.platform.clone(), user: actor.user.clone() }
    }
}

/// What one spender took of one model in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySpend {
    /// The beginning of the day, UTC.
    pub day: Timestamp,
    /// Whose.
    pub by: Spender,
    /// The model, as the configuration calls it.
    pub model: String,
    /// How much, all together.
    pub used: ModelUse,
}

/// The beginning of a day: budgets of a day count from midnight, UTC.
pub fn day(now: Timestamp) -> Timestamp {
    let begin = now.to_zoned(TimeZone::UTC).start_of_day();
    begin.map_or(now, |begin| begin.timestamp())
}

/// What may be spent in a day; none: as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayLimit {
    /// Millionths of a US dollar. What has no price counts as nothing.
    pub micro_usd: Option<u64>,
    /// Tokens in both directions.
    pub tokens: Option<u64>,
}

/// The budgets of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayLimits {
    /// Of all together.
    pub all: DayLimit,
    /// Of each user.
    pub user: DayLimit,
}

impl DayLimits {
    /// Whether anything is bounded at all: if not, nothing needs to be summed up.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Why nothing more may be spent today, for the reader; none when it may. `all` and `user` are what was spent since
    /// [`day`].
    pub fn why_not(&self, all: &ModelUse, user: &ModelUse) -> Option<String> {
        let all = self.all.reached(all).map(|what| format!("today's budget for language models, {what}, is used up"));
        let user = || self.user.reached(user).map(|what| format!("your budget of today, {what}, is used up"));
        let why = all.or_else(user)?;
        Some(format!("{why}; it begins anew at midnight UTC"))
    }
}

impl DayLimit {
    /// The bound that is reached, in words.
    fn reached(self, used: &ModelUse) -> Option<String> {
        let cost = self.micro_usd.filter(|most| used.micro_usd.unwrap_or_default() >= *most);
        let tokens = || self.tokens.filter(|most| used.tokens() >= *most);
        cost.map(dollars).or_else(|| tokens().map(|most| format!("{most} tokens")))
    }
}

/// Millionths of a dollar as money: `$2.50`; less than a cent is told exactly.
pub fn dollars(micro_usd: u64) -> String {
    let (whole, rest) = (micro_usd / 1_000_000, micro_usd % 1_000_000);
    if rest % 10_000 == 0 { format!("${whole}.{:02}", rest / 10_000) } else { format!("${whole}.{rest:06}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(tokens: u64, micro_usd: Option<u64>) -> ModelUse {
        ModelUse { input: tokens, micro_usd, ..ModelUse::default() }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(day(at("2026-11-22T23:59:59.5Z")), at("2026-11-22T00:00:00Z"));
        assert_eq!(day(at("2026-11-23T00:00:00Z")), at("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn what_is_reached_first_is_said() {
        let limits = DayLimits {
            all: DayLimit { micro_usd: Some(5_000_000), tokens: Some(1_000) },
            user: DayLimit { micro_usd: Some(500_000), tokens: None },
        };
        let none = ModelUse::default();
        assert_eq!(limits.why_not(&used(999, Some(4_999_999)), &used(999, Some(499_999))), None);
        let why = limits.why_not(&used(1, Some(5_000_000)), &none).unwrap();
        assert_eq!(why, "today's budget for language models, $5.00, is used up; it begins anew at midnight UTC");
        let why = limits.why_not(&used(1_000, None), &none).unwrap();
        assert!(why.contains(", 1000 tokens, "), "a cost that is not known does not end it, the tokens do: {why}");
        let why = limits.why_not(&used(1, Some(1)), &used(1, Some(600_000))).unwrap();
        assert_eq!(why, "your budget of today, $0.50, is used up; it begins anew at midnight UTC");
    }

    #[test]
    fn without_a_bound_nothing_is_used_up() {
        assert!(DayLimits::default().is_none());
        assert_eq!(DayLimits::default().why_not(&used(u64::MAX, Some(u64::MAX)), &used(u64::MAX, None)), None);
        let nothing = DayLimits { user: DayLimit { micro_usd: Some(0), tokens: None }, ..DayLimits::default() };
        assert!(nothing.why_not(&ModelUse::default(), &ModelUse::default()).is_some(), "a budget of nothing");
    }

    #[test]
    fn small_sums_are_told_exactly() {
        let told = [0, 12_345, 500_000, 12_340_000].map(dollars);
        assert_eq!(told, ["$0.00", "$0.012345", "$0.50", "$12.34"]);
    }
}

//! Times of day and dates in a text.
//!
//! Start at [`split`].

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]|, | at ))?\b?([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,][0-9]+)?)?(\s?[ap]m\b)?|([0-9]{4}-[0-9]{2}-[0-9]{2})",
    )
    .unwrap()
});

/// A moment as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// As it is written.
    pub(super) text: String,
    date: Option<String>,
    minute: Option<u32>,
    second: Option<u32>,
}

/// The moments of a text, and the text with blanks in their place.
pub(super) fn split(text: &str) -> (Vec<Clock>, String) {
    let mut rest = String::with_capacity(text.len());
    let mut clocks = Vec::new();
    let mut done = 0;
    for groups in MOMENT.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        let before = text[..whole.start()].chars().next_back();
        let after = text[whole.end()..].chars().next();
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let is_part = digit(before) || digit(after) || matches!(before, Some(':' | '.')) || after == Some(':');
        if is_part || whole.start() < done {
            continue;
        }
        let number = |n: usize| groups.get(n).and_then(|m| m.as_str().parse::<u32>().ok());
        let afternoon = groups.get(5).map(|m| m.as_str().trim().to_lowercase());
        let hour = number(2).map(|hour| match (afternoon.as_deref(), hour) {
            (Some("pm"), 1..=11) => hour + 12,
            (Some("am"), 12) => 0,
            _ => hour,
        });
        clocks.push(Clock {
            text: whole.as_str().to_owned(),
            date: groups.get(1).or(groups.get(6)).map(|m| m.as_str().to_owned()),
            minute: hour.zip(number(3)).map(|(hour, minute)| hour * 60 + minute),
            second: number(4),
        });
        rest.push_str(&text[done..whole.start()]);
        rest.extend(std::iter::repeat_n(' ', whole.len()));
        done = whole.end();
    }
    rest.push_str(&text[done..]);
    (clocks, rest)
}

impl Clock {
    /// Whether this one, as far as it says, is the other.
    pub(super) fn is(&self, other: &Clock) -> bool {
        let same_date = self.date.is_none() || other.date.is_none() && self.minute.is_some() || self.date == other.date;
        let same_minute = self.minute.is_none() || self.minute == other.minute;
        same_date && same_minute && (self.second.is_none() || self.second == other.second)
    }

    /// Whether its date, where it has one, is the date of one of them: a time alone lends itself to any day.
    pub(super) fn has_date_of(&self, others: &[Clock]) -> bool {
        self.date.is_none() || others.iter().any(|other| other.date == self.date)
    }

    /// Seconds from this one to the other, on one day.
    pub(super) fn until(&self, other: &Clock) -> Option<f64> {
        if self.date.is_some() && other.date.is_some() && self.date != other.date {
            return None;
        }
        let at = |clock: &Clock| clock.minute.map(|minute| minute * 60 + clock.second.unwrap_or(0));
        Some(f64::from(at(other)?) - f64::from(at(self)?))
    }
}

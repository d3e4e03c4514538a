//! Arithmetic of dates. Models count days and zones wrong; this does not.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads};
use super::moments::{brief, moment, span};
use crate::tool::{ToolError, ToolResult};

/// `date_math`.
pub(super) struct DateMath;

/// What is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operation {
    Difference,
    Add,
    Compare,
    Convert,
}

/// Arguments of `date_math`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// `difference`: from `a` to `b`. `add`: `a` plus the length `by`. `compare`: which of `a` and `b` is earlier.
    /// `convert`: `a` as RFC 3339 and as epoch.
    operation: Operation,
    /// A moment: RFC 3339 (`2026-11-22T04:36:31Z`), an epoch in seconds or milliseconds, or `now`, the moment that the
    /// investigation is about.
    a: String,
    /// The other moment, for `difference` and `compare`.
    #[serde(default)]
    b: Option<String>,
    /// A length of time for `add`: `90s`, `1h 30m`, `-2d`.
    #[serde(default)]
    by: Option<String>,
}

#[async_trait]
impl Reads for DateMath {
    type Asked = Asked;
    const NAME: &'static str = "date_math";
    const SET: &'static str = "time";
    const READS: bool = false;
    const DESCRIPTION: &'static str = "Works out dates exactly: the length between two moments, a moment plus a length, which of two moments is earlier, \
         or a moment between RFC 3339 and epoch. All in UTC. Use it instead of counting yourself. Reads nothing.";

    async fn read(desk: &Desk, asked: Asked) -> Result<ToolResult, ToolError> {
        let needs_now = |text: &Option<String>| text.as_deref().is_some_and(is_now);
        let now = if is_now(&asked.a) || needs_now(&asked.b) { Some(desk.now().await?) } else { None };
        let says = worked_out(&asked, now)?;
        Ok(ToolResult { summary: says.clone(), text: says, ..ToolResult::default() })
    }
}

fn is_now(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("now")
}

fn worked_out(asked: &Asked, now: Option<Timestamp>) -> Result<String, ToolError> {
    let a = read(&asked.a, now)?;
    let other = |what: &'static str| {
        let text = asked.b.as_ref().ok_or_else(|| missing("b", what))?;
        read(text, now)
    };
    match asked.operation {
        Operation::Difference => {
            let b = other("the moment that is counted to")?;
            let way = if b < a { ", and before it" } else { "" };
            let by = b.duration_since(a);
            let seconds = by.as_secs_f64();
            Ok(format!("From {a} to {b}: {by:#}, which is {seconds} seconds{way}."))
        }
        Operation::Add => {
            let text = asked.by.as_ref().ok_or_else(|| missing("by", "a length of time"))?;
            let wrong = || {
                ToolError::Arguments(format!("`{}` is no length of time: write `90s`, `1h 30m`, `-2d`", brief(text)))
            };
            let by = span(text).ok_or_else(wrong)?;
            let sum =
                a.checked_add(by).map_err(|_| ToolError::Arguments("that is beyond the times there are".to_owned()))?;
            Ok(format!("{a} and {by:#}: {sum}."))
        }
        Operation::Compare => {
            let b = other("the moment to compare with")?;
            let (seconds, word) = (
                b.duration_since(a).abs(),
                match a.cmp(&b) {
                    std::cmp::Ordering::Less => "before",
                    std::cmp::Ordering::Equal => return Ok(format!("{a} and {b} are the same moment.")),
                    std::cmp::Ordering::Greater => "after",
                },
            );
            Ok(format!("{a} is {word} {b}, by {seconds:#}."))
        }
        Operation::Convert => {
            Ok(format!("{a} is {} seconds, {} milliseconds since the epoch.", a.as_second(), a.as_millisecond()))
        }
    }
}

fn read(text: &str, now: Option<Timestamp>) -> Result<Timestamp, ToolError> {
    let at = if is_now(text) { now } else { moment(text) };
    at.ok_or_else(|| {
        ToolError::Arguments(format!(
            "`{}` is no moment: write `2026-11-22T04:36:31Z`, an epoch, or `now`",
            brief(text)
        ))
    })
}

fn missing(name: &str, what: &str) -> ToolError {
    ToolError::Arguments(format!("`{name}` is missing: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(operation: Operation, a: &str, b: Option<&str>, by: Option<&str>) -> String {
        let asked = Asked { operation, a: a.to_owned(), b: b.map(str::to_owned), by: by.map(str::to_owned) };
        let now = "2026-11-22T04:36:31Z".parse().ok();
        worked_out(&asked, now).unwrap_or_else(|why| why.to_string())
    }

    #[rstest::rstest]
    #[case::over_a_leap_day(
        Operation::Difference,
        "2028-02-28T00:00:00Z",
        Some("2028-03-01T00:00:00Z"),
        None,
        "From 2028-02-28T00:00:00Z to 2028-03-01T00:00:00Z: 48h, which is 172800 seconds."
    )]
    #[case::backwards(
        Operation::Difference,
        "now",
        Some("2026-11-22T04:30:00Z"),
        None,
        "From 2026-11-22T04:36:31Z to 2026-11-22T04:30:00Z: 6m 31s ago, which is -391 seconds, and before it."
    )]
    #[case::zones(
        Operation::Compare,
        "2026-11-22T06:00:00+02:00",
        Some("2026-11-22T04:00:00Z"),
        None,
        "2026-11-22T04:00:00Z and 2026-11-22T04:00:00Z are the same moment."
    )]
    #[case::before(
        Operation::Compare,
        "1795318600",
        Some("now"),
        None,
        "2026-11-22T03:36:40Z is before 2026-11-22T04:36:31Z, by 59m 51s."
    )]
    #[case::add(
        Operation::Add,
        "2026-11-22T23:30:00Z",
        None,
        Some("1h 30m"),
        "2026-11-22T23:30:00Z and 1h 30m: 2026-11-23T01:00:00Z."
    )]
    #[case::take_away(
        Operation::Add,
        "now",
        None,
        Some("-2d"),
        "2026-11-22T04:36:31Z and 48h ago: 2026-11-20T04:36:31Z."
    )]
    #[case::epoch(
        Operation::Convert,
        "1700000000000",
        None,
        None,
        "2023-11-14T22:13:20Z is 1700000000 seconds, 1700000000000 milliseconds since the epoch."
    )]
    #[case::fraction(
        Operation::Convert,
        "1700000000.25",
        None,
        None,
        "2023-11-14T22:13:20.25Z is 1700000000 seconds, 1700000000250 milliseconds since the epoch."
    )]
    #[case::no_zone(
        Operation::Convert,
        "2023-11-14 22:13:20",
        None,
        None,
        "2023-11-14T22:13:20Z is 1700000000 seconds, 1700000000000 milliseconds since the epoch."
    )]
    #[case::nothing(
        Operation::Convert,
        "yesterday-ish",
        None,
        None,
        "`yesterday-ish` is no moment: write `2026-11-22T04:36:31Z`, an epoch, or `now`"
    )]
    #[case::without(Operation::Add, "now", None, None, "`by` is missing: a length of time")]
    #[case::months(
        Operation::Add,
        "now",
        None,
        Some("2 months"),
        "`2 months` is no length of time: write `90s`, `1h 30m`, `-2d`"
    )]
    #[case::too_far(
        Operation::Add,
        "now",
        None,
        Some("900000h"),
        "2026-11-22T04:36:31Z and 900000h: 2129-07-25T04:36:31Z."
    )]
    fn dates_are_worked_out(
        #[case] operation: Operation,
        #[case] a: &str,
        #[case] b: Option<&str>,
        #[case] by: Option<&str>,
        #[case] says: &str,
    ) {
        assert_eq!(ask(operation, a, b, by), says);
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(a in "\\PC{0,30}", by in "\\PC{0,20}", number in proptest::num::i64::ANY) {
            for a in [a, number.to_string()] {
                for operation in [Operation::Difference, Operation::Add, Operation::Compare, Operation::Convert] {
                    ask(operation, &a, Some("now"), Some(&by));
                }
            }
        }
    }
}

//! Durations (`90s`, `15m`, `1h30m`) and sizes (`64KiB`, `2GiB`): reading and writing.
//!
//! Never accepts a number without a unit: `lookback: 60` means minutes to one reader and seconds
//! to the next. Start at [`parse_duration`] and [`parse_size`].

use std::fmt::Write as _;
use std::time::Duration;

const DURATIONS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
const SIZES: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A duration in whole seconds: units from large to small, each at most once. None when the text
/// is no such thing or too large to count.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut units = DURATIONS.iter();
    loop {
        let (number, tail) = leading_number(rest)?;
        // Looking on from the last unit found makes `1m1h` and `1h1h` no match.
        let (name, factor) = units.find(|(name, _)| tail.starts_with(name))?;
        total = total.checked_add(number.checked_mul(*factor)?)?;
        rest = tail.strip_prefix(name)?;
        if rest.is_empty() {
            return Some(Duration::from_secs(total));
        }
    }
}

/// A size in bytes: one whole number with KiB, MiB, GiB or TiB; case does not matter.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text)?;
    let unit = unit.trim_start_matches(' ');
    let (_, factor) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*factor)
}

/// Millionths of a US dollar in an amount such as `3`, `0.25` or `0.000001`; at most six digits after the point.
pub(crate) fn parse_usd(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return None;
    }
    let millionths: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(millionths)
}

/// The amount as it would be written: `0.25`.
pub(crate) fn show_usd(millionths: u64) -> String {
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Splits `15m` into 15 and `m`; none when it does not start with a digit.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// The duration as it would be written: `1h30m`; hours are the largest unit.
pub(crate) fn show_duration(value: Duration) -> String {
    let mut seconds = value.as_secs();
    let mut out = String::new();
    for (name, factor) in &DURATIONS[1..] {
        let count = seconds / factor;
        seconds %= factor;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(out, "{count}{name}");
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// The size in the largest unit that needs no fraction.
pub(crate) fn show_size(bytes: u64) -> String {
    SIZES
        .iter()
        .find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor))
        .map_or_else(|| format!("{bytes}B"), |(name, factor)| format!("{}{name}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table: &[(&str, Option<u64>)] = &[
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("1h", Some(3600)),
            ("1h30m", Some(5400)),
            ("1d", Some(86_400)),
            ("1d2h3m4s", Some(93_784)),
            ("0s", Some(0)),
            ("0h0m", Some(0)),
            ("", None),
            ("1", None),
            ("h", None),
            ("-1h", None),
            ("1.5h", None),
            ("1m1h", None),
            ("1h1h", None),
            ("1h ", None),
            (" 1h", None),
            ("1ms", None),
            ("1H", None),
            ("99999999999999999999h", None),
            ("9999999999999999999h", None),
            ("١h", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected.map(Duration::from_secs), "{text:?}");
        }
    }

    #[test]
    fn sizes() {
        let table: &[(&str, Option<u64>)] = &[
            ("64KiB", Some(65_536)),
            ("2GiB", Some(2_147_483_648)),
            ("2 gib", Some(2_147_483_648)),
            ("1TiB", Some(1 << 40)),
            ("", None),
            ("64", None),
            ("64KB", None),
            ("1.5GiB", None),
            ("99999999999GiB", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_size(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn dollars() {
        let table: &[(&str, Option<u64>)] = &[
            ("3", Some(3_000_000)),
            ("0.25", Some(250_000)),
            ("0.000001", Some(1)),
            ("15.0", Some(15_000_000)),
            ("0.0000001", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("1e3", None),
            ("3 $", None),
            ("9999999999", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_usd(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for millionths in [0, 1, 250_000, 3_000_000, 12_345_678] {
            assert_eq!(parse_usd(&show_usd(millionths)), Some(millionths));
        }
        for seconds in [1, 59, 60, 61, 3600, 5400, 86_400, 90_061] {
            let value = Duration::from_secs(seconds);
            assert_eq!(parse_duration(&show_duration(value)), Some(value));
        }
        for bytes in [1 << 10, 3 << 20, 2 << 30, 1 << 40, 1025 << 10] {
            assert_eq!(parse_size(&show_size(bytes)), Some(bytes));
        }
        assert_eq!((show_duration(Duration::ZERO).as_str(), show_size(5).as_str()), ("0s", "5B"));
    }
}

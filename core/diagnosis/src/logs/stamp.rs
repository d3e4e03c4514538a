//! The time a line states.
//!
//! Hand-written over bytes, as it runs on many lines. Never guesses: a format without a year needs the year
//! from the options, and a number is an epoch only under a key that says so. A time without a zone is UTC.

use jiff::Timestamp;

use super::calendar::{clock_time, days_from_civil, digits, fraction, month, zone};

/// How far into a line a time may begin.
const HEAD: usize = 64;

/// What the formats leave out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// Year of klog lines.
    pub(super) year: Option<i16>,
    /// Whether lines begin with a time that is not theirs.
    pub(super) stamped: bool,
}

/// A time, before it is checked against the range of [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    pub(super) seconds: i64,
    nanos: i32,
}

impl Stamp {
    /// As a timestamp, when in range.
    pub(super) fn to_timestamp(self) -> Option<Timestamp> {
        Timestamp::new(self.seconds, self.nanos).ok()
    }
}

/// The first time near the start of the line; in JSON and logfmt also under a time key further on.
pub(super) fn find(line: &[u8], clock: Clock) -> Option<Stamp> {
    let head = line.get(..HEAD).unwrap_or(line);
    let mut previous = b' ';
    for (at, &byte) in head.iter().enumerate() {
        if byte.is_ascii_digit()
            && !previous.is_ascii_alphanumeric()
            && !matches!(previous, b'.' | b'-' | b'/')
            && let Some(stamp) = line.get(at..).and_then(absolute)
        {
            return Some(stamp);
        }
        previous = byte;
    }
    klog(line, clock).or_else(|| keyed(line))
}

/// Length of a leading `2026-11-22T04:28:49.123Z ` as `kubectl logs --timestamps` and CRI logs put it before each
/// line, with CRI's ` stdout F `; zero when there is none.
pub(super) fn prefix_len(line: &[u8]) -> usize {
    if line.len() < 21 || line[10] != b'T' || line[4] != b'-' || !line[0].is_ascii_digit() {
        return 0;
    }
    let window = line.get(..40).unwrap_or(line);
    let Some(space) = memchr::memchr(b' ', window) else {
        return 0;
    };
    if absolute(line).is_none() {
        return 0;
    }
    let after = space + 1;
    match line.get(after..after + 9) {
        Some(b"stdout F " | b"stderr F " | b"stdout P " | b"stderr P ") => after + 9,
        _ => after,
    }
}

/// A calendar time at the beginning of `text`.
fn absolute(text: &[u8]) -> Option<Stamp> {
    if text.len() < 15 {
        return None;
    }
    match (text[2], text[4]) {
        (b'/', _) => clf(text),
        (b' ', _) => spelled(text),
        (_, b'-' | b'/') => iso(text),
        _ => None,
    }
}

/// `2026-11-22T04:28:49.123Z`, `2026-11-22 04:28:49,123`, `2026/11/22 04:28:49`.
fn iso(text: &[u8]) -> Option<Stamp> {
    if text.len() < 19 || text[4] != text[7] || !matches!(text[10], b'T' | b' ' | b't' | b'_') {
        return None;
    }
    let year = digits(text, 0, 4)?;
    let days = days_from_civil(year, digits(text, 5, 2)?, digits(text, 8, 2)?)?;
    let seconds = clock_time(text, 11)?;
    let (nanos, next) = fraction(text, 19);
    let offset = zone(text, next)?;
    Some(Stamp { seconds: days * 86_400 + seconds - offset, nanos })
}

/// `22/Nov/2026:04:28:49 +0000`.
fn clf(text: &[u8]) -> Option<Stamp> {
    if text.len() < 20 || text[6] != b'/' || !matches!(text[11], b':' | b' ') {
        return None;
    }
    let days = days_from_civil(digits(text, 7, 4)?, month(text.get(3..6)?)?, digits(text, 0, 2)?)?;
    let seconds = clock_time(text, 12)?;
    let offset = zone(text, 20)?;
    Some(Stamp { seconds: days * 86_400 + seconds - offset, nanos: 0 })
}

/// `22 Nov 2026 04:28:49.123`, as Redis writes it.
fn spelled(text: &[u8]) -> Option<Stamp> {
    if text.len() < 20 || text[6] != b' ' || text[11] != b' ' {
        return None;
    }
    let days = days_from_civil(digits(text, 7, 4)?, month(text.get(3..6)?)?, digits(text, 0, 2)?)?;
    let seconds = clock_time(text, 12)?;
    Some(Stamp { seconds: days * 86_400 + seconds, nanos: fraction(text, 20).0 })
}

/// `E1122 04:28:49.123456`, only with a year from outside.
fn klog(line: &[u8], clock: Clock) -> Option<Stamp> {
    let year = i64::from(clock.year?);
    if line.len() < 14 || !matches!(line[0], b'I' | b'W' | b'E' | b'F') || line[5] != b' ' {
        return None;
    }
    let days = days_from_civil(year, digits(line, 1, 2)?, digits(line, 3, 2)?)?;
    Some(Stamp { seconds: days * 86_400 + clock_time(line, 6)?, nanos: fraction(line, 14).0 })
}

/// Keys under which a JSON or logfmt line states its time.
const KEYS: [&[u8]; 9] = [
    b"\"time\":",
    b"\"ts\":",
    b"\"timestamp\":",
    b"\"@timestamp\":",
    b"\"$date\":",
    b"\"datetime\":",
    b"\"eventTime\":",
    b"ts=",
    b"time=",
];

/// A calendar time or an epoch under a time key.
fn keyed(line: &[u8]) -> Option<Stamp> {
    let json = line.iter().take(HEAD).any(|b| *b == b'{');
    KEYS.iter().filter(|key| json == key.starts_with(b"\"")).find_map(|key| {
        let at = memchr::memmem::find(line, key)?;
        let clean_start = at == 0 || json || line[at - 1] == b' ';
        let rest = line.get(at + key.len()..)?;
        let skip = rest.iter().take(3).take_while(|b| matches!(b, b' ' | b'"')).count();
        let value = rest.get(skip..)?;
        if clean_start { absolute(value).or_else(|| epoch(value)) } else { None }
    })
}

/// Epoch seconds (10 digits), milliseconds (13), microseconds (16) or nanoseconds (19), with a fraction of seconds.
fn epoch(value: &[u8]) -> Option<Stamp> {
    let count = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = digits(value, 0, count)?;
    let per_second = match count {
        10 => 1,
        13 => 1_000,
        16 => 1_000_000,
        19 => 1_000_000_000,
        _ => return None,
    };
    let nanos = if count == 10 {
        fraction(value, 10).0
    } else {
        i32::try_from(number % per_second * (1_000_000_000 / per_second)).ok()?
    };
    Some(Stamp { seconds: number / per_second, nanos })
}

#[cfg(test)]
mod tests {
    use super::{Clock, find, prefix_len};
    use rstest::rstest;

    fn at(line: &str) -> Option<String> {
        find(line.as_bytes(), Clock { year: Some(2026), ..Clock::default() })
            .and_then(super::Stamp::to_timestamp)
            .map(|t| t.to_string())
    }

    #[rstest]
    #[case("2026-11-22T04:28:49.123Z INFO x", "2026-11-22T04:28:49.123Z")]
    #[case("2024-02-29T23:59:59+01:00 x", "2024-02-29T22:59:59Z")]
    #[case("2026-11-22 04:28:49,123 ERROR x", "2026-11-22T04:28:49.123Z")]
    #[case("[2026-11-22 04:28:49 +0000] [7] [INFO] Booting", "2026-11-22T04:28:49Z")]
    #[case("2026/11/22 04:28:49 [error] 7#7: x", "2026-11-22T04:28:49Z")]
    #[case("10.0.0.1 - - [22/Nov/2026:04:28:49 +0000] \"GET /\"", "2026-11-22T04:28:49Z")]
    #[case("1:M 22 Nov 2026 04:28:49.123 # x", "2026-11-22T04:28:49.123Z")]
    #[case("E1122 04:28:49.123456       1 main.go:7] x", "2026-11-22T04:28:49.123456Z")]
    #[case("ts=2026-11-22T04:28:49Z level=info", "2026-11-22T04:28:49Z")]
    #[case(r#"{"level":"error","ts":1795321729.5,"msg":"x"}"#, "2026-11-22T04:28:49.5Z")]
    #[case(r#"{"level":50,"time":1795321729123,"msg":"x"}"#, "2026-11-22T04:28:49.123Z")]
    #[case(
        r#"{"msg":"a long message that fills the beginning of the line, and more","time":"2026-11-22T04:28:49Z"}"#,
        "2026-11-22T04:28:49Z"
    )]
    fn times_are_read(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(at(line).as_deref(), Some(expected));
    }

    #[rstest]
    #[case("2026 FATAL config error")]
    #[case("order 1795321729 shipped")]
    #[case("2026-13-22T04:28:49Z x")]
    #[case("2026-02-30 04:28:49 x")]
    #[case("offts=1795321729")]
    #[case("")]
    fn nothing_is_guessed(#[case] line: &str) {
        assert_eq!(at(line), None);
    }

    #[test]
    fn klog_has_no_time_without_a_year() {
        assert_eq!(find(b"E1122 04:28:49.123456       1 main.go:7] x", Clock::default()), None);
    }

    #[test]
    fn prefixes_are_measured() {
        assert_eq!(prefix_len(b"2026-11-22T04:28:49.123456789Z hello"), 31);
        assert_eq!(prefix_len(b"2026-11-22T04:28:49.1Z stderr F hello"), 32);
        assert_eq!(prefix_len(b"hello"), 0);
    }
}

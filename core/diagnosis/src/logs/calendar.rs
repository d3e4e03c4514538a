//! The parts of a written time: digits, clock, zone, month, date.
//!
//! Every function takes bytes and an offset and gives `None` for what is not there; none of them can overflow.

/// `count` digits from `at` (at most 19).
pub(super) fn digits(text: &[u8], at: usize, count: usize) -> Option<i64> {
    if count == 0 || count > 19 {
        return None;
    }
    let mut number = 0_i64;
    for byte in text.get(at..at + count)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number
            .checked_mul(10)?
            .checked_add(i64::from(byte - b'0'))?;
    }
    Some(number)
}

/// `HH:MM:SS` from `at`, in seconds.
pub(super) fn clock_time(text: &[u8], at: usize) -> Option<i64> {
    if text.get(at + 2) != Some(&b':') || text.get(at + 5) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (
        digits(text, at, 2)?,
        digits(text, at + 3, 2)?,
        digits(text, at + 6, 2)?,
    );
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `.123` or `,123` from `at`: nanoseconds and where it ends.
pub(super) fn fraction(text: &[u8], at: usize) -> (i32, usize) {
    if !matches!(text.get(at), Some(b'.' | b',')) {
        return (0, at);
    }
    let (mut nanos, mut scale, mut end) = (0_i32, 100_000_000_i32, at + 1);
    while let Some(byte) = text.get(end).filter(|b| b.is_ascii_digit()) {
        nanos += i32::from(byte - b'0') * scale;
        scale /= 10;
        end += 1;
    }
    (nanos, end)
}

/// `Z`, `+01:00`, `+0100`, ` +0000`, or nothing (UTC): seconds east of UTC.
pub(super) fn zone(text: &[u8], at: usize) -> Option<i64> {
    let at = if text.get(at) == Some(&b' ') && matches!(text.get(at + 1), Some(b'+' | b'-')) {
        at + 1
    } else {
        at
    };
    let sign = match text.get(at) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Some(0),
    };
    let Some(hours) = digits(text, at + 1, 2) else {
        return Some(0);
    };
    let colon = usize::from(text.get(at + 3) == Some(&b':'));
    let minutes = digits(text, at + 3 + colon, 2).unwrap_or(0);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// An English month's abbreviation.
pub(super) fn month(name: &[u8]) -> Option<i64> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    MONTHS
        .iter()
        .position(|m| m[..] == *name)
        .and_then(|i| i64::try_from(i + 1).ok())
}

/// Days since 1970-01-01 in the Gregorian calendar, for the years 1970 to 2199; `None` for a date that does not exist.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let index = usize::try_from(month).ok()?.checked_sub(1)?;
    let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let longest = LENGTH.get(index)? + if month == 2 { leap } else { 0 };
    if !(1970..2200).contains(&year) || day < 1 || day > longest {
        return None;
    }
    let past = year - 1;
    let leaps = past / 4 - past / 100 + past / 400 - 477;
    let this_year = BEFORE[index] + if month > 2 { leap } else { 0 };
    Some((year - 1970) * 365 + leaps + this_year + day - 1)
}

//! Lengths of time as people write them: `30m`, `1h30m`, `2 hours`, `half an hour`.
//!
//! Must never take a number without a unit: `60` means minutes to one reader and seconds to the next. Start at [`read`].

use jiff::SignedDuration;

/// The longest that is counted: a year. What is longer is no length anybody means here.
const LONGEST: i64 = 365 * DAY;

const DAY: i64 = 86_400;

/// Units in seconds, from large to small, by all their names.
const UNITS: [(i64, &[&str]); 5] = [
    (7 * DAY, &["w", "week", "weeks"]),
    (DAY, &["d", "day", "days"]),
    (3600, &["h", "hr", "hrs", "hour", "hours"]),
    (60, &["m", "min", "mins", "minute", "minutes"]),
    (1, &["s", "sec", "secs", "second", "seconds"]),
];

/// Numbers that people write out.
const NUMBERS: [(&str, i64); 13] = [
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("twelve", 12),
];

/// A length of at least a second: numbers with units, from large to small, each unit at most once. None when the text is
/// anything else.
pub fn read(text: &str) -> Option<SignedDuration> {
    let text = text.trim().to_lowercase();
    if text == "half an hour" {
        return Some(SignedDuration::from_mins(30));
    }
    let pieces = pieces(&text)?;
    let mut units = UNITS.iter();
    let mut seconds = 0_i64;
    for pair in pieces.chunks(2) {
        let &[number, unit] = pair else { return None };
        let number = NUMBERS.iter().find(|(word, _)| *word == number).map(|(_, n)| *n).or_else(|| number.parse().ok())?;
        // Looking on from the last unit makes `1m1h` and `1h1h` no length.
        let (factor, _) = units.find(|(_, names)| names.contains(&unit))?;
        seconds = number.checked_mul(*factor).and_then(|more| seconds.checked_add(more))?;
    }
    (1..=LONGEST).contains(&seconds).then(|| SignedDuration::from_secs(seconds))
}

/// As it would be written: `1h30m`, `24h`.
pub fn show(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let shown: String = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown }
}

/// `1h 30min` as `1`, `h`, `30`, `min`; none when there is anything but words and numbers.
fn pieces(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    for word in text.split_whitespace().filter(|word| *word != "and") {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
            let (piece, tail) = rest.split_at(rest.find(|c| !same(c)).unwrap_or(rest.len()));
            if !piece.chars().all(|c| c.is_ascii_alphanumeric()) {
                return None;
            }
            found.push(piece);
            rest = tail;
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("2 hours", 7200),
            ("2hrs", 7200),
            ("1 hour and 30 minutes", 5400),
            ("an hour", 3600),
            ("half an hour", 1800),
            ("two days", 172_800),
            ("1w", 604_800),
            ("  10 Min ", 600),
        ] {
            assert_eq!(read(text), Some(SignedDuration::from_secs(seconds)), "{text}");
        }
        for none in ["", "60", "h", "1m1h", "1h1h", "0s", "-1h", "1.5h", "1h30", "soon", "10 apples", "99999999999d", "400d"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in 1_i64..=LONGEST) {
            let length = SignedDuration::from_secs(seconds);
            prop_assert_eq!(read(&show(length)), Some(length));
        }

        #[test]
        fn anything_is_read_without_a_panic(text in ".{0,60}") {
            let _ = read(&text);
        }
    }
}

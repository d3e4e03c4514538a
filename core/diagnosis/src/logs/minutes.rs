//! The minute a line was written in, cheaply.
//!
//! A shortcut before `stamp`, never a second opinion: it repeats what `stamp` said of the same leading bytes.

use super::stamp::{self, Clock};

/// The minute of the line read last: the next line mostly begins with the same characters, up to the seconds.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    /// `2026-11-22T04:28:`
    lead: [u8; 17],
    minute: i64,
}

impl Minutes {
    /// Minutes since 1970 of a line that states its time.
    pub(super) fn of(&mut self, line: &[u8], clock: Clock) -> Option<i64> {
        let lead = line.first_chunk::<17>().filter(|_| !has_zone(line));
        if lead == Some(&self.lead) {
            return Some(self.minute);
        }
        let minute = stamp::find(line, clock)?.seconds.div_euclid(60);
        if let Some(lead) = lead.filter(|lead| is_iso_minute(lead)) {
            self.lead = *lead;
            self.minute = minute;
        }
        Some(minute)
    }
}

/// Whether a zone other than UTC may follow: those times are read one by one.
fn has_zone(line: &[u8]) -> bool {
    line.get(19..33.min(line.len()))
        .is_none_or(|rest| rest.contains(&b'+') || rest.contains(&b'-'))
}

/// Whether the line begins with a date, an hour and a minute.
fn is_iso_minute(lead: &[u8; 17]) -> bool {
    lead[0].is_ascii_digit()
        && lead[4] == lead[7]
        && matches!(lead[10], b'T' | b' ')
        && lead[13] == b':'
        && lead[16] == b':'
}

#[cfg(test)]
mod tests {
    use super::{Clock, Minutes};

    #[test]
    fn the_shortcut_agrees_with_the_long_way() {
        let lines = [
            "2026-11-22T04:28:49.123Z a",
            "2026-11-22T04:28:50.123Z b",
            "2026-11-22T04:28:50+01:00 c",
            "2026-11-22T04:29:00Z d",
            "2026-11-22 04:29:01,1 e",
            "no time",
        ];
        let mut warm = Minutes::default();
        for line in lines {
            let long = Minutes::default().of(line.as_bytes(), Clock::default());
            assert_eq!(warm.of(line.as_bytes(), Clock::default()), long, "{line}");
        }
    }
}

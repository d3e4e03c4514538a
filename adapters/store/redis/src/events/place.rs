//! Where an event stands in the stream of its job: an id that the writer gives, never the server.
//!
//! Redis refuses an id that is not above all before it, so an event that is sent twice is written once, in whatever order the
//! two arrive: <https://redis.io/docs/latest/develop/data-types/streams/#entry-ids>. The number of an id begins with the
//! writer's own, so that between two events of one batch no other writer's id can stand. Must never be given twice.
//! Start at [`Places::take`].

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::str::FromStr;

/// Bits of the number that count; those above tell the writer.
const COUNT_BITS: u32 = 44;

/// The id of an entry of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    millis: u64,
    number: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// The text is no id of an entry.
#[derive(Debug)]
pub(super) struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (millis, number) = text.split_once('-').ok_or(NotAPlace)?;
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        Ok(Self { millis: plain(millis).ok_or(NotAPlace)?, number: plain(number).ok_or(NotAPlace)? })
    }
}

/// The places that one writer gives.
#[derive(Debug)]
pub(super) struct Places {
    writer: u64,
    count: u64,
    millis: u64,
}

impl Places {
    /// Of a process.
    pub(super) fn new(process: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        process.hash(&mut hasher);
        Self { writer: hasher.finish() << COUNT_BITS, count: 0, millis: 0 }
    }

    /// Says what time it is; the places given from now on have it.
    pub(super) fn at(&mut self, millis: u64) {
        self.millis = self.millis.max(millis);
    }

    /// The places given from now on are above this one, wherever another writer's clock has brought it.
    pub(super) fn above(&mut self, place: Place) {
        self.at(place.millis.saturating_add(1));
    }

    /// The next place.
    pub(super) fn take(&mut self) -> Place {
        self.count = (self.count + 1) % (1 << COUNT_BITS);
        if self.count == 0 {
            self.millis += 1;
        }
        Place { millis: self.millis, number: self.writer | self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_rise_whatever_the_clock_does() {
        let mut places = Places::new("one");
        let mut last: Option<Place> = None;
        for millis in [5, 5, 4, 9, 0] {
            places.at(millis);
            let place = places.take();
            assert!(last < Some(place), "{last:?} {place:?}");
            last = Some(place);
        }
        let other = Place { millis: 100, number: u64::MAX };
        places.above(other);
        assert!(places.take() > other);
    }

    #[test]
    fn no_other_writer_comes_between_two_places_of_a_batch() {
        let (mut one, mut two) = (Places::new("one"), Places::new("two"));
        one.at(7);
        two.at(7);
        let (first, last) = (one.take(), one.take());
        let other = two.take();
        assert!(other < first || other > last);
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        let mut places = Places::new("one");
        places.at(1_763_848_800_000);
        let place = places.take();
        assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        for odd in ["", "1", "-", "1-", "-1", "1-2-3", "+1-2", "(1-2", "18446744073709551616-0", "1 -2"] {
            assert!(odd.parse::<Place>().is_err(), "{odd}");
        }
    }
}

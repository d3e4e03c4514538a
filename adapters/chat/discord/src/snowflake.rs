//! The time in Discord's ids: <https://docs.discord.com/developers/reference#snowflakes>.
//!
//! Pure. Start at [`first`].

use std::time::Duration;

use jiff::Timestamp;

/// The moment that ids count from, in milliseconds.
const EPOCH: i64 = 1_420_070_400_000;

/// The least id of a moment.
pub(crate) fn first(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millisecond().saturating_sub(EPOCH)).unwrap_or_default() << 22
}

/// How long ago something with this id was done; nothing when our clock is behind Discord's.
pub(crate) fn age(id: u64, now: Timestamp) -> Duration {
    let at = i64::try_from(id >> 22).unwrap_or(i64::MAX).saturating_add(EPOCH);
    let since = now.as_millisecond().saturating_sub(at);
    Duration::from_millis(u64::try_from(since).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_the_time() {
        // The example of the documentation.
        let (id, at): (u64, Timestamp) = (175_928_847_299_117_063, "2016-04-30T11:18:25.796Z".parse().unwrap());
        assert_eq!(first(at), id >> 22 << 22);
        assert_eq!(first(Timestamp::UNIX_EPOCH), 0);
        assert_eq!(age(id, at + jiff::SignedDuration::from_secs(3)), Duration::from_secs(3));
        assert_eq!(age(id, at - jiff::SignedDuration::from_secs(3)), Duration::ZERO);
        assert_eq!(age(u64::MAX, at), Duration::ZERO);
    }
}

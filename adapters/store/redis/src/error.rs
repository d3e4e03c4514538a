//! What Redis' errors mean, in the words of the port, and what to do about them.
//!
//! Must never say where a password could stand. Start at [`storage`].

use midwatch_service::port::store::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What a failed command means for the connection it went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Connect anew, perhaps to another server, and try again.
    Reconnect,
    /// Try again a moment later.
    Wait,
    /// Nothing would change.
    None,
}

/// What to do about an error before it is told.
pub(crate) fn remedy(error: &RedisError) -> Remedy {
    use ServerErrorKind as Server;
    match error.kind() {
        ErrorKind::Server(Server::Moved | Server::Ask | Server::ReadOnly | Server::MasterDown)
        | ErrorKind::Io
        | ErrorKind::Parse => Remedy::Reconnect,
        ErrorKind::Server(Server::BusyLoading | Server::TryAgain | Server::ClusterDown) => Remedy::Wait,
        // What a script meets inside is told with its own code, not as a kind.
        _ => match error.code() {
            Some("READONLY" | "MASTERDOWN" | "UNBLOCKED") => Remedy::Reconnect,
            Some("LOADING" | "BUSY" | "CLUSTERDOWN" | "TRYAGAIN") => Remedy::Wait,
            _ => Remedy::None,
        },
    }
}

/// An error in the words of the port.
pub(crate) fn storage(place: &str, error: RedisError) -> StoreError {
    use ServerErrorKind as Server;
    let words = format!("Redis at {place}: {error}");
    match (error.kind(), error.code()) {
        (_, Some("OOM")) => StoreError::NoRoom(format!(
            "{words}; raise its maxmemory or free some of it (maxmemory-policy must be noeviction), it goes on by itself then"
        )),
        (_, Some("MISCONF")) => {
            StoreError::NoRoom(format!("{words}; it cannot write to its disk: see its log, it goes on by itself then"))
        }
        (_, Some("NOREPLICAS")) => StoreError::ReadOnly(format!("{words}; too few replicas are connected to it")),
        (ErrorKind::Server(Server::NoPerm), _) | (_, Some("NOPERM")) => StoreError::ReadOnly(format!(
            "{words}; the user may not do that: the documentation says which rights the store needs"
        )),
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            StoreError::ReadOnly(format!("{words}; look at store.username and store.password"))
        }
        (ErrorKind::Server(Server::ReadOnly), _) | (_, Some("READONLY")) => {
            StoreError::ReadOnly(format!("{words}; no server that takes writes is known yet"))
        }
        (ErrorKind::Server(Server::CrossSlot), _) => StoreError::Other {
            what: format!("Redis at {place} is a node of a cluster; set store.mode to cluster"),
            source: Box::new(error),
        },
        // The first line of our scripts is of Redis 7.0.
        _ if error.to_string().contains("compiling script") => StoreError::Other {
            what: format!("Redis at {place} is older than 7.0, which the store needs"),
            source: Box::new(error),
        },
        _ if remedy(&error) != Remedy::None => StoreError::Busy(words),
        _ => StoreError::Other { what: format!("a command failed on Redis at {place}"), source: Box::new(error) },
    }
}

#[cfg(test)]
mod tests {
    use redis::make_extension_error;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::full("OOM", "no room in the store", "maxmemory")]
    #[case::a_full_disk("MISCONF", "no room in the store", "its disk")]
    #[case::no_right("NOPERM", "cannot be written", "which rights")]
    #[case::a_wrong_password("WRONGPASS", "cannot be written", "store.password")]
    #[case::too_few_replicas("NOREPLICAS", "cannot be written", "too few replicas")]
    #[case::it_starts("LOADING", "does not take this now", "LOADING")]
    fn codes_become_words_with_what_to_do(#[case] code: &str, #[case] what: &str, #[case] next: &str) {
        let words = storage("redis:6379", make_extension_error(code.to_owned(), None)).to_string();
        assert!(words.contains(what) && words.contains(next), "{words}");
    }

    #[rstest]
    #[case::demoted("READONLY", Remedy::Reconnect)]
    #[case::blocked_while_demoted("UNBLOCKED", Remedy::Reconnect)]
    #[case::a_long_script("BUSY", Remedy::Wait)]
    #[case::anything_else("WRONGTYPE", Remedy::None)]
    fn each_has_its_remedy(#[case] code: &str, #[case] wanted: Remedy) {
        assert_eq!(remedy(&make_extension_error(code.to_owned(), None)), wanted);
    }
}

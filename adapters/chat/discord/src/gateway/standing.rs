//! How listening stands: everything that is wrong at once, as one line of health.
//!
//! Must never let one part's good news hide another's trouble. Start at [`Standing`].

use std::sync::{Arc, Mutex, PoisonError};

use midwatch_service::clock::SharedClock;
use midwatch_service::health::{Health, Status};

use crate::reception::HEALTH;

/// What is wrong, in words for the operator; none where nothing is.
#[derive(Debug, Default, PartialEq)]
struct Troubles {
    /// Nothing comes in.
    line: Option<String>,
    /// The guild is not there.
    guild: Option<String>,
    /// Messages come in empty.
    content: Option<String>,
    /// What comes in is not written down.
    hearing: Option<String>,
    /// What was missed could not be read.
    missed: Option<String>,
    /// The latest channel that nothing is heard in, and why.
    unplaced: Option<(String, String)>,
}

/// How listening stands.
pub(super) struct Standing {
    health: Arc<Health>,
    clock: SharedClock,
    troubles: Mutex<Troubles>,
}

impl Standing {
    /// Nothing comes in yet.
    pub(super) fn new(health: Arc<Health>, clock: SharedClock) -> Self {
        let standing = Self { health, clock, troubles: Mutex::default() };
        standing.line(Some("no connection to Discord's gateway stands yet".to_owned()));
        standing
    }

    /// The connection does not stand, for this reason; or stands.
    pub(super) fn line(&self, why: Option<String>) {
        self.change(|troubles| troubles.line = why);
    }

    /// The guild is not there, or is.
    pub(super) fn guild(&self, why: Option<String>) {
        self.change(|troubles| troubles.guild = why);
    }

    /// Messages come in empty, or whole.
    pub(super) fn content(&self, why: Option<String>) {
        self.change(|troubles| troubles.content = why);
    }

    /// What comes in is not written down, or is.
    pub(super) fn hearing(&self, why: Option<String>) {
        self.change(|troubles| troubles.hearing = why);
    }

    /// What was missed could not be read, or was.
    pub(super) fn missed(&self, why: Option<String>) {
        self.change(|troubles| troubles.missed = why);
    }

    /// Nothing is heard in a channel, or something is again. Only the latest such channel is told.
    pub(super) fn unplaced(&self, channel: &str, why: Option<String>) {
        let is_told = |troubles: &Troubles| troubles.unplaced.as_ref().is_some_and(|(told, _)| told == channel);
        if why.is_some() || is_told(&self.troubles.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.change(|troubles| troubles.unplaced = why.map(|why| (channel.to_owned(), why)));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Troubles)) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut troubles);
        let (status, reason) = troubles.told();
        self.health.report(HEALTH, status, &reason, None, self.clock.now());
    }
}

impl Troubles {
    fn told(&self) -> (Status, String) {
        let Self { line, guild, content, hearing, missed, unplaced } = self;
        let unplaced = unplaced.as_ref().map(|(_, why)| why);
        let grave: Vec<&String> = [line, guild].into_iter().flatten().collect();
        let light: Vec<&String> = [content, hearing, missed].into_iter().flatten().chain(unplaced).collect();
        let status = match (grave.is_empty(), light.is_empty()) {
            (false, _) => Status::Down,
            (true, false) => Status::Degraded,
            (true, true) => Status::Up,
        };
        let all = grave.into_iter().chain(light).map(String::as_str);
        (status, all.collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_channel_that_is_not_heard_is_told_until_it_is() {
        let (health, clock) = (Arc::<Health>::default(), Arc::new(midwatch_service::clock::SystemClock));
        let standing = Standing::new(health.clone(), clock);
        standing.line(None);
        let told = || health.parts().remove(HEALTH).map(|part| (part.status, part.reason)).unwrap();
        for (channel, why, expected) in [
            ("1", Some("a"), (Status::Degraded, "a")),
            ("2", Some("b"), (Status::Degraded, "b")),
            ("1", None, (Status::Degraded, "b")),
            ("2", None, (Status::Up, "")),
        ] {
            standing.unplaced(channel, why.map(str::to_owned));
            assert_eq!(told(), (expected.0, expected.1.to_owned()), "{channel}");
        }
    }

    #[test]
    fn good_news_of_one_part_hide_nothing_of_another() {
        let some = |words: &str| Some(words.to_owned());
        let mut troubles = Troubles { line: some("a"), content: some("b"), ..Troubles::default() };
        assert_eq!(troubles.told(), (Status::Down, "a; b".to_owned()));
        troubles.line = None;
        assert_eq!(troubles.told(), (Status::Degraded, "b".to_owned()));
        troubles.content = None;
        assert_eq!(troubles.told(), (Status::Up, String::new()));
    }
}

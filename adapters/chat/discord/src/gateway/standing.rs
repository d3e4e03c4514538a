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

    fn change(&self, change: impl FnOnce(&mut Troubles)) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut troubles);
        let (status, reason) = troubles.told();
        self.health.report(HEALTH, status, &reason, None, self.clock.now());
    }
}

impl Troubles {
    fn told(&self) -> (Status, String) {
        let Self { line, guild, content, hearing, missed } = self;
        let status = match (line.as_ref().or(guild.as_ref()), content.as_ref().or(hearing.as_ref()).or(missed.as_ref()))
        {
            (Some(_), _) => Status::Down,
            (None, Some(_)) => Status::Degraded,
            (None, None) => Status::Up,
        };
        let all = [line, guild, content, hearing, missed].into_iter().flatten().map(String::as_str);
        (status, all.collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! What a platform knows of its people and channels, asked seldom and never for long.
//!
//! Must never keep anyone waiting for a platform, nor let a platform that cannot be asked give a right: permissions only
//! allow, so no groups are assumed then. Start at [`Desk::groups_of`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Desk;
use crate::clock::after;
use crate::heard::Place;
use crate::job::Actor;
use crate::port::chat::{Directory, Membership};

/// How long a platform is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long what it said is believed.
const BELIEVED: Duration = Duration::from_mins(5);

/// Answers that are remembered of each kind.
const REMEMBERED: usize = 10_000;

/// Answers by platform and the platform's id, until when they are believed.
struct Answers<T>(Mutex<BTreeMap<(String, String), (Timestamp, T)>>);

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Answers<T> {
    fn get(&self, key: &(String, String), now: Timestamp) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(until, _)| now < *until).map(|(_, answer)| answer.clone())
    }

    fn put(&self, key: (String, String), answer: T, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, (until, _)| now < *until);
        }
        if known.len() < REMEMBERED {
            known.insert(key, (after(now, BELIEVED), answer));
        }
    }
}

/// What platforms said lately.
#[derive(Default)]
pub(super) struct People {
    groups: Answers<Vec<String>>,
    /// Channels we are in; that we are in none is asked again each time, because people mend that at once.
    channels: Answers<()>,
}

impl Desk {
    /// The groups of who spoke: those that came with the words, and those the platform knows.
    pub(super) async fn groups_of(&self, actor: &Actor) -> Vec<String> {
        let mut groups = actor.groups.clone();
        if let Some(directory) = self.parts.directories.get(&actor.platform) {
            groups.extend(self.known_groups(directory, actor).await);
            groups.sort();
            groups.dedup();
        }
        groups
    }

    async fn known_groups(&self, directory: &Arc<dyn Directory>, actor: &Actor) -> Vec<String> {
        let key = (actor.platform.clone(), actor.user.clone());
        if let Some(groups) = self.people.groups.get(&key, self.now()) {
            return groups;
        }
        match self.in_time(directory.groups(&actor.user)).await {
            Ok(groups) => {
                self.people.groups.put(key, groups.clone(), self.now());
                groups
            }
            Err(why) => {
                tracing::warn!(platform = actor.platform, "the groups of {} are not known: {why}", actor.user);
                Vec::new()
            }
        }
    }

    /// What to do first so that we can speak in a channel; none when we can, or when that is not known.
    pub(super) async fn invitation(&self, place: &Place) -> Option<String> {
        let directory = self.parts.directories.get(&place.platform).filter(|_| !place.direct)?;
        let key = (place.platform.clone(), place.channel.clone());
        if self.people.channels.get(&key, self.now()).is_some() {
            return None;
        }
        match self.in_time(directory.membership(&place.channel)).await {
            Ok(Membership::Member) => {
                self.people.channels.put(key, (), self.now());
                None
            }
            Ok(Membership::NotMember) => Some(directory.invitation()),
            Err(why) => {
                let Place { platform, channel, .. } = place;
                tracing::warn!(platform, channel, "whether we are in the channel is not known: {why}");
                None
            }
        }
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::select! {
            answer = answer => answer,
            () = self.parts.clock.sleep_until(after(self.now(), PATIENCE)) => {
                Err(format!("no answer within {} s", PATIENCE.as_secs()))
            }
        }
    }
}

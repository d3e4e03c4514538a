//! The one way in: what the gateway or the endpoint brings is written down, and only then acknowledged.
//!
//! Must do one durable write for each delivery and nothing else: who pressed or typed waits for it, and Discord gives 3 s.
//! What is answered here holds no evidence. Start at [`Reception::interaction`] and [`Reception::write`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch_conversation::answer::Answer;
use midwatch_service::clock::SharedClock;
use midwatch_service::health::Health;
use midwatch_service::heard::Heard;
use midwatch_service::inbox::{Ack, Ears};
use midwatch_service::intake::Refused;
use midwatch_service::port::names::Names;
use serde_json::{Value, json};
use serenity::model::application::{CommandInteraction, Interaction};
use serenity::model::id::GuildId;

use crate::commands;
use crate::embeds;
use crate::heard::{Listening, interaction};
use crate::places::Places;
use crate::platform::DiscordPlatform;

/// The name under which what comes from Discord reports its health.
pub const HEALTH: &str = "discord";

/// Time from an interaction's arrival until it must have been written down: what is left of Discord's 3 s
/// (<https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback>) is for the network.
pub(crate) const WRITE: Duration = Duration::from_millis(2_500);

/// How long the names of roles are waited for while somebody types. They are kept, so that is seldom.
const ROLES: Duration = Duration::from_millis(500);

/// How long Discord is asked what a channel is that an interaction does not tell of.
const PLACED: Duration = Duration::from_millis(800);

/// The flag of a message that only one person sees.
const EPHEMERAL: u64 = 1 << 6;

/// Answers to an interaction:
/// <https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type>.
mod callback {
    pub(super) const PONG: u8 = 1;
    pub(super) const MESSAGE: u8 = 4;
    pub(super) const DEFERRED_MESSAGE: u8 = 5;
    pub(super) const AUTOCOMPLETE: u8 = 8;
    pub(super) const MODAL: u8 = 9;
}

/// What the gateway and the endpoint hand over to.
#[derive(Clone)]
pub struct Reception {
    /// Where it is written down.
    pub ears: Arc<dyn Ears>,
    /// Who knows names to offer.
    pub names: Arc<dyn Names>,
    /// The time.
    pub clock: SharedClock,
    /// Where trouble is told.
    pub health: Arc<Health>,
    /// What is listened to.
    pub listening: Listening,
    /// Who knows what roles are called.
    pub platform: DiscordPlatform,
}

/// It was not written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWritten {
    /// It was refused.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// It may still be, but not in time.
    #[error("not written down within {} ms", .0.as_millis())]
    Late(Duration),
}

impl NotWritten {
    /// Whether the same may be written down later.
    pub(crate) fn is_for_now(&self) -> bool {
        match self {
            NotWritten::Refused(refused) => {
                matches!(refused, Refused::Storage(_) | Refused::Busy { .. } | Refused::Draining)
            }
            NotWritten::Late(_) => true,
        }
    }
}

impl Reception {
    /// Has something written down, once.
    ///
    /// # Errors
    /// It was not, or not within this time.
    pub(crate) async fn write(&self, heard: Heard, within: Duration) -> Result<Ack, NotWritten> {
        match tokio::time::timeout(within, self.ears.hear(heard)).await {
            Ok(taken) => Ok(taken?),
            Err(_) => Err(NotWritten::Late(within)),
        }
    }

    /// Takes an interaction, and gives what it is answered with: it must be within this time.
    pub(crate) async fn interaction(&self, done: &Interaction, places: &Places, within: Duration) -> Value {
        let begun = Instant::now();
        if matches!(done, Interaction::Ping(_)) {
            return json!({"type": callback::PONG});
        }
        if !self.is_here(done) {
            tracing::info!(id = %done.id(), "an interaction of another guild or of direct messages was turned away");
            return match done {
                Interaction::Autocomplete(_) => choices(&[]),
                _ => told("I answer in the channels of one server only, not here and not in direct messages."),
            };
        }
        let parent = parent_of(done, places).await;
        let (parent, now) = (parent.as_deref(), self.clock.now());
        let heard = match done {
            Interaction::Autocomplete(typed) => return self.offered(typed, parent).await,
            Interaction::Component(pressed) => match interaction::asked_about(&pressed.data.custom_id) {
                Some(job) => return json!({"type": callback::MODAL, "data": interaction::blank_form(job)}),
                None => Some(interaction::press(pressed, parent, now)),
            },
            Interaction::Command(given) => Some(interaction::command(given, parent, now)),
            Interaction::Modal(sent) => interaction::form(sent, parent, now),
            _ => None,
        };
        match heard {
            Some(heard) => self.answered(heard, within.saturating_sub(begun.elapsed())).await,
            None => told("This form is not known any more; ask again below the latest report."),
        }
    }

    fn is_here(&self, done: &Interaction) -> bool {
        let guild: Option<GuildId> = match done {
            Interaction::Command(done) | Interaction::Autocomplete(done) => done.guild_id,
            Interaction::Component(done) => done.guild_id,
            Interaction::Modal(done) => done.guild_id,
            _ => None,
        };
        guild.is_some_and(|guild| guild.to_string() == self.listening.guild)
    }

    /// Who waits is told at once what they can know: that it was taken, what it means, or that it was not taken.
    async fn answered(&self, heard: Heard, within: Duration) -> Value {
        let id = heard.id.clone();
        match self.write(heard, within).await {
            Ok(Ack::Silent) => json!({"type": callback::DEFERRED_MESSAGE, "data": {"flags": EPHEMERAL}}),
            Ok(Ack::Say(answer)) => ephemeral(&answer),
            Err(not) => {
                tracing::error!(id, "not taken: {not}");
                told(&not_taken(&not))
            }
        }
    }

    /// Names for who types; rules may name their roles by name.
    async fn offered(&self, typed: &CommandInteraction, parent: Option<&str>) -> Value {
        let Some(sought) = commands::typed(&typed.data) else { return choices(&[]) };
        let mut typist = interaction::typist(typed, parent);
        typist.groups.extend(self.platform.role_names(&typist.groups, ROLES).await);
        choices(&self.names.offer(&typist, &sought, commands::CHOICES))
    }
}

/// The channel of the thread it was done in, where it does not tell that itself. What cannot be known in time is taken to
/// be at the top of its channel.
async fn parent_of(done: &Interaction, places: &Places) -> Option<String> {
    let channel = interaction::unplaced(done)?.to_string();
    match tokio::time::timeout(PLACED, places.parent(&channel)).await {
        Ok(Ok(parent)) => return parent,
        Ok(Err(fault)) => tracing::warn!(channel, "the channel of an interaction cannot be read: {}", fault.words()),
        Err(_) => tracing::warn!(channel, "what the channel of an interaction is was not answered in time"),
    }
    None
}

fn not_taken(not: &NotWritten) -> String {
    match not {
        NotWritten::Refused(refused) => format!("This was not taken ({}). {refused}", refused.code().as_str()),
        NotWritten::Late(_) => {
            "This was perhaps not taken: the storage did not answer in time. If nothing follows, try again.".to_owned()
        }
    }
}

/// Words that only who asked sees.
fn told(words: &str) -> Value {
    ephemeral(&Answer::text(words))
}

/// An answer that only who asked sees.
fn ephemeral(answer: &Answer) -> Value {
    let mut data = embeds::words(answer).body();
    data["flags"] = EPHEMERAL.into();
    json!({"type": callback::MESSAGE, "data": data})
}

fn choices(names: &[String]) -> Value {
    json!({"type": callback::AUTOCOMPLETE, "data": {"choices": commands::choices(names)}})
}

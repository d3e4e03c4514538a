//! The gateway: messages, and interactions where no endpoint takes them.
//!
//! serenity keeps one connection (heartbeats, resuming, identifying); here is decided when one may be begun, in what order
//! what it brings is heard, and what the operator is told. Must never loop on what only the operator can mend, nor begin
//! more sessions than Discord allows: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>.
//!
//! What comes this way is read by serenity before anything here sees it, and what lacks a field that serenity demands is
//! dropped there with a word in its log: of an interaction `application_id`, `version`, `locale`, `entitlements`,
//! `attachment_size_limit`, the `options` of a subcommand, and the `roles`, `deaf`, `mute` and `flags` of its member; of a
//! message `tts`, `pinned`, `mention_everyone` and the lists of mentions, attachments and embeds. Discord sends them all.
//! The endpoint is more patient (`heard::tolerant`).
//!
//! Start at [`Gateway::run`].

mod events;
mod lanes;
mod session;
mod standing;
mod starts;

use std::sync::Arc;
use std::time::Duration;

use serenity::model::gateway::GatewayIntents;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::events::Events;
use self::session::{Ended, Session};
use self::standing::Standing;
use self::starts::Start;
use crate::fault::Fault;
use crate::heard::Me;
use crate::options::DiscordOptions;
use crate::platform::{Application, DiscordPlatform};
use crate::reception::Reception;

/// Pause before a connection is tried again; doubled each time up to `LONGEST`.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_mins(2);

/// Pause where only the operator can help: how soon what they mended is seen. Each try may use up one of a day's 1,000
/// sessions, so this stays far below them.
const MENDED: Duration = Duration::from_mins(5);

/// A session that stood so long was a good one: the next pause is short again.
const GOOD: Duration = Duration::from_mins(1);

/// The application may read what messages say: granted, or as an application in few guilds.
/// <https://docs.discord.com/developers/resources/application#application-object-application-flags>
const MESSAGE_CONTENT: u64 = (1 << 18) | (1 << 19);

/// What the operator is told without it.
const NO_CONTENT: &str = "the bot may not read what messages say, so posts of other programs and words in threads arrive \
    empty (mentions and commands work): switch on Message Content Intent on the Bot page of the application in Discord's \
    developer portal, then restart Midwatch";

/// What the operator is told when it was taken away again.
const DISALLOWED: &str = "Discord does not allow what Midwatch asks to be told (4014): switch on Message Content Intent on \
    the Bot page of the application in Discord's developer portal";

/// The connection to the gateway.
pub struct Gateway {
    /// How it is spoken to.
    pub options: DiscordOptions,
    /// Where what it brings is taken.
    pub reception: Reception,
    /// Whether interactions come this way; with an endpoint for them they do not.
    pub interactions: bool,
}

/// What the parts of the gateway share.
#[derive(Clone)]
struct Shared {
    platform: DiscordPlatform,
    reception: Reception,
    places: crate::places::Places,
    standing: Arc<Standing>,
    /// Threads that connections may have.
    threads: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Gateway {
    /// Listens until it is told to stop. What is lost is connected again; what only the operator can mend is told and looked
    /// at again every few minutes.
    pub async fn run(self, stop: CancellationToken) {
        let Reception { health, clock, .. } = &self.reception;
        let shared = Shared {
            platform: self.reception.platform.clone(),
            reception: self.reception.clone(),
            places: crate::places::Places::new(self.reception.platform.client().clone()),
            standing: Arc::new(Standing::new(health.clone(), clock.clone())),
            threads: Arc::new(Semaphore::new(session::THREADS)),
            stop: stop.clone(),
        };
        let events = Events::start(&shared, self.interactions);
        let mut pause = SHORTEST;
        loop {
            let begun = tokio::time::Instant::now();
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.once(&shared, &events) => ended,
            };
            if begun.elapsed() >= GOOD {
                pause = SHORTEST;
            }
            let wait = match ended {
                Ended::Lost(why) => {
                    tracing::warn!("the gateway is tried again in {} s: {why}", pause.as_secs());
                    shared.standing.line(Some(format!("the connection to Discord's gateway does not stand: {why}")));
                    let longer = (pause * 2).min(LONGEST);
                    std::mem::replace(&mut pause, longer)
                }
                Ended::Operator(why) => hopeless(&shared.standing, why),
                Ended::Disallowed => hopeless(&shared.standing, DISALLOWED.to_owned()),
                Ended::Spent(wait) => {
                    let why = format!("no session may be begun for another {} min", wait.as_secs().div_ceil(60));
                    tracing::error!("Discord is not listened to: {why}");
                    shared
                        .standing
                        .line(Some(format!("{why}: Discord allows a bot so many a day; is it started in a loop?")));
                    wait
                }
                Ended::Full => {
                    tracing::warn!("more came in than could be written down; what is missed is read again afterwards");
                    shared.standing.line(Some("what comes in cannot be written down fast enough".to_owned()));
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = events.drained() => SHORTEST,
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One session, from asking for it to its end.
    async fn once(&self, shared: &Shared, events: &Events) -> Ended {
        let application = match self.reception.platform.inner.ask_for_application().await {
            Ok(application) => application,
            Err(fault) => return of_fault(&fault),
        };
        let start = match starts::ask(self.reception.platform.client()).await {
            Ok(start) => start,
            Err(fault) => return of_fault(&fault),
        };
        if let Some(wait) = start.must_wait() {
            return Ended::Spent(wait);
        }
        let granted = application.flags.map(|flags| flags & MESSAGE_CONTENT != 0);
        let ended = self.begin(shared, events, &application, &start, granted.unwrap_or(true)).await;
        match (ended, granted) {
            // Nobody told whether it is granted, and it is not: the rest goes on without it.
            (Ended::Disallowed, None) => self.begin(shared, events, &application, &start, false).await,
            (ended, _) => ended,
        }
    }

    async fn begin(
        &self,
        shared: &Shared,
        events: &Events,
        application: &Application,
        start: &Start,
        reads: bool,
    ) -> Ended {
        shared.standing.content((!reads).then(|| NO_CONTENT.to_owned()));
        if !reads {
            tracing::warn!("{NO_CONTENT}");
        }
        events.are_ours(Me { user: application.bot.clone(), application: application.id.clone(), may_read: reads });
        let session = Session { options: &self.options, address: start.address.clone(), intents: intents(reads) };
        session.run(shared, events).await
    }
}

/// Tells what only the operator can mend, and how soon it is looked at again.
fn hopeless(standing: &Standing, why: String) -> Duration {
    tracing::error!("Discord is not listened to: {why}");
    standing.line(Some(why));
    MENDED
}

/// The least that is needed: who is in which thread, and messages; what they say only where it is granted, for Discord closes
/// the connection on who asks for more.
fn intents(reads_messages: bool) -> GatewayIntents {
    let least = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES;
    if reads_messages { least | GatewayIntents::MESSAGE_CONTENT } else { least }
}

/// What becomes of a session that could not be begun.
fn of_fault(fault: &Fault) -> Ended {
    if fault.is_about_the_token() { Ended::Operator(fault.words()) } else { Ended::Lost(fault.words()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_for_than_was_granted() {
        assert!(!intents(false).contains(GatewayIntents::MESSAGE_CONTENT));
        assert!(intents(true).contains(GatewayIntents::MESSAGE_CONTENT));
        for privileged in [GatewayIntents::GUILD_MEMBERS, GatewayIntents::GUILD_PRESENCES] {
            assert!(!intents(true).contains(privileged));
        }
    }
}

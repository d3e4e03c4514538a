//! What a test chooses before the guild exists, and what is the same in all of them.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::clock::{SharedClock, SystemClock};

use super::limits::Limits;

/// The token of the bot.
pub(super) const BOT_TOKEN: &str = "OTAwMDAwMDAwMDAwMDAwMDAy.Double.a-token-of-the-double-and-of-nothing-else";
/// The application.
pub(super) const APPLICATION: &str = "900000000000000001";
/// The user that the application is; old applications have another id than their bot.
pub(super) const BOT_USER: &str = "900000000000000002";
/// The guild; its role `@everyone` has the same id.
pub(super) const GUILD: &str = "900000000000000003";
/// The role that Discord made for the bot.
pub(super) const BOT_ROLE: &str = "900000000000000004";
/// Who owns the guild and the application.
pub(super) const OWNER: &str = "900000000000000005";

/// An interaction has to be answered within three seconds:
/// <https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback>.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);

/// What Discord's gateway asks for in its HELLO.
const HEARTBEAT: Duration = Duration::from_millis(41_250);

/// What the guild is like.
#[derive(Clone)]
pub struct Options {
    /// The clock of ids, rate limits, nonces and tokens of interactions. Acknowledgements and heartbeats are measured in real
    /// time.
    pub clock: SharedClock,
    /// The rate limits.
    pub limits: Limits,
    /// Whether the privileged intent for the content of messages is granted.
    pub message_content: bool,
    /// How often a client of the gateway has to show that it lives, in real time.
    pub heartbeat: Duration,
    /// How long the app may take to answer an interaction, in real time; 3 s.
    pub acknowledge_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            message_content: true,
            heartbeat: HEARTBEAT,
            acknowledge_within: ACKNOWLEDGE_WITHIN,
        }
    }
}

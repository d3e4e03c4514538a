//! Everything that changes, behind one lock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::delivery::{Delivery, Receipt};
use super::faults::{DeliveryFault, Fault};
use super::interaction::Interaction;
use super::limits::Usage;
use super::options::{BOT_ROLE, BOT_USER, GUILD, OWNER, Options};
use super::permissions::USUAL;
use super::refusal::Refusal;
use super::server::Act;
use super::sessions::Sessions;
use super::world::{Channel, World};
use crate::rules::Plan;
use crate::shared::Timed;

pub(super) type Shared = crate::shared::Shared<State>;

/// The moment that Discord's ids count from, in milliseconds: <https://docs.discord.com/developers/reference#snowflakes>.
const EPOCH: i64 = 1_420_070_400_000;

/// How long a nonce is known; Discord says a few minutes.
const NONCES_LIVE: Duration = Duration::from_mins(3);

/// How a call of the REST API ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and the app was told so.
    Ok,
    /// Refused, with this status and code.
    Refused(u16, u64),
    /// 429; whether by the limit of the whole bot.
    Limited {
        /// Whether it is the limit of the whole bot.
        global: bool,
    },
    /// A fault was injected; whether it took effect anyway.
    Faulted {
        /// Which one.
        fault: Fault,
        /// Whether the guild changed.
        landed: bool,
    },
}

/// A call of the REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The route: `POST /channels/{channel}/messages`; the verb and path of what is none.
    pub route: String,
    /// The path, with its query.
    pub path: String,
    /// When, by the guild's clock.
    pub at: Timestamp,
    /// The body, without files.
    pub body: Value,
    /// How it ended; none while it is under way.
    pub outcome: Option<Outcome>,
}

pub(super) struct State {
    pub(super) options: Options,
    /// `http://127.0.0.1:1234`.
    pub(super) origin: String,
    /// The moment of this look at the state.
    pub(super) now: Timestamp,
    pub(super) world: World,
    pub(super) calls: Vec<Call>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) usage: Usage,
    pub(super) faults: Plan<Fault>,
    pub(super) delivery_faults: Plan<DeliveryFault>,
    pub(super) sessions: Sessions,
    /// By id.
    pub(super) interactions: BTreeMap<String, Interaction>,
    /// Where interactions are sent; none: over the gateway.
    pub(super) endpoint: Option<String>,
    /// Interactions that the endpoint has not been sent yet.
    pub(super) posts: VecDeque<Delivery>,
    /// What waits for the next delivery, to come after it.
    pub(super) held: Vec<Delivery>,
    /// Messages by the nonce that they were sent with, and until when it is kept.
    pub(super) nonces: BTreeMap<String, (String, String, Timestamp)>,
    /// For so long.
    pub(super) nonces_live: Duration,
    /// Effects that wait until the test lets them land.
    pub(super) stuck: Vec<(usize, Act)>,
    last: u64,
}

impl State {
    pub(super) fn new(options: Options, origin: String) -> Self {
        let now = options.clock.now();
        let mut world = World::default();
        world.add_role(GUILD, "@everyone", USUAL, false);
        world.add_role(BOT_ROLE, "midwatch", 0, true);
        world.add_user(BOT_USER, "midwatch", &[BOT_ROLE]);
        world.add_user(OWNER, "owner", &[]);
        Self {
            options,
            origin,
            now,
            world,
            calls: Vec::new(),
            receipts: Vec::new(),
            usage: Usage::default(),
            faults: Plan::default(),
            delivery_faults: Plan::default(),
            sessions: Sessions::default(),
            interactions: BTreeMap::new(),
            endpoint: None,
            posts: VecDeque::new(),
            held: Vec::new(),
            nonces: BTreeMap::new(),
            nonces_live: NONCES_LIVE,
            stuck: Vec::new(),
            last: 0,
        }
    }

    /// An id of now, unique and greater than all before.
    pub(super) fn snowflake(&mut self) -> String {
        let since = u64::try_from(self.now.as_millisecond() - EPOCH).unwrap_or(0);
        self.last = (since << 22).max(self.last + 1);
        self.last.to_string()
    }

    /// A channel that the bot sees.
    pub(super) fn channel(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.world.channels.get(id).ok_or_else(Refusal::unknown_channel)?;
        if self.world.sees(channel) { Ok(channel) } else { Err(Refusal::missing_access()) }
    }
}

impl Timed for State {
    fn tick(&mut self) {
        self.now = self.options.clock.now();
    }
}

//! Everything that changes, behind one lock.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::args::Refusal;
use super::connections::Connections;
use super::delivery::{Delivery, Receipt};
use super::faults::{DeliveryFault, Fault};
use super::limits::{Reach, Usage};
use super::options::{BOT_USER, Options, Targets};
use super::server::Act;
use super::world::{Channel, World};
use crate::rules::Plan;

/// How a call of the Web API ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `ok: true`, and the app was told so.
    Ok,
    /// `ok: false` with this word.
    Refused(String),
    /// 429 with so many seconds of `Retry-After`.
    Limited(Reach, u64),
    /// A fault was injected; whether it took effect anyway.
    Faulted {
        /// Which one.
        fault: String,
        /// Whether the workspace changed.
        landed: bool,
    },
}

/// A call of the Web API.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method: `chat.postMessage`.
    pub method: String,
    /// When, by the workspace's clock.
    pub at: Timestamp,
    /// What it asked.
    pub args: Value,
    /// How it ended; none while it is under way.
    pub outcome: Option<Outcome>,
}

/// A URL that answers go to: <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>.
#[derive(Clone, Debug)]
pub(super) struct ResponseUrl {
    pub(super) channel: String,
    pub(super) user: String,
    /// The message whose button was pressed.
    pub(super) message: Option<String>,
    pub(super) until: Timestamp,
    pub(super) left: usize,
}

/// A handle that opens one view.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) user: String,
    pub(super) until: Timestamp,
    pub(super) used: bool,
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
    pub(super) responses: BTreeMap<String, ResponseUrl>,
    pub(super) triggers: BTreeMap<String, Trigger>,
    /// What the app has not been sent yet.
    pub(super) backlog: VecDeque<Delivery>,
    /// What waits for the next event, to come after it.
    pub(super) held: Vec<Delivery>,
    pub(super) connections: Connections,
    pub(super) targets: Option<Targets>,
    /// Effects that wait until the test lets them land.
    pub(super) stuck: Vec<(usize, Act)>,
    counter: u64,
    last_ts: i64,
}

impl State {
    pub(super) fn new(options: Options, origin: String) -> Self {
        let now = options.clock.now();
        Self {
            options,
            origin,
            now,
            world: World::default(),
            calls: Vec::new(),
            receipts: Vec::new(),
            usage: Usage::default(),
            faults: Plan::default(),
            delivery_faults: Plan::default(),
            responses: BTreeMap::new(),
            triggers: BTreeMap::new(),
            backlog: VecDeque::new(),
            held: Vec::new(),
            connections: Connections::default(),
            targets: None,
            stuck: Vec::new(),
            counter: 0,
            last_ts: 0,
        }
    }

    /// A name that was not given before.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{:09}", self.counter)
    }

    /// A `ts` of now, unique and later than all before.
    pub(super) fn ts(&mut self) -> String {
        self.last_ts = self.now.as_microsecond().max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    /// A channel by id or name.
    pub(super) fn channel(&self, name: &str) -> Result<&Channel, Refusal> {
        self.world.channel(name).ok_or_else(|| Refusal::of("channel_not_found"))
    }

    /// A channel that the bot is in.
    pub(super) fn joined(&self, name: &str) -> Result<&Channel, Refusal> {
        let channel = self.channel(name)?;
        match channel {
            c if c.archived => Err(Refusal::of("is_archived")),
            c if c.members.contains(BOT_USER) => Ok(c),
            _ => Err(Refusal::of("not_in_channel")),
        }
    }
}

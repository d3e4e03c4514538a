//! Sessions of the gateway: what each was sent, so that a broken one can go on. <https://docs.discord.com/developers/events/gateway>

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::delivery::{Audience, Delivery};
use super::faults::DeliveryFault;
use super::options::BOT_USER;

/// Guilds, channels, threads, roles.
pub(super) const GUILDS: u64 = 1;
/// Messages in channels of a guild.
pub(super) const GUILD_MESSAGES: u64 = 1 << 9;
/// Messages in direct conversations.
pub(super) const DIRECT_MESSAGES: u64 = 1 << 12;
/// What messages say; privileged.
pub(super) const MESSAGE_CONTENT: u64 = 1 << 15;
/// Members and presences; privileged, and never granted here.
const PRIVILEGED: u64 = (1 << 1) | (1 << 8);
/// Every intent there is; 22, 23 and what is above 25 is none.
const INTENTS: u64 = 0b11_0011_1111_1111_1111_1111_1111;

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Break without a word.
    Drop,
    /// Close with this code.
    Close(u16),
    /// Close without a code.
    CloseBare,
    /// Ask to connect anew and go on.
    Reconnect,
    /// Say that the session is invalid; whether it can be resumed.
    Invalid(bool),
}

/// Something that a session is sent.
struct Sent {
    number: u64,
    frame: Value,
    fault: Option<DeliveryFault>,
}

/// One session.
struct Session {
    intents: u64,
    log: Vec<Sent>,
    /// The last number that was sent over the connection.
    sent: u64,
    connection: Option<u64>,
}

/// All sessions and connections.
#[derive(Default)]
pub(super) struct Sessions {
    all: BTreeMap<String, Session>,
    open: BTreeMap<u64, VecDeque<Order>>,
    opened: u64,
}

impl Sessions {
    /// Why intents are refused, as the code that the connection is closed with.
    pub(super) fn refuses(intents: u64, content_granted: bool) -> Option<u16> {
        match intents {
            _ if intents & !INTENTS != 0 => Some(4013),
            _ if intents & PRIVILEGED != 0 => Some(4014),
            _ if intents & MESSAGE_CONTENT != 0 && !content_granted => Some(4014),
            _ => None,
        }
    }

    /// A new connection.
    pub(super) fn join(&mut self) -> u64 {
        self.opened += 1;
        self.open.insert(self.opened, VecDeque::new());
        self.opened
    }

    /// A connection has ended; its session waits to be resumed.
    pub(super) fn leave(&mut self, connection: u64) {
        self.open.remove(&connection);
        for session in self.all.values_mut().filter(|session| session.connection == Some(connection)) {
            session.connection = None;
        }
    }

    /// A new session. What nobody is connected to is forgotten, since nobody will come for it.
    pub(super) fn begin(&mut self, id: &str, intents: u64, connection: u64) {
        self.all.retain(|_, session| session.connection.is_some_and(|own| own != connection));
        let session = Session { intents, log: Vec::new(), sent: 0, connection: Some(connection) };
        self.all.insert(id.to_owned(), session);
    }

    /// The session goes on after this number; an error is the code to close with, none that there is no such session.
    pub(super) fn resume(&mut self, id: &str, after: u64, connection: u64) -> Result<(), Option<u16>> {
        let session = self.all.get_mut(id).ok_or(None)?;
        if after > session.number() {
            return Err(Some(4007));
        }
        session.sent = after;
        session.connection = Some(connection);
        session.push("RESUMED", json!({}), None);
        Ok(())
    }

    /// A session is over.
    pub(super) fn end(&mut self, id: &str) {
        self.all.remove(id);
    }

    /// Every session that may hear of it is sent it.
    pub(super) fn dispatch(&mut self, delivery: &Delivery) {
        for session in self.all.values_mut() {
            let Some(data) = heard(session.intents, delivery.audience, &delivery.data) else { continue };
            session.push(delivery.what, data, delivery.fault.clone());
        }
    }

    /// Only this session is sent it.
    pub(super) fn tell(&mut self, id: &str, what: &str, data: Value) {
        if let Some(session) = self.all.get_mut(id) {
            session.push(what, data, None);
        }
    }

    /// The next frame of a session, and what goes wrong with it; it counts as sent unless the fault keeps it.
    pub(super) fn next(&mut self, id: &str) -> Option<(Value, Option<DeliveryFault>)> {
        let session = self.all.get_mut(id)?;
        let after = session.sent;
        let next = session.log.iter_mut().find(|sent| sent.number > after)?;
        let fault = next.fault.take();
        if fault != Some(DeliveryFault::DropBefore) {
            session.sent = next.number;
        }
        Some((next.frame.clone(), fault))
    }

    /// What a connection is to do next, beside bringing what there is.
    pub(super) fn order(&mut self, connection: u64) -> Option<Order> {
        self.open.get_mut(&connection)?.pop_front()
    }

    /// Every connection is told to do something.
    pub(super) fn command(&mut self, order: Order) {
        self.open.values_mut().for_each(|orders| orders.push_back(order));
    }

    /// How many connections are open.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// How many connections have a session.
    pub(super) fn identified(&self) -> usize {
        self.all.values().filter(|session| session.connection.is_some()).count()
    }

    /// How many connections were ever opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// How much was not sent yet.
    pub(super) fn unsent(&self) -> usize {
        self.all.values().map(|session| session.log.iter().filter(|sent| sent.number > session.sent).count()).sum()
    }
}

impl Session {
    fn number(&self) -> u64 {
        self.log.last().map_or(0, |sent| sent.number)
    }

    fn push(&mut self, what: &str, data: Value, fault: Option<DeliveryFault>) {
        let number = self.number() + 1;
        self.log.push(Sent { number, frame: json!({"op": 0, "s": number, "t": what, "d": data}), fault });
    }
}

/// What a session with these intents hears of it.
fn heard(intents: u64, audience: Audience, data: &Value) -> Option<Value> {
    match audience {
        Audience::All => Some(data.clone()),
        Audience::With(intent) => (intents & intent != 0).then(|| data.clone()),
        Audience::Sealed(intent) if intents & intent == 0 => None,
        Audience::Sealed(_) if intents & MESSAGE_CONTENT != 0 => Some(data.clone()),
        Audience::Sealed(_) => Some(sealed(data.clone())),
    }
}

/// A message without what it says, unless it concerns the bot.
/// <https://docs.discord.com/developers/events/gateway#message-content-intent>
pub(super) fn sealed(mut message: Value) -> Value {
    let mentions = message["mentions"].as_array().is_some_and(|all| all.iter().any(|user| user["id"] == BOT_USER));
    if message["author"]["id"] == BOT_USER || mentions {
        return message;
    }
    for (name, empty) in [("content", json!("")), ("embeds", json!([])), ("attachments", json!([]))] {
        message[name] = empty;
    }
    message["components"] = json!([]);
    message
}

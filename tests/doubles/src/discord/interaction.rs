//! Interactions: a command, a button, a modal, an autocomplete; answered once and within three seconds.
//! <https://docs.discord.com/developers/interactions/receiving-and-responding>

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::delivery::{Audience, Delivery, Receipt};
use super::message::Message;
use super::options::{APPLICATION, BOT_USER, GUILD};
use super::state::State;
use super::world::World;

/// How long an answer can be edited.
const TOKEN_LIVES: Duration = Duration::from_mins(15);

/// What signed requests are signed with.
const SEED: [u8; 32] = *b"the seed of the double's own key";

/// What the app answered to an interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The interaction, for [`original`](super::Discord::original) and [`submit`](super::Discord::submit).
    pub interaction: String,
    /// The type of the answer: 4 a message, 5 deferred, 6 deferred without a message, 7 an edit, 8 choices, 9 a modal.
    pub kind: u64,
    /// What came with it.
    pub data: Value,
    /// How long it took, in real time.
    pub elapsed: Duration,
}

/// Why the person sees that the app did not respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAcknowledged {
    /// Not within three seconds.
    Late,
    /// The endpoint answered with an error, or with what is no answer.
    Failed,
}

/// What the person sees as the answer.
#[derive(Clone, Debug)]
pub(super) enum Shows {
    Nothing,
    /// Only they see it.
    Private(Box<Message>),
    /// A message of a channel: channel and id.
    Public(String, String),
}

pub(super) type Ending = oneshot::Sender<Result<Answered, NotAcknowledged>>;

/// What was done.
pub(super) struct Done<'a> {
    pub(super) user: &'a str,
    pub(super) channel: &'a str,
    /// 2 a command, 3 a button, 4 an autocomplete, 5 a modal.
    pub(super) kind: u8,
    pub(super) what: String,
    pub(super) data: Value,
    /// The message whose button it was: channel and id.
    pub(super) message: Option<(String, String)>,
}

/// Something a person did with the app.
pub(super) struct Interaction {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) kind: u8,
    pub(super) what: String,
    pub(super) message: Option<(String, String)>,
    pub(super) sent: Instant,
    /// Until when its answer can be edited.
    pub(super) until: Timestamp,
    /// What was answered.
    pub(super) answered: Option<Answered>,
    /// Whether the person was told that the app did not respond.
    pub(super) given_up: bool,
    pub(super) shows: Shows,
    pub(super) done: Option<Ending>,
}

pub(super) fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a seed of 32 bytes")
}

pub(super) fn public_key() -> String {
    hex(key().public_key().as_ref())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let written = |mut text: String, byte: &u8| {
        text.push_str(&format!("{byte:02x}"));
        text
    };
    bytes.iter().fold(String::new(), written)
}

impl State {
    /// A person does something with the app, which is told of it.
    pub(super) fn interact(&mut self, did: Done<'_>, done: Ending) -> String {
        let id = self.snowflake();
        let token = format!("interaction-token-{id}");
        let payload = self.payload(&id, &token, &did);
        let interaction = Interaction {
            id: id.clone(),
            token,
            user: did.user.to_owned(),
            channel: did.channel.to_owned(),
            kind: did.kind,
            what: did.what,
            message: did.message,
            sent: Instant::now(),
            until: after(self.now, TOKEN_LIVES),
            answered: None,
            given_up: false,
            shows: Shows::Nothing,
            done: Some(done),
        };
        self.interactions.insert(id.clone(), interaction);
        let what = "INTERACTION_CREATE";
        let interaction = Some(id.clone());
        self.send_out(Delivery { what, data: payload, audience: Audience::All, interaction, fault: None });
        id
    }

    /// <https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object>
    fn payload(&self, id: &str, token: &str, did: &Done<'_>) -> Value {
        let world = &self.world;
        let channel = &world.channels[did.channel];
        let permissions = |world: &World, user: &str| world.permissions_in(user, channel).to_string();
        let mut member = world.member(did.user);
        member["user"] = world.user(did.user);
        member["permissions"] = json!(permissions(world, did.user));
        let mut place = world.told(channel);
        place["permissions"] = member["permissions"].clone();
        let mut payload = json!({
            "id": id, "application_id": APPLICATION, "type": did.kind, "token": token, "version": 1, "guild_id": GUILD,
            "guild": {"id": GUILD, "locale": "en-US", "features": []}, "channel_id": did.channel, "channel": place,
            "member": member, "data": did.data, "locale": "en-US", "guild_locale": "en-US",
            "app_permissions": permissions(world, BOT_USER), "entitlements": [],
            "authorizing_integration_owners": {"0": GUILD}, "context": 0, "attachment_size_limit": 10_485_760,
        });
        if let Some((channel, message)) = &did.message
            && let Some(message) = world.channels.get(channel).and_then(|channel| channel.message(message))
        {
            payload["message"] = world.told_message(message, &self.origin);
        }
        payload
    }

    /// The person is told what became of it.
    pub(super) fn ended(&mut self, id: &str, end: Result<Answered, NotAcknowledged>) {
        let Some(interaction) = self.interactions.get_mut(id) else { return };
        let elapsed = end.as_ref().ok().map(|answered| answered.elapsed);
        match &end {
            Ok(answered) => interaction.answered = Some(answered.clone()),
            Err(_) => interaction.given_up = true,
        }
        self.receipts.push(Receipt { kind: interaction.kind, what: interaction.what.clone(), elapsed });
        if let Some(done) = interaction.done.take() {
            let _ = done.send(end);
        }
    }
}

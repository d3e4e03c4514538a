//! A message, as the guild keeps it and as people read it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::markup;
use super::options::{APPLICATION, BOT_USER, GUILD};
use super::world::{ChannelKind, World, time};

/// The flag of a message that only one person sees.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// The flag of an answer that is still to come: the person sees that the app thinks.
pub(super) const LOADING: u64 = 1 << 7;
/// The flag of a message that a thread was made from.
pub(super) const HAS_THREAD: u64 = 1 << 5;

/// What a message shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Its text.
    pub content: String,
    /// Its embeds.
    pub embeds: Vec<Value>,
    /// Its rows of buttons.
    pub components: Vec<Value>,
}

impl Look {
    /// Everything a person reads in it: text and embeds, but not the buttons.
    pub fn reads(&self) -> String {
        let read = self.markup().into_iter().map(markup::read);
        read.chain(self.plain().into_iter().map(str::to_owned)).collect::<Vec<_>>().join("\n")
    }

    /// What of it may act: markup that is neither code nor escaped.
    pub fn live(&self) -> String {
        self.markup().into_iter().map(markup::live).collect::<Vec<_>>().join("\n")
    }

    /// Texts in which markup is read, in the order in which they are shown.
    pub fn markup(&self) -> Vec<&str> {
        let mut texts = vec![self.content.as_str()];
        for embed in &self.embeds {
            let fields = embed["fields"].as_array().into_iter().flatten();
            let own = [&embed["title"], &embed["description"]].into_iter();
            let all = own.chain(fields.flat_map(|field| [&field["name"], &field["value"]]));
            texts.extend(all.filter_map(Value::as_str));
        }
        texts.retain(|text| !text.is_empty());
        texts
    }

    /// Texts that are shown as they are.
    fn plain(&self) -> Vec<&str> {
        let parts = self.embeds.iter().flat_map(|embed| [&embed["author"]["name"], &embed["footer"]["text"]]);
        parts.filter_map(Value::as_str).collect()
    }

    /// The `custom_id` of every button that can be pressed.
    pub fn buttons(&self) -> Vec<String> {
        let rows = self.components.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
        let live = rows.filter(|one| one["type"] == 2 && one["disabled"] != true);
        live.filter_map(|one| one["custom_id"].as_str().map(str::to_owned)).collect()
    }
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The channel or thread that it is in.
    pub channel: String,
    /// Who wrote it: a user or a webhook.
    pub author: String,
    /// The name that a webhook goes by; none for a user.
    pub webhook: Option<String>,
    /// 0: said; 19: a reply; 20: what a command showed; 21: the first of a thread, which points to where it began.
    pub kind: u8,
    /// What it shows now.
    pub look: Look,
    /// What it showed before each edit, the oldest first.
    pub before: Vec<Look>,
    /// Its files.
    pub files: Vec<File>,
    /// Users who are notified by it.
    pub mentions: Vec<String>,
    /// Roles that are notified by it.
    pub mentioned_roles: Vec<String>,
    /// Whether it notifies everyone.
    pub mentions_everyone: bool,
    /// Its flags.
    pub flags: u64,
    /// What its sender called it, so that it is not sent twice. Discord tells it only at once.
    pub nonce: Option<String>,
    /// The message that it answers or points to: channel and message.
    pub reference: Option<(String, String)>,
    /// When it was sent.
    pub at: Timestamp,
    /// When it was edited last.
    pub edited: Option<Timestamp>,
}

impl Message {
    pub(super) fn new(id: String, channel: &str, author: &str, at: Timestamp) -> Self {
        Self {
            id,
            channel: channel.to_owned(),
            author: author.to_owned(),
            webhook: None,
            kind: 0,
            look: Look::default(),
            before: Vec::new(),
            files: Vec::new(),
            mentions: Vec::new(),
            mentioned_roles: Vec::new(),
            mentions_everyone: false,
            flags: 0,
            nonce: None,
            reference: None,
            at,
            edited: None,
        }
    }

    /// Whether the app under test wrote it.
    pub fn is_own(&self) -> bool {
        self.author == BOT_USER
    }

    /// Everything a person reads in it: text and embeds, but not the buttons.
    pub fn reads(&self) -> String {
        self.look.reads()
    }

    /// The `custom_id` of every button that can be pressed now.
    pub fn buttons(&self) -> Vec<String> {
        self.look.buttons()
    }

    /// Another look from now on.
    pub(super) fn show(&mut self, look: Look, now: Timestamp) {
        self.before.push(std::mem::replace(&mut self.look, look));
        self.edited = Some(now);
    }
}

impl World {
    /// A message as the API tells it.
    pub(super) fn told_message(&self, message: &Message, origin: &str) -> Value {
        let author = match &message.webhook {
            None => self.user(&message.author),
            Some(name) => json!({
                "id": message.author, "username": name, "discriminator": "0000", "avatar": null, "bot": true,
                "global_name": null, "public_flags": 0,
            }),
        };
        let mut told = json!({
            "id": message.id, "channel_id": message.channel, "author": author, "type": message.kind,
            "content": message.look.content, "embeds": message.look.embeds, "components": message.look.components,
            "timestamp": time(message.at), "edited_timestamp": message.edited.map(time), "tts": false, "pinned": false,
            "mention_everyone": message.mentions_everyone, "mention_roles": message.mentioned_roles,
            "mentions": message.mentions.iter().map(|user| self.user(user)).collect::<Vec<_>>(),
            "attachments": message.files.iter().map(|file| attachment(file, message, origin)).collect::<Vec<_>>(),
            "flags": message.flags,
        });
        if message.webhook.is_some() {
            told["webhook_id"] = json!(message.author);
        }
        if message.is_own() && message.kind == 20 {
            told["application_id"] = json!(APPLICATION);
        }
        if let Some((channel, id)) = &message.reference {
            told["message_reference"] = json!({"type": 0, "channel_id": channel, "message_id": id, "guild_id": GUILD});
        }
        if message.flags & HAS_THREAD != 0
            && let Some(thread) = self.channels.get(&message.id)
        {
            told["thread"] = self.told(thread);
        }
        told
    }

    /// A message as the gateway tells it: with where it is and who its author is there.
    pub(super) fn told_event(&self, message: &Message, origin: &str) -> Value {
        let mut told = self.told_message(message, origin);
        let channel = self.channels.get(&message.channel);
        if channel.is_some_and(|channel| channel.kind != ChannelKind::Direct) {
            told["guild_id"] = json!(GUILD);
            if message.webhook.is_none() {
                told["member"] = self.member(&message.author);
            }
        }
        told["channel_type"] = json!(channel.map(|channel| channel.kind.number()));
        told
    }
}

fn attachment(file: &File, message: &Message, origin: &str) -> Value {
    let url = format!("{origin}/attachments/{}/{}/{}", message.channel, file.id, file.name);
    json!({
        "id": file.id, "filename": file.name, "size": file.content.len(), "url": url, "proxy_url": url,
        "content_type": "text/plain; charset=utf-8",
    })
}

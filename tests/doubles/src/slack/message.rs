//! A message as the channel holds it, and as the API and the events tell it.

use serde_json::{Map, Value, json};

use super::options::{APP, BOT, BOT_USER, TEAM};

/// A file that was shared.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its id.
    pub id: String,
    /// Its name, with the ending.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it holds.
    pub content: Vec<u8>,
}

/// A message in a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// Its id in the channel: seconds and microseconds.
    pub ts: String,
    /// Where it is.
    pub channel: String,
    /// The first message of its thread; the root of a thread carries its own `ts` once it has replies.
    pub thread_ts: Option<String>,
    /// Who wrote it; none for an incoming webhook.
    pub user: Option<String>,
    /// The bot that wrote it.
    pub bot_id: Option<String>,
    /// The name an integration gave itself.
    pub username: Option<String>,
    /// Its subtype: `bot_message`, `file_share`, `thread_broadcast`.
    pub subtype: Option<String>,
    /// Its text; with blocks only what notifications show.
    pub text: String,
    /// Its blocks, with the ids that Slack gave.
    pub blocks: Vec<Value>,
    /// Its attachments, as Slack writes them.
    pub attachments: Vec<Value>,
    /// Its metadata, which only the API tells, and only when asked.
    pub metadata: Option<Value>,
    /// Its files.
    pub files: Vec<File>,
    /// Names of the reactions of the app.
    pub reactions: Vec<String>,
    /// The id that a client gave a person's message.
    pub client_msg_id: Option<String>,
    /// When it was edited last, as a `ts`.
    pub edited: Option<String>,
    /// What it was before each edit: text and blocks, the oldest first.
    pub before: Vec<(String, Vec<Value>)>,
    /// Whether a reply is shown in the channel as well.
    pub broadcast: bool,
}

impl Message {
    /// Whether the app under test wrote it.
    pub fn is_own(&self) -> bool {
        self.bot_id.as_deref() == Some(BOT)
    }

    /// Whether it is a reply, so not seen in the channel unless it was broadcast.
    pub fn is_reply(&self) -> bool {
        self.thread_ts.as_ref().is_some_and(|root| *root != self.ts)
    }

    /// Everything a person reads in it: the text of its blocks and attachments, else its text.
    pub fn reads(&self) -> String {
        let mut read = Vec::new();
        self.blocks.iter().chain(&self.attachments).for_each(|block| words(block, &mut read));
        if read.is_empty() { self.text.clone() } else { read.join("\n") }
    }

    /// The buttons it shows now: `action_id`, label and value.
    pub fn buttons(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let button = |b: &Value| (text(&b["action_id"]), text(&b["text"]["text"]), text(&b["value"]));
        self.blocks.iter().flat_map(elements).filter(|e| e["type"] == "button").map(button).collect()
    }

    /// The element with this `action_id`, and the `block_id` around it.
    pub(super) fn element(&self, action: &str) -> Option<(String, Value)> {
        self.blocks.iter().find_map(|block| {
            let found = elements(block).into_iter().find(|e| e["action_id"] == action)?;
            Some((block["block_id"].as_str().unwrap_or_default().to_owned(), found.clone()))
        })
    }

    /// As the API and the events tell it. Metadata is told only when asked for.
    pub(super) fn told(&self, metadata: bool) -> Value {
        let mut told = Map::new();
        let mut put = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        put("type", json!("message"));
        put("ts", json!(self.ts));
        put("text", json!(self.text));
        let optional = [
            ("thread_ts", &self.thread_ts),
            ("user", &self.user),
            ("bot_id", &self.bot_id),
            ("username", &self.username),
            ("subtype", &self.subtype),
            ("client_msg_id", &self.client_msg_id),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                put(name, json!(value));
            }
        }
        for (name, list) in [("blocks", &self.blocks), ("attachments", &self.attachments)] {
            if !list.is_empty() {
                put(name, json!(list));
            }
        }
        if self.is_own() {
            put("app_id", json!(APP));
            put("team", json!(TEAM));
            put("bot_profile", profile());
        }
        if !self.files.is_empty() {
            put("files", json!(self.files.iter().map(File::told).collect::<Vec<_>>()));
        }
        if !self.reactions.is_empty() {
            let one = |name: &String| json!({"name": name, "users": [BOT_USER], "count": 1});
            put("reactions", json!(self.reactions.iter().map(one).collect::<Vec<_>>()));
        }
        if let Some(edited) = &self.edited {
            let user = self.user.clone().unwrap_or_else(|| BOT.to_owned());
            put("edited", json!({"user": user, "ts": edited}));
        }
        if let Some(found) = self.metadata.as_ref().filter(|_| metadata) {
            put("metadata", found.clone());
        }
        Value::Object(told)
    }
}

impl File {
    /// As the API and the events tell it.
    pub(super) fn told(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "title": self.title, "size": self.content.len(), "user": BOT_USER,
            "mode": "hosted", "is_external": false, "is_public": true,
        })
    }
}

/// A message that only one person sees, until their client reloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeral {
    /// Where.
    pub channel: String,
    /// Who sees it.
    pub user: String,
    /// In which thread.
    pub thread_ts: Option<String>,
    /// Its text.
    pub text: String,
    /// Its blocks.
    pub blocks: Vec<Value>,
    /// What brought it: `chat.postEphemeral`, `response_url`, `acknowledgement`.
    pub by: String,
}

impl Ephemeral {
    /// Everything a person reads in it.
    pub fn reads(&self) -> String {
        let mut read = Vec::new();
        self.blocks.iter().for_each(|block| words(block, &mut read));
        if read.is_empty() { self.text.clone() } else { read.join("\n") }
    }
}

/// The bot as its messages show it.
pub(super) fn profile() -> Value {
    json!({"id": BOT, "app_id": APP, "name": "Midwatch", "updated": 1_700_000_000, "deleted": false, "team_id": TEAM})
}

/// What can be pressed in a block.
fn elements(block: &Value) -> Vec<&Value> {
    let list = block["elements"].as_array().into_iter().flatten();
    list.chain(block.get("accessory")).collect()
}

/// Strings that are shown, wherever they are.
fn words(value: &Value, read: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|v| words(v, read)),
        Value::Object(map) => {
            for (name, inner) in map {
                let shown = ["text", "title", "pretext", "value", "url", "footer"].contains(&name.as_str());
                let is_button = map.get("type").is_some_and(|kind| kind == "button");
                match inner {
                    Value::String(text) if shown && !(is_button && name == "value") => read.push(text.clone()),
                    Value::String(_) => {}
                    inner => words(inner, read),
                }
            }
        }
        _ => {}
    }
}

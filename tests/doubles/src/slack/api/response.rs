//! What is sent to a `response_url`: five answers within half an hour.
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use std::time::Duration;

use midwatch_service::clock::after;
use serde_json::{Value, json};

use super::content::{self, Content};
use crate::slack::args::{Args, Refusal};
use crate::slack::message::{Ephemeral, Message};
use crate::slack::options::{BOT, BOT_USER};
use crate::slack::server::Reply;
use crate::slack::state::{Outcome, ResponseUrl, State};

const LIVES: Duration = Duration::from_mins(30);
const ANSWERS: usize = 5;
const FIELDS: &[&str] = &[
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "metadata",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
];

impl State {
    /// A URL that answers go to.
    pub(crate) fn response_url(&mut self, channel: &str, user: &str, message: Option<&str>) -> String {
        let handle = self.id("response-");
        let url = format!("{}/actions/{handle}", self.origin);
        let (channel, user, until) = (channel.to_owned(), user.to_owned(), after(self.now, LIVES));
        let response = ResponseUrl { channel, user, message: message.map(str::to_owned), until, left: ANSWERS };
        self.responses.insert(handle, response);
        url
    }
}

pub(crate) fn respond(state: &mut State, handle: &str, said: &Value) -> Reply {
    match answered(state, handle, said) {
        Ok(()) => Reply { outcome: Outcome::Ok, status: 200, body: "ok".to_owned() },
        Err(refusal) => {
            let status = if refusal.error.ends_with("_url") { 404 } else { 400 };
            Reply { status, ..Reply::json(&refusal.answer()) }
        }
    }
}

fn answered(state: &mut State, handle: &str, said: &Value) -> Result<(), Refusal> {
    let now = state.now;
    let response = state.responses.get_mut(handle).ok_or_else(|| Refusal::of("invalid_url"))?;
    if response.until < now {
        return Err(Refusal::of("expired_url"));
    }
    if response.left == 0 {
        return Err(Refusal::of("used_url"));
    }
    response.left -= 1;
    let response = response.clone();
    let Some(fields) = said.as_object() else { return Err(Refusal::of("invalid_payload")) };
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Refusal::told("invalid_arguments", &[format!("unknown argument: {unknown}")]));
    }
    show(state, &response, said, "response_url")
}

/// Shows what an acknowledgement or a response says: to one person, or in the channel.
pub(crate) fn show(state: &mut State, to: &ResponseUrl, said: &Value, by: &str) -> Result<(), Refusal> {
    let args = Args(said.as_object().cloned().unwrap_or_default());
    let original =
        to.message.as_deref().and_then(|ts| state.world.channels.get(&to.channel)?.messages.get(ts)).cloned();
    if let Some(original) = original.as_ref().filter(|_| args.flag("delete_original")) {
        state.remove(original);
        return Ok(());
    }
    let content = Content::read(&args, false)?;
    let blocks = content::with_ids(state, content.blocks.unwrap_or_default());
    let text = content.text.unwrap_or_default();
    if let Some(original) = original.filter(|_| args.flag("replace_original")) {
        let after = Message { text, blocks, edited: Some(state.ts()), ..original.clone() };
        state.replace(&original, after);
        return Ok(());
    }
    let (channel, thread_ts) = (to.channel.clone(), args.text("thread_ts").map(str::to_owned));
    if args.text("response_type") == Some("in_channel") {
        let message = Message {
            ts: state.ts(),
            channel,
            thread_ts,
            user: Some(BOT_USER.to_owned()),
            bot_id: Some(BOT.to_owned()),
            subtype: Some("bot_message".to_owned()),
            text,
            blocks,
            attachments: content::with_numbers(content.attachments.unwrap_or_default()),
            metadata: content.metadata,
            ..Message::default()
        };
        state.place(message);
    } else {
        let shown = Ephemeral { channel, user: to.user.clone(), thread_ts, text, blocks, by: by.to_owned() };
        state.world.ephemerals.push(shown);
    }
    Ok(())
}

/// A message for the user, out of the body of an acknowledgement: JSON, or words.
pub(crate) fn worded(payload: &Value) -> Value {
    payload.as_str().map_or_else(|| payload.clone(), |text| json!({"text": text}))
}

//! What other programs post in the workspace.

use serde_json::Value;

use super::Slack;
use super::api::content;
use super::message::Message;
use super::people::{message, place};

impl Slack {
    /// Another program posts, with the body of an incoming webhook (`text`, `attachments`, `blocks`, `username`, also
    /// `thread_ts`); the `ts` of it. With `user` in the body it is the post of an app with a bot of its own: no subtype.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn post_as_app(&self, channel: &str, body: &Value) -> String {
        self.shared.change(|state| {
            let (id, _) = place(state, channel);
            let user = body["user"].as_str().map(str::to_owned);
            let (ts, list) = (state.ts(), |name: &str| body[name].as_array().cloned().unwrap_or_default());
            let name = body["username"].as_str().unwrap_or("webhook").to_owned();
            let blocks = content::with_ids(state, list("blocks"));
            let webhook = user.is_none();
            let posted = Message {
                ts,
                channel: id,
                thread_ts: body["thread_ts"].as_str().map(str::to_owned),
                user,
                bot_id: Some(format!("B0APP{}", name.to_uppercase().replace(' ', ""))),
                username: webhook.then_some(name),
                subtype: webhook.then(|| "bot_message".to_owned()),
                text: body["text"].as_str().unwrap_or_default().to_owned(),
                blocks,
                attachments: content::with_numbers(list("attachments")),
                metadata: body.get("metadata").cloned(),
                ..Message::default()
            };
            state.place(posted)
        })
    }

    /// Another program edits its post.
    ///
    /// # Panics
    /// When there is no such post.
    pub fn edit_as_app(&self, channel: &str, ts: &str, body: &Value) {
        self.shared.change(|state| {
            let before = message(state, channel, ts);
            let list = |name: &str| body[name].as_array().cloned();
            let after = Message {
                text: body["text"].as_str().map_or(before.text.clone(), str::to_owned),
                blocks: list("blocks").unwrap_or(before.blocks.clone()),
                attachments: list("attachments").map_or(before.attachments.clone(), content::with_numbers),
                edited: Some(state.ts()),
                ..before.clone()
            };
            state.replace(&before, after);
        });
    }
}

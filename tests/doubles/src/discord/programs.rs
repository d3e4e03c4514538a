//! What other programs post in the guild.

use serde_json::Value;

use super::Discord;
use super::api::content;
use super::message::{Look, Message};
use super::people::place;
use super::state::State;

impl Discord {
    /// Another program posts, with the body of a webhook (`content`, `embeds`, `username`); the id of it.
    ///
    /// # Panics
    /// When there is no such channel, or Discord would refuse the body.
    pub fn post_as_webhook(&self, channel: &str, body: &Value) -> String {
        self.shared.change(|state| {
            let channel = place(state, channel);
            let mut message = Message::new(state.snowflake(), &channel, &webhook(state, body), state.now);
            message.webhook = Some(body["username"].as_str().unwrap_or("Alertmanager").to_owned());
            message.look = look(body, &Look::default());
            content::mention(&mut message, body.get("allowed_mentions"));
            let id = message.id.clone();
            state.place(message);
            id
        })
    }

    /// The program edits what it posted.
    ///
    /// # Panics
    /// When there is no such channel, or Discord would refuse the body.
    pub fn edit_as_webhook(&self, channel: &str, id: &str, body: &Value) {
        self.shared.change(|state| {
            let (channel, now) = (place(state, channel), state.now);
            state.alter(&channel, id, |message| message.show(look(body, &message.look), now));
        });
    }
}

/// One webhook for each name: the same program is the same author.
fn webhook(state: &mut State, body: &Value) -> String {
    let name = body["username"].as_str().unwrap_or("Alertmanager");
    let all = state.world.channels.values().flat_map(|channel| channel.messages.values());
    let known =
        all.filter(|message| message.webhook.as_deref() == Some(name)).map(|message| message.author.clone()).next();
    known.unwrap_or_else(|| state.snowflake())
}

fn look(body: &Value, before: &Look) -> Look {
    let mut shown = body.clone();
    if let Some(shown) = shown.as_object_mut() {
        shown.retain(|name, _| !["username", "avatar_url", "thread_id"].contains(&name.as_str()));
    }
    let checked = content::check(&shown, "");
    checked.unwrap_or_else(|refusal| panic!("Discord would refuse this: {refusal:?}"));
    content::look(&shown, before)
}

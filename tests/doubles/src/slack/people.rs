//! What people say and do in the workspace.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Slack;
use super::api::{content, response};
use super::delivery::{Acknowledged, Kind, NotAcknowledged};
use super::message::Message;
use super::options::{APP, BOT_USER, TEAM, TEAM_DOMAIN};
use super::state::{ResponseUrl, State};

impl Slack {
    /// A person types `/midwatch` and this, in a channel by id or name. What the app acknowledged is shown to them.
    ///
    /// # Errors
    /// When the app did not acknowledge in time: the person sees that it failed.
    ///
    /// # Panics
    /// When there is no such channel.
    pub async fn slash(&self, user: &str, channel: &str, text: &str) -> Result<Acknowledged, NotAcknowledged> {
        let (done, ending) = oneshot::channel();
        let (handle, command) = self.shared.change(|state| {
            let (id, name) = place(state, channel);
            let url = state.response_url(&id, user, None);
            let user_name = state.world.users.get(user).cloned().unwrap_or_else(|| user.to_owned());
            let payload = json!({
                "token": "a-verification-token-that-is-not-used", "team_id": TEAM, "team_domain": TEAM_DOMAIN,
                "channel_id": id, "channel_name": name, "user_id": user, "user_name": user_name, "command": "/midwatch",
                "text": text, "api_app_id": APP, "is_enterprise_install": "false", "response_url": url,
                "trigger_id": state.trigger(user),
            });
            let handle = url.rsplit('/').next().unwrap_or_default().to_owned();
            state.deliver(Kind::Command, "/midwatch", payload, Some(done));
            (handle, id)
        });
        let acknowledged = self.ended(ending).await?;
        if let Some(said) = &acknowledged.payload {
            let to = self.shared.read(|state| state.responses.get(&handle).cloned());
            self.acknowledgement(&to.expect("the command had a response URL"), said, &command);
        }
        Ok(acknowledged)
    }

    /// A person presses the button with this `action_id` on a message as it is now.
    ///
    /// # Errors
    /// When the app did not acknowledge in time.
    ///
    /// # Panics
    /// When there is no such message or button.
    pub async fn press(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
    ) -> Result<Acknowledged, NotAcknowledged> {
        let message = self.shared.read(|state| {
            let channel = state.world.channel(channel).expect("a channel that was added");
            channel.messages.get(ts).cloned()
        });
        let message = message.expect("a message that is there");
        let element = message.element(action_id).unwrap_or_else(|| panic!("no {action_id} in {:#?}", message.blocks));
        self.press_on(user, &message, element).await
    }

    /// A person presses a button of a message as it was when they saw it: a press on something that is gone by now.
    ///
    /// # Errors
    /// When the app did not acknowledge in time.
    ///
    /// # Panics
    /// When the message had no such button.
    pub async fn press_seen(
        &self,
        user: &str,
        seen: &Message,
        action_id: &str,
    ) -> Result<Acknowledged, NotAcknowledged> {
        let element = seen.element(action_id).unwrap_or_else(|| panic!("no {action_id} in {:#?}", seen.blocks));
        self.press_on(user, seen, element).await
    }

    async fn press_on(
        &self,
        user: &str,
        message: &Message,
        (block, element): (String, Value),
    ) -> Result<Acknowledged, NotAcknowledged> {
        let (done, ending) = oneshot::channel();
        self.shared.change(|state| {
            let (id, name) = place(state, &message.channel);
            let user_name = state.world.users.get(user).cloned().unwrap_or_else(|| user.to_owned());
            let mut action = json!({"type": element["type"], "block_id": block, "action_ts": state.ts()});
            for field in ["action_id", "text", "value", "style"] {
                if let Some(value) = element.get(field) {
                    action[field] = value.clone();
                }
            }
            let mut container =
                json!({"type": "message", "message_ts": message.ts, "channel_id": id, "is_ephemeral": false});
            if let Some(root) = &message.thread_ts {
                container["thread_ts"] = json!(root);
            }
            let payload = json!({
                "type": "block_actions", "team": {"id": TEAM, "domain": TEAM_DOMAIN}, "api_app_id": APP,
                "user": {"id": user, "username": user_name, "name": user_name, "team_id": TEAM},
                "token": "a-verification-token-that-is-not-used", "container": container,
                "trigger_id": state.trigger(user), "channel": {"id": id, "name": name}, "message": message.told(false),
                "response_url": state.response_url(&id, user, Some(&message.ts)), "state": {"values": {}},
                "actions": [action], "enterprise": null, "is_enterprise_install": false,
            });
            state.deliver(Kind::Interaction, "block_actions", payload, Some(done));
        });
        self.ended(ending).await
    }

    /// A person says something; the `ts` of it. With `thread` it is a reply to that message.
    pub fn say(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
        self.shared.change(|state| {
            let (id, _) = place(state, channel);
            said(state, user, id, thread, text)
        })
    }

    /// A person names the app and says this; the `ts` of it.
    pub fn mention(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
        self.say(user, channel, thread, &format!("<@{BOT_USER}> {text}"))
    }

    /// A person says something to the app alone; the `ts` of it. The channel is [`Slack::direct`].
    pub fn say_directly(&self, user: &str, thread: Option<&str>, text: &str) -> String {
        self.shared.change(|state| {
            let id = state.world.direct(user);
            said(state, user, id, thread, text)
        })
    }

    /// The channel of a person and the app.
    pub fn direct(&self, user: &str) -> String {
        self.shared.change(|state| state.world.direct(user))
    }

    /// A person edits what they said.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) {
        self.shared.change(|state| {
            let before = message(state, channel, ts);
            let edited = Some(state.ts());
            let after = Message { text: text.to_owned(), blocks: rich(text), edited, ..before.clone() };
            state.replace(&before, after);
        });
    }

    /// Someone deletes a message.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn delete(&self, channel: &str, ts: &str) {
        self.shared.change(|state| {
            let gone = message(state, channel, ts);
            state.remove(&gone);
        });
    }

    async fn ended(
        &self,
        ending: oneshot::Receiver<Result<Acknowledged, NotAcknowledged>>,
    ) -> Result<Acknowledged, NotAcknowledged> {
        let within = self.shared.read(|state| state.options.acknowledge_within);
        // Twice: what nobody is connected to hear is not sent at all.
        let waited = tokio::time::timeout(within * 2, ending).await;
        waited.map_or(Err(NotAcknowledged::Late), |ending| ending.unwrap_or(Err(NotAcknowledged::Failed)))
    }

    fn acknowledgement(&self, to: &ResponseUrl, said: &Value, channel: &str) {
        let shown = self.shared.change(|state| response::show(state, to, &response::worded(said), "acknowledgement"));
        shown.unwrap_or_else(|refusal| panic!("Slack would not show this in {channel}: {refusal:?} {said}"));
    }
}

fn said(state: &mut State, user: &str, channel: String, thread: Option<&str>, text: &str) -> String {
    let message = Message {
        ts: state.ts(),
        channel,
        thread_ts: thread.map(str::to_owned),
        user: Some(user.to_owned()),
        text: text.to_owned(),
        blocks: content::with_ids(state, rich(text)),
        client_msg_id: Some(state.id("client-")),
        ..Message::default()
    };
    state.place(message)
}

/// What a client makes of typed words.
fn rich(text: &str) -> Vec<Value> {
    let section = json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]});
    vec![json!({"type": "rich_text", "elements": [section]})]
}

pub(super) fn place(state: &State, channel: &str) -> (String, String) {
    let channel = state.world.channel(channel).expect("a channel that was added");
    (channel.id.clone(), channel.name.clone())
}

pub(super) fn message(state: &State, channel: &str, ts: &str) -> Message {
    let channel = state.world.channel(channel).expect("a channel that was added");
    channel.messages.get(ts).expect("a message that is there").clone()
}

//! The people of a workspace of Slack.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_doubles::slack::{Message, Outcome, Slack};

use super::{Crowd, Handle, Shown, hash};
use crate::chat;

/// A workspace of Slack.
pub(crate) struct Workspace(pub(super) Arc<Slack>);

pub(super) fn talk(number: u64) -> String {
    format!("C0TALK{number}")
}

pub(super) fn alerts(number: u64) -> String {
    format!("C0ALERTS{number}")
}

fn on_slack(message: Message) -> Shown {
    let key = message.metadata.as_ref().and_then(|it| it["event_payload"]["key"].as_str()).map(str::to_owned);
    Shown {
        id: message.ts.replace('.', "").parse().unwrap(),
        tag: key.unwrap_or_else(|| panic!("no key: {}", message.reads())),
        reads: message.reads(),
        edits: message.before.len(),
        is_report: chat::is_report(&message),
        buttons: message.buttons().into_iter().map(|(_, _, value)| value).collect(),
        handle: Handle::Slack(Box::new(message)),
    }
}

#[async_trait]
impl Crowd for Workspace {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn talk(&self, number: u64) -> String {
        talk(number)
    }

    fn alerts(&self, number: u64) -> String {
        alerts(number)
    }

    fn mention(&self, channel: &str, text: &str) -> String {
        self.0.mention(chat::ANN, channel, None, text)
    }

    fn say(&self, channel: &str, root: &str, text: &str) -> String {
        self.0.say(chat::BOB, channel, Some(root), text)
    }

    fn alert(&self, channel: &str, name: &str, service: &str) -> String {
        self.0.post_as_app(channel, &chat::posted_about(name, service))
    }

    async fn investigate(&self, channel: &str) -> Option<Duration> {
        Some(self.0.slash(chat::BOB, channel, chat::ASK).await.ok()?.elapsed)
    }

    async fn quick(&self, channel: &str, number: usize) -> Option<Duration> {
        let text = ["list jobs", "status", "list incidents", "help"][number % 4];
        Some(self.0.slash(chat::ANN, channel, text).await.ok()?.elapsed)
    }

    async fn press(&self, on: &Shown, button: &str) -> Option<Duration> {
        let Handle::Slack(message) = &on.handle else { return None };
        let (action, ..) = message.buttons().into_iter().find(|(_, _, value)| value == button).unwrap();
        Some(self.0.press_seen(chat::BOB, message, &action).await.ok()?.elapsed)
    }

    fn thread(&self, channel: &str, root: &str) -> Vec<Shown> {
        self.0.thread(channel, root).into_iter().filter(Message::is_own).map(on_slack).collect()
    }

    fn own(&self, channel: &str) -> Vec<Shown> {
        self.0.own(channel).into_iter().map(on_slack).collect()
    }

    fn heard(&self, channel: &str, _: Option<&str>, message: &str) -> String {
        format!("slack:{channel}:{message}")
    }

    fn tag(&self, key: &str) -> String {
        hash(key, 12)
    }

    fn redelivers(&self) -> bool {
        true
    }

    fn calm(&self) {
        self.0.calm();
    }

    fn is_still(&self) -> bool {
        self.0.sockets() > 0 && self.0.unsent() == 0
    }

    fn calls(&self) -> (usize, usize) {
        let calls = self.0.calls();
        let faulted = calls.iter().filter(|call| matches!(call.outcome, Some(Outcome::Faulted { .. }))).count();
        (calls.len(), faulted)
    }

    fn told(&self) -> String {
        self.0.told()
    }
}

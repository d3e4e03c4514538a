//! The people of a guild of Discord.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_doubles::discord::{Discord, Message, Outcome};

use super::{Crowd, Handle, Shown, hash};
use crate::guild;

/// The people of a guild of Discord.
pub(crate) struct People(pub(super) Arc<Discord>);

pub(super) fn talk(number: u64) -> String {
    (810_000_000_000_000_000 + number).to_string()
}

pub(super) fn alerts(number: u64) -> String {
    (820_000_000_000_000_000 + number).to_string()
}

fn on_discord(message: &Message) -> Shown {
    Shown {
        id: message.id.parse().unwrap(),
        tag: guild::tag(message).unwrap_or_else(|| panic!("no tag: {}", message.reads())),
        reads: message.reads(),
        edits: message.before.len(),
        is_report: guild::is_report(message),
        buttons: message.buttons(),
        handle: Handle::Discord { channel: message.channel.clone(), message: message.id.clone() },
    }
}

#[async_trait]
impl Crowd for People {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn talk(&self, number: u64) -> String {
        talk(number)
    }

    fn alerts(&self, number: u64) -> String {
        alerts(number)
    }

    fn mention(&self, channel: &str, text: &str) -> String {
        self.0.mention(guild::ANN, channel, text)
    }

    fn say(&self, _: &str, root: &str, text: &str) -> String {
        self.0.say(guild::BOB, root, text)
    }

    fn alert(&self, channel: &str, name: &str, service: &str) -> String {
        self.0.post_as_webhook(channel, &guild::posted_about(name, service))
    }

    async fn investigate(&self, channel: &str) -> Option<Duration> {
        let options = [("target-or-question", "payments-api"), ("namespace", "inc-crashloop")];
        Some(self.0.slash(guild::BOB, channel, "investigate", &options).await.ok()?.elapsed)
    }

    async fn quick(&self, channel: &str, number: usize) -> Option<Duration> {
        let (name, options): (&str, &[_]) =
            [("list", &[("what", "jobs")][..]), ("status", &[]), ("list", &[("what", "incidents")]), ("help", &[])]
                [number % 4];
        Some(self.0.slash(guild::ANN, channel, name, options).await.ok()?.elapsed)
    }

    async fn press(&self, on: &Shown, button: &str) -> Option<Duration> {
        let Handle::Discord { channel, message } = &on.handle else { return None };
        Some(self.0.press(guild::BOB, channel, message, button).await.ok()?.elapsed)
    }

    fn thread(&self, channel: &str, root: &str) -> Vec<Shown> {
        guild::thread(&self.0, channel, root).iter().filter(|message| message.is_own()).map(on_discord).collect()
    }

    fn own(&self, channel: &str) -> Vec<Shown> {
        self.0.own(channel).iter().map(on_discord).collect()
    }

    fn heard(&self, channel: &str, root: Option<&str>, message: &str) -> String {
        format!("discord:{}:{message}", root.unwrap_or(channel))
    }

    fn tag(&self, key: &str) -> String {
        hash(key, 6)
    }

    fn redelivers(&self) -> bool {
        false
    }

    fn calm(&self) {
        self.0.calm();
    }

    fn is_still(&self) -> bool {
        self.0.identified() > 0 && self.0.unsent() == 0
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

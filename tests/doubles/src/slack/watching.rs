//! What a test sees of the workspace.

use std::time::Duration;

use serde_json::Value;

use super::Slack;
use super::delivery::Receipt;
use super::limits::Violation;
use super::message::{Ephemeral, File, Message};
use super::state::{Call, Outcome};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

impl Slack {
    /// Every message of a channel, replies included, in the order they came.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.shared.read(|state| {
            let channel = state.world.channel(channel).expect("a channel that was added");
            channel.messages.values().cloned().collect()
        })
    }

    /// A thread: its root, then the replies.
    pub fn thread(&self, channel: &str, root: &str) -> Vec<Message> {
        let in_thread = |m: &Message| m.ts == root || m.thread_ts.as_deref() == Some(root);
        self.messages(channel).into_iter().filter(in_thread).collect()
    }

    /// Messages of the app under test.
    pub fn own(&self, channel: &str) -> Vec<Message> {
        self.messages(channel).into_iter().filter(Message::is_own).collect()
    }

    /// How many messages of the app there are in all channels: cheap enough to wait for in a storm.
    pub fn own_count(&self) -> usize {
        self.shared.read(|state| {
            let messages = state.world.channels.values().flat_map(|c| c.messages.values());
            messages.filter(|m| m.is_own()).count()
        })
    }

    /// How often a method was called: cheap enough to wait for in a storm.
    pub fn called(&self, method: &str) -> usize {
        self.shared.read(|state| state.calls.iter().filter(|c| c.method == method).count())
    }

    /// One message, as it is now.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Message> {
        self.shared.read(|state| state.world.channel(channel)?.messages.get(ts).cloned())
    }

    /// What only this person was shown.
    pub fn ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        self.shared.read(|state| state.world.ephemerals.iter().filter(|e| e.user == user).cloned().collect())
    }

    /// Files that were shared in a channel.
    pub fn files(&self, channel: &str) -> Vec<File> {
        self.messages(channel).into_iter().flat_map(|m| m.files).collect()
    }

    /// What the app said it does, in order: channel, thread, words. No words: it has finished.
    pub fn statuses(&self) -> Vec<(String, String, String)> {
        self.shared.read(|state| state.world.statuses.clone())
    }

    /// Views that were opened: who saw them, and what.
    pub fn views(&self) -> Vec<(String, Value)> {
        self.shared.read(|state| state.world.views.clone())
    }

    /// Every call of the Web API, in order; also `upload` and `response_url`.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.read(|state| state.calls.clone())
    }

    /// Calls that the workspace refused, for what they asked: there should be none that a test did not plan.
    pub fn refusals(&self) -> Vec<Call> {
        let refused = |call: &Call| matches!(call.outcome, Some(Outcome::Refused(_)));
        self.calls().into_iter().filter(refused).collect()
    }

    /// Calls that came too early.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.read(|state| state.usage.violations.clone())
    }

    /// What became of everything that the app was sent.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.shared.read(|state| state.receipts.clone())
    }

    /// How long the app took to acknowledge, in real time; what was late or lost is not in it.
    pub fn acknowledgement_times(&self) -> Vec<Duration> {
        self.shared.read(|state| state.receipts.iter().filter_map(|r| r.elapsed).collect())
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.shared.read(|state| state.connections.count())
    }

    /// How many sockets were ever opened.
    pub fn sockets_opened(&self) -> u64 {
        self.shared.read(|state| state.connections.opened())
    }

    /// How much the app has not been sent yet.
    pub fn unsent(&self) -> usize {
        self.shared.read(|state| state.backlog.len() + state.held.len())
    }

    /// Looks after every change until there is what is looked for.
    ///
    /// # Panics
    /// When it does not come in half a minute.
    pub async fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changes = self.shared.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(self) {
                    return found;
                }
                changes.changed().await.expect("the workspace lives");
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, wait).await;
        outcome.unwrap_or_else(|_| panic!("{what} did not come\n{}", self.told()))
    }

    /// The workspace in words: for a test that fails.
    pub fn told(&self) -> String {
        self.shared.read(|state| {
            let mut told = String::new();
            for channel in state.world.channels.values() {
                told.push_str(&format!("#{}\n", channel.name));
                for message in channel.messages.values() {
                    let indent = if message.is_reply() { "  | " } else { "  " };
                    let by = message.username.as_ref().or(message.user.as_ref());
                    let by = by.map_or("?", String::as_str);
                    told.push_str(&format!("{indent}{} {by}: {}\n", message.ts, message.reads()));
                }
            }
            for shown in &state.world.ephemerals {
                told.push_str(&format!("only {} in {}: {}\n", shown.user, shown.channel, shown.reads()));
            }
            for call in state.calls.iter().rev().take(20) {
                told.push_str(&format!("{} {:?}\n", call.method, call.outcome));
            }
            told
        })
    }
}

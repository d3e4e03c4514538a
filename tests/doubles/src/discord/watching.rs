//! What a test sees of the guild.

use std::time::Duration;

use serde_json::Value;

use super::Discord;
use super::delivery::Receipt;
use super::limits::Violation;
use super::message::Message;
use super::people::place;
use super::state::{Call, Outcome, State};
use super::world::Channel;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

impl Discord {
    /// Every message of a channel and of its threads, in the order they came. Without the pointers that threads begin with.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.shared.read(|state| {
            let id = place(state, channel);
            let here = |channel: &&Channel| channel.id == id || channel.parent.as_deref() == Some(id.as_str());
            let channels = state.world.channels.values().filter(here);
            let mut all: Vec<Message> = channels.flat_map(|channel| channel.messages.values().cloned()).collect();
            all.retain(|message| message.kind != 21);
            all.sort_by_key(|message| message.id.parse::<u64>().unwrap_or(0));
            all
        })
    }

    /// A thread: the message that it was made from, when there is one, then those in it.
    ///
    /// # Panics
    /// When there is no such thread.
    pub fn thread(&self, id: &str) -> Vec<Message> {
        let parent = self.shared.read(|state| state.world.channels[id].parent.clone());
        let all = self.messages(&parent.expect("a thread has a parent"));
        all.into_iter().filter(|message| message.id == id || message.channel == id).collect()
    }

    /// The threads of a channel: id, name, and whether it is archived.
    pub fn threads(&self, channel: &str) -> Vec<(String, String, bool)> {
        self.shared.read(|state| {
            let id = place(state, channel);
            let threads = state.world.channels.values().filter(|one| one.parent.as_deref() == Some(id.as_str()));
            threads.map(|thread| (thread.id.clone(), thread.name.clone(), thread.archived())).collect()
        })
    }

    /// Messages of the app under test, in a channel and its threads.
    pub fn own(&self, channel: &str) -> Vec<Message> {
        self.messages(channel).into_iter().filter(Message::is_own).collect()
    }

    /// How many messages of the app there are in all channels: cheap enough to wait for in a storm.
    pub fn own_count(&self) -> usize {
        self.shared.read(|state| {
            let messages = state.world.channels.values().flat_map(|channel| channel.messages.values());
            messages.filter(|message| message.is_own() && message.kind != 21).count()
        })
    }

    /// How often a route was called: cheap enough to wait for in a storm.
    pub fn called(&self, route: &str) -> usize {
        self.shared.read(|state| state.calls.iter().filter(|call| call.route == route).count())
    }

    /// One message of a channel or thread, as it is now.
    pub fn message(&self, channel: &str, id: &str) -> Option<Message> {
        self.shared.read(|state| state.world.channel(channel)?.message(id).cloned())
    }

    /// The commands that are registered.
    pub fn commands(&self) -> Vec<Value> {
        self.shared.read(|state| state.world.commands.clone())
    }

    /// Every call of the REST API, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.read(|state| state.calls.clone())
    }

    /// Calls that were refused for what they asked: there should be none that a test did not plan.
    pub fn refusals(&self) -> Vec<Call> {
        let refused = |call: &Call| matches!(call.outcome, Some(Outcome::Refused(..)));
        self.calls().into_iter().filter(refused).collect()
    }

    /// Calls that came too early.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.read(|state| state.usage.violations.clone())
    }

    /// Answers that Discord counts before it bans: 401, 403 and 429.
    /// <https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>
    pub fn invalid_requests(&self) -> usize {
        let counts = |call: &Call| match &call.outcome {
            Some(Outcome::Refused(status, _)) => [401, 403].contains(status),
            Some(Outcome::Limited { .. }) => true,
            _ => false,
        };
        self.shared.read(|state| state.calls.iter().filter(|call| counts(call)).count())
    }

    /// What became of every interaction.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.shared.read(|state| state.receipts.clone())
    }

    /// How long the app took to answer, in real time; what was late or lost is not in it.
    pub fn acknowledgement_times(&self) -> Vec<Duration> {
        self.shared.read(|state| state.receipts.iter().filter_map(|receipt| receipt.elapsed).collect())
    }

    /// How many connections of the gateway are open.
    pub fn sockets(&self) -> usize {
        self.shared.read(|state| state.sessions.count())
    }

    /// How many connections have a session: they hear what happens.
    pub fn identified(&self) -> usize {
        self.shared.read(|state| state.sessions.identified())
    }

    /// How many connections were ever opened.
    pub fn sockets_opened(&self) -> u64 {
        self.shared.read(|state| state.sessions.opened())
    }

    /// How much the app has not been sent yet.
    pub fn unsent(&self) -> usize {
        self.shared.read(|state| state.sessions.unsent() + state.posts.len() + state.held.len())
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
                changes.changed().await.expect("the guild lives");
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, wait).await;
        outcome.unwrap_or_else(|_| panic!("{what} did not come\n{}", self.told()))
    }

    /// The guild in words: for a test that fails.
    pub fn told(&self) -> String {
        self.shared.read(|state| {
            let mut told = String::new();
            for channel in state.world.channels.values() {
                told.push_str(&format!("#{} {}\n", channel.name, channel.id));
                for message in channel.messages.values() {
                    told.push_str(&format!("  {} {}: {}\n", message.id, author(state, message), message.reads()));
                }
            }
            for call in state.calls.iter().rev().take(20) {
                told.push_str(&format!("{} {:?}\n", call.path, call.outcome));
            }
            told
        })
    }
}

fn author<'a>(state: &'a State, message: &'a Message) -> &'a str {
    let user = || state.world.users.get(&message.author).map_or(message.author.as_str(), |user| user.name.as_str());
    message.webhook.as_deref().unwrap_or_else(user)
}

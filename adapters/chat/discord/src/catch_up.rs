//! What was said while nobody listened: read when a session of the gateway is begun anew.
//!
//! The gateway tells such a session nothing of what came before it. What was heard already is heard once all the same, by its
//! id, so this reads generously and remembers nothing. Must never read without bound, nor fail: what cannot be read is told.
//! Start at [`CatchUp::channels`].

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde_json::Value;
use serenity::model::channel::Message;
use tokio::time::Instant;

use crate::client::Client;
use crate::fault::Fault;
use crate::heard::{Delivered, Listening, Me};
use crate::places::Places;
use crate::route::Route;
use crate::snowflake;

/// How far back is read: what is older comes too late to be investigated as if it were new.
const BACK: Duration = Duration::from_mins(15);

/// Time for all reads.
const TIME: Duration = Duration::from_secs(30);

/// Pause before a read is tried again that had no answer, doubled each time.
const PAUSE: Duration = Duration::from_millis(250);

/// Messages of a page: the most there are
/// (<https://docs.discord.com/developers/resources/message#get-channel-messages>).
const PAGE: usize = 100;

/// Pages of one channel or thread.
const PAGES: usize = 5;

/// Threads that are read, those with the latest messages first.
const THREADS: usize = 50;

/// Channels or threads that are read at the same time: one that is slow holds up no other, and the bot's 50 requests a
/// second are left to the rest.
const AT_ONCE: usize = 4;

/// Discord's code for a channel that holds threads and no messages, like a forum.
const NO_MESSAGES_THERE: u64 = 50_024;

/// What was missed.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    /// Messages, the oldest first.
    pub(crate) messages: Vec<Delivered>,
    /// What could not be read, for the operator.
    pub(crate) trouble: Option<String>,
}

impl Missed {
    fn and(mut self, other: Missed) -> Missed {
        self.messages.extend(other.messages);
        self.trouble = self.trouble.or(other.trouble);
        self
    }

    fn message(&mut self, channel: &str, told: &Value) {
        let message: Message = match serde_json::from_value(told.clone()) {
            Ok(message) => message,
            Err(error) => {
                // serde's own words may hold some of the message.
                let (kind, id) = (error.classify(), id(told).unwrap_or_default());
                let why = format!("the message {id} in channel {channel} is of an unknown form ({kind:?})");
                self.trouble = Some(why);
                return;
            }
        };
        // The post may have been heard before it was edited, so both are told; what was heard is not heard again.
        if message.edited_timestamp.is_some() {
            self.messages.push(Delivered::read(message.clone(), true));
        }
        self.messages.push(Delivered::read(message, false));
    }
}

/// What reads.
pub(crate) struct CatchUp<'a> {
    client: &'a Client,
    listening: &'a Listening,
    until: Instant,
    after: u64,
}

impl<'a> CatchUp<'a> {
    /// Reads what was said before this moment.
    pub(crate) fn new(client: &'a Client, listening: &'a Listening, now: Timestamp) -> Self {
        let after = snowflake::first(now.checked_sub(BACK).unwrap_or(now));
        Self { client, listening, until: Instant::now() + TIME, after }
    }

    /// What was said in the channels that are known beforehand.
    pub(crate) async fn channels(&self) -> Missed {
        let Listening { alert_channels, channels, .. } = self.listening;
        self.all(alert_channels.union(channels).map(String::as_str)).await
    }

    /// What was said in their threads, and in threads that we are in.
    pub(crate) async fn threads(&self, places: &Places, me: &Me) -> Missed {
        let told = match self.ask(Route::ActiveThreads(&self.listening.guild), &[]).await {
            Ok(told) => told,
            Err(fault) => return Missed { trouble: Some(fault.words()), ..Missed::default() },
        };
        let fresh = Threads::of(&told, self.after, self.listening, me).0;
        for thread in &fresh {
            places.note(thread.id.clone(), Some(thread.parent.clone())).await;
        }
        self.all(fresh.iter().map(|thread| thread.id.as_str())).await
    }

    async fn all(&self, channels: impl Iterator<Item = &str>) -> Missed {
        let reads: Vec<_> = channels.map(|channel| self.channel(channel)).collect();
        let (mut reads, mut missed) = (stream::iter(reads).buffer_unordered(AT_ONCE), Missed::default());
        while let Some(one) = reads.next().await {
            missed = missed.and(one);
        }
        missed.messages.sort_by_key(|delivered| (delivered.message.id, delivered.edited));
        missed
    }

    /// What was said in one channel or thread.
    async fn channel(&self, channel: &str) -> Missed {
        let (mut missed, mut after) = (Missed::default(), self.after);
        for _ in 0..PAGES {
            let (from, limit) = (after.to_string(), PAGE.to_string());
            let page = match self.ask(Route::Messages(channel), &[("after", &from), ("limit", &limit)]).await {
                Ok(page) => page,
                Err(fault) if fault.code() == Some(NO_MESSAGES_THERE) => return missed,
                Err(fault) => return Missed { trouble: Some(fault.words()), ..missed },
            };
            let page = page.as_array().map(Vec::as_slice).unwrap_or_default();
            for message in page {
                missed.message(channel, message);
            }
            after = page.iter().filter_map(id).max().unwrap_or(after);
            if page.len() < PAGE {
                return missed;
            }
        }
        Missed {
            trouble: Some(format!("there are more than {} messages in channel {channel}", PAGES * PAGE)),
            ..missed
        }
    }

    /// Asks, again where there was no answer, and waits where a limit is shut, as long as there is time: what is not read
    /// now is brought by nobody.
    async fn ask(&self, route: Route<'_>, query: &[(&str, &str)]) -> Result<Value, Fault> {
        let mut pause = PAUSE;
        loop {
            if Instant::now() >= self.until {
                return Err(late());
            }
            let fault = match tokio::time::timeout_at(self.until, self.client.read(route, query)).await {
                Ok(Ok(told)) => return Ok(told),
                Ok(Err(fault)) => fault,
                Err(_) => return Err(late()),
            };
            let wait = match &fault {
                Fault::Shut(wait) | Fault::Limited { after: Some(wait), .. } => *wait,
                Fault::NotSent(_) | Fault::Unknown(_) => {
                    let now = pause;
                    pause *= 2;
                    now
                }
                _ => return Err(fault),
            };
            if Instant::now() + wait >= self.until {
                return Err(fault);
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn late() -> Fault {
    Fault::Unknown(format!("there was no more time: all is read within {} s", TIME.as_secs()))
}

/// A thread in which something was said lately.
#[derive(Debug, PartialEq)]
struct Thread {
    id: String,
    parent: String,
    last: u64,
}

/// Threads of ours, or in alert channels.
#[derive(Debug, PartialEq)]
struct Threads(Vec<Thread>);

impl Threads {
    /// As Discord tells them: <https://docs.discord.com/developers/resources/guild#list-active-guild-threads>.
    fn of(told: &Value, after: u64, listening: &Listening, me: &Me) -> Self {
        let all = |name: &str| told[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let joined = |id: &str| all("members").iter().any(|member| member["id"].as_str() == Some(id));
        let read = |thread: &Value| {
            let (id, parent) = (thread["id"].as_str()?, thread["parent_id"].as_str()?);
            let ours = thread["owner_id"].as_str() == Some(&me.user) || joined(id);
            let last = thread["last_message_id"].as_str()?.parse().ok()?;
            let concerns = last > after
                && (ours || listening.alert_channels.contains(parent) || listening.channels.contains(parent));
            concerns.then(|| Thread { id: id.to_owned(), parent: parent.to_owned(), last })
        };
        let mut fresh: Vec<Thread> = all("threads").iter().filter_map(read).collect();
        fresh.sort_by_key(|thread| std::cmp::Reverse(thread.last));
        fresh.truncate(THREADS);
        Self(fresh)
    }
}

fn id(message: &Value) -> Option<u64> {
    message["id"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_threads_that_concern_us_are_read_the_latest_first() {
        let thread = |id: &str, parent: &str, owner: &str, last: Value| json!({"id": id, "parent_id": parent, "owner_id": owner, "last_message_id": last});
        let told = json!({
            "threads": [
                thread("11", "1", "7", json!("101")),
                thread("12", "2", "9", json!("103")),
                thread("13", "2", "7", json!("102")),
                thread("14", "2", "7", json!("104")),
                thread("15", "1", "9", json!("100")),
                thread("16", "1", "9", json!(null)),
                thread("17", "3", "7", json!("105")),
                json!("odd"),
            ],
            "members": [{"id": "13", "user_id": "9"}]
        });
        let listening = Listening {
            guild: "5".to_owned(),
            alert_channels: ["1".to_owned()].into(),
            channels: ["3".to_owned()].into(),
        };
        let me = Me { user: "9".to_owned(), application: "9".to_owned(), may_read: true };
        let ids = |told: &Value| -> Vec<String> {
            Threads::of(told, 100, &listening, &me).0.into_iter().map(|thread| thread.id).collect()
        };
        assert_eq!(ids(&told), ["17", "12", "13", "11"]);
        assert!(ids(&json!(null)).is_empty());
    }
}

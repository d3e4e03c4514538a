//! Threads: which exist, how they are begun, named and reopened, and which channels hold nothing else.
//!
//! A thread that starts from a message has that message's id. Must never begin a thread where there is one, nor grow without
//! bound. <https://docs.discord.com/developers/topics/threads>. Start at [`Threads::open`].

use std::sync::Arc;

use midwatch_agent::render::clean;
use midwatch_service::post::PostBody;
use moka::future::Cache;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fault::{Fault, code};
use crate::route::Route;

/// Channels and threads that are remembered: a guild has at most 500 channels and 1,000 active threads.
const KEPT: u64 = 4_096;

/// Characters of a name: <https://docs.discord.com/developers/resources/channel#start-thread-from-message>.
const NAME_CAP: usize = 100;

/// Minutes without a message until Discord archives a thread: a day, as long as an incident is talked about.
const ARCHIVE_AFTER: u32 = 1_440;

/// Types of channels in which every message begins a thread: forums and media.
/// <https://docs.discord.com/developers/resources/channel#channel-object-channel-types>
const FORUMS: [u64; 2] = [15, 16];

/// What is known of channels and threads.
pub(crate) struct Threads {
    client: Arc<Client>,
    /// Whether there is a thread at a root.
    there: Cache<String, bool>,
    /// Whether a channel is a forum.
    forums: Cache<String, bool>,
}

impl Threads {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, there: Cache::new(KEPT), forums: Cache::new(KEPT) }
    }

    /// A thread at this root is there, or surely not: its root was just made.
    pub(crate) async fn note(&self, root: &str, there: bool) {
        self.there.insert(root.to_owned(), there).await;
    }

    /// Whether every message of a channel begins a thread.
    pub(crate) async fn is_forum(&self, channel: &str) -> Result<bool, Fault> {
        let asked = async {
            let told = self.client.read(Route::Channel(channel), &[]).await?;
            Ok(is_forum(&told))
        };
        let asked = self.forums.try_get_with(channel.to_owned(), asked).await;
        asked.map_err(|fault: Arc<Fault>| nothing_sent((*fault).clone()))
    }

    /// Makes sure that there is a thread at a root.
    pub(crate) async fn open(&self, channel: &str, root: &str, name: &str) -> Result<(), Fault> {
        let known = self.there.get(root).await;
        if known == Some(true) {
            return Ok(());
        }
        // A thread that a person began without a message is there although there is no message to begin it from.
        if known == Some(false) || !self.is_there(root).await? {
            let args = json!({"name": name, "auto_archive_duration": ARCHIVE_AFTER});
            match self.client.call(Route::StartThread { channel, message: root }, Some(&args)).await {
                Err(fault) if fault.code() != Some(code::THREAD_EXISTS) => return Err(nothing_sent(fault)),
                _ => {}
            }
        }
        self.note(root, true).await;
        Ok(())
    }

    /// A post of a forum, as it is begun: its first message is part of it.
    pub(crate) fn forum_post(name: &str, message: &Value) -> Value {
        json!({"name": name, "auto_archive_duration": ARCHIVE_AFTER, "message": message})
    }

    /// Reopens a thread that was archived. One that is locked stays as it is: somebody wanted it so.
    pub(crate) async fn reopen(&self, thread: &str) -> Result<(), Fault> {
        let (route, args) = (Route::Channel(thread), json!({"archived": false}));
        let Err(fault) = self.client.call(route, Some(&args)).await else { return Ok(()) };
        if fault.code() == Some(code::MISSING_PERMISSIONS)
            && let Ok(told) = self.client.read(route, &[]).await
            && told["thread_metadata"]["locked"] == true
        {
            return Err(fault.with_code(code::THREAD_LOCKED, "Thread is locked"));
        }
        Err(nothing_sent(fault))
    }

    async fn is_there(&self, thread: &str) -> Result<bool, Fault> {
        match self.client.read(Route::Channel(thread), &[]).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.is_gone() => Ok(false),
            Err(fault) => Err(nothing_sent(fault)),
        }
    }
}

/// Whether a channel, as Discord tells it, holds nothing but threads.
pub(crate) fn is_forum(channel: &Value) -> bool {
    channel["type"].as_u64().is_some_and(|kind| FORUMS.contains(&kind))
}

/// A step before a message is sent: whatever became of it, the message was not.
pub(crate) fn nothing_sent(fault: Fault) -> Fault {
    if let Fault::Unknown(words) = fault { Fault::NotSent(words) } else { fault }
}

/// What a thread is called, from the message that begins it.
pub(crate) fn name(body: &PostBody) -> String {
    let title = match body {
        PostBody::Opening(opening) => opening.title.as_str(),
        PostBody::Living(living) => living.title.as_str(),
        PostBody::Report { report, .. } => report.root_cause.as_str(),
        PostBody::Storm(_) => "Alert storm",
        PostBody::Notice { .. } | PostBody::Answer { .. } | PostBody::Private(_) => "",
    };
    let name = clean::line(title);
    let name = clean::shorten(name.trim(), NAME_CAP).trim().to_owned();
    if name.is_empty() { "Midwatch".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use midwatch_service::post::{LivingMessage, Opening};

    use super::*;

    #[test]
    fn a_name_is_one_that_discord_takes() {
        let opening = |title: &str| name(&PostBody::Opening(Opening { title: title.to_owned(), ..Opening::default() }));
        assert_eq!(opening("  KubePodCrashLooping\nshop "), "KubePodCrashLooping shop");
        let long = opening(&"ñ".repeat(300));
        assert!((1..=NAME_CAP).contains(&long.chars().count()), "{long}");
        for empty in ["", " \n "] {
            assert_eq!(opening(empty), "Midwatch", "{empty:?}");
        }
        let living = LivingMessage { title: "Deployment shop/checkout".to_owned(), ..LivingMessage::default() };
        assert_eq!(name(&PostBody::Living(living)), "Deployment shop/checkout");
        assert_eq!(name(&PostBody::Notice { text: "a line".to_owned() }), "Midwatch");
    }
}

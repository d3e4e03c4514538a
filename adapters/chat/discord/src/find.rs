//! Whether a message of ours landed: looked up by the tag in its footer, the newest first.
//!
//! With a root the thread is read, without one the channel, or the newest posts of a forum, back to when the thread was
//! opened. What cannot be told: a message that lands after it was looked for, one that somebody deleted, and anything behind
//! the last page that is read. A private answer is never listed anywhere. Start at [`look`].

use jiff::SignedDuration;
use midwatch_service::id::MessageId;
use midwatch_service::port::chat::Found;
use midwatch_service::thread::Thread;
use serde_json::Value;

use crate::client::Client;
use crate::fault::Fault;
use crate::key::Tag;
use crate::route::Route;
use crate::snowflake;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Messages of a page; Discord gives 100 at most.
    pub(crate) page: usize,
    /// Pages; what is behind them is not known.
    pub(crate) pages: usize,
    /// Posts of a forum that are looked at, each with a call.
    pub(crate) posts: usize,
}

impl Bounds {
    /// As much as fits into the time of a search.
    pub(crate) const USUAL: Bounds = Bounds { page: 100, pages: 10, posts: 20 };
}

/// How far Discord's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// Who looks, and for what.
pub(crate) struct Search<'a> {
    pub(crate) client: &'a Client,
    /// The bot's id as a user: the footer of another's message marks nothing.
    pub(crate) bot: &'a str,
    pub(crate) guild: &'a str,
    pub(crate) tag: &'a Tag,
    pub(crate) bounds: Bounds,
}

/// Looks for a message of a thread, in a channel that is a forum or not. None: nothing at all is shown there. That is so of a
/// channel without messages, and of one whose history the bot may not read.
pub(crate) async fn look(search: &Search<'_>, thread: &Thread, forum: bool) -> Result<Option<Found>, Fault> {
    let oldest = snowflake::first(thread.opened_at.checked_sub(SKEW).unwrap_or(thread.opened_at));
    match &thread.root {
        // The thread is not there, or no more, and what was in it.
        Some(root) => match search.read(&root.0, oldest).await {
            Err(fault) if fault.is_gone() => Ok(Some(Found::NotSent)),
            found => found,
        },
        None if forum => search.posts(&thread.channel, oldest).await.map(Some),
        None => search.read(&thread.channel, oldest).await,
    }
}

impl Search<'_> {
    /// Page after page of a channel or thread.
    async fn read(&self, channel: &str, oldest: u64) -> Result<Option<Found>, Fault> {
        let limit = self.bounds.page.to_string();
        let mut before: Option<u64> = None;
        for _ in 0..self.bounds.pages {
            let from = before.map(|id| id.to_string());
            let mut query = vec![("limit", limit.as_str())];
            query.extend(from.as_deref().map(|id| ("before", id)));
            let page = match self.client.read_patiently(Route::Messages(channel), &query).await {
                // Another search would begin anew, and come no further.
                Err(Fault::Shut(_)) if before.is_some() => break,
                page => page?,
            };
            let messages = list(&page)?;
            if let Some(found) = messages.iter().find_map(|message| self.matching(message)) {
                return Ok(Some(Found::Sent(found)));
            }
            if messages.is_empty() && before.is_none() {
                return Ok(None);
            }
            let last = messages.iter().filter_map(id).min();
            match last {
                Some(last) if messages.len() >= self.bounds.page && last > oldest => before = Some(last),
                _ => return Ok(Some(Found::NotSent)),
            }
        }
        Ok(Some(Found::Unknowable))
    }

    /// The newest posts of a forum. The active threads of a guild come in one answer; a post of now is one of them.
    async fn posts(&self, channel: &str, oldest: u64) -> Result<Found, Fault> {
        let active = match self.client.read_patiently(Route::ActiveThreads(self.guild), &[]).await {
            Err(fault) if fault.is_gone() => return Ok(Found::Unknowable),
            active => active?,
        };
        let threads = list(&active["threads"])?.iter();
        let ours = threads.filter(|thread| thread["parent_id"] == channel && thread["owner_id"] == self.bot);
        let mut ids: Vec<u64> = ours.filter_map(id).filter(|id| *id > oldest).collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        for id in ids.iter().take(self.bounds.posts) {
            let id = id.to_string();
            match self.client.read(Route::Message { channel: &id, message: &id }, &[]).await {
                Ok(message) => {
                    if let Some(found) = self.matching(&message) {
                        return Ok(Found::Sent(found));
                    }
                }
                // Removed meanwhile.
                Err(fault) if fault.is_gone() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(if ids.len() > self.bounds.posts { Found::Unknowable } else { Found::NotSent })
    }

    fn matching(&self, message: &Value) -> Option<MessageId> {
        let ours = message["author"]["id"] == self.bot && self.tag.marks(message);
        ours.then(|| message["id"].as_str().map(|id| MessageId(id.to_owned())))?
    }
}

fn list(value: &Value) -> Result<&Vec<Value>, Fault> {
    value.as_array().ok_or_else(|| Fault::Unknown("the answer holds no list".to_owned()))
}

fn id(value: &Value) -> Option<u64> {
    value["id"].as_str()?.parse().ok()
}

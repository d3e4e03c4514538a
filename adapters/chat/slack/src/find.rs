//! Whether a message of ours landed: looked up by the key in its metadata.
//!
//! With a root the thread's replies are read, without one the channel's messages since the thread was opened. What cannot be
//! told: a message that lands after it was looked for, one that somebody deleted, and anything behind the last page that is
//! read. A private answer is never listed anywhere. Start at [`look`].

use jiff::SignedDuration;
use midwatch_service::id::MessageId;
use midwatch_service::port::chat::Found;
use midwatch_service::thread::Thread;
use serde_json::Value;

use crate::client::Client;
use crate::fault::Fault;
use crate::files;
use crate::key::Tag;
use crate::method::Method;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Messages of a page. Slack gives fewer to apps that are distributed commercially:
    /// <https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps>.
    pub(crate) page: usize,
    /// Pages; what is behind them is not known.
    pub(crate) pages: usize,
}

impl Bounds {
    /// As much as fits into the time of a search.
    pub(crate) const USUAL: Bounds = Bounds { page: 200, pages: 10 };
}

/// How far Slack's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// What a search saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The message.
    pub(crate) found: Found,
    /// Hashes of its files, where only they landed.
    pub(crate) files: Vec<String>,
}

/// Looks for a message.
pub(crate) async fn look(client: &Client, thread: &Thread, tag: &Tag, bounds: Bounds) -> Result<Seen, (Method, Fault)> {
    let method = if thread.root.is_some() { Method::ConversationsReplies } else { Method::ConversationsHistory };
    let oldest = thread.opened_at.checked_sub(SKEW).unwrap_or(thread.opened_at).as_second().to_string();
    let mut seen = Seen { found: Found::NotSent, files: Vec::new() };
    let mut cursor = String::new();
    let limit = bounds.page.to_string();
    for _ in 0..bounds.pages {
        let mut query =
            vec![("channel", thread.channel.as_str()), ("limit", limit.as_str()), ("include_all_metadata", "true")];
        match &thread.root {
            Some(root) => query.push(("ts", root.0.as_str())),
            None => query.push(("oldest", oldest.as_str())),
        }
        if !cursor.is_empty() {
            query.push(("cursor", cursor.as_str()));
        }
        let page = match client.read(method, &query).await {
            Ok(page) => page,
            // The whole thread is gone, and what was in it.
            Err(fault) if fault.code() == Some("thread_not_found") => return Ok(seen),
            Err(fault) => return Err((method, fault)),
        };
        let Some(messages) = page.body["messages"].as_array() else {
            return Err((method, Fault::Unknown("the answer holds no messages".to_owned())));
        };
        for message in messages {
            if let Some(id) = matching(tag, message) {
                return Ok(Seen { found: Found::Sent(id), files: Vec::new() });
            }
            seen.files.extend(hashes(tag, message));
        }
        page.text("/response_metadata/next_cursor").unwrap_or_default().clone_into(&mut cursor);
        if cursor.is_empty() {
            return Ok(seen);
        }
    }
    seen.found = Found::Unknowable;
    Ok(seen)
}

fn matching(tag: &Tag, message: &Value) -> Option<MessageId> {
    let ts = message["ts"].as_str()?;
    tag.marks(&message["metadata"]).then(|| MessageId(ts.to_owned()))
}

fn hashes(tag: &Tag, message: &Value) -> Vec<String> {
    let files = message["files"].as_array().into_iter().flatten();
    files.filter_map(|file| files::hash_of(tag, file["name"].as_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_known_by_its_metadata_only() {
        let tag = Tag::of(&midwatch_service::id::PostKey("thread:1:living".to_owned()));
        let of = |metadata: Value| matching(&tag, &json!({"ts": "1.2", "metadata": metadata}));
        assert_eq!(of(tag.metadata()), Some(MessageId("1.2".to_owned())));
        assert_eq!(of(json!({"event_type": "other", "event_payload": {"key": tag.to_string()}})), None);
        assert_eq!(of(json!(null)), None);
        let file =
            json!({"ts": "1.3", "files": [{"name": format!("report-{tag}-00ff.md")}, {"name": "x.md"}, {"id": "F1"}]});
        assert_eq!((matching(&tag, &file), hashes(&tag, &file)), (None, vec!["00ff".to_owned()]));
    }
}

//! Files beside a message, in Slack's three steps: an address, the bytes, the completion that shares them in the thread.
//! <https://docs.slack.dev/messaging/working-with-files#upload>
//!
//! Files go **before** their message: the message is the last thing that lands, so when it is found, all of it is there. Each
//! file's name carries a hash of the message's key and one of what it holds; when only files landed, [`crate::find`] tells
//! which, and only the others are sent again. A thread that has no root yet cannot take them first: then they follow its message, at most once.
//!
//! What cannot be told: Slack shares a completed file a moment later; if the process ends between the two, a file that lands
//! late may be sent twice. Start at [`Files::send`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use midwatch_conversation::answer::File;
use serde_json::json;
use url::Url;

use crate::client::Client;
use crate::fault::Fault;
use crate::key::{self, Tag};
use crate::method::Method;

/// Bytes of one file; more is cut, and the file says so.
const FILE_CAP: usize = 4 * 1024 * 1024;

/// Characters of a file's own name.
const NAME_CAP: usize = 60;

/// Bytes of the hash of a file: enough for the few of one message.
const HASH_BYTES: usize = 4;

/// Messages whose files are remembered.
const REMEMBERED: usize = 256;

/// Where a file is shared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) channel: &'a str,
    pub(crate) root: &'a str,
}

/// Which files landed without their message so far, by the message's tag: hashes of what they hold.
#[derive(Debug, Default)]
pub(crate) struct Files {
    landed: Mutex<BTreeMap<Tag, BTreeSet<String>>>,
}

impl Files {
    /// Sends those that are not known to have landed, in order.
    pub(crate) async fn send(
        &self,
        client: &Client,
        spot: Spot<'_>,
        tag: &Tag,
        files: &[File],
    ) -> Result<(), (Method, Fault)> {
        for file in files {
            let hash = hash(file);
            if self.has(tag, &hash) {
                continue;
            }
            upload(client, spot, &named(tag, &hash, &file.name), file).await?;
            self.note(tag, [hash]);
        }
        Ok(())
    }

    /// These landed.
    pub(crate) fn note(&self, tag: &Tag, hashes: impl IntoIterator<Item = String>) {
        let mut landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        landed.entry(tag.clone()).or_default().extend(hashes);
        while landed.len() > REMEMBERED {
            let other = landed.keys().find(|known| *known != tag).cloned();
            let Some(other) = other else { break };
            landed.remove(&other);
        }
    }

    /// Its message landed, so nobody asks any more.
    pub(crate) fn forget(&self, tag: &Tag) {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner).remove(tag);
    }

    fn has(&self, tag: &Tag, hash: &str) -> bool {
        let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        landed.get(tag).is_some_and(|hashes| hashes.contains(hash))
    }
}

/// What tells a file from the others of its message.
fn hash(file: &File) -> String {
    key::short_hash(&format!("{}\n{}\n{}", file.name, file.title, file.text), HASH_BYTES)
}

/// The name on Slack: `report-<tag of the message>-<hash>.md`.
fn named(tag: &Tag, hash: &str, name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect();
    let (stem, ending) = clean.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((&clean, "txt"));
    let stem: String = stem.chars().take(NAME_CAP).collect();
    let ending: String = ending.chars().take(10).collect();
    format!("{stem}-{tag}-{hash}.{ending}")
}

/// The hash of a file of this message, by the name it has on Slack.
pub(crate) fn hash_of(tag: &Tag, name: &str) -> Option<String> {
    let (_, behind) = name.split_once(&format!("-{tag}-"))?;
    Some(behind.split_once('.')?.0.to_owned())
}

async fn upload(client: &Client, spot: Spot<'_>, name: &str, file: &File) -> Result<(), (Method, Fault)> {
    let bytes = bytes(&file.text);
    let at = |method| move |fault| (method, fault);
    let length = bytes.len().to_string();
    let given = client
        .read(Method::FilesGetUploadUrl, &[("filename", name), ("length", &length)])
        .await
        .map_err(at(Method::FilesGetUploadUrl))?;
    let url = given.text("/upload_url").and_then(|url| Url::parse(url).ok()).filter(|url| client.trusts(url));
    let (Some(url), Some(id)) = (url, given.text("/file_id")) else {
        let words = "the answer names no file and no address of Slack's to send it to".to_owned();
        return Err((Method::FilesGetUploadUrl, Fault::NotSent(words)));
    };
    // Until it is completed nobody sees it: what is in doubt here is not sent.
    client.upload(&url, bytes).await.map_err(|fault| (Method::FilesGetUploadUrl, unseen(fault)))?;
    let title = midwatch_agent::render::clean::line(&file.title).into_owned();
    let done = json!({
        "files": [{"id": id, "title": title}],
        "channel_id": spot.channel,
        "thread_ts": spot.root,
    });
    client.write(Method::FilesCompleteUpload, &done).await.map_err(at(Method::FilesCompleteUpload))?;
    Ok(())
}

fn unseen(fault: Fault) -> Fault {
    if let Fault::Unknown(words) = fault { Fault::NotSent(words) } else { fault }
}

/// Slack takes no empty file.
fn bytes(text: &str) -> Vec<u8> {
    if text.is_empty() {
        return b"(empty)\n".to_vec();
    }
    if text.len() <= FILE_CAP {
        return text.as_bytes().to_vec();
    }
    let end = (0..=FILE_CAP).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let mut bytes = text.as_bytes().get(..end).unwrap_or_default().to_vec();
    bytes.extend_from_slice(b"\n... cut here: the file is too long\n");
    bytes
}

#[cfg(test)]
mod tests {
    use midwatch_service::id::PostKey;

    use super::*;

    #[test]
    fn a_file_is_recognised_by_its_name() {
        let tag = Tag::of(&PostKey("job:1:report".to_owned()));
        for name in ["checkout-previous.log", "noending", "../../odd name\u{202e}.txt", ".hidden", "ünï.md", ""] {
            let named = named(&tag, "00ff", name);
            assert_eq!(hash_of(&tag, &named).as_deref(), Some("00ff"), "{named}");
            assert!(named.is_ascii() && !named.contains('/'), "{named}");
        }
        let other = Tag::of(&PostKey("job:2:report".to_owned()));
        assert_eq!(hash_of(&other, &named(&tag, "00ff", "a.txt")), None);
        assert_eq!(hash_of(&tag, "a.txt"), None);
    }

    #[test]
    fn what_landed_is_remembered_within_bounds() {
        let files = Files::default();
        let tag = |n: usize| Tag::of(&PostKey(n.to_string()));
        for n in 0..REMEMBERED + 10 {
            files.note(&tag(n), ["00ff".to_owned()]);
        }
        assert!(files.has(&tag(REMEMBERED + 9), "00ff"));
        assert_eq!(files.landed.lock().unwrap().len(), REMEMBERED);
        files.forget(&tag(REMEMBERED + 9));
        assert!(!files.has(&tag(REMEMBERED + 9), "00ff"));
    }

    #[test]
    fn a_long_file_is_cut_at_a_character() {
        assert_eq!(bytes(""), b"(empty)\n");
        let long = bytes(&"ñ".repeat(FILE_CAP));
        assert!(String::from_utf8(long).unwrap().ends_with("too long\n"));
    }
}

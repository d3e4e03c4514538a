//! The key of a message as Slack carries it: in its metadata, and in the names of its files.
//!
//! A hash: keys name jobs and threads of ours, which are nobody's business. Start at [`Tag`].

use std::fmt::{self, Write as _};

use midwatch_service::id::PostKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The kind of metadata: <https://docs.slack.dev/messaging/message-metadata>.
const EVENT: &str = "midwatch_post";

/// Bytes of the hash that are used: 96 bits, so that no two messages of a workspace meet.
const BYTES: usize = 12;

/// A hash of a message's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag(String);

impl Tag {
    pub(crate) fn of(key: &PostKey) -> Self {
        Self(short_hash(&key.0, BYTES))
    }

    /// As metadata of a message.
    pub(crate) fn metadata(&self) -> Value {
        json!({"event_type": EVENT, "event_payload": {"key": self.0}})
    }

    /// Whether this is the metadata of this message.
    pub(crate) fn marks(&self, metadata: &Value) -> bool {
        metadata["event_type"] == EVENT && metadata["event_payload"]["key"] == self.0.as_str()
    }
}

/// The beginning of a text's SHA-256, in hexadecimal.
pub(crate) fn short_hash(text: &str, bytes: usize) -> String {
    let mut out = String::with_capacity(2 * bytes);
    for byte in Sha256::digest(text.as_bytes()).iter().take(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

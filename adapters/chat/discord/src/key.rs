//! The key of a message as Discord carries it: twelve digits at the end of its footer, and its nonce.
//!
//! A hash: keys name jobs and threads of ours, which are nobody's business. Discord keeps no nonce, so a message that may
//! have landed is known by its footer. Start at [`Tag`].

use std::fmt::{self, Write as _};

use midwatch_service::id::PostKey;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Bytes of the hash that are used: 48 bits. Only the messages of one thread are compared, and a nonce lives for minutes.
const BYTES: usize = 6;

/// A hash of a message's key; as a nonce it stays below the 25 characters that Discord takes:
/// <https://docs.discord.com/developers/resources/message#create-message>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag(String);

impl Tag {
    pub(crate) fn of(key: &PostKey) -> Self {
        Self(short_hash(&key.0, BYTES))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this message of ours carries it: at the end of its last embed's footer.
    pub(crate) fn marks(&self, message: &Value) -> bool {
        let last = message["embeds"].as_array().and_then(|embeds| embeds.last());
        let footer = last.and_then(|embed| embed["footer"]["text"].as_str()).unwrap_or_default().trim_end();
        // Either the footer holds nothing else, or the tag is set off.
        footer.strip_suffix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_known_by_the_end_of_its_last_footer() {
        let tag = Tag::of(&PostKey("thread:1:living".to_owned()));
        assert_eq!(tag.as_str().len(), 12);
        let with = |text: String| json!({"embeds": [{"title": "first"}, {"footer": {"text": text}}]});
        assert!(tag.marks(&with(format!("Midwatch · {tag}"))));
        assert!(tag.marks(&with(tag.to_string())));
        for other in [
            with(format!("Midwatch · 0{tag}")),
            with(format!("{tag} and more")),
            with("Midwatch".to_owned()),
            json!({"embeds": [], "content": tag.to_string()}),
            json!({"embeds": [{"footer": {"text": tag.to_string()}}, {"title": "last"}]}),
        ] {
            assert!(!tag.marks(&other), "{other}");
        }
    }
}

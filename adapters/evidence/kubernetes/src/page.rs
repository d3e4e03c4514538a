//! What a page of a list says besides its objects: where the next one begins, and a digest of what it holds.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The head of a list, and its items as text.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow, default)]
    items: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ListMeta {
    r#continue: Option<String>,
}

/// Where the next page begins, and a digest of the items of this one.
///
/// The digest leaves out the list's own resource version, which changes with everything that happens in the cluster.
pub(crate) fn head(body: &[u8]) -> (Option<String>, u64) {
    let mut hasher = DefaultHasher::new();
    let head: Option<Head<'_>> = serde_json::from_slice(body).ok();
    hasher.write(head.as_ref().and_then(|h| h.items).map_or(body, |items| items.get().as_bytes()));
    let next = head.and_then(|h| h.metadata.r#continue).filter(|token| !token.is_empty());
    (next, hasher.finish())
}

/// The address of a page.
pub(crate) fn target(path: &str, limit: u32, next: Option<&str>) -> String {
    let next = next.map(|token| format!("&continue={}", escaped(token))).unwrap_or_default();
    format!("{path}?limit={limit}{next}")
}

/// A value of a query, percent-encoded (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_and_a_digest_without_the_lists_version() {
        let page = |version: &str, next: &str, name: &str| {
            format!(
                r#"{{"metadata":{{"resourceVersion":"{version}","continue":"{next}"}},"items":[{{"n":"{name}"}}]}}"#
            )
        };
        let (next, digest) = head(page("1", "abc", "a").as_bytes());
        assert_eq!(next.as_deref(), Some("abc"));
        assert_eq!(head(page("2", "", "a").as_bytes()), (None, digest));
        assert_ne!(head(page("1", "abc", "b").as_bytes()).1, digest);
        assert_eq!(head(br#"{"metadata":{},"items":null}"#).0, None);
        assert_eq!(head(b"{\"items\":[").0, None);
    }

    #[test]
    fn tokens_are_escaped() {
        assert_eq!(target("/api/v1/pods", 500, Some("a=/b")), "/api/v1/pods?limit=500&continue=a%3D%2Fb");
    }
}

//! A call of the REST API: which route, with what. A body is JSON, or a form with `payload_json` and files.
//! <https://docs.discord.com/developers/reference#uploading-files>

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::request::Parts;
use serde_json::{Map, Value};

use super::message::File;
use super::refusal::Refusal;

/// A call, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    /// What stands in the path, by the names in the route.
    pub(super) path: BTreeMap<&'static str, String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    /// Files by the number in their field's name.
    pub(super) files: BTreeMap<usize, File>,
}

impl Request {
    pub(super) fn named(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The body of a call; a form is a body with files.
    pub(super) fn read(&mut self, parts: &Parts, bytes: &Bytes) -> Result<(), Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        self.query = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if let Some((_, boundary)) = kind.split_once("boundary=").filter(|_| kind.starts_with("multipart/form-data")) {
            return self.read_form(bytes, boundary.trim_matches('"'));
        }
        self.body = match bytes.as_ref() {
            [] => Value::Object(Map::new()),
            json if kind.starts_with("application/json") => {
                serde_json::from_slice(json).map_err(|_| Refusal::no_json())?
            }
            _ => return Err(Refusal::no_json()),
        };
        Ok(())
    }

    fn read_form(&mut self, bytes: &[u8], boundary: &str) -> Result<(), Refusal> {
        self.body = Value::Object(Map::new());
        for part in parts_of(bytes, boundary.as_bytes()) {
            let Some(split) = find(part, b"\r\n\r\n") else { continue };
            let (head, content) = (String::from_utf8_lossy(&part[..split]).into_owned(), &part[split + 4..]);
            let field = |name: &str| {
                let (_, rest) = head.split_once(&format!(" {name}=\""))?;
                Some(rest.split_once('"')?.0.to_owned())
            };
            let name = field("name").ok_or_else(Refusal::no_json)?;
            if name == "payload_json" {
                self.body = serde_json::from_slice(content).map_err(|_| Refusal::no_json())?;
                continue;
            }
            let number = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
            let (Some(number), Some(name)) = (number, field("filename")) else { return Err(Refusal::no_json()) };
            self.files.insert(number, File { id: String::new(), name, content: content.to_vec() });
        }
        Ok(())
    }
}

/// What stands between the boundaries, without the line breaks around it.
fn parts_of<'a>(bytes: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mark = [b"--", boundary].concat();
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(begin) = find(rest, &mark) {
        rest = &rest[begin + mark.len()..];
        let Some(end) = find(rest, &mark).filter(|_| !rest.starts_with(b"--")) else { break };
        let part = &rest[..end];
        let part = part.strip_prefix(b"\r\n").unwrap_or(part);
        found.push(part.strip_suffix(b"\r\n").unwrap_or(part));
    }
    found
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

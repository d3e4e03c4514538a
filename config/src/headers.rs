//! Additional HTTP headers: the tenant of Mimir, Cortex or Thanos, a gateway's key.
//!
//! Never shows a value: it may be a key. Start at [`Headers`].

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;

use crate::error::Problem;
use crate::field::Field;
use crate::node::{Located, Node};
use crate::quote::quote;
use crate::value::{Wrong, place};

/// Names of HTTP headers, as written, and their values. Shows names only.
#[derive(Debug, Clone, Default)]
pub struct Headers(pub BTreeMap<String, SecretString>);

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.keys().map(|name| format!("{name}: (set)")).collect();
        write!(f, "{{{}}}", all.join(", "))
    }
}

/// Headers that have a setting of their own or belong to the connection.
const TAKEN: &[(&str, &str)] = &[
    ("authorization", "use `token_file`, or `user` and `password_file`"),
    ("host", "it is made from `url`"),
    ("content-length", "it is made from the request"),
    ("connection", "it belongs to the connection"),
    ("transfer-encoding", "it belongs to the connection"),
];

impl Field {
    pub(crate) fn headers(&self, node: &Located<Node>) -> Result<Headers, Wrong> {
        let Node::Map(entries) = &node.value else {
            let what = format!("`{}` is {}, expected {}", self.key, node.value.kind(), self.expects());
            return Err(place(node, Problem::new(what, self.example())));
        };
        let mut headers = BTreeMap::new();
        for (name, value) in entries {
            let wrong = |what: &str, fix: &str| {
                let what = format!("the header {} in `{}` {what}", quote(&name.value), self.key);
                Located { value: Problem::new(what, fix), line: name.line, column: name.column }
            };
            let folded = name.value.to_ascii_lowercase();
            if let Some((_, fix)) = TAKEN.iter().find(|(taken, _)| *taken == folded) {
                return Err(wrong("cannot be set here", fix));
            }
            if !is_token(&name.value) {
                return Err(wrong("is not a header's name", "write letters, digits and `-`, such as `X-Scope-OrgID`"));
            }
            if headers.keys().any(|other: &String| other.eq_ignore_ascii_case(&folded)) {
                return Err(wrong("is here for the second time", "keep one of them; case does not matter"));
            }
            match &value.value {
                Node::Text(text) if sendable(text) => {
                    headers.insert(name.value.clone(), SecretString::from(text.as_str()));
                }
                Node::Number(_) | Node::Flag(_) => {
                    return Err(wrong("has no text for a value", "put the value in quotes to make it text"));
                }
                _ => return Err(wrong("has a value that cannot be sent", "give one line of ASCII text")),
            }
        }
        Ok(Headers(headers))
    }
}

/// A header's name: RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn sendable(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

//! Settings that are one value beyond numbers and durations: texts, addresses, shares, a secret.
//!
//! Never quotes a secret, and never takes an address that carries one. Start at [`Field::url`].

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::error::Problem;
use crate::field::Field;
use crate::node::{Located, Node};
use crate::units::parse_usd;
use crate::value::{Wrong, place, scalar};

/// The addresses that a setting takes, and what to say of others.
pub(crate) struct UrlKind {
    schemes: [&'static str; 2],
    /// The setting beside it that holds the user.
    user: &'static str,
    fix: &'static str,
}

/// A server that speaks HTTP.
pub(crate) const HTTP: UrlKind = UrlKind {
    schemes: ["http", "https"],
    user: "user",
    fix: "begin with `http://` or `https://`, as in `http://prometheus.monitoring:9090`",
};

/// A Redis server; with an `s` by TLS.
pub(crate) const REDIS: UrlKind = UrlKind {
    schemes: ["redis", "rediss"],
    user: "username",
    fix: "begin with `redis://` or `rediss://` (TLS), as in `redis://redis.midwatch:6379`",
};

/// Whether a number is written in digits alone, so that as text it is the same.
pub(crate) fn is_whole(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

impl Field {
    /// A duration; `off` and a bare 0 are none.
    pub(crate) fn interval(
        &self,
        node: &Located<Node>,
        min: Duration,
        max: Duration,
    ) -> Result<Option<Duration>, Wrong> {
        match scalar(node) {
            Some("off" | "0" | "0s") => Ok(None),
            _ => self.duration(node, min, max).map(Some),
        }
    }

    pub(crate) fn percent(&self, node: &Located<Node>, min: u32, max: u32) -> Result<u32, Wrong> {
        let text = scalar(node).unwrap_or_default();
        if text.parse::<u32>().is_ok() {
            return Err(self.wrong_because(node, format!("add the unit: `{text}%`")));
        }
        text.strip_suffix('%')
            .and_then(|number| number.parse().ok())
            .filter(|share| (min..=max).contains(share))
            .ok_or_else(|| self.wrong(node))
    }

    /// An amount of US dollars in millionths, or none.
    pub(crate) fn usd(&self, node: &Located<Node>) -> Result<Option<u64>, Wrong> {
        match node.value {
            Node::Nothing => Ok(None),
            _ => scalar(node).and_then(parse_usd).map(Some).ok_or_else(|| self.wrong(node)),
        }
    }

    pub(crate) fn text(&self, node: &Located<Node>) -> Result<String, Wrong> {
        match &node.value {
            Node::Text(text) if !text.trim().is_empty() && !text.contains(char::is_control) => Ok(text.clone()),
            Node::Number(_) | Node::Flag(_) => Err(self.wrong_because(node, "put it in quotes to make it text")),
            _ => Err(self.wrong(node)),
        }
    }

    pub(crate) fn name(&self, node: &Located<Node>) -> Result<Option<String>, Wrong> {
        match node.value {
            Node::Nothing => Ok(None),
            _ => self.text(node).map(Some),
        }
    }

    /// An id of another program: a number is taken as it is written.
    pub(crate) fn id(&self, node: &Located<Node>) -> Result<Option<String>, Wrong> {
        match &node.value {
            Node::Number(digits) if is_whole(digits) => Ok(Some(digits.clone())),
            _ => self.name(node),
        }
    }

    /// An address of a server. Credentials in it would be shown with it, so they have settings of their own.
    pub(crate) fn url(&self, node: &Located<Node>, kind: &UrlKind) -> Result<Option<Url>, Wrong> {
        let text = match &node.value {
            Node::Nothing => return Ok(None),
            Node::Text(text) => text.trim(),
            _ => return Err(self.wrong(node)),
        };
        let secret = || {
            let what = format!("`{}` holds a user or a password", self.key);
            place(
                node,
                Problem::new(
                    what,
                    format!("write the address alone; `{}` and `password_file` are settings beside it", kind.user),
                ),
            )
        };
        let parsed = Url::parse(text).ok().filter(|url| kind.schemes.contains(&url.scheme()) && url.has_host());
        let Some(url) = parsed else {
            // What is no address may still hold a password; it is not quoted then.
            return Err(if text.contains('@') { secret() } else { self.wrong_because(node, kind.fix) });
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(secret());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.wrong_because(node, "end it before the `?` or `#`: only the base is wanted"));
        }
        Ok(Some(url))
    }

    pub(crate) fn listen(&self, node: &Located<Node>) -> Result<SocketAddr, Wrong> {
        let text = scalar(node).unwrap_or_default();
        let port = text.strip_prefix(':').or(Some(text)).and_then(|port| port.parse::<u16>().ok());
        match (text.parse(), port) {
            (Ok(address), _) => Ok(address),
            (_, Some(port)) => Err(self.wrong_because(
                node,
                format!("add the address: `127.0.0.1:{port}` for this machine only, `0.0.0.0:{port}` for all"),
            )),
            _ => Err(self.wrong(node)),
        }
    }

    /// One secret. Its mistakes name the setting only.
    pub(crate) fn secret_text(&self, node: &Located<Node>) -> Result<Option<SecretString>, Wrong> {
        match &node.value {
            Node::Nothing => Ok(None),
            Node::Text(text) if !text.trim().is_empty() => Ok(Some(SecretString::from(text.as_str()))),
            other => {
                let fix = match other {
                    Node::Number(_) | Node::Flag(_) => "put it in quotes to make it text".to_owned(),
                    _ => self.example(),
                };
                let what = format!("`{}` is {}, expected {}", self.key, other.kind(), self.expects());
                Err(place(node, Problem::new(what, fix)))
            }
        }
    }
}

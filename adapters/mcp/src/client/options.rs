//! What an operator says about a server whose tools may be used.
//!
//! Plain data; what is secret never shows in `Debug`. Start at [`ServerOptions`].

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Letters of a server's name. With a tool's name behind it, it must fit the 64 that every model provider takes.
const NAME_CAP: usize = 24;

/// One server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// How the configuration calls it.
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// Which of its tools may be used: exact names, or patterns in which `*` stands for anything. Empty: none.
    ///
    /// A pattern admits only tools that say of themselves that they do nothing but read (`readOnlyHint`). Any other has to be
    /// written out by its exact name: that is the operator's word that it may be called.
    pub tools: Vec<String>,
    /// Time to start or reach it and to learn its tools.
    pub connect_timeout: Duration,
    /// Time for one call.
    pub call_timeout: Duration,
    /// Bytes of one result that are kept; the rest is cut off, and that is said.
    pub result_cap: usize,
}

impl ServerOptions {
    /// With no tool allowed, 10 s to connect, 15 s for a call and 256 KiB of a result.
    pub fn new(name: ServerName, transport: Transport) -> Self {
        Self {
            name,
            transport,
            tools: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(15),
            result_cap: 256 * 1024,
        }
    }
}

/// How a server is reached.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A program that is started here and spoken with over its standard streams.
    Stdio {
        /// The program: a path, or a name that is looked up in our own `PATH`. Never given to a shell.
        command: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
        /// All of its environment. Nothing of ours is handed down, not even `PATH`: our environment holds tokens.
        environment: Vec<(String, SecretString)>,
    },
    /// A server that speaks streamable HTTP.
    Http {
        /// Its endpoint: `https://mcp.example.com/mcp`.
        url: Url,
        /// Headers sent with every request, such as `Authorization`; values are secret.
        headers: Vec<(String, SecretString)>,
    },
}

/// How the configuration calls a server: 1 to 24 lower-case letters, digits and `-`.
///
/// There is no `_` in it, so that in `NAME_tool` one can tell where the name ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(String);

/// Why a server cannot be called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name an MCP server: use 1 to {NAME_CAP} lower-case letters, digits and `-`")]
pub struct BadName(String);

impl ServerName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ServerName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > NAME_CAP || !text.chars().all(fits) {
            return Err(BadName(text.chars().take(2 * NAME_CAP).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_the_tool_begins() {
        for good in ["github", "grafana-2", "a"] {
            assert_eq!(good.parse::<ServerName>().unwrap().as_str(), good);
        }
        for bad in ["", "a_b", "Grafana", "a b", "é", &"x".repeat(25)] {
            assert!(bad.parse::<ServerName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let transport = Transport::Stdio {
            command: "server".into(),
            arguments: vec![],
            environment: vec![("TOKEN".into(), SecretString::from("hunter2secret"))],
        };
        let options = ServerOptions::new("x".parse().unwrap(), transport);
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}

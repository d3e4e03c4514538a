//! Settings of MCP servers: whose tools a language model may use besides ours.
//!
//! Never starts or calls one: the adapter does. Start at [`McpServer`].

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::field::{Field, Slot};
use crate::record::{Entries, Record};
use crate::secret::read_secret;
use crate::units::parse_duration;

/// MCP servers.
#[derive(Debug, Clone, Default)]
pub struct McpSettings {
    /// The servers. Default none.
    pub servers: Vec<McpServer>,
}

/// One server: a program that is started, or an address.
#[derive(Debug, Clone)]
pub struct McpServer {
    /// What its tools are called after.
    pub name: String,
    /// The program, for one that speaks on standard input and output.
    pub command: Option<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment; nothing of ours is passed on but what is listed here, as `NAME=value` or, of ours, as `NAME`.
    pub env: Vec<String>,
    /// The address, for one that speaks HTTP.
    pub url: Option<Url>,
    /// Bearer token for it, from its file.
    pub token: Option<SecretString>,
    /// The tools that may be used, by name or with `*` for any text. None unless they are listed.
    pub tools: Vec<String>,
    /// Time of one call. 1 second to 5 minutes, default 15 seconds.
    pub timeout: Duration,
}

impl Record for McpServer {
    const SHAPE: &'static str = "a list of servers, each with `name`, `tools`, and `command` or `url`";
    const EXAMPLE: &'static str = "write a server like `- {name: github, command: github-mcp-server, args: [stdio], tools: [list_commits]}`; `[]` is the empty list";
    const KEYS: &'static [&'static str] = &["name", "command", "args", "env", "url", "token_file", "tools", "timeout"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        if !entries.has("name") {
            entries.wrong_here("has no `name`", "give it one: its tools are called after it");
        }
        match (entries.has("command"), entries.has("url")) {
            (true, true) => entries.wrong_here("has both `command` and `url`", "keep one of them"),
            (false, false) => entries.wrong_here("has neither `command` nor `url`", "say how it is reached"),
            _ => {}
        }
        if !entries.has("tools") {
            entries.wrong_here("has no `tools`", "list the tools that may be used: none may unless it is listed");
        }
        let name = entries.text("name");
        if name.as_ref().is_some_and(|name| !fits(name)) {
            entries.wrong_at("name", "is no name", "use 1 to 24 small letters, digits and hyphens");
        }
        let command = entries.has("command").then(|| entries.text("command")).flatten();
        let (args, env, tools) = (entries.texts("args"), entries.texts("env"), entries.texts("tools"));
        let (url, token, timeout) = (entries.url("url"), token(entries), timeout(entries));
        Some(Self { name: name?, command, args, env, url, token, tools, timeout })
    }

    fn show(&self) -> String {
        let mut parts = vec![format!("name: {:?}", self.name)];
        parts.extend(self.command.iter().map(|command| format!("command: {command:?}")));
        if !self.args.is_empty() {
            // Arguments may hold a secret that somebody put there.
            parts.push(format!("args: ({})", self.args.len()));
        }
        parts.extend(self.url.iter().map(|url| format!("url: \"{url}\"")));
        parts.push(format!("tools: {:?}", self.tools));
        format!("{{{}}}", parts.join(", "))
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl McpServer {
    /// Its environment by name; what is listed without a value is taken from `ours`.
    pub fn environment(&self, ours: impl Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
        let pair = |item: &String| match item.split_once('=') {
            Some((name, value)) => Some((name.to_owned(), value.to_owned())),
            None => ours(item).map(|value| (item.clone(), value)),
        };
        self.env.iter().filter_map(pair).collect()
    }
}

fn fits(name: &str) -> bool {
    (1..=24).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn token(entries: &mut Entries<'_>) -> Option<SecretString> {
    if !entries.has("token_file") {
        return None;
    }
    let path = entries.path("token_file")?;
    match read_secret(&path) {
        Ok(token) => Some(token),
        Err(error) => {
            entries.wrong_at("token_file", &format!("cannot be used: {error}"), error.fix());
            None
        }
    }
}

fn timeout(entries: &mut Entries<'_>) -> Duration {
    let default = Duration::from_secs(15);
    if !entries.has("timeout") {
        return default;
    }
    let bounds = Duration::from_secs(1)..=Duration::from_mins(5);
    let found = entries.text("timeout").and_then(|text| parse_duration(&text)).filter(|time| bounds.contains(time));
    if found.is_none() {
        entries.wrong_at("timeout", "is no duration from 1s to 5m", "write it like `15s`");
    }
    found.unwrap_or(default)
}

/// Fields of the section `mcp`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[Field {
    key: "mcp.servers",
    doc: "MCP servers whose tools a language model may use.",
    slot: Slot::Records(|s| &mut s.mcp.servers),
}];

//! The tools of one server: those that may be called, as a model is told of them, and those that may not, with the reason.
//!
//! Pure. Must never give two tools one name. Start at [`Catalogue::of`].

use std::collections::BTreeMap;

use midwatch_explore::port::ToolSpec;
use rmcp::model::Tool;

use super::allow::{self, Refusal};
use super::options::ServerOptions;
use super::{schema, words};

/// Letters of a tool's name that every model provider takes.
const NAME_CAP: usize = 64;

/// What a server offers, against what the operator allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// Tools that may be called, by the name that a model knows them by.
    pub(super) allowed: BTreeMap<String, Entry>,
    /// Tools that may not, in the order of their names.
    pub refused: Vec<(String, Refusal)>,
    /// Entries of `tools` that fit none of the server's.
    pub unknown: Vec<String>,
}

/// A tool that may be called.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// As the server calls it.
    pub(super) name: String,
    /// As a model is told of it.
    pub(super) spec: ToolSpec,
}

impl Catalogue {
    /// Of what a server lists.
    pub(super) fn of(options: &ServerOptions, mut tools: Vec<Tool>) -> Self {
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        let mut catalogue = Self { unknown: unknown(&options.tools, &tools), ..Self::default() };
        for tool in tools {
            if let Err(why) = catalogue.add(options, &tool) {
                catalogue.refused.push((words::brief(&tool.name, NAME_CAP), why));
            }
        }
        catalogue
    }

    /// The names of the tools that may be called, as the server calls them.
    pub fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.values().map(|entry| entry.name.as_str())
    }

    fn add(&mut self, options: &ServerOptions, tool: &Tool) -> Result<(), Refusal> {
        allow::verdict(tool, &options.tools)?;
        let schema = schema::of(&tool.input_schema).map_err(Refusal::Unusable)?;
        let name = fitted(options.name.as_str(), &tool.name);
        if let Some(other) = self.allowed.get(&name) {
            return Err(Refusal::Unusable(format!("its name cannot be told from that of `{}`", other.name)));
        }
        let description = words::description(&options.name, &tool.name, tool.description.as_deref());
        let spec = ToolSpec { name: name.clone(), description, schema };
        self.allowed.insert(name, Entry { name: tool.name.clone().into_owned(), spec });
        Ok(())
    }
}

/// Entries of the list that fit no tool: misspelt, or gone.
fn unknown(allowed: &[String], tools: &[Tool]) -> Vec<String> {
    let found = |entry: &&String| tools.iter().any(|tool| allow::fits(entry, &tool.name));
    allowed.iter().filter(|entry| !found(entry)).cloned().collect()
}

/// `NAME_tool`; where the tool's name has other letters or is too long, with a digest of it at the end, so that two tools
/// stay two.
fn fitted(server: &str, tool: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let whole = format!("{server}_{tool}");
    if !tool.is_empty() && tool.chars().all(plain) && whole.len() <= NAME_CAP {
        return whole;
    }
    let digest = format!("_{:08x}", digest(tool));
    let ascii = whole.chars().map(|c| if plain(c) { c } else { '_' });
    ascii.take(NAME_CAP - digest.len()).chain(digest.chars()).collect()
}

/// FNV-1a, 32 bits (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>): the same on every machine. Nothing hangs on it
/// but looks; a clash is found.
fn digest(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rmcp::model::ToolAnnotations;

    use super::super::options::Transport;
    use super::*;

    fn options(tools: &[&str]) -> ServerOptions {
        let transport = Transport::Stdio { command: "x".into(), arguments: vec![], environment: vec![] };
        let mut options = ServerOptions::new("hub".parse().unwrap(), transport);
        options.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        options
    }

    fn tool(name: &str) -> Tool {
        let mut tool = Tool::new(name.to_owned(), "It reads.", Arc::default());
        tool.annotations = Some(ToolAnnotations::new().read_only(true));
        tool
    }

    #[test]
    fn what_is_allowed_refused_and_unknown_is_told_apart() {
        let catalogue = Catalogue::of(&options(&["get_*", "old"]), vec![tool("put_x"), tool("get_y"), tool("get_x")]);
        assert_eq!(catalogue.allowed().collect::<Vec<_>>(), ["get_x", "get_y"]);
        assert_eq!(catalogue.refused, [("put_x".to_owned(), Refusal::NotListed)]);
        assert_eq!(catalogue.unknown, ["old"]);
        assert_eq!(catalogue.allowed["hub_get_x"].spec.name, "hub_get_x");
    }

    #[test]
    fn names_fit_every_provider_and_stay_apart() {
        let long = format!("get_{}", "x".repeat(100));
        let longer = format!("{long}y");
        let names = ["a.b", "a/b", "a_b", &long, &longer, "größe", "*/ DROP"];
        let catalogue = Catalogue::of(&options(&["*"]), names.iter().map(|name| tool(name)).collect());
        assert_eq!(catalogue.allowed.len(), names.len(), "{:?}", catalogue.refused);
        for name in catalogue.allowed.keys() {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            assert!(plain && name.len() <= NAME_CAP && name.starts_with("hub_"), "{name}");
        }
        assert!(catalogue.allowed.contains_key("hub_a_b"), "a name that fits stays as it is");
    }

    #[test]
    fn of_two_that_look_the_same_one_is_refused() {
        let spoof = fitted("hub", "a.b").replace("hub_", "");
        let catalogue = Catalogue::of(&options(&["*"]), vec![tool("a.b"), tool(&spoof)]);
        assert_eq!(catalogue.allowed.len(), 1);
        assert!(matches!(&catalogue.refused[..], [(_, Refusal::Unusable(why))] if why.contains("told from")));
    }
}

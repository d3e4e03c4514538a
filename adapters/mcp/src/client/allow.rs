//! Which tools of a server may be called.
//!
//! Deny by default. Must never let a tool through that may write, unless the operator named exactly that one: what a server
//! says of its tools (`readOnlyHint`, `destructiveHint`) is a hint of a stranger, so it can only take away what a pattern
//! gives, never add to it. Start at [`verdict`].

use std::fmt;

use rmcp::model::{Tool, ToolAnnotations};

/// Why a tool is not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No entry of `tools` fits.
    NotListed,
    /// A pattern fits, but the tool does not say that it only reads.
    NotSaidToRead,
    /// A pattern fits, but the tool says that it may destroy.
    SaidToDestroy,
    /// Its name or its arguments cannot be told to a model: why.
    Unusable(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotListed => f.write_str("not listed"),
            Refusal::NotSaidToRead => {
                f.write_str("does not say that it only reads (readOnlyHint); list it by its exact name if it does")
            }
            Refusal::SaidToDestroy => {
                f.write_str("says that it may destroy (destructiveHint); only its exact name would allow it")
            }
            Refusal::Unusable(why) => f.write_str(why),
        }
    }
}

/// Whether a tool may be called.
pub(super) fn verdict(tool: &Tool, allowed: &[String]) -> Result<(), Refusal> {
    if allowed.iter().any(|entry| !is_pattern(entry) && *entry == tool.name) {
        return Ok(());
    }
    if !allowed.iter().any(|entry| is_pattern(entry) && fits(entry, &tool.name)) {
        return Err(Refusal::NotListed);
    }
    let hints = tool.annotations.as_ref();
    let says = |hint: fn(&ToolAnnotations) -> Option<bool>| hints.and_then(hint) == Some(true);
    match (says(|hints| hints.read_only_hint), says(|hints| hints.destructive_hint)) {
        (_, true) => Err(Refusal::SaidToDestroy),
        (true, false) => Ok(()),
        (false, false) => Err(Refusal::NotSaidToRead),
    }
}

/// Whether an entry of `tools` stands for any of several.
pub(super) fn is_pattern(entry: &str) -> bool {
    entry.contains('*')
}

/// Whether a name fits a pattern, in which `*` stands for any run of letters, also none.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn tool(name: &'static str, hints: Option<ToolAnnotations>) -> Tool {
        let mut tool = Tool::new(name, "", Arc::default());
        tool.annotations = hints;
        tool
    }

    fn of(tool: &Tool, allowed: &[&str]) -> Result<(), Refusal> {
        verdict(tool, &allowed.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, name, fitting) in [
            ("*", "", true),
            ("*", "anything", true),
            ("get_*", "get_issue", true),
            ("get_*", "forget_issue", false),
            ("*_read", "file_read", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("aa*a", "aa", false),
            ("read", "read", true),
            ("read", "reader", false),
            ("**", "x", true),
        ] {
            assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
        }
    }

    #[test]
    fn without_a_list_nothing_may_be_called() {
        assert_eq!(of(&tool("read", Some(ToolAnnotations::new().read_only(true))), &[]), Err(Refusal::NotListed));
    }

    #[test]
    fn a_pattern_admits_only_what_says_that_it_reads() {
        let reads = ToolAnnotations::new().read_only(true);
        assert_eq!(of(&tool("get", Some(reads.clone())), &["*"]), Ok(()));
        assert_eq!(of(&tool("get", None), &["*"]), Err(Refusal::NotSaidToRead));
        assert_eq!(of(&tool("get", Some(reads.clone().destructive(true))), &["*"]), Err(Refusal::SaidToDestroy));
        let writes = ToolAnnotations::new().read_only(false).destructive(false);
        assert_eq!(of(&tool("get", Some(writes)), &["*"]), Err(Refusal::NotSaidToRead));
    }

    #[test]
    fn an_exact_name_is_the_word_of_the_operator() {
        assert_eq!(of(&tool("get", None), &["get"]), Ok(()));
        assert_eq!(of(&tool("drop", Some(ToolAnnotations::new().destructive(true))), &["*", "drop"]), Ok(()));
        assert_eq!(of(&tool("Get", None), &["get"]), Err(Refusal::NotListed));
    }
}

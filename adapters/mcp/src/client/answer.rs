//! What a call came to, as evidence: text within a cap, and words on what was left out.
//!
//! Pure. Must never hand on what is not text, nor text that acts on whatever shows it. Start at [`read`].

use std::collections::BTreeMap;

use midwatch_agent::render::clean;
use midwatch_explore::tool::{ToolError, ToolResult};
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, ErrorData};
use serde_json::{Map, Value};

use super::options::ServerName;
use super::words;

/// Letters of an error of a server.
const ERROR_CAP: usize = 1_000;

/// Letters of the arguments in the command that asks the same.
const COMMAND_CAP: usize = 400;

/// A call, as far as its result tells of it.
pub(super) struct Asked<'a> {
    /// The server.
    pub(super) server: &'a ServerName,
    /// The tool, as the server calls it.
    pub(super) tool: &'a str,
    /// Its arguments.
    pub(super) arguments: &'a Map<String, Value>,
    /// Bytes of the result that are kept.
    pub(super) cap: usize,
}

/// What a server answered.
///
/// # Errors
/// When the server says that it is an error; in its words.
pub(super) fn read(asked: &Asked<'_>, result: &CallToolResult) -> Result<ToolResult, ToolError> {
    let (whole, left_out) = text(result);
    if result.is_error == Some(true) {
        let said = words::brief(&whole, ERROR_CAP);
        let said = if said.is_empty() { "nothing about why".to_owned() } else { said };
        return Err(ToolError::Failed(format!("the MCP server {} reports an error: {said}", asked.server)));
    }
    let (kept, cut) = within(&whole, asked.cap);
    let lines = counted(kept.lines().count(), "line");
    let mut summary = format!("{lines} from {} of the MCP server {}", words::brief(asked.tool, 64), asked.server);
    let mut text = kept.into_owned();
    if cut > 0 {
        let said = format!("cut after {} of {} bytes", whole.len() - cut, whole.len());
        summary.push_str(&format!(", {said}"));
        text.push_str(&format!("\n[{said}]"));
    }
    for (what, count) in left_out {
        let what = counted(count, what);
        summary.push_str(&format!(", {what} left out"));
        text.push_str(&format!("\n[{what} left out: only text is read]"));
    }
    let command = command(asked);
    Ok(ToolResult { summary, text, command, bytes: whole.len() as u64, ..ToolResult::default() })
}

/// What a server refuses.
pub(super) fn refused(server: &ServerName, error: &ErrorData) -> ToolError {
    let said = format!("the MCP server {server} refuses: {}", words::brief(&error.message, ERROR_CAP));
    if error.code == ErrorCode::INVALID_PARAMS { ToolError::Arguments(said) } else { ToolError::Failed(said) }
}

/// The text of a result, and what else there is in it, by kind.
fn text(result: &CallToolResult) -> (String, BTreeMap<&'static str, usize>) {
    let mut texts = Vec::new();
    let mut left_out = BTreeMap::new();
    for block in &result.content {
        let kind = match block {
            ContentBlock::Text(text) => {
                texts.push(clean::block(&text.text));
                continue;
            }
            ContentBlock::Resource(_) => "resource",
            ContentBlock::ResourceLink(_) => "link",
            ContentBlock::Image(_) => "image",
            ContentBlock::Audio(_) => "sound",
            _ => "part",
        };
        *left_out.entry(kind).or_default() += 1;
    }
    // A server that gives structure gives the same as text too; not all do.
    if texts.is_empty()
        && let Some(structure) = &result.structured_content
    {
        let structure = format!("{:#}", sorted(structure));
        return (clean::block(&structure).into_owned(), left_out);
    }
    (texts.join("\n"), left_out)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// As much as the cap lets through, and how many bytes it does not.
fn within(text: &str, cap: usize) -> (std::borrow::Cow<'_, str>, usize) {
    let end = text.floor_char_boundary(cap);
    let kept = text.get(..end).unwrap_or_default();
    (kept.into(), text.len() - kept.len())
}

/// How a person would ask the same.
fn command(asked: &Asked<'_>) -> String {
    let arguments = sorted(&Value::Object(asked.arguments.clone())).to_string();
    let tool = words::brief(asked.tool, 64);
    format!("mcp {} {tool} {}", asked.server, words::brief(&arguments, COMMAND_CAP))
}

/// The same with the members of every object in order: the same call reads the same.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let ordered: BTreeMap<_, _> = members.iter().collect();
            Value::Object(ordered.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked<'a>(server: &'a ServerName, arguments: &'a Map<String, Value>, cap: usize) -> Asked<'a> {
        Asked { server, tool: "get", arguments, cap }
    }

    fn server() -> ServerName {
        "hub".parse().unwrap()
    }

    #[test]
    fn text_comes_through_and_the_rest_is_told() {
        let (server, arguments) = (server(), json!({"b": 1, "a": {"d": 2, "c": 3}}));
        let content = vec![
            ContentBlock::text("one\ntwo \x1b[2J"),
            ContentBlock::image("aGVsbG8=", "image/png"),
            ContentBlock::image("aGVsbG8=", "image/png"),
        ];
        let result = read(&asked(&server, arguments.as_object().unwrap(), 1_000), &CallToolResult::success(content));
        let result = result.unwrap();
        assert_eq!(result.summary, "2 lines from get of the MCP server hub, 2 images left out");
        assert_eq!(result.text, "one\ntwo \\x1b[2J\n[2 images left out: only text is read]");
        assert_eq!(result.command, r#"mcp hub get {"a":{"c":3,"d":2},"b":1}"#);
        assert_eq!(result.bytes, 15);
    }

    #[test]
    fn a_giant_is_cut_at_a_letter_and_says_so() {
        let (server, none) = (server(), Map::new());
        let giant = "ñ".repeat(1_000_000);
        let result = read(&asked(&server, &none, 1_001), &CallToolResult::success(vec![ContentBlock::text(giant)]));
        let result = result.unwrap();
        assert!(result.text.ends_with("\n[cut after 1000 of 2000000 bytes]"));
        assert!(result.summary.ends_with("cut after 1000 of 2000000 bytes"), "{}", result.summary);
        assert!(result.text.len() < 1_100);
    }

    #[test]
    fn structure_alone_is_read_too() {
        let (server, none) = (server(), Map::new());
        let mut only = CallToolResult::success(vec![]);
        only.structured_content = Some(json!({"up": true}));
        assert_eq!(read(&asked(&server, &none, 1_000), &only).unwrap().text, "{\n  \"up\": true\n}");
    }

    #[test]
    fn an_error_keeps_the_words_of_the_server() {
        let (server, none) = (server(), Map::new());
        let failed = CallToolResult::error(vec![ContentBlock::text("no such\nissue")]);
        let expected = ToolError::Failed("the MCP server hub reports an error: no such issue".into());
        assert_eq!(read(&asked(&server, &none, 1_000), &failed).unwrap_err(), expected);
        let wrong = ErrorData::invalid_params("`owner` is missing", None);
        assert!(matches!(refused(&server, &wrong), ToolError::Arguments(said) if said.ends_with("`owner` is missing")));
    }
}

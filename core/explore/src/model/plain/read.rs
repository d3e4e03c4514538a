//! What a model wrote: words, and calls.
//!
//! Tolerant of what small models make of the form: another mark, no list, `name` for `tool`, a block that is not closed.
//! Must never drop a call that cannot be read: the model is told. Start at [`read`].

use std::ops::Range;

use serde_json::{Map, Value};

use super::speech;
use crate::port::{Arguments, ChatRequest, Message, ToolCall};

/// Calls of one reply; a list that goes on is cut off.
const CALLS_CAP: usize = 32;

/// A block of the text.
struct Block<'a> {
    /// With its fence.
    at: Range<usize>,
    body: &'a str,
    /// Whether its mark says that it is one of calls.
    marked: bool,
}

/// The words before the first block of calls, and the calls of it.
pub(super) fn read(text: &str, request: &ChatRequest) -> (String, Vec<ToolCall>) {
    let said = speech::after_thoughts(text).unwrap_or_default();
    let offered = |name: &str| request.tools.iter().any(|tool| tool.name == name);
    let found = blocks(said).into_iter().find_map(|block| {
        let calls = calls(block.body, block.marked, &offered);
        (!calls.is_empty()).then_some((block.at.start, calls))
    });
    let Some((start, calls)) = found else { return (said.trim().to_owned(), Vec::new()) };
    let before = request.messages.iter().map(|message| match message {
        Message::Assistant { calls, .. } => calls.len(),
        Message::User { .. } | Message::Tool { .. } => 0,
    });
    let before: usize = before.sum();
    let numbered = calls.into_iter().take(CALLS_CAP).enumerate();
    let calls =
        numbered.map(|(at, (name, arguments))| ToolCall { id: format!("plain_{}", before + at), name, arguments });
    (said[..start].trim().to_owned(), calls.collect())
}

/// Fenced blocks, those between `<tool_call>` tags, and a text that is JSON as a whole.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut from = 0;
    while let Some(start) = next(text, from) {
        let rest = &text[start..];
        let (open, close, marked) = if rest.starts_with("```") {
            let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let mark = rest[3..line].trim();
            (line, "```", mark.starts_with("tool_call"))
        } else {
            (rest.find('>').map_or(rest.len(), |end| end + 1), "</tool_call", true)
        };
        let inner = &rest[open..];
        let length = inner.find(close).unwrap_or(inner.len());
        let end = start + open + length;
        let after = (end + close.len()).min(text.len());
        blocks.push(Block { at: start..after, body: inner[..length].trim(), marked });
        from = after;
    }
    let whole = text.trim();
    if blocks.is_empty() && whole.starts_with(['{', '[']) {
        blocks.push(Block { at: 0..text.len(), body: whole, marked: false });
    }
    blocks
}

fn next(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let found = [rest.find("```"), rest.find("<tool_call")].into_iter().flatten().min()?;
    Some(from + found)
}

/// The calls of a block. One without a mark counts only when it names a tool that was offered: an answer may hold JSON.
fn calls(body: &str, marked: bool, offered: &dyn Fn(&str) -> bool) -> Vec<(String, Arguments)> {
    let items = match serde_json::from_str::<Value>(body) {
        Ok(Value::Array(items)) => items,
        Ok(one @ Value::Object(_)) => vec![one],
        Ok(_) | Err(_) if marked && !body.is_empty() => return broken(body),
        Ok(_) | Err(_) => {
            // Half a call of a tool that is known is one that should be told of.
            return broken(body).into_iter().filter(|(name, _)| offered(name)).collect();
        }
    };
    let call = |item: Value| {
        let Some(name) = name(&item) else {
            return marked.then(|| (String::new(), Arguments::Broken(item.to_string())));
        };
        (marked || offered(&name)).then(|| (name, arguments(&item)))
    };
    items.into_iter().filter_map(call).collect()
}

fn broken(body: &str) -> Vec<(String, Arguments)> {
    vec![(name_in(body).unwrap_or_default(), Arguments::Broken(body.to_owned()))]
}

/// `{"tool": ..}`, `{"name": ..}`, `{"function": {"name": ..}}`.
fn name(item: &Value) -> Option<String> {
    let at = ["/tool", "/name", "/tool_name", "/function/name", "/function"];
    at.iter().find_map(|at| item.pointer(at)?.as_str()).map(str::to_owned)
}

/// The name in what is no JSON.
fn name_in(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("\"tool\"").or_else(|| body.split_once("\"name\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    (!name.is_empty()).then_some(name)
}

fn arguments(item: &Value) -> Arguments {
    let at = ["/arguments", "/args", "/parameters", "/input", "/function/arguments"];
    match at.iter().find_map(|at| item.pointer(at)) {
        None | Some(Value::Null) => Arguments::Given(Value::Object(Map::new())),
        Some(given @ Value::Object(_)) => Arguments::Given(given.clone()),
        Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(given @ Value::Object(_)) => Arguments::Given(given),
            _ => Arguments::Broken(text.clone()),
        },
        Some(other) => Arguments::Broken(other.to_string()),
    }
}

//! What a pack says about the language model that looks further and answers questions.
//!
//! Must never widen which tools the operator allows: whoever asks a model meets the pack's toolsets with those of the
//! configuration. Start at [`PackModel`]; [`section`] reads it.

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_agent::request::Depth;
use midwatch_explore::Brief;
use midwatch_explore::budget::Budget;
use midwatch_explore::tool::Toolsets;

use super::diff::{size, time};
use super::mistakes::{Mistake, instead, quote};
use super::read::is_all;
use super::values::{self, Section, each};
use super::yaml::{Located, Node};
use crate::spend::dollars;

const KEYS: [&str; 4] = ["enabled", "instructions", "toolsets", "budgets"];
const BUDGETS: [&str; 7] = ["steps", "calls", "tokens", "usd", "wall", "bytes", "call_timeout"];

/// Sets of tools, but for those of one MCP server: `mcp.NAME`.
const TOOLSETS: [&str; 6] = ["kubernetes", "logs", "metrics", "graph", "time", "mcp"];

/// Bytes of instructions: they are sent with every request to the model.
const INSTRUCTIONS: usize = 8 * 1024;

/// What a pack says about the language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackModel {
    /// Whether one is asked at all, where one is configured.
    pub enabled: bool,
    /// What it is told beside the rest; empty for nothing.
    pub instructions: String,
    /// Which tools it may use.
    pub toolsets: Toolsets,
    /// Where its budgets differ from those of the configuration.
    pub budgets: ModelBudgets,
}

impl Default for PackModel {
    fn default() -> Self {
        Self { enabled: true, instructions: String::new(), toolsets: Toolsets::All, budgets: ModelBudgets::default() }
    }
}

/// Budgets of one exploration; none: as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelBudgets {
    /// Requests to the model.
    pub steps: Option<u32>,
    /// Calls of tools.
    pub calls: Option<u32>,
    /// Tokens in both directions.
    pub tokens: Option<u64>,
    /// Millionths of a US dollar.
    pub micro_usd: Option<u64>,
    /// Time in all.
    pub wall: Option<Duration>,
    /// Bytes that tools may read.
    pub bytes: Option<u64>,
    /// Time of one call of a tool.
    pub per_call: Option<Duration>,
}

impl ModelBudgets {
    /// Each by its key in a pack's file, as it is written there; none: as the configuration says.
    pub fn each(&self) -> [(&'static str, Option<String>); 7] {
        let Self { steps, calls, tokens, micro_usd, wall, bytes, per_call } = *self;
        [
            ("steps", steps.map(|n| n.to_string())),
            ("calls", calls.map(|n| n.to_string())),
            ("tokens", tokens.map(|n| n.to_string())),
            ("usd", micro_usd.map(dollars)),
            ("wall", wall.map(time)),
            ("bytes", bytes.map(size)),
            ("call_timeout", per_call.map(time)),
        ]
    }
}

impl PackModel {
    /// What the model is told and given: as the pack says, else as `base` has it for this depth.
    pub fn brief(&self, depth: Depth, base: &Budget) -> Brief {
        let ModelBudgets { steps, calls, tokens, micro_usd, wall, bytes, per_call } = &self.budgets;
        let budget = Budget {
            steps: steps.unwrap_or(base.steps),
            calls: calls.unwrap_or(base.calls),
            tokens: tokens.unwrap_or(base.tokens),
            micro_usd: micro_usd.or(base.micro_usd),
            wall: wall.unwrap_or(base.wall),
            bytes: bytes.unwrap_or(base.bytes),
            per_call: per_call.unwrap_or(base.per_call),
            ..base.clone()
        };
        Brief { instructions: self.instructions.clone(), toolsets: self.toolsets.clone(), budget, depth }
    }
}

/// Reads the section `model`.
pub(super) fn section(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> PackModel {
    let mut model = PackModel::default();
    let entries = match values::mapping(node, &KEYS.join(", ")) {
        Ok(entries) => entries,
        Err(mistake) => {
            mistakes.push(mistake);
            return model;
        }
    };
    let mut section = Section::open(entries, &KEYS, mistakes);
    section.read("enabled", &mut model.enabled, mistakes, |node| values::flag(&node));
    section.read("instructions", &mut model.instructions, mistakes, instructions);
    if let Some(node) = section.take("toolsets") {
        model.toolsets = toolsets(node, mistakes);
    }
    if let Some(node) = section.take("budgets") {
        model.budgets = budgets(node, mistakes);
    }
    model
}

fn instructions(node: Located<Node>) -> Result<String, Mistake> {
    let long =
        |bytes| format!("the instructions have {bytes} bytes; at most {INSTRUCTIONS} are sent with every request");
    let long = match &node.value {
        Node::Text(text) if text.len() > INSTRUCTIONS => Some(node.wrong(long(text.len()))),
        _ => None,
    };
    long.map_or_else(|| values::text(node), Err)
}

fn toolsets(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> Toolsets {
    if is_all(&node) {
        return Toolsets::All;
    }
    match values::list(node, "sets of tools, or `all`") {
        Ok(items) => Toolsets::Only(each(items, mistakes, toolset).into_iter().collect::<BTreeSet<String>>()),
        Err(mistake) => {
            mistakes.push(mistake);
            Toolsets::default()
        }
    }
}

fn toolset(item: Located<Node>) -> Result<String, Mistake> {
    let Node::Text(text) = &item.value else {
        return Err(item.wrong(format!("this is {}; expected the name of a set of tools", item.value.found())));
    };
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let of_server = |name: &str| !name.is_empty() && name.len() <= 63 && name.chars().all(good);
    if TOOLSETS.contains(&text.as_str()) || text.strip_prefix("mcp.").is_some_and(of_server) {
        return Ok(text.clone());
    }
    let what = format!("there is no set of tools {}; {}", quote(text), instead(text, &TOOLSETS));
    Err(item.wrong(format!("{what}; `mcp.NAME` is the set of one MCP server")))
}

/// Within the bounds that the configuration has for them.
fn budgets(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> ModelBudgets {
    let mut budgets = ModelBudgets::default();
    let entries = match values::mapping(node, "budgets") {
        Ok(entries) => entries,
        Err(mistake) => {
            mistakes.push(mistake);
            return budgets;
        }
    };
    let mut section = Section::open(entries, &BUDGETS, mistakes);
    section.read("steps", &mut budgets.steps, mistakes, |n| values::count(&n, 1, 200).map(Some));
    section.read("calls", &mut budgets.calls, mistakes, |n| values::count(&n, 0, 1_000).map(Some));
    section.read("tokens", &mut budgets.tokens, mistakes, |n| {
        values::count(&n, 1_000, 100_000_000).map(|tokens| Some(u64::from(tokens)))
    });
    section.read("usd", &mut budgets.micro_usd, mistakes, |n| values::dollars(&n).map(Some));
    section.read("wall", &mut budgets.wall, mistakes, |n| values::duration(&n, "5s", "30m").map(Some));
    section.read("bytes", &mut budgets.bytes, mistakes, |n| values::size(&n, "1MiB", "16GiB").map(Some));
    section.read("call_timeout", &mut budgets.per_call, mistakes, |n| values::duration(&n, "1s", "5m").map(Some));
    budgets
}

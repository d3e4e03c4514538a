//! What a pack says about the language model that looks further and answers questions.
//!
//! Values only. Must never widen what the operator allows: toolsets are met with those of the configuration where both are
//! known. Start at [`PackModel`].

use std::time::Duration;

use midwatch_agent::request::Depth;
use midwatch_explore::Brief;
use midwatch_explore::budget::Budget;
use midwatch_explore::tool::Toolsets;

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

//! What a tool is: something a language model may have read. Tools never write.
//!
//! Must never let arguments of a model reach anything unchecked: a tool reads its own typed arguments and refuses the rest in
//! words that tell the model how to ask. Start at [`Tool`] and [`Toolbox`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::probe::Probe;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::port::ToolSpec;

/// Something that can be read for a model.
#[async_trait]
pub trait Tool: Send + Sync {
    /// How a model is told of it.
    fn spec(&self) -> ToolSpec;

    /// The set it belongs to, by which configuration and packs allow it: `kubernetes`, `logs`, `metrics`, `graph`, `time`,
    /// or `mcp.NAME` of a server.
    fn toolset(&self) -> &str;

    /// Whether what it gives was read somewhere. What only repeats a report or works something out is no evidence against
    /// that report.
    fn is_reading(&self) -> bool {
        true
    }

    /// Reads.
    ///
    /// # Errors
    /// Why there is nothing; the model is told.
    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError>;
}

/// Tools that come and go, as those of other programs do.
pub trait ToolSource: Send + Sync {
    /// Those that there are now.
    fn tools(&self) -> Vec<Arc<dyn Tool>>;
}

/// None.
impl ToolSource for () {
    fn tools(&self) -> Vec<Arc<dyn Tool>> {
        Vec::new()
    }
}

/// What a tool gives. Nothing of it was redacted yet: it goes to the shelf, which does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolResult {
    /// What it is, in a line: `12 of 400 lines of the log of Pod shop/api-1`.
    pub summary: String,
    /// All of it, however long.
    pub text: String,
    /// What it is about, when that is one thing.
    pub about: Option<EntityRef>,
    /// The command that shows the same to a person; empty when there is none.
    pub command: String,
    /// Objects that it names: what is masked where names must not leave.
    pub names: Vec<EntityRef>,
    /// What was read for it, for the audit trail.
    pub reads: Vec<Probe>,
    /// Bytes that were read.
    pub bytes: u64,
}

/// Why a tool gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// The arguments are not as they must be; says how they must be.
    #[error("{0}")]
    Arguments(String),
    /// It is outside what may be read here: another namespace, a Secret's value.
    #[error("not allowed: {0}")]
    Denied(String),
    /// It is not there, or could not be read.
    #[error("{0}")]
    Failed(String),
    /// No answer within the tool's time limit.
    #[error("no answer within {0:?}")]
    TimedOut(std::time::Duration),
}

/// The tools of one exploration, by name.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: BTreeMap<String, Arc<dyn Tool>>,
}

impl Toolbox {
    /// Of these tools; of two with one name the first counts.
    pub fn new(tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        let mut by_name = BTreeMap::new();
        for tool in tools {
            by_name.entry(tool.spec().name).or_insert(tool);
        }
        Self { tools: by_name }
    }

    /// Only those of the sets that are allowed.
    #[must_use]
    pub fn within(mut self, allowed: &Toolsets) -> Self {
        self.tools.retain(|_, tool| allowed.allows(tool.toolset()));
        self
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Tool>> {
        self.tools.get(name)
    }

    /// How a model is told of them, in the order of their names: the same tools give the same bytes.
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.values().map(|tool| tool.spec()).collect()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.keys().map(String::as_str)
    }
}

/// Which sets of tools may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Toolsets {
    /// All there are.
    #[default]
    All,
    /// Only these; `mcp` stands for every MCP server.
    Only(std::collections::BTreeSet<String>),
}

impl Toolsets {
    /// Whether a set may be used.
    pub fn allows(&self, toolset: &str) -> bool {
        match self {
            Toolsets::All => true,
            Toolsets::Only(sets) => sets.contains(toolset) || (toolset.starts_with("mcp.") && sets.contains("mcp")),
        }
    }

    /// What both allow.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Toolsets::All, other) => other.clone(),
            (one, Toolsets::All) => one,
            (Toolsets::Only(one), other) => Toolsets::Only(one.into_iter().filter(|set| other.allows(set)).collect()),
        }
    }
}

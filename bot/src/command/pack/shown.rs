//! Packs as a person or a program sees them.

use std::collections::BTreeMap;
use std::fmt;

use midwatch_explore::tool::Toolsets;
use midwatch_service::pack::{Pack, PackModel};
use serde::Serialize;

/// One line of the list.
#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    version: String,
    enabled: bool,
    built_in: bool,
    description: String,
}

impl Row {
    pub(super) fn new(pack: &Pack, own: bool, enabled: bool) -> Self {
        Self {
            name: pack.id.name.clone(),
            version: pack.id.version.clone(),
            enabled,
            built_in: !own,
            description: pack.description.clone(),
        }
    }
}

/// One pack with everything that applies.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    row: Row,
    alerts: Vec<Vec<String>>,
    verbs: Vec<&'static str>,
    channels: Vec<String>,
    sources: Vec<&'static str>,
    detectors_left_out: Vec<String>,
    lookback_seconds: u64,
    deadline_seconds: u64,
    max_attempts: u32,
    max_reads: usize,
    parallel_reads: usize,
    pods_per_workload: usize,
    tail_lines: u32,
    max_log_bytes: u64,
    model: Model,
}

/// What a language model is told and given.
#[derive(Serialize)]
struct Model {
    enabled: bool,
    instructions: String,
    /// None: all of them.
    toolsets: Option<Vec<String>>,
    /// Only those that differ from the configuration, as the pack has them.
    budgets: BTreeMap<&'static str, String>,
}

impl Model {
    fn new(model: &PackModel) -> Self {
        let toolsets = match &model.toolsets {
            Toolsets::All => None,
            Toolsets::Only(sets) => Some(sets.iter().cloned().collect()),
        };
        let own = model.budgets.each().into_iter().filter_map(|(key, value)| Some((key, value?)));
        Self { enabled: model.enabled, instructions: model.instructions.clone(), toolsets, budgets: own.collect() }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.enabled {
            return writeln!(f, "  model     not asked");
        }
        let tools =
            self.toolsets.as_ref().map_or_else(|| "all tools".to_owned(), |sets| format!("tools {}", sets.join(", ")));
        let own: Vec<String> = self.budgets.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let budgets = if own.is_empty() { "as configured".to_owned() } else { own.join(", ") };
        writeln!(f, "  model     asked where one is configured, with {tools}; budgets {budgets}")?;
        for (index, line) in self.instructions.lines().enumerate() {
            writeln!(f, "  {:<9} {line}", if index == 0 { "told" } else { "" })?;
        }
        Ok(())
    }
}

impl Whole {
    pub(super) fn new(pack: &Pack, own: bool, enabled: bool) -> Self {
        let triggers = &pack.triggers;
        Self {
            row: Row::new(pack, own, enabled),
            alerts: triggers.alerts.iter().map(|all| all.0.iter().map(ToString::to_string).collect()).collect(),
            verbs: triggers.verbs.iter().map(|verb| verb.as_str()).collect(),
            channels: triggers.channels.clone(),
            sources: pack.sources.iter().map(|source| source.as_str()).collect(),
            detectors_left_out: pack.detectors.off().map(str::to_owned).collect(),
            lookback_seconds: pack.lookback.as_secs(),
            deadline_seconds: pack.deadline.as_secs(),
            max_attempts: pack.max_attempts,
            max_reads: pack.max_reads,
            parallel_reads: pack.parallel_reads,
            pods_per_workload: pack.pods_per_workload,
            tail_lines: pack.tail_lines,
            max_log_bytes: pack.max_log_bytes,
            model: Model::new(&pack.model),
        }
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { name, version, enabled, built_in, description } = &self.row;
        let origin = if *built_in { "built-in" } else { "your own" };
        let state = if *enabled { "on" } else { "off" };
        writeln!(f, "{name} {version} ({origin}, {state})\n  {description}")?;
        let any: Vec<String> = self.alerts.iter().map(|all| format!("{{{}}}", all.join(", "))).collect();
        let or_none = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(" or ") };
        writeln!(f, "  alerts    {}", or_none(&any))?;
        writeln!(f, "  verbs     {}", if self.verbs.is_empty() { "none".to_owned() } else { self.verbs.join(", ") })?;
        if !self.channels.is_empty() {
            writeln!(f, "  channels  {}", self.channels.join(", "))?;
        }
        writeln!(f, "  sources   {}", self.sources.join(", "))?;
        if !self.detectors_left_out.is_empty() {
            writeln!(f, "  without   {}", self.detectors_left_out.join(", "))?;
        }
        writeln!(
            f,
            "  lookback  {} min, deadline {} s, attempts {}",
            self.lookback_seconds / 60,
            self.deadline_seconds,
            self.max_attempts
        )?;
        writeln!(
            f,
            "  reads     {} in all, {} at a time, {} pods of a workload, {} lines of a log",
            self.max_reads, self.parallel_reads, self.pods_per_workload, self.tail_lines
        )?;
        self.model.fmt(f)
    }
}

/// Columns for a terminal.
pub(super) fn table(rows: &[Row]) -> String {
    let name = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let version = rows.iter().map(|row| row.version.len()).max().unwrap_or(0);
    let line = |row: &Row| {
        let state = if row.enabled { "on " } else { "off" };
        let origin = if row.built_in { "built-in" } else { "your own" };
        format!("{state}  {:<name$}  {:<version$}  {origin}  {}\n", row.name, row.version, row.description)
    };
    rows.iter().map(line).collect::<Vec<_>>().concat()
}

/// For a program.
pub(super) fn json(value: &impl Serialize) -> String {
    // Texts and numbers only: nothing here that JSON could not hold.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

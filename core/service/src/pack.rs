//! A pack: a named, versioned definition of when and how to investigate. The built-in behaviour is packs, too.
//!
//! A pack is one YAML file: [`check`] reads it and tells every mistake with its place. [`Packs`] holds all of them, picks
//! one for alerts or for a verb, and knows which are switched off; [`Reload`] reads them again when their files changed.
//!
//! Must never decide by anything but what stands in the pack. Start at [`Pack`].

mod diff;
mod files;
mod matcher;
mod mistakes;
mod model;
mod read;
mod reload;
mod set;
mod trigger;
mod values;
mod yaml;

#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_agent::request::{Depth, Limits, LogCaps, SourceKind};
use midwatch_diagnosis::detect::Detectors;

use crate::job::{PackRef, Priority};
use crate::policy::Verb;

pub use diff::Change;
pub use matcher::{AllOf, Matcher, MatcherError};
pub use mistakes::{Mistake, PackErrors};
pub use model::{ModelBudgets, PackModel};
pub use reload::{Reload, Reloaded};
pub use set::{LoadErrors, Packs};

/// Bytes that a pack's file may have.
pub const FILE_CAP: usize = 256 * 1024;

/// A pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Name and version.
    pub id: PackRef,
    /// What it is for, in a sentence.
    pub description: String,
    /// When it is taken.
    pub triggers: Triggers,
    /// What is read.
    pub sources: BTreeSet<SourceKind>,
    /// Which detectors run.
    pub detectors: Detectors,
    /// How thorough.
    pub depth: Depth,
    /// How far back.
    pub lookback: Duration,
    /// Time of one job.
    pub deadline: Duration,
    /// Attempts in all.
    pub max_attempts: u32,
    /// Reads in all.
    pub max_reads: usize,
    /// Reads at the same time.
    pub parallel_reads: usize,
    /// Pods of one workload whose logs are read.
    pub pods_per_workload: usize,
    /// Lines from the end of each log.
    pub tail_lines: u32,
    /// Bytes of each log.
    pub max_log_bytes: u64,
    /// How urgent its jobs are; none: by the alert's severity.
    pub priority: Option<Priority>,
    /// What a language model is told and given.
    pub model: PackModel,
}

/// Finds the packs that jobs name, and whether they are switched on.
pub trait PackById: Send + Sync {
    /// The pack of this name, whether it is switched on or not; none when there is none any more.
    fn pack(&self, name: &str) -> Option<Pack>;

    /// Whether it is switched on now.
    fn is_enabled(&self, name: &str) -> bool;
}

/// When a pack is taken. Empty: never by itself, only by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Alerts for which any of these is true.
    pub alerts: Vec<AllOf>,
    /// Questions with any of these verbs.
    pub verbs: BTreeSet<Verb>,
    /// Questions asked in these channels only, `*` stands for any text; empty: anywhere. Says nothing about alerts.
    pub channels: Vec<String>,
}

impl Default for Pack {
    /// The bounds of an investigation that nobody configured, no triggers. What a pack's file leaves out is as here.
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            id: PackRef { name: "default".to_owned(), version: "1.0.0".to_owned() },
            description: String::new(),
            triggers: Triggers::default(),
            sources: limits.sources,
            detectors: limits.detectors,
            depth: Depth::Standard,
            lookback: Duration::from_hours(1),
            deadline: limits.deadline,
            max_attempts: 3,
            max_reads: limits.max_reads,
            parallel_reads: limits.parallel_reads,
            pods_per_workload: limits.pods_per_workload,
            tail_lines: 1000,
            max_log_bytes: 2 << 30,
            priority: None,
            model: PackModel::default(),
        }
    }
}

impl Pack {
    /// The bounds of an investigation by this pack.
    pub fn limits(&self) -> Limits {
        Limits {
            parallel_reads: self.parallel_reads,
            max_reads: self.max_reads,
            deadline: self.deadline,
            pods_per_workload: self.pods_per_workload,
            log_caps: LogCaps { lines: Some(self.tail_lines), bytes: Some(self.max_log_bytes) },
            sources: self.sources.clone(),
            detectors: self.detectors.clone(),
            ..Limits::default()
        }
    }
}

/// Reads a pack. `file` is what the mistakes call it.
///
/// # Errors
/// Every mistake that can be told at once, in the order of the file.
pub fn check(text: &str, file: &str) -> Result<Pack, PackErrors> {
    read::pack(text).map_err(|mistakes| PackErrors::new(file, mistakes))
}

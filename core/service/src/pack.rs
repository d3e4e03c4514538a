//! A pack: a named, versioned definition of when and how to investigate. The built-in behaviour is packs, too.
//!
//! Must never decide by anything but what stands in it. Start at [`Pack`].

use std::time::Duration;

use midwatch_agent::request::Depth;

use crate::job::{PackRef, Priority};

/// A pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Name and version.
    pub id: PackRef,
    /// What it is for, in a sentence.
    pub description: String,
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
    /// How urgent its jobs are; none: by the alert's severity.
    pub priority: Option<Priority>,
}

/// Finds the packs that jobs name, and whether they are switched on.
pub trait PackById: Send + Sync {
    /// The pack of this name, whether it is switched on or not; none when there is none any more.
    fn pack(&self, name: &str) -> Option<Pack>;

    /// Whether it is switched on now.
    fn is_enabled(&self, name: &str) -> bool;
}

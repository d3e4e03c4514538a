//! Settings of one investigation: how far back, how deep, how much may be read.
//!
//! Never decides what is read: that is the plan's job. Start at [`Investigation`].

use std::time::Duration;

use crate::choice::choice;
use crate::field::{Field, Slot};

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

choice! {
    /// Which logs are read.
    Depth {
        /// Of what fails.
        Quick = "quick",
        /// Also of what was asked about and of what it calls.
        #[default]
        Standard = "standard",
        /// Everything the budget allows.
        Deep = "deep",
    }
}

/// Bounds of one investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Investigation {
    /// How far back events, changes and logs are read. 1 minute to 24 hours, default 1 hour.
    pub lookback: Duration,
    /// Lines from the end of each log on live reads. 1 to 100,000, default 1,000. Recorded files
    /// are always streamed whole.
    pub tail_lines: u32,
    /// Whether logs of the previous, ended container are read too. Default true.
    pub previous_logs: bool,
    /// Reads in flight at the same time. 1 to 32, default 5.
    pub parallel_reads: u32,
    /// Wall-clock limit of a whole investigation. 5 seconds to 30 minutes, default 2 minutes.
    pub deadline: Duration,
    /// Which logs are read. Default standard.
    pub depth: Depth,
    /// Pods of one workload that are read in depth. 1 to 10, default 3.
    pub pods_per_workload: u32,
    /// Budget of reads in one investigation. 1 to 10,000, default 400.
    pub max_reads: u32,
    /// Bytes read from one log stream. 64 KiB to 1 TiB, default 2 GiB.
    pub max_log_bytes: u64,
}

impl Default for Investigation {
    fn default() -> Self {
        Self {
            lookback: Duration::from_secs(HOUR),
            tail_lines: 1000,
            previous_logs: true,
            parallel_reads: 5,
            deadline: Duration::from_secs(2 * MINUTE),
            depth: Depth::Standard,
            pods_per_workload: 3,
            max_reads: 400,
            max_log_bytes: 2 * GIB,
        }
    }
}

/// Fields of the section `investigation`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "investigation.lookback",
        doc: "How far back events, changes and logs are read.",
        slot: Slot::Duration {
            at: |s| &mut s.investigation.lookback,
            min: Duration::from_secs(MINUTE),
            max: Duration::from_secs(24 * HOUR),
        },
    },
    Field {
        key: "investigation.tail_lines",
        doc: "Lines read from the end of each log on live reads; recorded files are always streamed whole.",
        slot: Slot::Count { at: |s| &mut s.investigation.tail_lines, min: 1, max: 100_000 },
    },
    Field {
        key: "investigation.previous_logs",
        doc: "Whether the logs of the previous, ended container are read too.",
        slot: Slot::Flag(|s| &mut s.investigation.previous_logs),
    },
    Field {
        key: "investigation.parallel_reads",
        doc: "Reads in flight at the same time.",
        slot: Slot::Count { at: |s| &mut s.investigation.parallel_reads, min: 1, max: 32 },
    },
    Field {
        key: "investigation.deadline",
        doc: "Wall-clock limit of a whole investigation.",
        slot: Slot::Duration {
            at: |s| &mut s.investigation.deadline,
            min: Duration::from_secs(5 * SECOND),
            max: Duration::from_secs(30 * MINUTE),
        },
    },
    Field {
        key: "investigation.depth",
        doc: "Which logs are read.",
        slot: Slot::Choice(|s| &mut s.investigation.depth),
    },
    Field {
        key: "investigation.pods_per_workload",
        doc: "Pods of one workload that are read in depth.",
        slot: Slot::Count { at: |s| &mut s.investigation.pods_per_workload, min: 1, max: 10 },
    },
    Field {
        key: "investigation.max_reads",
        doc: "Budget of reads in one investigation.",
        slot: Slot::Count { at: |s| &mut s.investigation.max_reads, min: 1, max: 10_000 },
    },
    Field {
        key: "investigation.max_log_bytes",
        doc: "Bytes read from one log stream.",
        slot: Slot::Size { at: |s| &mut s.investigation.max_log_bytes, min: 64 * KIB, max: TIB },
    },
];

//! Settings of the embedded store: where it is, how large it may grow, how long things are kept.
//!
//! Never opens it. Start at [`StoreSettings`].

use std::path::PathBuf;
use std::time::Duration;

use crate::field::{Field, Slot};

const DAY: Duration = Duration::from_hours(24);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Where everything durable is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its folder. Default none: see [`crate::state_directory`].
    pub directory: Option<PathBuf>,
    /// Largest size, in bytes. 16 MiB to 64 GiB, default 2 GiB.
    pub max_size: u64,
    /// How long jobs that have ended are kept, with their reports and threads. 1 day to 1 year, default 30 days.
    pub keep_jobs: Duration,
    /// How long closed incidents are kept. 1 day to 1 year, default 90 days.
    pub keep_incidents: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { directory: None, max_size: 2 * GIB, keep_jobs: 30 * DAY, keep_incidents: 90 * DAY }
    }
}

/// Fields of the section `store`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "store.directory",
        doc: "Folder of the store, on a local disk.",
        slot: Slot::Path(|s| &mut s.store.directory),
    },
    Field {
        key: "store.max_size",
        doc: "Largest size of the store; past it new work is refused.",
        slot: Slot::Size { at: |s| &mut s.store.max_size, min: 16 * MIB, max: 64 * GIB },
    },
    Field {
        key: "store.keep_jobs",
        doc: "How long jobs that have ended are kept, with their reports and threads.",
        slot: Slot::Duration { at: |s| &mut s.store.keep_jobs, min: DAY, max: Duration::from_hours(24 * 365) },
    },
    Field {
        key: "store.keep_incidents",
        doc: "How long closed incidents are kept.",
        slot: Slot::Duration { at: |s| &mut s.store.keep_incidents, min: DAY, max: Duration::from_hours(24 * 365) },
    },
];

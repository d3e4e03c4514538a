//! Bounds of what is read from a recording. Every one of them ends in an error or a stated gap, never in silence.

use std::time::Duration;

/// How much of a directory is looked at, and how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files and directories; the rest of a larger tree is not looked at.
    pub entries: usize,
    /// Directories below the given one; `<namespace>/<pod>/logs.txt` needs two.
    pub depth: usize,
    /// The largest JSON file that is read, in bytes.
    pub json_bytes: u64,
    /// The largest YAML file that is read, in bytes; YAML is slower to read by far.
    pub yaml_bytes: u64,
    /// Bytes of one log file that are read; the rest is a stated gap.
    pub log_bytes: u64,
    /// How long one read may take. Files may lie on a network that hangs.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            depth: 4,
            json_bytes: 2 << 30,
            yaml_bytes: 64 << 20,
            log_bytes: 2 << 30,
            wait: Duration::from_mins(2),
        }
    }
}

//! How much one exploration may take, and what it took.
//!
//! Must never be reached by an error: each budget has a graceful end that reports what is known. Start at [`Budget`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bounds of one exploration. Whatever is reached first ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Requests to the model.
    pub steps: u32,
    /// Calls of tools.
    pub calls: u32,
    /// Tokens in both directions.
    pub tokens: u64,
    /// Millionths of a US dollar; heeded only where a price is known.
    pub micro_usd: Option<u64>,
    /// Time in all.
    pub wall: Duration,
    /// Bytes that tools may read.
    pub bytes: u64,
    /// Time of one call of a tool.
    pub per_call: Duration,
    /// Calls at the same time.
    pub parallel: usize,
}

impl Default for Budget {
    /// Of standard depth.
    fn default() -> Self {
        Self {
            steps: 12,
            calls: 30,
            tokens: 200_000,
            micro_usd: None,
            wall: Duration::from_secs(90),
            bytes: 64 * 1024 * 1024,
            per_call: Duration::from_secs(15),
            parallel: 4,
        }
    }
}

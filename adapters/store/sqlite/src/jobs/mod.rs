//! Jobs: their life in plain values, and the statements that keep it.
//!
//! Must never change a job that has ended, but for a replay that a person asked for. Start at `job::life` for the rules,
//! [`write`] for what a commit does.

pub(crate) mod claim;
pub(crate) mod lease;
pub(crate) mod read;
mod row;
pub(crate) mod write;

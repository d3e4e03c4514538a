//! Causes that only logs tell: what a line of a container's log means, and which object would have to change.
//!
//! Start at [`cause`], which picks the line and hands it to its kind of complaint: access, settings, names, connections,
//! storage, or [`unknown`] for words that fit none. [`origin`] tells where a value of the line is set. Lines are
//! recognised in [`crate::logs`]; nothing here reads a log by itself.

mod access;
pub(super) mod cause;
mod config;
mod names;
mod network;
pub(super) mod origin;
pub(super) mod quote;
mod rbac;
mod storage;
pub(super) mod unknown;

//! The pure engine of Midwatch: facts in, report out.
//!
//! Does no I/O, reads no clock, uses no randomness: the same input gives the same bytes. Start at [`view::View`]
//! (what was seen), [`detect`] (what follows from it), [`link`] (what explains what) and [`report`] (what is said).

pub mod alert;
pub mod changes;
pub mod detect;
pub mod entity;
pub mod evidence;
pub mod finding;
pub mod graph;
pub mod kube;
pub mod link;
pub mod logs;
pub mod metrics;
pub mod probe;
pub mod quantity;
mod reason;
pub mod report;
pub mod scope;
pub mod shell;
#[cfg(test)]
mod testkit;
pub mod verdict;
pub mod view;

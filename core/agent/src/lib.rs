//! The engine around the diagnosis: scope, plan, collect, investigate; and the ports that adapters implement.
//!
//! Knows no platform and no vendor. Start at [`investigate`].

pub mod alertmanager;
mod collect;
#[cfg(test)]
mod cut_tests;
pub mod followup;
mod investigate;
mod plan;
pub mod port;
pub mod recording;
pub mod render;
pub mod request;
mod scope;
pub mod score;
pub mod sources;
pub mod webhook;

pub use investigate::{Watcher, investigate, plan};

//! The engine around the diagnosis: scope, plan, collect, investigate; and the ports that adapters implement.
//!
//! Knows no platform and no vendor. Start at [`investigate`].

pub mod alertmanager;
mod investigate;
pub mod port;
pub mod render;
pub mod request;

pub use investigate::{investigate, plan};

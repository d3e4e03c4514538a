//! The engine around the diagnosis: scope, plan, collect, investigate; and the ports that adapters implement.
//!
//! Knows no platform and no vendor. Start at [`port`].

pub mod port;

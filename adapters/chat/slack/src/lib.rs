//! Slack as a chat platform.
//!
//! In: [`socket`] (Socket Mode) and [`http`] (signed HTTP) hand what Slack delivers to [`Reception`], which reads it
//! (`heard`) and has it written down. Must never let Slack's own types out of this crate. Start at [`Reception`].

mod heard;
pub mod http;
mod reception;
pub mod socket;

pub use heard::Listening;
pub use reception::{HEALTH, Reception};

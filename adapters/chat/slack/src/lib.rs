//! Slack as a chat platform.
//!
//! In: [`socket`] (Socket Mode) and [`http`] (signed HTTP) hand what Slack delivers to [`Reception`], which reads it
//! (`heard`) and has it written down. Out: messages as blocks, edits, files, and the search for what may have been sent.
//!
//! Must never let text of the outside act (mentions, links, markup), let Slack's own types out of this crate, nor call the
//! Web API but through `client`, with a method whose scope stands in `method`. Start at [`SlackPlatform`] for what is said
//! and at [`Reception`] for what is heard; what a message looks like is in `blocks`, what Slack refuses in `fault`.

mod blocks;
mod client;
mod directory;
mod doctor;
mod fault;
mod files;
mod find;
mod heard;
pub mod http;
mod key;
mod manifest;
mod method;
mod options;
mod platform;
mod reception;
pub mod socket;
mod status;
#[cfg(test)]
mod tests;

pub use heard::Listening;
pub use manifest::{Delivery, ManifestOptions, manifest, paths};
pub use options::{API, SlackError, SlackOptions};
pub use platform::SlackPlatform;
pub use reception::{HEALTH, Reception};

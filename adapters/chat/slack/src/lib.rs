//! Slack as a chat platform.
//!
//! What is said goes out here: messages as blocks, edits, files, and the search for what may have been sent. Must never let
//! text of the outside act (mentions, links, markup), nor call the Web API but through `client`, with a method whose scope
//! stands in `method`. Start at [`SlackPlatform`]; what a message looks like is in `blocks`, what Slack refuses in `fault`.

mod blocks;
mod client;
mod directory;
mod doctor;
mod fault;
mod files;
mod find;
mod key;
mod manifest;
mod method;
mod options;
mod platform;
mod status;
#[cfg(test)]
mod tests;

pub use doctor::{Check, Outcome};
pub use manifest::{Delivery, ManifestOptions, manifest, paths};
pub use options::{API, SlackError, SlackOptions};
pub use platform::SlackPlatform;

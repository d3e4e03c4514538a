//! Discord as a chat platform.
//!
//! In: [`gateway`] (messages, and interactions where there is no endpoint for them) and [`http`] (signed interactions) hand
//! what Discord delivers to [`Reception`], which reads it (`heard`) and has it written down. Out: messages as embeds, edits,
//! files, threads, and the search for what may have been sent.
//!
//! Must never let text of the outside act (mentions, links, markup), let Discord's own types out of this crate, nor call the
//! REST API but through `client`, which keeps its limits. Start at [`DiscordPlatform`] for what is said and at [`Reception`]
//! for what is heard; what a message looks like is in `embeds`, what Discord refuses in `fault`.

mod buckets;
mod catch_up;
mod client;
mod commands;
mod directory;
mod doctor;
mod embeds;
mod fault;
mod find;
pub mod gateway;
mod heard;
pub mod http;
mod invite;
mod key;
mod options;
mod permissions;
mod places;
mod platform;
mod reception;
mod route;
mod snowflake;
#[cfg(test)]
mod tests;
mod threads;

pub use commands::{Changes, RegisterError, Registered, definitions};
pub use heard::Listening;
pub use options::{API, DiscordError, DiscordOptions};
pub use platform::DiscordPlatform;
pub use reception::{HEALTH, Reception};

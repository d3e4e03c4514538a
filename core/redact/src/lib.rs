//! What must not leave: finds and hides secrets, and the witness type of text that may leave.
//!
//! Everything that goes out of the program (chat, model, page, log, recording) is a
//! [`Redacted`] value, and only a [`Redactor`] can make one out of text that was read outside.
//!
//! This crate must never print, keep or return a secret it found: a [`Finding`] says where, which
//! rule and how long, never what. It does no I/O, reads no clock, and the same text with the same
//! learned values gives the same result.
//!
//! Start at [`Redactor`]; the rules are found by way of `scan`.

mod base64;
mod blocks;
mod commands;
mod entropy;
mod extra;
mod forms;
mod headers;
mod hit;
mod json;
mod json_value;
mod kind;
mod literals;
mod manifests;
mod mask;
mod names;
mod pairs;
mod quoting;
mod redact;
mod redactor;
pub mod samples;
mod scan;
mod settle;
mod ties;
mod token_table;
mod tokens;
mod triggers;
mod unquoted;
mod urls;
mod values;
mod witness;

pub use extra::NamePatterns;
pub use kind::{Finding, SecretKind};
pub use mask::Mask;
pub use redact::Redact;
pub use redactor::{Entropy, Policy, Redactor};
pub use witness::Redacted;

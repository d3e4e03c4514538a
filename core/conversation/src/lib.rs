//! The language of the conversation, the same on every platform: what people write becomes a [`command::Command`] or a
//! [`question::Question`], what other programs post becomes alerts ([`posted`]), and what is said back is an
//! [`answer::Answer`].
//!
//! Pure: must never do I/O, read a clock, or know a platform; adapters strip their own markup before and add it after.
//! Start at [`command::Command`].

pub mod answer;
pub mod clean;
pub mod command;
pub mod length;
pub mod plain;
pub mod posted;
pub mod question;
pub mod split;

//! The terminal as a chat platform: a conversation of an opening post, a living message and a report.
//!
//! [`Console`] is the one thread of a command; [`ConsolePlatform`] is the many threads of the standing watch, kept in files.
//!
//! Must never write text that was not redacted (every way in takes [`Redacted`] values) nor a character that acts on
//! the terminal and is not its own (`page` is the only writer of text). Start at [`Console`].

mod answer;
mod console;
mod evidence;
mod living;
mod look;
mod opening;
mod page;
mod plan;
mod platform;
mod report;
#[cfg(test)]
mod tests;

pub use console::{Console, Pace};
pub use look::{Look, Motion};
pub use opening::{Opening, Question};
pub use platform::{ConsolePlatform, OpenError};

use midwatch_conversation::answer::Answer;
use midwatch_redact::Redacted;

/// An answer, for the terminal that asked: tables keep their columns, or become lists where it is narrow; code is never
/// wrapped, so that it can be copied.
pub fn answer(look: Look, answer: &Redacted<Answer>) -> Redacted<String> {
    answer.map_with(look, answer::bare)
}

/// A score table or another text of the program, for a terminal: control characters made visible, no colour.
pub fn plain(text: &Redacted<String>) -> Redacted<String> {
    text.map(|text| midwatch_agent::render::clean::block(text).into_owned())
}

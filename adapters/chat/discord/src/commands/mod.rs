//! `/midwatch` as Discord knows it: a form for each verb of the one grammar, and what was filled in as the line that says it.
//!
//! ```text
//! definitions   the command as it is registered: every verb a subcommand, every argument a typed option
//! filled        what came back: a line for the grammar, or what is being typed, to be completed
//! meaning       whether what is registered says the same
//! register      brings what is registered in line with what this program understands
//! ```
//!
//! Must never hold a verb or a flag of its own, nor let what stands in one option become another. Start at [`definitions()`].

mod definitions;
mod filled;
mod meaning;
mod register;

pub use definitions::definitions;
pub(crate) use filled::{choices, typed, words};
pub use register::{Changes, RegisterError, Registered};

/// The command.
pub(crate) const NAME: &str = "midwatch";

/// Choices that may be offered for an option, and characters of one:
/// <https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure>.
pub(crate) const CHOICES: usize = 25;
const CHOICE_CAP: usize = 100;

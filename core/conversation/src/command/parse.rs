//! From a line to a command.
//!
//! The rule, the same everywhere: a line that begins with a verb is that verb. Words of courtesy before it do not count
//! (`please stop`). Without a verb, a line is free text: at the top of a channel an investigation, flags understood; in a
//! thread a follow-up, which [`crate::question`] reads. In a thread people also talk to each other, so there a verb whose
//! words do not fit it (`stop deploying`, `status page is red`) is free text, too; at the top it is said what does not fit.
//! A word that is nearly a verb is never obeyed: the verb is offered, see [`super::near`].
//!
//! Must never fail on what people type: whatever does not fit is [`Misspoken`]. Start at [`parse`].

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser};
use midwatch_diagnosis::entity::Kind;

use super::misspoken::{self, Misspoken};
use super::{Command, Help, Investigate, near, value, words};
use crate::clean;

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// At the top of a channel, in a slash command, in a terminal.
    Top,
    /// In a thread that Midwatch takes part in.
    Thread,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A verb with what belongs to it.
    Command(Command),
    /// Words without a verb, in a thread: perhaps a [`crate::question::Question`].
    Free(String),
}

/// Words of courtesy that may stand before a verb.
#[rustfmt::skip] // a paragraph, not a column
const COURTESY: &[&str] = &[
    "midwatch", "@midwatch", "/midwatch", "please", "pls", "can", "could", "would", "will", "you", "hey", "hi", "hello",
    "ok", "okay", "now", "just", "kindly", "then",
];

#[derive(Parser)]
#[command(
    name = "midwatch",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    args_override_self = true,
    color = ColorChoice::Never
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// The grammar.
pub(super) fn grammar() -> clap::Command {
    Line::command()
}

/// What a line says. At most [`clean::TEXT_CAP`] characters are read.
///
/// # Errors
/// The verb is known and what belongs to it does not fit, or the first word is nearly a verb: the error tells how it is
/// written.
pub fn parse(text: &str, spot: Spot) -> Result<Parsed, Misspoken> {
    let line = unaddressed(clean::line(text));
    let words = words::words(&line);
    let grammar = grammar();
    let courtesy = words.iter().take_while(|word| COURTESY.contains(&bare(word).as_str())).count();
    let Some((first, behind)) = words[courtesy..].split_first() else {
        return if words.is_empty() {
            Ok(Parsed::Command(Command::Help(Help::default())))
        } else {
            free(line, &words, spot)
        };
    };
    match verb(&grammar, first) {
        // `why` asks about the thread where there is one, and is a word of the question where there is none.
        Some(_) if bare(first) == "why" => free(line, &words, spot),
        Some(verb) => spoken(&verb, behind, spot, line),
        None => match near::verb(&grammar, first, behind) {
            Some(verb) => Err(Misspoken::nearly(first, &verb, behind)),
            None => free(line, &words, spot),
        },
    }
}

/// The line without the name it begins with: `midwatch: why is checkout slow`.
fn unaddressed(line: String) -> String {
    let (name, rest) = line.split_once([':', ',']).unwrap_or_default();
    let addressed = ["midwatch", "@midwatch", "/midwatch"].contains(&name.to_lowercase().as_str());
    if addressed { rest.trim_start().to_owned() } else { line }
}

/// A line without a verb.
fn free(line: String, words: &[String], spot: Spot) -> Result<Parsed, Misspoken> {
    if spot == Spot::Thread {
        return Ok(Parsed::Free(line));
    }
    fits("investigate", words).map(Parsed::Command).map_err(|error| Misspoken::told("investigate", words, &error))
}

/// A verb with the words behind it.
fn spoken(verb: &str, behind: &[String], spot: Spot, line: String) -> Result<Parsed, Misspoken> {
    if behind.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h") {
        return Ok(Parsed::Command(Command::Help(Help { verb: Some(verb.to_owned()) })));
    }
    match fits(verb, behind) {
        Ok(command) => Ok(Parsed::Command(command)),
        Err(error) if spot == Spot::Thread && misspoken::is_talk(&error) => Ok(Parsed::Free(line)),
        Err(error) => Err(Misspoken::told(verb, behind, &error)),
    }
}

/// The command of a verb and its words, as far as they fit.
pub(super) fn fits(verb: &str, behind: &[String]) -> Result<Command, clap::Error> {
    let behind = match verb {
        "investigate" => words::join_lengths(behind, &[("since", "--since")]),
        "mute" => words::join_lengths(&words::pointed_at(behind), &[("for", "--for")]),
        "unmute" => words::pointed_at(behind),
        "ask" => words::question(behind),
        "pack" => lower_first(behind),
        _ => behind.to_vec(),
    };
    let line = std::iter::once(verb.to_owned()).chain(behind);
    let mut matches = grammar().try_get_matches_from(line)?;
    Line::from_arg_matches_mut(&mut matches).map(|line| line.command)
}

fn lower_first(behind: &[String]) -> Vec<String> {
    let first = behind.iter().take(1).map(|word| word.to_lowercase());
    first.chain(behind.iter().skip(1).cloned()).collect()
}

/// A word as a verb would be written: `Stop!` is `stop`.
pub(super) fn bare(word: &str) -> String {
    let trimmed = word.trim_end_matches(['.', ',', '!', '?', ':', ';']);
    if trimmed.is_empty() { word.to_lowercase() } else { trimmed.to_lowercase() }
}

/// The verb that a word is, by any of its names.
pub(super) fn verb(grammar: &clap::Command, word: &str) -> Option<String> {
    grammar.find_subcommand(bare(word)).map(|verb| verb.get_name().to_owned())
}

impl Investigate {
    /// The target or question as it was written; none when there are no words.
    pub fn text(&self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.words.join(" "))
    }

    /// The namespace that is meant: the one that was given, or that of a target such as `shop/checkout`. What stands before
    /// the stroke in `deploy/checkout` is a kind.
    pub fn place(&self) -> Option<String> {
        let target = || {
            let [target] = self.words.as_slice() else { return None };
            let (place, name) = target.split_once('/')?;
            let is_place = Kind::parse(place).is_none() && !name.is_empty() && !name.contains('/');
            value::namespace(place).ok().filter(|_| is_place)
        };
        self.namespace.clone().or_else(target)
    }
}

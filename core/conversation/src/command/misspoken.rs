//! What was said wrongly, and how it is said.
//!
//! Must never repeat more of a text than it needs to point at the place. Start at [`Misspoken`].

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::help::usage;
use super::parse::grammar;
use super::{near, words};
use crate::answer::Answer;

/// Characters of a wrong word that are repeated.
const SHOWN: usize = 60;

/// A line that is nearly a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Misspoken {
    /// What does not fit, in a sentence.
    pub problem: String,
    /// The whole line as it was probably meant, ready to be sent.
    pub meant: Option<String>,
    /// The verb it is about.
    pub verb: String,
}

impl Misspoken {
    /// A first word that is nearly a verb.
    pub(super) fn nearly(word: &str, verb: &str, behind: &[String]) -> Self {
        let meant = line(verb, behind);
        Self { problem: format!("There is no verb `{}`.", shown(word)), meant: Some(meant), verb: verb.to_owned() }
    }

    /// What clap found, in words for a person.
    pub(super) fn told(verb: &str, behind: &[String], error: &clap::Error) -> Self {
        let wrong = argument(error).unwrap_or_default();
        let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
        let (problem, right) = match error.kind() {
            ErrorKind::UnknownArgument if wrong.starts_with('-') => no_such_flag(verb, &wrong),
            ErrorKind::UnknownArgument => (format!("`{verb}` does not know what to do with `{}`.", shown(&wrong)), None),
            ErrorKind::InvalidValue if value.is_empty() => (format!("`{}` wants a value.", name(&wrong)), None),
            ErrorKind::InvalidValue => none_of(error, &wrong, &value),
            ErrorKind::ValueValidation => {
                let why = error.source().map(ToString::to_string).unwrap_or_default();
                (format!("`{}` does not fit `{}`: {why}.", shown(&value), name(&wrong)), None)
            }
            ErrorKind::InvalidSubcommand => {
                let wrong = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
                let grammar = grammar();
                let known = grammar.find_subcommand(verb).into_iter().flat_map(clap::Command::get_subcommands);
                let near = near::among(&wrong, known.map(clap::Command::get_name)).map(str::to_owned);
                (format!("`{verb}` has no `{}`.", shown(&wrong)), near.map(|near| (wrong, near)))
            }
            ErrorKind::MissingRequiredArgument => (format!("`{verb}` wants {}.", wrong.replace(['<', '>'], "")), None),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                (format!("`{verb}` wants one of {}.", nested(verb).join(", ")), None)
            }
            _ => (format!("`{verb}` is written in another way."), None),
        };
        let meant = right.and_then(|(wrong, right)| corrected(behind, &wrong, &right)).map(|behind| line(verb, &behind));
        Self { problem, meant, verb: verb.to_owned() }
    }

    /// What is said back: what does not fit, what was probably meant, how the verb is written.
    pub fn answer(&self) -> Answer {
        let answer = match &self.meant {
            Some(meant) => Answer::text(format!("{} Did you mean this?", self.problem)).with_code(meant.clone()),
            None => Answer::text(self.problem.clone()),
        };
        answer
            .with_text("It is written:")
            .with_code(usage(&self.verb).join("\n"))
            .with_text(format!("`help {}` tells more.", self.verb))
    }
}

/// Whether it is words of a sentence that do not fit, and no flag.
pub(super) fn is_talk(error: &clap::Error) -> bool {
    let of_words = matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidSubcommand
    );
    of_words && !argument(error).is_some_and(|argument| argument.starts_with('-'))
}

fn no_such_flag(verb: &str, wrong: &str) -> (String, Option<(String, String)>) {
    let grammar = grammar();
    let arguments: Vec<&clap::Arg> = grammar.find_subcommand(verb).into_iter().flat_map(clap::Command::get_arguments).collect();
    let near = near::among(wrong.trim_start_matches('-'), arguments.iter().filter_map(|arg| arg.get_long()));
    let takes_words = arguments.iter().any(|arg| arg.is_positional() && arg.get_num_args().is_some_and(|n| n.max_values() > 1));
    let hint = if near.is_none() && takes_words { " What is no flag goes behind ` -- `." } else { "" };
    let problem = format!("`{verb}` has no flag `{}`.{hint}", shown(wrong));
    (problem, near.map(|near| (wrong.to_owned(), format!("--{near}"))))
}

fn none_of(error: &clap::Error, wrong: &str, value: &str) -> (String, Option<(String, String)>) {
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) => valid.clone(),
        _ => Vec::new(),
    };
    let near = near::among(value, valid.iter().map(String::as_str)).map(str::to_owned);
    let problem = format!("`{}` does not fit `{}`: it is one of {}.", shown(value), name(wrong), valid.join(", "));
    (problem, near.map(|near| (value.to_owned(), near)))
}

/// The words with one put right; `--flag=value` keeps its value.
fn corrected(behind: &[String], wrong: &str, right: &str) -> Option<Vec<String>> {
    let with_value = format!("{wrong}=");
    let fits = |word: &String| word == wrong || word.starts_with(&with_value);
    let at = behind.iter().position(fits)?;
    let mut behind = behind.to_vec();
    behind[at] = behind[at].replacen(wrong, right, 1);
    Some(behind)
}

fn line(verb: &str, behind: &[String]) -> String {
    if behind.is_empty() { verb.to_owned() } else { format!("{verb} {}", words::join(behind)) }
}

/// The argument that clap complains about: `--since <DURATION>`, `[JOB]`, a word.
pub(super) fn argument(error: &clap::Error) -> Option<String> {
    text(error, ContextKind::InvalidArg)
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

/// `--since` of `--since <DURATION>`, `JOB` of `[JOB]`.
fn name(argument: &str) -> &str {
    let name = if argument.starts_with('-') { argument.split([' ', '=']).next().unwrap_or_default() } else { argument };
    name.trim_matches(['[', ']', '<', '>', '.'])
}

fn shown(word: &str) -> String {
    let head: String = word.chars().take(SHOWN).collect();
    if head.len() < word.len() { format!("{head}...") } else { head }
}

fn nested(verb: &str) -> Vec<String> {
    let grammar = grammar();
    let nested = grammar.find_subcommand(verb).into_iter().flat_map(clap::Command::get_subcommands);
    nested.map(|sub| sub.get_name().to_owned()).collect()
}

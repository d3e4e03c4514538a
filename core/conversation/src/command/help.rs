//! What can be said, made from the grammar: a verb is in here because it is a variant.
//!
//! Must never hold a list of verbs or flags of its own. Start at [`help`].

use clap::{Arg, ArgAction};

use super::near;
use super::parse::{grammar, verb};
use crate::answer::{Answer, Part};

/// All verbs, or one in detail. A verb that does not exist is answered with the nearest, or with all.
pub fn help(asked: Option<&str>) -> Answer {
    let grammar = grammar();
    let Some(asked) = asked else { return overview(&grammar) };
    if let Some(command) = verb(&grammar, asked).and_then(|verb| grammar.find_subcommand(verb)) {
        return detail(command);
    }
    let names = grammar.get_subcommands().map(clap::Command::get_name);
    match near::among(asked, names).and_then(|near| grammar.find_subcommand(near)) {
        Some(command) => detail(command),
        None => overview(&grammar),
    }
}

fn overview(grammar: &clap::Command) -> Answer {
    let rows = grammar.get_subcommands().map(|verb| {
        let example = examples(verb).first().cloned().unwrap_or_default();
        vec![verb.get_name().to_owned(), about(verb), example]
    });
    Answer::text("Write a target or a question in your own words, or begin with one of these verbs.")
        .with(Part::Table {
            head: ["Verb", "What it does", "Example"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        })
        .with_text("In a thread, write a follow-up question. `help investigate` tells all about a verb.")
}

fn detail(verb: &clap::Command) -> Answer {
    let answer = Answer::text(format!("{}.", about(verb))).with_code(written(verb).join("\n"));
    let rows: Vec<Vec<String>> = verb
        .get_arguments()
        .map(|arg| vec![written_argument(arg), arg.get_help().map(ToString::to_string).unwrap_or_default()])
        .collect();
    let nested = verb.get_subcommands().map(|sub| vec![format!("{} {}", verb.get_name(), sub.get_name()), about(sub)]);
    let rows: Vec<Vec<String>> = rows.into_iter().chain(nested).collect();
    let answer = if rows.is_empty() {
        answer
    } else {
        answer.with(Part::Table { head: ["Argument", "What it says"].map(str::to_owned).to_vec(), rows })
    };
    let answer = answer.with_text("Examples:").with_code(examples(verb).join("\n"));
    let aliases: Vec<String> = verb.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    if aliases.is_empty() { answer } else { answer.with_text(format!("Also understood: {}.", aliases.join(", "))) }
}

/// How a verb is written, a line for each form.
pub(super) fn usage(verb: &str) -> Vec<String> {
    grammar().find_subcommand(verb).map(written).unwrap_or_default()
}

fn written(verb: &clap::Command) -> Vec<String> {
    let one = |prefix: &str, command: &clap::Command| {
        let (words, flags): (Vec<&Arg>, Vec<&Arg>) = command.get_arguments().partition(|arg| arg.is_positional());
        let parts = words.into_iter().chain(flags).map(|arg| {
            let written = written_argument(arg);
            if arg.is_required_set() { written } else { format!("[{written}]") }
        });
        std::iter::once(format!("{prefix}{}", command.get_name())).chain(parts).collect::<Vec<_>>().join(" ")
    };
    let prefix = format!("{} ", verb.get_name());
    let nested: Vec<String> = verb.get_subcommands().map(|sub| one(&prefix, sub)).collect();
    if nested.is_empty() { vec![one("", verb)] } else { nested }
}

/// `-n, --namespace NAMESPACE`; a value that is one of a few names them.
fn written_argument(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    let few: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let value = if few.is_empty() { value } else { few.join("|") };
    let several = matches!(arg.get_action(), ArgAction::Append) && arg.is_positional();
    match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short} {value}"),
        (None, Some(long)) => format!("--{long} {value}"),
        (None, None) if several => format!("{value}..."),
        (None, None) => value,
    }
}

/// What a verb does, in a few words.
pub(super) fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The examples of a verb, as its variant holds them.
pub(super) fn examples(verb: &clap::Command) -> Vec<String> {
    let text = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

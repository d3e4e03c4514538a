//! The grammar as data, for platforms where a command is a form with named fields.
//!
//! Made from the definition that [`super::parse()`] reads by: a verb or a flag is in here because it is there. What a form says
//! becomes a line again, so that there is one way for a command to be understood. Must never know a platform, nor let the
//! value of one field become a flag, another field or another verb. Start at [`entries`] and [`filled`].

use std::any::TypeId;

use clap::{Arg, ArgAction};
use jiff::SignedDuration;

use super::help::about;
use super::{CLUSTER, NAMESPACE, PACK, TARGET, parse, words};
use crate::clean;

/// What can be said first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A verb.
    Verb(Verb),
    /// A word that wants one of a few verbs behind it: `pack list`.
    Group {
        /// The word.
        name: String,
        /// What they are about.
        about: String,
        /// The verbs.
        verbs: Vec<Verb>,
    },
}

/// A verb and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verb {
    /// As it is written.
    pub name: String,
    /// What it does.
    pub about: String,
    /// In the order in which the help tells them.
    pub arguments: Vec<Argument>,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name, unique within the verb: small letters and `-`. That of a flag is the flag without its dashes.
    pub name: String,
    /// What it says.
    pub about: String,
    /// Where it stands in a line.
    pub place: Place,
    /// Whether the verb cannot do without.
    pub required: bool,
    /// What fits.
    pub kind: Kind,
    /// Names that can be offered for it.
    pub sought: Option<Sought>,
}

/// Where an argument stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind its flag.
    Flag,
    /// A word without a flag.
    Word,
    /// Any number of words: what was typed there is read as if it had been typed behind the verb.
    Words,
}

/// What fits an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no: a flag without a value.
    Boolean,
    /// One of a few.
    Choice(Vec<String>),
    /// A length of time, such as `1h30m`.
    Duration,
}

/// Names of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Clusters.
    Cluster,
    /// Namespaces.
    Namespace,
    /// Workloads, as a target is written: `deploy/checkout`.
    Workload,
    /// Packs.
    Pack,
}

/// Everything that can be said, in the order of the help.
pub fn entries() -> Vec<Entry> {
    parse::grammar().get_subcommands().map(entry).collect()
}

/// The arguments of the verb that some words lead to (`["pack", "enable"]`); none where there is no such verb.
pub fn arguments(path: &[&str]) -> Vec<Argument> {
    let grammar = parse::grammar();
    let found = path.iter().try_fold(&grammar, |at, word| at.find_subcommand(word));
    found.map(|found| found.get_arguments().map(argument).collect()).unwrap_or_default()
}

/// The line that says what a filled form says: the verb by the words that lead to it, and the values by the names of their
/// arguments. [`super::parse()`] reads it as the same command; a value that does not fit is told like one that was typed.
pub fn filled(path: &[&str], given: &[(&str, &str)]) -> String {
    let arguments = arguments(path);
    let known = |name: &str| arguments.iter().any(|argument| argument.name == name);
    let mut flags: Vec<String> = Vec::new();
    let (mut fixed, mut free) = (Vec::new(), Vec::new());
    for argument in &arguments {
        let Some((name, value)) = given.iter().find(|(name, _)| *name == argument.name) else { continue };
        match argument.place {
            Place::Flag if argument.kind == Kind::Boolean => {
                flags.extend((*value == "true").then(|| format!("--{name}")));
            }
            Place::Flag => flags.push(format!("--{name}={}", clean::part(value))),
            Place::Word => fixed.push(clean::part(value)),
            Place::Words => free.extend(words::words(&clean::part(value))),
        }
    }
    // A form that is older than the grammar: the flag that is gone is told as unknown.
    let gone = given.iter().filter(|(name, _)| !known(name));
    flags.extend(gone.map(|(name, value)| format!("--{name}={}", clean::part(value))));
    let dashes = words::want_dashes(&fixed).then(|| "--".to_owned());
    let line = path.iter().map(|word| (*word).to_owned()).chain(flags).chain(dashes).chain(fixed).chain(free);
    words::join(&line.collect::<Vec<_>>())
}

fn entry(command: &clap::Command) -> Entry {
    if command.has_subcommands() {
        let verbs = command.get_subcommands().map(verb).collect();
        return Entry::Group { name: command.get_name().to_owned(), about: about(command), verbs };
    }
    Entry::Verb(verb(command))
}

fn verb(command: &clap::Command) -> Verb {
    let arguments = command.get_arguments().map(argument).collect();
    Verb { name: command.get_name().to_owned(), about: about(command), arguments }
}

fn argument(arg: &Arg) -> Argument {
    let shown = arg.get_value_names().and_then(|names| names.first()).map_or(arg.get_id().as_str(), |name| name);
    let place = match arg.get_action() {
        _ if !arg.is_positional() => Place::Flag,
        ArgAction::Append => Place::Words,
        _ => Place::Word,
    };
    let name = arg.get_long().map_or_else(|| shown.to_lowercase().replace(' ', "-"), str::to_owned);
    Argument {
        name,
        about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        place,
        required: arg.is_required_set(),
        kind: kind(arg),
        sought: sought(shown),
    }
}

fn kind(arg: &Arg) -> Kind {
    let is = |id: TypeId| arg.get_value_parser().type_id() == id;
    let few = arg.get_possible_values();
    match arg.get_action() {
        ArgAction::SetTrue => Kind::Boolean,
        _ if !few.is_empty() => Kind::Choice(few.iter().map(|value| value.get_name().to_owned()).collect()),
        _ if is(TypeId::of::<SignedDuration>()) => Kind::Duration,
        _ if [TypeId::of::<i64>(), TypeId::of::<u64>(), TypeId::of::<u32>(), TypeId::of::<usize>()]
            .into_iter()
            .any(is) =>
        {
            Kind::Integer
        }
        _ => Kind::Text,
    }
}

/// By what the argument is called in the help.
fn sought(shown: &str) -> Option<Sought> {
    match shown {
        CLUSTER => Some(Sought::Cluster),
        NAMESPACE => Some(Sought::Namespace),
        TARGET => Some(Sought::Workload),
        PACK => Some(Sought::Pack),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

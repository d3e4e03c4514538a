//! The verbs: what can be asked for, the same in a slash command, a mention, a terminal and the API.
//!
//! A verb is a variant of [`Command`]; help, suggestions and the way it is written are made from it. Must never hold what
//! was not checked: names and times are of their type, or the text is [`Misspoken`]. Start at [`parse`].

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub mod grammar;
mod help;
mod line;
mod misspoken;
mod near;
mod parse;
mod value;
pub(crate) mod words;

pub use help::help;
pub use misspoken::Misspoken;
pub use parse::{Parsed, Spot, parse};
pub use value::{LOOKBACK, MUTE};

/// What arguments whose names can be offered are called in the help: [`grammar`] knows them by it.
const TARGET: &str = "TARGET OR QUESTION";
const NAMESPACE: &str = "NAMESPACE";
const CLUSTER: &str = "CLUSTER";
const PACK: &str = "PACK";

/// A command. What stands in `after_help` are its examples, one on each line.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Find out why something fails
    #[command(
        visible_aliases = ["why", "diagnose"],
        after_help = "investigate checkout -n shop --since 1h\nwhy is checkout slow\ninvestigate deploy/checkout --depth deep"
    )]
    Investigate(Investigate),
    /// Ask a question about a thread or a job
    #[command(after_help = "ask why do you rule out the node?\nask what changed since yesterday?")]
    Ask(Ask),
    /// See how an investigation stands
    #[command(after_help = "status\nstatus 0199d2c4a81f7b62a1c4e1f0a7c3b5d2")]
    Status(Of),
    /// List investigations, incidents, mutes
    #[command(visible_alias = "ls", after_help = "list\nlist incidents\nlist mutes")]
    List(List),
    /// Stop an investigation
    #[command(visible_aliases = ["cancel", "abort"], after_help = "stop\nstop --reason 'found it'")]
    Stop(Stop),
    /// Run an investigation again
    #[command(visible_aliases = ["rerun", "re-run"], after_help = "retry\nretry 0199d2c4a81f7b62a1c4e1f0a7c3b5d2")]
    Retry(Of),
    /// See the evidence behind a report
    #[command(visible_alias = "evidence", after_help = "explain\nexplain e3")]
    Explain(Explain),
    /// See what happened when
    #[command(after_help = "timeline")]
    Timeline(Of),
    /// Keep an alert from opening threads for a time
    #[command(visible_aliases = ["silence", "snooze"], after_help = "mute KubePodCrashLooping -n shop --for 2h\nmute --reason 'known, fixed on Monday'")]
    Mute(Mute),
    /// Let a muted alert speak again
    #[command(visible_alias = "unsilence", after_help = "unmute KubePodCrashLooping -n shop")]
    Unmute(Unmute),
    /// See and switch packs: when and how to investigate
    #[command(subcommand, visible_alias = "packs", after_help = "pack list\npack disable crash")]
    Pack(Pack),
    /// See how Midwatch itself does
    #[command(after_help = "doctor")]
    Doctor,
    /// See what can be asked
    #[command(visible_aliases = ["?", "commands"], after_help = "help\nhelp investigate")]
    Help(Help),
}

impl Command {
    /// The verb, as it is written.
    pub fn verb_name(&self) -> &'static str {
        match self {
            Command::Investigate(_) => "investigate",
            Command::Ask(_) => "ask",
            Command::Status(_) => "status",
            Command::List(_) => "list",
            Command::Stop(_) => "stop",
            Command::Retry(_) => "retry",
            Command::Explain(_) => "explain",
            Command::Timeline(_) => "timeline",
            Command::Mute(_) => "mute",
            Command::Unmute(_) => "unmute",
            Command::Pack(_) => "pack",
            Command::Doctor => "doctor",
            Command::Help(_) => "help",
        }
    }
}

/// `investigate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Investigate {
    /// A target (checkout, deploy/checkout, shop/checkout, node/worker-1) or a question in your own words
    #[arg(value_name = TARGET)]
    pub words: Vec<String>,
    /// The namespace to look in
    #[arg(short, long, value_name = NAMESPACE, value_parser = value::namespace)]
    pub namespace: Option<String>,
    /// The cluster
    #[arg(short, long, value_name = CLUSTER, value_parser = value::cluster)]
    pub cluster: Option<String>,
    /// How far back to look, such as 30m or 6h
    #[arg(long, value_name = "DURATION", value_parser = value::lookback)]
    pub since: Option<SignedDuration>,
    /// How thorough to be
    #[arg(long, value_enum, value_name = "DEPTH", ignore_case = true)]
    pub depth: Option<Depth>,
}

/// How thorough an investigation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Objects, events, and the logs of what fails
    Quick,
    /// Also the logs of what was asked about
    Standard,
    /// Also the logs of every workload in scope
    Deep,
}

/// `ask`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Ask {
    /// The question
    #[arg(value_name = "QUESTION", required = true)]
    pub words: Vec<String>,
    /// The job it is about; in a thread, that of the thread
    #[arg(long, value_name = "JOB", value_parser = value::id)]
    pub of: Option<String>,
}

/// What a verb is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Of {
    /// A job or an incident; in a thread, that of the thread
    #[arg(value_name = "JOB", value_parser = value::id)]
    pub of: Option<String>,
}

/// `list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum, value_name = "WHAT", ignore_case = true)]
    pub what: Option<Listed>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Investigations, the newest first
    #[default]
    Jobs,
    /// Incidents that are not closed
    Incidents,
    /// What is muted
    Mutes,
}

/// `stop`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Stop {
    /// A job; in a thread, that of the thread
    #[arg(value_name = "JOB", value_parser = value::id)]
    pub of: Option<String>,
    /// Why, for the thread
    #[arg(long, value_name = "WORDS")]
    pub reason: Option<String>,
}

/// `explain`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Explain {
    /// A piece of evidence, such as e3; all of it when none is named
    #[arg(value_name = "EVIDENCE", value_parser = value::evidence)]
    pub evidence: Option<String>,
    /// The job; in a thread, that of the thread
    #[arg(long, value_name = "JOB", value_parser = value::id)]
    pub of: Option<String>,
}

/// `mute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Mute {
    /// The alert's name; in a thread, the alerts of the thread
    #[arg(value_name = "ALERT", value_parser = NonEmptyStringValueParser::new())]
    pub alert: Option<String>,
    /// Only in this namespace
    #[arg(short, long, value_name = NAMESPACE, value_parser = value::namespace)]
    pub namespace: Option<String>,
    /// How long, such as 30m or 2h; 1h when not said
    #[arg(long = "for", value_name = "DURATION", value_parser = value::mute)]
    pub how_long: Option<SignedDuration>,
    /// Why
    #[arg(long, value_name = "WORDS")]
    pub reason: Option<String>,
}

/// `unmute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Unmute {
    /// The alert's name, or the mute's number; in a thread, the alerts of the thread
    #[arg(value_name = "ALERT", value_parser = NonEmptyStringValueParser::new())]
    pub alert: Option<String>,
    /// Only in this namespace
    #[arg(short, long, value_name = NAMESPACE, value_parser = value::namespace)]
    pub namespace: Option<String>,
}

/// `pack`.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Pack {
    /// See the packs and whether they are on
    List,
    /// Switch a pack on
    Enable {
        /// Its name
        #[arg(value_name = PACK)]
        name: String,
    },
    /// Switch a pack off
    Disable {
        /// Its name
        #[arg(value_name = PACK)]
        name: String,
    },
}

/// `help`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Help {
    /// A verb
    pub verb: Option<String>,
}

#[cfg(test)]
mod tests;

//! The verbs: what can be asked for, the same in a slash command, a mention, a terminal and the API.
//!
//! Start at [`Command`].

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Find out why something fails
    Investigate(Investigate),
    /// Ask a question about a thread or a job
    Ask(Ask),
    /// See how an investigation stands
    Status(Of),
    /// List investigations, incidents, mutes
    List(List),
    /// Stop an investigation
    Stop(Stop),
    /// Run an investigation again
    Retry(Of),
    /// See the evidence behind a report
    Explain(Explain),
    /// See what happened when
    Timeline(Of),
    /// Keep an alert from opening threads for a time
    Mute(Mute),
    /// Let a muted alert speak again
    Unmute(Unmute),
    /// See and switch packs
    #[command(subcommand)]
    Pack(Pack),
    /// See how Midwatch itself does
    Doctor,
    /// See what can be asked
    Help(Help),
}

/// `investigate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Investigate {
    /// A target (checkout, deploy/checkout, shop/checkout, node/worker-1) or a question in your own words
    #[arg(value_name = "TARGET OR QUESTION")]
    pub words: Vec<String>,
    /// The namespace to look in
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The cluster
    #[arg(short, long)]
    pub cluster: Option<String>,
    /// How far back to look, such as 30m or 6h
    #[arg(long, value_name = "DURATION")]
    pub since: Option<String>,
    /// How thorough to be
    #[arg(long, value_enum)]
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
    #[arg(long, value_name = "JOB")]
    pub of: Option<String>,
}

/// What a verb is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Of {
    /// A job or an incident; in a thread, that of the thread
    #[arg(value_name = "JOB")]
    pub of: Option<String>,
}

/// `list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum)]
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
    #[arg(value_name = "JOB")]
    pub of: Option<String>,
    /// Why, for the thread
    #[arg(long, value_name = "WORDS")]
    pub reason: Option<String>,
}

/// `explain`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Explain {
    /// A piece of evidence, such as e3; all of it when none is named
    #[arg(value_name = "EVIDENCE")]
    pub evidence: Option<String>,
    /// The job; in a thread, that of the thread
    #[arg(long, value_name = "JOB")]
    pub of: Option<String>,
}

/// `mute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Mute {
    /// The alert's name; in a thread, the alerts of the thread
    #[arg(value_name = "ALERT")]
    pub alert: Option<String>,
    /// Only in this namespace
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// How long, such as 30m or 2h; 1h when not said
    #[arg(long = "for", value_name = "DURATION")]
    pub how_long: Option<String>,
    /// Why
    #[arg(long, value_name = "WORDS")]
    pub reason: Option<String>,
}

/// `unmute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Unmute {
    /// The alert's name, or the mute's number; in a thread, the alerts of the thread
    #[arg(value_name = "ALERT")]
    pub alert: Option<String>,
    /// Only in this namespace
    #[arg(short, long)]
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
        name: String,
    },
    /// Switch a pack off
    Disable {
        /// Its name
        name: String,
    },
}

/// `help`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Help {
    /// A verb
    pub verb: Option<String>,
}

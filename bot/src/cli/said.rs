//! Verbs that a running server is asked, with the arguments that they have in chat: the grammar is one.
//!
//! Must never add a word of its own to a verb: what belongs to the terminal is in [`Server`]. Start at [`Said`].

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use midwatch_conversation::command as said;

use crate::help;

/// What can be said to a running server.
#[derive(Debug, Subcommand)]
pub(crate) enum Said {
    /// Ask the server a question about an investigation
    #[command(after_help = help::ASK)]
    Ask(Spoken<said::Ask>),
    /// See how an investigation of the server stands
    #[command(after_help = help::SAID)]
    Status(Spoken<said::Of>),
    /// List investigations, incidents and mutes of the server
    #[command(after_help = help::SAID)]
    List(Spoken<said::List>),
    /// Stop an investigation of the server
    #[command(after_help = help::SAID)]
    Stop(Spoken<said::Stop>),
    /// Let the server run an investigation again
    #[command(after_help = help::SAID)]
    Retry(Spoken<said::Of>),
    /// See the evidence behind a report of the server
    #[command(after_help = help::SAID)]
    Explain(Spoken<said::Explain>),
    /// See what happened when, by a report of the server
    #[command(after_help = help::SAID)]
    Timeline(Spoken<said::Of>),
    /// Keep an alert from opening threads for a time
    #[command(after_help = help::SAID)]
    Mute(Spoken<said::Mute>),
    /// Let a muted alert speak again
    #[command(after_help = help::SAID)]
    Unmute(Spoken<said::Unmute>),
}

/// A verb's own arguments, and the terminal's.
#[derive(Debug, Args)]
pub(crate) struct Spoken<T: Args> {
    #[command(flatten)]
    pub(crate) words: T,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// How the server is asked, and how its answer is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server and result")]
pub(crate) struct Server {
    /// Form of the result
    #[arg(short, long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
    pub(crate) output: String,
    /// File with an API key, for a server that wants one [default: $MIDWATCH_API_KEY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) api_key_file: Option<PathBuf>,
}

impl Said {
    /// The command as in chat, and how the server is asked.
    pub(crate) fn parts(self) -> (said::Command, Server) {
        match self {
            Said::Ask(it) => (said::Command::Ask(it.words), it.server),
            Said::Status(it) => (said::Command::Status(it.words), it.server),
            Said::List(it) => (said::Command::List(it.words), it.server),
            Said::Stop(it) => (said::Command::Stop(it.words), it.server),
            Said::Retry(it) => (said::Command::Retry(it.words), it.server),
            Said::Explain(it) => (said::Command::Explain(it.words), it.server),
            Said::Timeline(it) => (said::Command::Timeline(it.words), it.server),
            Said::Mute(it) => (said::Command::Mute(it.words), it.server),
            Said::Unmute(it) => (said::Command::Unmute(it.words), it.server),
        }
    }
}

//! A command as a line that says it again: what a terminal sends to the server.
//!
//! Must never lose anything: what it writes parses back to the same command. Start at [`Command`]'s `Display`.

use std::fmt;

use clap::ValueEnum as _;
use jiff::SignedDuration;

use super::{Command, Pack, words};
use crate::length;

/// The words of a line, flags first.
struct Line {
    words: Vec<String>,
}

impl Line {
    fn new(verb: &str) -> Self {
        Self { words: vec![verb.to_owned()] }
    }

    fn flag(mut self, flag: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) if value.starts_with('-') => self.words.push(format!("{flag}={value}")),
            Some(value) => self.words.extend([flag.to_owned(), value.to_owned()]),
            None => {}
        }
        self
    }

    fn length(self, flag: &str, value: Option<SignedDuration>) -> Self {
        self.flag(flag, value.map(length::show).as_deref())
    }

    fn words<'a>(mut self, words: impl IntoIterator<Item = &'a String>) -> Self {
        let words: Vec<String> = words.into_iter().cloned().collect();
        if words::want_dashes(&words) {
            self.words.push("--".to_owned());
        }
        self.words.extend(words);
        self
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = Line::new(self.verb_name());
        let line = match self {
            Command::Investigate(it) => line
                .flag("-n", it.namespace.as_deref())
                .flag("-c", it.cluster.as_deref())
                .length("--since", it.since)
                .flag("--depth", it.depth.and_then(|depth| depth.to_possible_value()).as_ref().map(|depth| depth.get_name()))
                .words(&it.words),
            Command::Ask(it) => line.flag("--of", it.of.as_deref()).words(&it.words),
            Command::Status(it) | Command::Retry(it) | Command::Timeline(it) => line.words(&it.of),
            Command::List(it) => {
                let what = it.what.and_then(|what| what.to_possible_value()).map(|what| what.get_name().to_owned());
                line.words(&what)
            }
            Command::Stop(it) => line.flag("--reason", it.reason.as_deref()).words(&it.of),
            Command::Explain(it) => line.flag("--of", it.of.as_deref()).words(&it.evidence),
            Command::Mute(it) => line
                .flag("-n", it.namespace.as_deref())
                .length("--for", it.how_long)
                .flag("--reason", it.reason.as_deref())
                .words(&it.alert),
            Command::Unmute(it) => line.flag("-n", it.namespace.as_deref()).words(&it.alert),
            Command::Pack(Pack::List) => line.words(&["list".to_owned()]),
            Command::Pack(Pack::Enable { name }) => line.words(&["enable".to_owned()]).words([name]),
            Command::Pack(Pack::Disable { name }) => line.words(&["disable".to_owned()]).words([name]),
            Command::Doctor => line,
            Command::Help(it) => line.words(&it.verb),
        };
        f.write_str(&words::join(&line.words))
    }
}

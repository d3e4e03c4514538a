//! Why a command ends without what was asked for: words for the person, an exit code for the script.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use midwatch_agent::render::clean;

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be done: no report. Exit code 1.
    NoReport(String),
    /// Asked the wrong way, or configured wrong. Exit code 2.
    Usage(String),
    /// Whoever read the output has closed it; nothing is wrong.
    Closed,
    /// Stopped from outside. Exit code 130, as shells have it.
    Interrupted,
}

impl Failure {
    pub(crate) fn usage(what: impl Display) -> Self {
        Self::Usage(what.to_string())
    }

    pub(crate) fn no_report(what: impl Display) -> Self {
        Self::NoReport(what.to_string())
    }

    /// The words for the person, for whoever goes on with the rest.
    pub(crate) fn words(&self) -> &str {
        match self {
            Failure::NoReport(text) | Failure::Usage(text) => text,
            Failure::Closed | Failure::Interrupted => "stopped",
        }
    }

    /// Says it on standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Failure::NoReport(text) => say(&text, 1),
            Failure::Usage(text) => say(&text, 2),
            Failure::Closed => ExitCode::SUCCESS,
            Failure::Interrupted => ExitCode::from(130),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::NoReport(format!("the result cannot be written: {error}")),
        }
    }
}

/// Where standard error is closed there is nobody to tell.
fn say(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr().lock(), "midwatch: {}", clean::block(text));
    ExitCode::from(code)
}

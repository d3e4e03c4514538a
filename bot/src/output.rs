//! Standard output: what the terminal can show, and writing to it. A reader that went away is no error.

use std::io::{self, IsTerminal as _, Write as _};

use midwatch_config::{Settings, When};
use midwatch_console::{Look, Motion};
use midwatch_redact::Redacted;

use crate::failure::Failure;

/// Width where there is no terminal to ask.
const WIDTH: usize = 100;

/// Wider lines than this are hard to read.
const WIDEST: usize = 140;

/// What standard output can show.
pub(crate) fn look(settings: &Settings) -> Look {
    let terminal = io::stdout().is_terminal();
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    let colour = match settings.output.colour {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && !dumb && variable("NO_COLOR").is_none(),
    };
    let motion = match (settings.output.progress, terminal && !dumb) {
        (When::Never, _) => Motion::Hidden,
        (_, true) => Motion::Edit,
        (When::Always, false) => Motion::Append,
        (When::Auto, false) => Motion::Final,
    };
    Look { width: width(terminal), colour, motion }
}

fn width(terminal: bool) -> usize {
    let given = variable("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let asked = || terminal_size::terminal_size().filter(|_| terminal).map(|(w, _)| usize::from(w.0));
    given.or_else(asked).unwrap_or(WIDTH).min(WIDEST)
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// Writes text that may leave, ending with a line feed.
pub(crate) fn print(text: &Redacted<String>) -> Result<(), Failure> {
    write(text)
}

/// Writes text of the program itself: help, configuration, completion.
pub(crate) fn print_own(text: &str) -> Result<(), Failure> {
    write(text)
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') && !text.is_empty() {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Writes a line of the program itself to standard error, beside a result on standard output.
pub(crate) fn tell(line: &str) {
    // Whoever closed it does not want to be told.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes text that may leave as it is, to the byte.
pub(crate) fn print_exactly(text: &Redacted<String>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

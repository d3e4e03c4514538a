//! `midwatch demo`.

use std::process::ExitCode;
use std::time::Duration;

use midwatch_console::Pace;
use midwatch_redact::Redacted;

use crate::cli::{Common, Demo, Selection};
use crate::failure::Failure;
use crate::{demo, input, settings};

use super::investigate;

/// The pause after a step of `--pace`.
const PAUSE: Duration = Duration::from_millis(900);

/// Investigates the incident that comes with the program.
pub(crate) fn run(args: &Demo, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[("output.format", args.output.as_ref(), "--output")])?;
    let recording =
        demo::unpack().map_err(|error| Failure::no_report(format!("the demo cannot be unpacked: {error}")))?;
    let asked = input::read_named(&selection(recording.path()), &settings, demo::SOURCE)?;
    let redactor = settings::redactor(&settings);
    let pace = if args.pace { Pace::Watchable(PAUSE) } else { Pace::Full };
    let shown = investigate::show(&asked, &settings, &redactor, pace, Some(&note()))?;
    shown.map_err(|why| Failure::no_report(format!("the demo has no report: {}", why.as_ref())))
}

fn selection(dir: &std::path::Path) -> Selection {
    Selection {
        words: Vec::new(),
        namespace: None,
        alert: Some(dir.join("alert.json")),
        snapshot: Some(dir.join("cluster")),
        as_of: demo::AS_OF.parse().ok(),
        since: None,
        depth: None,
        output: None,
    }
}

/// What to do next, behind the report.
fn note() -> Redacted<Vec<String>> {
    Redacted::gather([
        Redacted::fixed("That was a real incident, recorded from a real cluster. On your own:"),
        Redacted::fixed("$ kubectl cluster-info dump --all-namespaces --output-directory ./dump"),
        Redacted::fixed("$ midwatch investigate --snapshot ./dump"),
    ])
}

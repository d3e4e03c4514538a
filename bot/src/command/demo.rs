//! `midwatch demo`.

use std::process::ExitCode;
use std::time::Duration;

use midwatch_console::Pace;
use midwatch_redact::Redacted;

use crate::cli::{Common, Demo, Live, Selection};
use crate::failure::Failure;
use crate::input::Wanted;
use crate::{demo, settings};

use super::block_on;
use super::explore::Wish;
use super::investigate::{self, Showing};

/// The pause after a step of `--pace`.
const PAUSE: Duration = Duration::from_millis(900);

/// Investigates the incident that comes with the program.
pub(crate) fn run(args: &Demo, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[("output.format", args.output.as_ref(), "--output")])?;
    let recording =
        demo::unpack().map_err(|error| Failure::no_report(format!("the demo cannot be unpacked: {error}")))?;
    let selection = selection(recording.path());
    let wanted = Wanted::read(&selection)?;
    let redactor = settings::redactor(&settings);
    let pace = if args.pace { Pace::Watchable(PAUSE) } else { Pace::Full };
    let shown = block_on(async {
        let asked = wanted.open(&settings).await?.named(demo::SOURCE);
        // What it shows needs no model, and nothing of it is worth the money.
        let showing = Showing { settings: &settings, redactor: &redactor, pace, wish: Wish::Not, record: None };
        investigate::show(&asked, &showing, Some(&note())).await
    })?;
    shown.map_err(|why| Failure::no_report(format!("the demo has no report: {}", why.as_ref())))
}

fn selection(dir: &std::path::Path) -> Selection {
    Selection {
        words: Vec::new(),
        namespace: None,
        live: Live::default(),
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
        Redacted::fixed("$ midwatch investigate"),
        Redacted::fixed("reads the current context of your kubeconfig and changes nothing; or, from a recording:"),
        Redacted::fixed("$ kubectl cluster-info dump --all-namespaces --output-directory ./dump"),
        Redacted::fixed("$ midwatch investigate --snapshot ./dump"),
    ])
}

//! `midwatch replay`.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use midwatch_agent::port::EvidenceSource as _;
use midwatch_agent::recording::{Bundle, BundleSource, CAP, NoReplay, Replayed};
use midwatch_agent::render;
use midwatch_config::OutputFormat;
use midwatch_console::{Console, Opening, Pace, Question};

use crate::cli::{Common, Replay};
use crate::failure::Failure;
use crate::{input, output, settings};

use super::{block_on, printed};

/// Makes the report of a recorded investigation again.
pub(crate) fn run(args: &Replay, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[("output.format", args.output.as_ref(), "--output")])?;
    let source = Arc::new(BundleSource::new(read(&args.bundle)?));
    let redactor = settings::redactor(&settings);
    let render = match settings::format(&settings) {
        OutputFormat::Thread => {
            let console = Mutex::new(Console::new(io::stdout(), output::look(&settings), Pace::Full));
            let held = || console.lock().unwrap_or_else(PoisonError::into_inner);
            held().open(&redactor.seal(opening(&source)));
            let watcher = |progress| held().progress(&progress);
            let replay = midwatch_explore::replay(Arc::clone(&source), redactor, &watcher);
            let replayed = block_on(async { replay.await.map_err(failed) })?;
            let mut console = console.into_inner().unwrap_or_else(PoisonError::into_inner);
            console.report(&replayed.outcome.report, replayed.outcome.run);
            console.failure()?;
            tell(&source, &replayed);
            return Ok(ExitCode::SUCCESS);
        }
        OutputFormat::Markdown => render::markdown,
        OutputFormat::Json => render::json,
    };
    let replay = async { midwatch_explore::replay(Arc::clone(&source), redactor, &|_| {}).await.map_err(failed) };
    let replayed = block_on(replay)?;
    tell(&source, &replayed);
    printed(&render(&replayed.outcome.report))
}

/// Reads a recording.
pub(super) fn read(path: &Path) -> Result<Bundle, Failure> {
    let text = input::bounded(path, 2 * CAP)?;
    Bundle::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn opening(source: &BundleSource) -> Opening {
    let request = source.bundle().request();
    let (text, namespace) = (request.text.clone(), request.namespace.clone());
    let question = Question { text, namespace, source: format!("recording of {}", source.describe()) };
    if request.alerts.is_empty() {
        return Opening::Question(question);
    }
    let group = midwatch_agent::alertmanager::AlertGroup { alerts: request.alerts.clone(), ..Default::default() };
    Opening::Alerts(group, question)
}

fn failed(error: NoReplay) -> Failure {
    match error {
        NoReplay::Bundle(error) => Failure::usage(error),
        NoReplay::NoReport(why) => Failure::no_report(why.as_ref()),
    }
}

/// Says what is not as it was.
fn tell(source: &BundleSource, replayed: &Replayed) {
    let (bundle, report) = (source.bundle(), &replayed.outcome.report);
    let left_out = bundle.left_out().len();
    if left_out > 0 {
        tracing::warn!("the recording was too large for {left_out} of its answers: the report is made without them");
    }
    if !replayed.same {
        let (came, engine) = (bundle.came(), bundle.engine());
        let (now, then) = (report.verdict.as_str(), came.verdict.as_str());
        tracing::warn!("midwatch {engine} came to {then} (report {}), this is {now} (report {})", came.id, report.id);
    }
}

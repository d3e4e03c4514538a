//! `midwatch investigate`.

use std::io::{self, Stdout};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use midwatch_agent::render;
use midwatch_agent::request::{NoReport, Outcome};
use midwatch_config::{OutputFormat, Settings};
use midwatch_console::{Console, Pace};
use midwatch_redact::{Redacted, Redactor};

use crate::cli::{Common, Investigate, Selection};
use crate::failure::Failure;
use crate::input::{Asked, Wanted};
use crate::{live, output, settings};

use super::{again, block_on, printed};

/// Asks the engine and shows what it says.
pub(crate) fn run(args: &Investigate, common: &Common) -> Result<ExitCode, Failure> {
    let selection = &args.selection;
    let mut flags = flags(selection);
    flags.push(("investigation.deadline", args.deadline.as_ref(), "--deadline"));
    let settings = settings::load(common, &flags)?;
    let wanted = Wanted::read(selection)?;
    let redactor = settings::redactor(&settings);
    let retry = |why: Redacted<NoReport>| again::explain("investigate", &why, selection, common);
    let shown = block_on(async {
        let asked = wanted.open(&settings).await?;
        show(&asked, &settings, &redactor, Pace::Full, None).await
    })?;
    shown.map_err(retry)
}

/// Flags of a selection that set something.
pub(crate) fn flags(selection: &Selection) -> Vec<settings::Flag<'_>> {
    let mut flags = vec![
        ("investigation.lookback", selection.since.as_ref(), "--since"),
        ("investigation.depth", selection.depth.as_ref(), "--depth"),
        ("output.format", selection.output.as_ref(), "--output"),
    ];
    flags.extend(live::flags(&selection.live));
    flags
}

/// Why there is no report is the caller's to explain.
type Shown = Result<ExitCode, Redacted<NoReport>>;

/// Investigates and prints the result in the form that is set. `note` ends the thread.
pub(crate) async fn show(
    asked: &Asked,
    settings: &Settings,
    redactor: &Redactor,
    pace: Pace,
    note: Option<&Redacted<Vec<String>>>,
) -> Result<Shown, Failure> {
    let render = match settings::format(settings) {
        OutputFormat::Thread => return thread(asked, settings, redactor, pace, note).await,
        OutputFormat::Markdown => render::markdown,
        OutputFormat::Json => render::json,
    };
    match investigated(asked, settings, redactor, &|_| {}).await {
        Ok(outcome) => printed(&render(&outcome.report)).map(Ok),
        Err(why) => Ok(Err(why)),
    }
}

async fn thread(
    asked: &Asked,
    settings: &Settings,
    redactor: &Redactor,
    pace: Pace,
    note: Option<&Redacted<Vec<String>>>,
) -> Result<Shown, Failure> {
    let console = Mutex::new(Console::new(io::stdout(), output::look(settings), pace));
    held(&console).open(&redactor.seal(asked.opening.clone()));
    let outcome = investigated(asked, settings, redactor, &|progress| held(&console).progress(&progress)).await;
    let mut console = console.into_inner().unwrap_or_else(PoisonError::into_inner);
    let result = match outcome {
        Ok(outcome) => {
            console.report(&outcome.report, outcome.run);
            if let Some(note) = note {
                console.note(note);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => Err(why),
    };
    console.failure()?;
    Ok(result)
}

/// A writer that panicked has left nothing half done that a next line could break.
fn held(console: &Mutex<Console<Stdout>>) -> MutexGuard<'_, Console<Stdout>> {
    console.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn investigated(
    asked: &Asked,
    settings: &Settings,
    redactor: &Redactor,
    watcher: midwatch_agent::Watcher<'_>,
) -> Result<Outcome, Redacted<NoReport>> {
    let limits = settings::limits(settings);
    midwatch_agent::investigate(&*asked.source, &asked.request, &limits, redactor.clone(), watcher).await
}

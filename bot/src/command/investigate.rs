//! `midwatch investigate`.

use std::fs::File;
use std::io::{self, Stdout, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use midwatch_agent::recording::{self, Recorder};
use midwatch_agent::render;
use midwatch_agent::request::{Limits, NoReport, Outcome};
use midwatch_config::{OutputFormat, Settings};
use midwatch_console::{Console, Pace};
use midwatch_redact::{Redacted, Redactor};
use serde_json::Value;

use crate::cli::{Common, Investigate, Selection};
use crate::failure::Failure;
use crate::input::{Asked, Wanted};
use crate::{live, output, settings};

use super::explore::Wish;
use super::{again, block_on, explore, printed};

/// Asks the engine and shows what it says.
pub(crate) fn run(args: &Investigate, common: &Common) -> Result<ExitCode, Failure> {
    let selection = &args.selection;
    let mut flags = flags(selection);
    flags.push(("investigation.deadline", args.deadline.as_ref(), "--deadline"));
    let settings = settings::load(common, &flags)?;
    let wanted = Wanted::read(selection)?;
    let redactor = settings::redactor(&settings);
    let retry = |why: Redacted<NoReport>| again::explain("investigate", &why, selection, common);
    let wish = if args.no_model { Wish::Not } else { Wish::Ask };
    let shown = block_on(async {
        let mut asked = wanted.open(&settings).await?;
        let record = args.record.as_deref().map(|path| Record::of(&mut asked, path)).transpose()?;
        if args.dry_run {
            return would_leave(&asked, &settings, &redactor).await;
        }
        let showing = Showing { settings: &settings, redactor: &redactor, pace: Pace::Full, wish, record };
        show(&asked, &showing, None).await
    })?;
    shown.map_err(retry)
}

/// Prints the first request that would leave for the language model.
async fn would_leave(asked: &Asked, settings: &Settings, redactor: &Redactor) -> Result<Shown, Failure> {
    let showing = Showing { settings, redactor, pace: Pace::Full, wish: Wish::Not, record: None };
    let outcome = match investigated(asked, &showing, &|_| {}).await? {
        Ok(outcome) => outcome,
        Err(why) => return Ok(Err(why)),
    };
    let shown = explore::dry_run(asked, settings, &outcome).await?;
    output::tell(&format!("would leave for {}: {} bytes; nothing was sent", shown.sent.to, shown.sent.bytes));
    printed(&shown.request).map(Ok)
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

/// How an investigation is made and shown.
pub(crate) struct Showing<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) redactor: &'a Redactor,
    pub(crate) pace: Pace,
    pub(crate) wish: Wish,
    pub(crate) record: Option<Record<'a>>,
}

/// Where an investigation is written down.
pub(crate) struct Record<'a> {
    evidence: Arc<Recorder>,
    path: &'a Path,
    file: File,
}

impl<'a> Record<'a> {
    /// Listens to all that is read from now on. A file that is there already stays as it is.
    ///
    /// # Errors
    /// When there can be no such file: said before anything is read.
    fn of(asked: &mut Asked, path: &'a Path) -> Result<Self, Failure> {
        let opened = File::create_new(path);
        let file = opened.map_err(|error| Failure::usage(format!("--record {}: {error}", path.display())))?;
        let evidence = Recorder::new(Arc::clone(&asked.source));
        asked.source = Arc::<Recorder>::clone(&evidence);
        Ok(Self { evidence, path, file })
    }

    /// What cannot be written is said, and costs no report.
    fn write(&self, asked: &Asked, limits: &Limits, outcome: &Outcome, model: Option<Value>) {
        let found = (&outcome.report, &outcome.redactor);
        let text = recording::text(&self.evidence.bundle(&asked.request, limits, found, model));
        if let Err(error) = (&self.file).write_all(text.as_bytes()) {
            output::tell(&format!("the recording is not whole: {}: {error}", self.path.display()));
        }
    }
}

/// Investigates and prints the result in the form that is set. `note` ends the thread.
pub(crate) async fn show(
    asked: &Asked,
    showing: &Showing<'_>,
    note: Option<&Redacted<Vec<String>>>,
) -> Result<Shown, Failure> {
    let render = match settings::format(showing.settings) {
        OutputFormat::Thread => return thread(asked, showing, note).await,
        OutputFormat::Markdown => render::markdown,
        OutputFormat::Json => render::json,
    };
    match investigated(asked, showing, &|_| {}).await? {
        Ok(outcome) => printed(&render(&outcome.report)).map(Ok),
        Err(why) => Ok(Err(why)),
    }
}

async fn thread(asked: &Asked, showing: &Showing<'_>, note: Option<&Redacted<Vec<String>>>) -> Result<Shown, Failure> {
    let console = Mutex::new(Console::new(io::stdout(), output::look(showing.settings), showing.pace));
    held(&console).open(&showing.redactor.seal(asked.opening.clone()));
    let outcome = investigated(asked, showing, &|progress| held(&console).progress(&progress)).await?;
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
    showing: &Showing<'_>,
    watcher: midwatch_agent::Watcher<'_>,
) -> Result<Result<Outcome, Redacted<NoReport>>, Failure> {
    let model = explore::ready(showing.settings, showing.wish)?;
    let (limits, redactor) = (settings::limits(showing.settings), showing.redactor.clone());
    let found = midwatch_agent::investigate(&*asked.source, &asked.request, &limits, redactor, watcher).await;
    let outcome = match found {
        Ok(outcome) => outcome,
        Err(why) => return Ok(Err(why)),
    };
    let (outcome, conversation) = match model {
        Some(model) => explore::explained(asked, showing.settings, model, outcome, watcher).await,
        None => (outcome, None),
    };
    if let Some(record) = &showing.record {
        record.write(asked, &limits, &outcome, conversation);
    }
    Ok(Ok(outcome))
}

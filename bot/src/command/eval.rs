//! `midwatch eval`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use midwatch_agent::score::{ScoreError, Setup};
use midwatch_config::Settings;
use midwatch_explore::Brief;
use midwatch_explore::eval::{self, By, FORMAT, Run};
use midwatch_explore::model::{Patience, Patient};
use midwatch_redact::{Redacted, Redactor};

use crate::cli::{Common, Eval};
use crate::failure::Failure;
use crate::{input, model, output, settings};

use super::block_on;

/// Bytes of an earlier run.
const RUN_CAP: usize = 64 * 1024 * 1024;

/// Explores the cases and prints the marks.
pub(crate) fn run(args: &Eval, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    let setup = Setup {
        limits: settings::limits(&settings),
        lookback: settings::lookback(&settings),
        depth: settings::depth(&settings),
        redactor: settings::redactor(&settings),
    };
    let before = args.compare.as_deref().map(|path| earlier(path, &setup.redactor)).transpose()?;
    let open = |dir: &Path| input::open(dir, &settings).map_err(Into::into);
    let run = block_on(async {
        let by = by(args, &settings)?;
        eval::run(&args.dir, &setup, &by, args.all, open).await.map_err(|error| wrong(&error))
    })?;
    let compared = before.map(|before| eval::compare(&run, before));
    let render = match args.output.as_str() {
        "json" => eval::json,
        "markdown" => eval::markdown,
        _ => eval::text,
    };
    output::print(&render(&run, compared.as_ref()))?;
    Ok(if run.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn by(args: &Eval, settings: &Settings) -> Result<By, Failure> {
    if args.replies {
        return Ok(By::Replies);
    }
    let none = "no language model is configured; `model.provider` says which is asked, or give --replies";
    let mut parts = model::open(settings, std::convert::identity)?.ok_or_else(|| Failure::usage(none))?;
    if let Some(name) = &args.model {
        let mut models = model::each(settings)?.into_iter();
        let named = models.find(|model| model.facts().name == *name);
        let named = named.ok_or_else(|| Failure::usage(format!("no language model is called `{name}`")))?;
        parts.model = Arc::new(Patient::new(named, Patience::default()));
    }
    let brief = Brief {
        instructions: parts.instructions.clone(),
        toolsets: parts.toolsets.clone(),
        budget: parts.budget.clone(),
        depth: settings::depth(settings),
    };
    Ok(By::Model(parts.explorer(), brief))
}

fn earlier(path: &Path, redactor: &Redactor) -> Result<Redacted<Run>, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("{}: {why}\n  expected is what `midwatch eval -o json` wrote", path.display()))
    };
    let run: Run = serde_json::from_slice(&input::bounded(path, RUN_CAP)?).map_err(|error| wrong(error.to_string()))?;
    if run.format != FORMAT {
        return Err(wrong(format!("this run is of format `{}`", run.format)));
    }
    Ok(redactor.seal(run))
}

fn wrong(error: &ScoreError) -> Failure {
    match error {
        ScoreError::NoCases(dir) => {
            Failure::usage(format!("{}: no case there expects something of a model", dir.display()))
        }
        other @ ScoreError::Unreadable { .. } => Failure::usage(other),
    }
}

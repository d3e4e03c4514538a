//! `midwatch score`.

use std::process::ExitCode;

use midwatch_agent::score::{self, ScoreError, Setup, Totals};

use crate::cli::{Common, Score};
use crate::failure::Failure;
use crate::{input, output, settings};

use super::block_on;

/// Investigates the cases and prints the marks.
pub(crate) fn run(args: &Score, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    let setup = Setup {
        limits: settings::limits(&settings),
        lookback: settings::lookback(&settings),
        depth: settings::depth(&settings),
        redactor: settings::redactor(&settings),
    };
    let open = |dir: &std::path::Path| input::open(dir, &settings).map_err(Into::into);
    let score = block_on(async { score::run(&args.dir, &setup, open).await.map_err(|error| wrong(&error)) })?;
    if args.output == "json" {
        output::print(&score::json(&score))?;
    } else {
        output::print(&score::text(&score))?;
    }
    let good = if args.min_recall.is_some() || args.min_precision.is_some() {
        enough(args, score.totals())
    } else {
        score.passed()
    };
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wrong(error: &ScoreError) -> Failure {
    Failure::usage(format!("{error}\n  give the directory of a corpus: midwatch score DIR"))
}

/// Whether the minima are reached. Nothing to measure by reaches every minimum.
fn enough(args: &Score, totals: Totals) -> bool {
    let reached = |least: Option<f64>, got: Option<f64>| least.is_none_or(|least| got.is_none_or(|got| got >= least));
    reached(args.min_recall, totals.recall) && reached(args.min_precision, totals.precision)
}

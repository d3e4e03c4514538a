//! `midwatch plan`.

use std::io;
use std::process::ExitCode;

use midwatch_agent::render;
use midwatch_config::OutputFormat;
use midwatch_console::{Console, Pace};

use crate::cli::{Common, Selection};
use crate::failure::Failure;
use crate::input::Wanted;
use crate::{output, settings};

use super::{again, block_on, investigate, printed};

/// Asks the engine what it would read.
pub(crate) fn run(selection: &Selection, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &investigate::flags(selection))?;
    let wanted = Wanted::read(selection)?;
    let (limits, redactor) = (settings::limits(&settings), settings::redactor(&settings));
    let plan = block_on(async {
        let asked = wanted.open(&settings).await?;
        Ok(midwatch_agent::plan(&*asked.source, &asked.request, &limits, &redactor).await)
    })?;
    let plan = plan.map_err(|why| again::explain("plan", &why, selection, common))?;
    match settings::format(&settings) {
        OutputFormat::Markdown => printed(&render::plan_markdown(&plan)),
        OutputFormat::Json => printed(&render::plan_json(&plan)),
        OutputFormat::Thread => {
            let mut console = Console::new(io::stdout(), output::look(&settings), Pace::Full);
            console.plan(&plan);
            console.failure()?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

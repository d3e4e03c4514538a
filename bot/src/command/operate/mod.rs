//! What whoever operates Midwatch sees and steers.
//!
//! Each command asks the API and shows the answer: as it came in `-o json`, else as tables. Must never reckon what the server
//! could, and never print what did not pass the redactor. Start at [`run`].

mod compare;
mod dead;
mod fleet;
mod follow;
mod jobs;
mod look;
mod queue;
mod shown;
mod sse;
mod top;
mod way;

use std::process::ExitCode;

use midwatch_config::Settings;
use midwatch_conversation::answer::Answer;
use serde_json::Value;

use crate::cli::{Common, Operate, Server};
use crate::failure::Failure;
use crate::{output, settings};

use super::block_on;

/// Sees or steers.
pub(crate) fn run(operate: Operate, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    block_on(async {
        match operate {
            Operate::Jobs(args) => jobs::run(&settings, args).await,
            Operate::Queue(args) => queue::run(&settings, args).await,
            Operate::DeadLetter(args) => dead::run(&settings, args).await,
            Operate::Workers(args) => fleet::workers(&settings, &args).await,
            Operate::Drain(args) => fleet::drain(&settings, &args).await,
            Operate::KillSwitch(args) => fleet::kill_switch(&settings, args).await,
            Operate::Stats(args) => look::stats(&settings, &args).await,
            Operate::Slow(args) => look::slow(&settings, &args).await,
            Operate::Errors(args) => look::errors(&settings, &args).await,
            Operate::Health(args) => look::health(&settings, &args).await,
            Operate::Spend(args) => look::spend(&settings, &args).await,
            Operate::Top(args) => top::run(&settings, &args).await,
        }
    })
}

/// Shows an answer of the API: as it came, or as `text` makes it for a person.
fn show(
    settings: &Settings,
    server: &Server,
    value: Value,
    text: impl FnOnce(&Value) -> Answer,
) -> Result<(), Failure> {
    // The server redacts by its own rules; these are of who runs the terminal.
    let redactor = settings::redactor(settings);
    if server.output == "json" {
        // Values that came as JSON can be written as JSON.
        let text = redactor.seal(value).map(|value| serde_json::to_string_pretty(value).unwrap_or_default());
        return output::print(&text);
    }
    let answer = redactor.seal(text(&value));
    output::print(&midwatch_console::answer(output::look(settings), &answer))
}

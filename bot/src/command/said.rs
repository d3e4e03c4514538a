//! Verbs of the conversation, said to a running server.
//!
//! Must never understand an answer: it is shown as the server gave it. Start at [`run`].

use std::process::ExitCode;

use midwatch_conversation::answer::Answer;
use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::{Common, Said};
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::{output, settings};

use super::block_on;

/// What the server answers.
#[derive(Deserialize, Serialize)]
struct Told {
    answer: Answer,
    text: String,
    job: Option<String>,
}

impl Redact for Told {
    fn redact(&mut self, redactor: &Redactor) {
        self.answer.redact(redactor);
        self.text.redact(redactor);
    }
}

/// Says it, and shows what is answered.
pub(crate) fn run(said: Said, common: &Common) -> Result<ExitCode, Failure> {
    let (command, server) = said.parts();
    let settings = settings::load(common, &[])?;
    let key = client::key(server.api_key_file.as_deref())?;
    let words = json!({ "text": command.to_string() });
    let told = block_on(async {
        let client = Client::new(&settings, key)?;
        let told = client.send(&["api", "v1", "say"], &words).await.map_err(Failure::no_report)?;
        let strange = |_| Failure::no_report(format!("what answers at {} is another version", client.address()));
        serde_json::from_value::<Told>(told).map_err(strange)
    })?;
    // The server redacts by its own rules; these are of who runs the terminal.
    let told = settings::redactor(&settings).seal(told);
    let text = match server.output.as_str() {
        // Structs with text keys: serialising them cannot fail.
        "json" => told.map(|told| serde_json::to_string_pretty(told).unwrap_or_default()),
        _ => midwatch_console::answer(output::look(&settings), &told.map(|told| told.answer.clone())),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

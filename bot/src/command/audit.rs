//! `midwatch audit`.

use std::process::ExitCode;

use midwatch_agent::render::clean;
use midwatch_config::Settings;
use midwatch_service::audit::Sealed;
use midwatch_service::port::store::Store as _;
use midwatch_sqlite::{OpenError, SqliteStore};

use crate::cli::{Audit, Common};
use crate::failure::Failure;
use crate::{output, settings, store};

use super::block_on;

/// Entries that are read at once.
const PAGE: usize = 1000;

/// Reads the trail.
pub(crate) fn run(args: &Audit, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    match args {
        Audit::List { limit, output } => list(&settings, usize::from(*limit), output),
    }
}

/// The store for reading, also beside a server.
fn reader(settings: &Settings) -> Result<SqliteStore, Failure> {
    let directory = store::directory(settings).map_err(Failure::usage)?;
    SqliteStore::open_reader(&directory).map_err(|error| match error {
        OpenError::Missing { .. } => Failure::usage(error),
        other => Failure::no_report(other),
    })
}

fn list(settings: &Settings, limit: usize, form: &str) -> Result<ExitCode, Failure> {
    let store = reader(settings)?;
    let entries = block_on(newest(&store, limit))?;
    let lines: Vec<String> = entries.iter().map(if form == "json" { json } else { line }).collect();
    output::print_own(&lines.concat())?;
    Ok(ExitCode::SUCCESS)
}

/// The last entries, oldest first. The port reads forward only, so all of them pass by.
async fn newest(store: &SqliteStore, limit: usize) -> Result<Vec<Sealed>, Failure> {
    let mut last = std::collections::VecDeque::with_capacity(limit);
    let mut after = 0;
    loop {
        let page = store.audit(after, PAGE).await.map_err(Failure::no_report)?;
        let Some(end) = page.last().map(|sealed| sealed.number) else { break };
        after = end;
        for sealed in page {
            if last.len() == limit {
                last.pop_front();
            }
            last.push_back(sealed);
        }
    }
    Ok(last.into())
}

fn line(sealed: &Sealed) -> String {
    let entry = &sealed.entry;
    let who = entry.actor.as_ref().map_or_else(|| "midwatch".to_owned(), |a| format!("{}/{}", a.platform, a.user));
    let text = format!("{}  {}  {who}  {}  {}  {}", sealed.number, entry.at, entry.action, entry.subject, entry.details);
    format!("{}\n", clean::line(text.trim_end()))
}

fn json(sealed: &Sealed) -> String {
    // Texts and numbers only: nothing here that JSON could not hold.
    format!("{}\n", serde_json::to_string(sealed).unwrap_or_default())
}

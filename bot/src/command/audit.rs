//! `midwatch audit`.

use std::path::Path;
use std::process::ExitCode;

use midwatch_agent::render::clean;
use midwatch_config::Settings;
use midwatch_service::audit::{self, Sealed, Verified, read_checkpoints};
use midwatch_service::port::store::Store;
use serde_json::json;

use crate::cli::{Audit, Common};
use crate::failure::Failure;
use crate::store::PlaceError;
use crate::{output, settings, store};

use super::block_on;

/// Entries that are read at once.
const PAGE: usize = 1000;

/// Reads the trail.
pub(crate) fn run(args: &Audit, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common, &[])?;
    match args {
        Audit::Verify { checkpoints, output } => verify(&settings, checkpoints.as_deref(), output),
        Audit::List { limit, output } => list(&settings, usize::from(*limit), output),
    }
}

/// That the trail is broken is the answer to the question, so the code is 1.
fn verify(settings: &Settings, checkpoints: Option<&Path>, form: &str) -> Result<ExitCode, Failure> {
    let directory = store::directory(settings).map_err(Failure::usage)?;
    let key = store::chain_key(settings, &directory).map_err(Failure::usage)?;
    let beside = store::checkpoints(&directory);
    let points = block_on(async { read_checkpoints(checkpoints.unwrap_or(&beside)).await.map_err(Failure::usage) })?;
    if checkpoints.is_some_and(|file| !file.exists()) {
        return Err(Failure::usage("there is no such file of checkpoints"));
    }
    let checked = block_on(async {
        let store = store::reader(settings).await.map_err(PlaceError::told)?.store;
        let page = async |after: u64, limit: usize| store.audit(after, limit).await;
        audit::verify(&key, &points, page).await.map_err(Failure::no_report)
    })?;
    let text = match (&checked, form) {
        (Ok(trail), "json") => json!({
            "whole": true, "entries": trail.entries, "first": trail.first, "last": trail.last, "head": trail.head,
            "checkpoints": trail.checkpoints,
        })
        .to_string(),
        (Err(broken), "json") => {
            json!({"whole": false, "entry": broken.number, "why": broken.flaw.to_string()}).to_string()
        }
        (Ok(trail), _) => whole(trail),
        (Err(broken), _) => return Err(Failure::no_report(format!("the audit trail is not whole: {broken}"))),
    };
    output::print_own(&text)?;
    Ok(if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn whole(trail: &Verified) -> String {
    let (Some(first), Some(last)) = (trail.first, trail.last) else {
        return "the audit trail is whole: it has no entries yet".to_owned();
    };
    format!(
        "the audit trail is whole: {} entries from {first} to {last}, {} checkpoints met\nhead: {} {}",
        trail.entries, trail.checkpoints, trail.entries, trail.head
    )
}

fn list(settings: &Settings, limit: usize, form: &str) -> Result<ExitCode, Failure> {
    let entries =
        block_on(async { newest(&*store::reader(settings).await.map_err(PlaceError::told)?.store, limit).await })?;
    let lines: Vec<String> = entries.iter().map(if form == "json" { object } else { line }).collect();
    output::print_own(&lines.concat())?;
    Ok(ExitCode::SUCCESS)
}

/// The last entries, oldest first. The port reads forward only, so all of them pass by.
async fn newest(store: &dyn Store, limit: usize) -> Result<Vec<Sealed>, Failure> {
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
    let text =
        format!("{}  {}  {who}  {}  {}  {}", sealed.number, entry.at, entry.action, entry.subject, entry.details);
    format!("{}\n", clean::line(text.trim_end()))
}

fn object(sealed: &Sealed) -> String {
    // Texts and numbers only: nothing here that JSON could not hold.
    format!("{}\n", serde_json::to_string(sealed).unwrap_or_default())
}

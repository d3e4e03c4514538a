//! How good a language model is beside the engine: cases of the corpus, each explored and marked against what is known.
//!
//! ```text
//! wanted    what a case expects of a model: the section `model` of its case.yaml
//! marks     one case against that
//! compare   two runs: what got better, what got worse
//! show      a run as a table, as Markdown, as JSON
//! ```
//! Must never let one bad case hide the others, nor take what a model said for more than the checker left of it. Start at
//! [`run`].

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::score::{self, Case, OpenFailure, Opened, ScoreError, Setup};
use midwatch_redact::Redacted;

use crate::model::{Exchange, Recorded, Recorder};
use crate::port::{ChatModel, ModelFacts};
use crate::{Asked, Brief, Explained, Explorer, Open};

mod compare;
mod marks;
mod show;
#[cfg(test)]
mod tests;
mod wanted;

pub use compare::{Comparison, compare};
pub use marks::{FORMAT, Marked, Run};
pub use show::{json, markdown, text};
use wanted::Wanted;

/// The file of a case that holds recorded replies.
const REPLIES: &str = "replies.jsonl";

/// Bytes of it that are read.
const REPLIES_CAP: u64 = 8 * 1024 * 1024;

/// Whose replies are marked.
pub enum By {
    /// Those that lie beside each case.
    Replies,
    /// Those of a model that is asked now.
    Model(Explorer, Brief),
}

impl By {
    fn name(&self) -> String {
        match self {
            By::Replies => "recorded replies".to_owned(),
            By::Model(explorer, _) => {
                let ModelFacts { name, model, .. } = explorer.model.facts();
                format!("{name} ({model})")
            }
        }
    }
}

/// Explores the cases at or below a directory that expect something of a model, or `all` of them, one after the other.
/// `open` opens a recording of a cluster.
///
/// # Errors
/// When there is no such case.
pub async fn run<F>(dir: &Path, setup: &Setup, by: &By, all: bool, open: F) -> Result<Redacted<Run>, ScoreError>
where
    F: Fn(&Path) -> Result<Box<dyn EvidenceSource>, OpenFailure>,
{
    let dirs = score::find(dir).map_err(|error| ScoreError::Unreadable { path: dir.to_owned(), error })?;
    let mut cases = Vec::new();
    for dir in dirs {
        match Case::load(&dir) {
            Ok(case) if !all && case.model.is_none() => {}
            Ok(case) => cases.push(one(&dir, &case, setup, by, &open).await),
            Err(error) => cases.push(Marked::failed(&name(&dir), "unreadable", error.to_string())),
        }
    }
    if cases.is_empty() {
        return Err(ScoreError::NoCases(dir.to_owned()));
    }
    Ok(setup.redactor.seal(Run { format: FORMAT.to_owned(), model: by.name(), cases }))
}

fn name(dir: &Path) -> String {
    dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

async fn one<F>(dir: &Path, case: &Case, setup: &Setup, by: &By, open: &F) -> Marked
where
    F: Fn(&Path) -> Result<Box<dyn EvidenceSource>, OpenFailure>,
{
    let failed = |why: String| Marked::failed(&case.id, &case.class, why);
    let wanted = match Wanted::of(case) {
        Ok(wanted) => wanted,
        Err(why) => return failed(why),
    };
    let opened = match case.open(dir, setup, open) {
        Ok(opened) => opened,
        Err(error) => return failed(error.to_string()),
    };
    let (listener, recorded, explorer, brief) = match asked(dir, by) {
        Ok(asked) => asked,
        Err(why) => return failed(why),
    };
    let started = Instant::now();
    let run = explored(&opened, setup, &explorer, &brief);
    let (report, used) = match AssertUnwindSafe(run).catch_unwind().await {
        Ok(Ok(found)) => found,
        Ok(Err(why)) => return failed(why),
        Err(_) => return failed("the exploration panicked".to_owned()),
    };
    let elapsed = started.elapsed();
    let said = listener.conversation(&brief).map(|said| said.exchanges).unwrap_or_default();
    let calls = said.iter().flat_map(|exchange| &exchange.calls).map(|call| call.name.clone()).collect();
    let mut marked = marks::mark(case, &wanted, &report, calls);
    if let Some(left) = recorded.map(|recorded| recorded.left()).filter(|left| *left > 0) {
        marked.failures.push(format!("{left} of the recorded replies were not asked for"));
    }
    Marked { used, elapsed, ..marked }
}

type Ready = (Arc<Recorder>, Option<Arc<Recorded>>, Explorer, Brief);

/// Who is asked about a case, and who listens.
fn asked(dir: &Path, by: &By) -> Result<Ready, String> {
    let (model, recorded, foreign, brief): (Arc<dyn ChatModel>, _, _, _) = match by {
        By::Replies => {
            let recorded = Arc::new(Recorded::new(nobody(), replies(dir)?));
            (Arc::<Recorded>::clone(&recorded), Some(recorded), Vec::new(), Brief::default())
        }
        By::Model(explorer, brief) => (Arc::clone(&explorer.model), None, explorer.foreign.clone(), brief.clone()),
    };
    let listener = Recorder::new(model);
    let explorer = Explorer { model: Arc::<Recorder>::clone(&listener), foreign };
    Ok((listener, recorded, explorer, brief))
}

fn replies(dir: &Path) -> Result<Vec<Exchange>, String> {
    use std::io::Read as _;
    let path = dir.join(REPLIES);
    let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut lines = String::new();
    std::fs::File::open(&path).map_err(unreadable)?.take(REPLIES_CAP).read_to_string(&mut lines).map_err(unreadable)?;
    Exchange::read(&lines).map_err(|error| format!("{REPLIES}: {error}"))
}

/// What a model of recorded replies is.
fn nobody() -> ModelFacts {
    ModelFacts {
        name: "recorded".to_owned(),
        provider: "nobody: recorded replies".to_owned(),
        model: "recorded".to_owned(),
        context: 200_000,
        max_output: 8_000,
        calls_tools: true,
        masks_names: false,
        price: None,
    }
}

type Found = (Redacted<midwatch_diagnosis::report::Report>, midwatch_agent::request::ModelUse);

async fn explored(opened: &Opened, setup: &Setup, explorer: &Explorer, brief: &Brief) -> Result<Found, String> {
    let outcome = score::investigate(opened, &setup.redactor).await?;
    let asked = Asked {
        source: Arc::clone(&opened.source),
        request: &opened.request,
        limits: &opened.limits,
        report: Some(&outcome.report),
        redactor: outcome.redactor.clone(),
        gate: &Open,
    };
    let Explained { opinion, spent } = crate::explain(explorer, asked, brief, &|_| {}).await;
    let report = outcome.report.zip(opinion).map(|(report, opinion)| report.clone().with_opinion(opinion));
    Ok((report, spent.used))
}

//! A recorded investigation again, with what a model made of it where one was asked.
//!
//! The model's replies are those of the recording, and so is all that its tools read; tools of MCP servers are not, what
//! stood on their answers is left out.

use std::sync::Arc;

use midwatch_agent::Watcher;
use midwatch_agent::recording::{self, BundleSource, NoReplay, Replayed};
use midwatch_redact::Redactor;

use crate::model::{Conversation, Recorded};
use crate::{Asked, Explained, Explorer, Open};

/// Investigates what was recorded, offline.
///
/// # Errors
/// As [`recording::replay`].
pub async fn replay(source: Arc<BundleSource>, redactor: Redactor, watcher: Watcher<'_>) -> Result<Replayed, NoReplay> {
    let Replayed { mut outcome, same } = recording::replay(&source, redactor, watcher).await?;
    let bundle = source.bundle();
    let conversation = bundle.model().and_then(|model| serde_json::from_value::<Conversation>(model.clone()).ok());
    let Some(conversation) = conversation else { return Ok(Replayed { outcome, same }) };
    let explorer = Explorer { model: Arc::new(Recorded::of(&conversation)), foreign: Vec::new() };
    let limits = bundle.limits()?;
    let asked = Asked {
        source: Arc::<BundleSource>::clone(&source),
        request: bundle.request(),
        limits: &limits,
        report: Some(&outcome.report),
        redactor: outcome.redactor.clone(),
        gate: &Open,
    };
    let Explained { opinion, spent } = crate::explain(&explorer, asked, &conversation.brief, watcher).await;
    outcome.report = outcome.report.zip(opinion).map(|(report, opinion)| report.clone().with_opinion(opinion));
    outcome.run.model = Some(spent.used);
    Ok(Replayed { outcome, same })
}

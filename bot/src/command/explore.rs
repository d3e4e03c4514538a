//! A language model's part of `midwatch investigate`.
//!
//! Must never cost the report: whatever fails here is said in it. Start at [`explained`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::Watcher;
use midwatch_agent::request::{Outcome, Progress, RunFacts, Step, StepState};
use midwatch_config::Settings;
use midwatch_diagnosis::report::Heard;
use midwatch_explore::port::ChatRequest;
use midwatch_explore::{Asked, Gate, Open, Sent};
use midwatch_redact::Redacted;
use midwatch_service::worker::ModelParts;

use crate::failure::Failure;
use crate::{input, model, settings};

/// How long MCP servers are waited for; the model does without those that are not there by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a command wants of the language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To ask it, where one is configured.
    Ask,
    /// Not to ask it.
    Not,
}

/// The same outcome with what the configured model makes of it; as it is, where none is configured.
pub(crate) async fn explained(
    asked: &input::Asked,
    settings: &Settings,
    outcome: Outcome,
    watcher: Watcher<'_>,
) -> Result<Outcome, Failure> {
    let Some(parts) = opened(settings).await? else { return Ok(outcome) };
    let begun = Progress { step: Step::Model, state: StepState::InProgress, text: "is asked".to_owned() };
    watcher(outcome.redactor.seal(begun));
    let explained = explore(asked, settings, &parts, &outcome, watcher, &Open).await;
    let text = match &explained.opinion.heard {
        Heard::Said(_) => "the model has said what it makes of it".to_owned(),
        Heard::Nothing { why } => format!("nothing from the model: {why}"),
    };
    let state =
        if matches!(explained.opinion.heard, Heard::Said(_)) { StepState::Complete } else { StepState::Partial };
    watcher(outcome.redactor.seal(Progress { step: Step::Model, state, text }));
    let used = Some(explained.spent.used).filter(|used| used.requests > 0);
    let report = outcome.report.zip(explained.opinion).map(|(report, opinion)| report.clone().with_opinion(opinion));
    Ok(Outcome { report, run: RunFacts { model: used, ..outcome.run }, ..outcome })
}

/// What would leave first, as JSON, and for whom; nothing is sent.
pub(crate) async fn dry_run(asked: &input::Asked, settings: &Settings, outcome: &Outcome) -> Result<Shown, Failure> {
    let Some(parts) = opened(settings).await? else {
        let why = "no language model is configured: nothing would leave; `model.provider` says which is asked";
        return Err(Failure::usage(why));
    };
    let kept = Kept::default();
    explore(asked, settings, &parts, outcome, &|_| {}, &kept).await;
    let shown = kept.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    shown.ok_or_else(|| Failure::no_report("the language model would not be asked: there is nothing to show"))
}

async fn opened(settings: &Settings) -> Result<Option<ModelParts>, Failure> {
    let Some(mut parts) = model::open(settings)? else { return Ok(None) };
    let servers = model::connect(settings)?;
    servers.settled(PATIENCE).await;
    parts.foreign = Arc::new(servers);
    Ok(Some(parts))
}

async fn explore(
    asked: &input::Asked,
    settings: &Settings,
    parts: &ModelParts,
    outcome: &Outcome,
    watcher: Watcher<'_>,
    gate: &dyn Gate,
) -> midwatch_explore::Explained {
    let brief = midwatch_explore::Brief {
        instructions: parts.instructions.clone(),
        toolsets: parts.toolsets.clone(),
        budget: parts.budget.clone(),
        depth: settings::depth(settings),
    };
    let about = Asked {
        source: asked.source.clone(),
        request: &asked.request,
        limits: &settings::limits(settings),
        report: Some(&outcome.report),
        redactor: outcome.redactor.clone(),
        gate,
    };
    midwatch_explore::explain(&parts.explorer(), about, &brief, watcher).await
}

/// A request that would leave.
pub(crate) struct Shown {
    /// To whom, and how many bytes.
    pub(crate) sent: Sent,
    /// As JSON.
    pub(crate) request: Redacted<String>,
}

/// Keeps the first request and lets none pass.
#[derive(Default)]
struct Kept(Mutex<Option<Shown>>);

#[async_trait]
impl Gate for Kept {
    async fn pass(&self, sent: &Sent, request: &Redacted<ChatRequest>) -> Result<(), String> {
        let request = request.map(|request| serde_json::to_string_pretty(request).unwrap_or_default());
        let shown = Shown { sent: sent.clone(), request };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(shown);
        Err("this is a dry run".to_owned())
    }
}

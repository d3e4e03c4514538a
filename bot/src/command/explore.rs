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
use midwatch_explore::budget::Budget;
use midwatch_explore::model::Recorder as Listener;
use midwatch_explore::port::ChatRequest;
use midwatch_explore::{Asked, Brief, Gate, Open, Sent};
use midwatch_redact::Redacted;
use midwatch_service::worker::ModelParts;
use serde_json::Value;

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

/// A language model that is set up, and its tools are on their way.
pub(crate) struct Ready {
    parts: ModelParts,
    servers: Arc<model::Servers>,
}

/// Sets up what is configured; none where nothing is, or where it is not wished for. Before anything is read: what cannot
/// be set up must not be found out when a report is there.
///
/// # Errors
/// When it cannot be set up.
pub(crate) fn ready(settings: &Settings, wish: Wish) -> Result<Option<Ready>, Failure> {
    let opened = if wish == Wish::Ask { model::open(settings, std::convert::identity)? } else { None };
    let Some(mut parts) = opened else { return Ok(None) };
    let servers = Arc::new(model::connect(settings)?);
    parts.foreign = Arc::<model::Servers>::clone(&servers);
    Ok(Some(Ready { parts, servers }))
}

/// The same outcome with what the model makes of it, and what it was asked and said, for a recording.
pub(crate) async fn explained(
    asked: &input::Asked,
    settings: &Settings,
    ready: Ready,
    outcome: Outcome,
    watcher: Watcher<'_>,
) -> (Outcome, Option<Value>) {
    let Ready { mut parts, servers } = ready;
    servers.settled(PATIENCE).await;
    let listener = Listener::new(Arc::clone(&parts.model));
    parts.model = Arc::<Listener>::clone(&listener);
    let brief = brief(settings, &parts);
    let begun = Progress { step: Step::Model, state: StepState::InProgress, text: "is asked".to_owned() };
    watcher(outcome.redactor.seal(begun));
    let explained = explore(asked, settings, (&parts, &brief), &outcome, watcher, &Open).await;
    let text = match &explained.opinion.heard {
        Heard::Said(_) => "the model has said what it makes of it".to_owned(),
        Heard::Nothing { why } => format!("nothing from the model: {why}"),
    };
    let state =
        if matches!(explained.opinion.heard, Heard::Said(_)) { StepState::Complete } else { StepState::Partial };
    watcher(outcome.redactor.seal(Progress { step: Step::Model, state, text }));
    let used = Some(explained.spent.used).filter(|used| used.requests > 0);
    let report = outcome.report.zip(explained.opinion).map(|(report, opinion)| report.clone().with_opinion(opinion));
    let conversation = listener.conversation(&brief).and_then(|said| serde_json::to_value(said).ok());
    (Outcome { report, run: RunFacts { model: used, ..outcome.run }, ..outcome }, conversation)
}

/// What would leave first, as JSON, and for whom; nothing is sent.
pub(crate) async fn dry_run(asked: &input::Asked, settings: &Settings, outcome: &Outcome) -> Result<Shown, Failure> {
    let Some(Ready { parts, servers }) = ready(settings, Wish::Ask)? else {
        let why = "no language model is configured: nothing would leave; `model.provider` says which is asked";
        return Err(Failure::usage(why));
    };
    servers.settled(PATIENCE).await;
    let kept = Kept::default();
    explore(asked, settings, (&parts, &brief(settings, &parts)), outcome, &|_| {}, &kept).await;
    let shown = kept.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    shown.ok_or_else(|| Failure::no_report("the language model would not be asked: there is nothing to show"))
}

/// As the configuration says; never longer than an investigation may take.
fn brief(settings: &Settings, parts: &ModelParts) -> Brief {
    let wall = parts.budget.wall.min(settings.investigation.deadline);
    Brief {
        instructions: parts.instructions.clone(),
        toolsets: parts.toolsets.clone(),
        budget: Budget { wall, ..parts.budget.clone() },
        depth: settings::depth(settings),
    }
}

async fn explore(
    asked: &input::Asked,
    settings: &Settings,
    (parts, brief): (&ModelParts, &Brief),
    outcome: &Outcome,
    watcher: Watcher<'_>,
    gate: &dyn Gate,
) -> midwatch_explore::Explained {
    let about = Asked {
        source: asked.source.clone(),
        request: &asked.request,
        limits: &settings::limits(settings),
        report: Some(&outcome.report),
        redactor: outcome.redactor.clone(),
        gate,
    };
    midwatch_explore::explain(&parts.explorer(), about, brief, watcher).await
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

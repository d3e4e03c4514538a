//! A language model's part of a job: what it makes of a report, and its answers to questions in free words.
//!
//! The report is posted before a model is asked, so whatever happens here costs prose and nothing else. Every request is in
//! the audit trail before it leaves, and what it took is written down when its reply is there. Must never fail a job that
//! has its report. Start at [`Attempt::explained`] and [`Attempt::free_answer`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use jiff::Timestamp;
use midwatch_agent::followup::Answered;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Depth, Limits, ModelUse, Outcome, Progress, RunFacts, Step, StepState};
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question;
use midwatch_diagnosis::report::{Heard, Opinion, Report};
use midwatch_explore::budget::Budget;
use midwatch_explore::port::{ChatModel, ChatRequest};
use midwatch_explore::tool::{ToolSource, Toolsets};
use midwatch_explore::{Asked, Brief, Explained, Explorer, Gate, Sent, Spent};
use midwatch_redact::Redacted;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::Shared;
use super::attempt::{Attempt, End};
use super::log::Log;
use super::recording::Recording;
use crate::audit;
use crate::code::ErrorCode;
use crate::event::Level;
use crate::id::{ArtifactId, JobId, SpendId};
use crate::job::Job;
use crate::pack::Pack;
use crate::port::store::Write;
use crate::publish;
use crate::spend::{self, DayLimits, Spend, Spender};

/// Kept back of a job's deadline, so that what a model said still becomes a post.
const LAST: Duration = Duration::from_secs(3);

/// Time that a model must at least have; with less it is not asked.
const LEAST: Duration = Duration::from_secs(2);

/// What was said in a thread, at most so many entries of it, is told to a model.
const MEMORY: usize = 40;

/// The language model that jobs ask.
pub struct ModelParts {
    /// The model, with its patience and its fallback.
    pub model: Arc<dyn ChatModel>,
    /// The tools of others.
    pub foreign: Arc<dyn ToolSource>,
    /// What one job may take, where its pack does not say otherwise.
    pub budget: Budget,
    /// What an operator tells every model.
    pub instructions: String,
    /// Which tools an operator allows; a pack may allow fewer.
    pub toolsets: Toolsets,
    /// What may be spent in a day.
    pub day: DayLimits,
}

impl ModelParts {
    /// Who explores now.
    pub fn explorer(&self) -> Explorer {
        Explorer { model: Arc::clone(&self.model), foreign: self.foreign.tools() }
    }

    /// What the model is told and given for a job of this pack that is to be so thorough and has so much time left.
    fn brief(&self, pack: &Pack, depth: Depth, left: Duration) -> Brief {
        let mut brief = pack.model.brief(depth, &self.budget);
        let parts = [self.instructions.trim(), brief.instructions.trim()];
        brief.instructions = parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
        brief.toolsets = brief.toolsets.and(&self.toolsets);
        brief.budget.wall = brief.budget.wall.min(left);
        brief
    }
}

/// Writes down what leaves before it does, and what it took.
struct Trail {
    shared: Arc<Shared>,
    job: Job,
    day: DayLimits,
    model: String,
}

impl Trail {
    fn entry(&self, details: String) -> Write {
        let spec = &self.job.spec;
        Write::Audit(audit::Entry {
            at: self.shared.now(),
            actor: Some(spec.origin.actor.clone()),
            action: "model".to_owned(),
            subject: format!("job {}", spec.id),
            details,
            request_id: spec.origin.request_id.clone(),
        })
    }

    /// Writes down what is about to leave.
    async fn leaves(&self, sent: &Sent) -> Result<(), String> {
        let entry = self.entry(format!("to {}: {} bytes, sha256 {}", sent.to, sent.bytes, sent.digest));
        let written = self.shared.parts.store.commit(self.shared.now(), vec![entry]).await;
        written.map_err(|error| format!("the audit trail cannot be written, so nothing leaves: {error}"))
    }

    /// Why nothing more may be spent today.
    async fn used_up(&self) -> Result<Option<String>, String> {
        if self.day.is_none() {
            return Ok(None);
        }
        let store = &self.shared.parts.store;
        let (since, spender) = (spend::day(self.shared.now()), Spender::from(&self.job.spec.origin.actor));
        let spent = async { Ok((store.spent(since, None).await?, store.spent(since, Some(&spender)).await?)) };
        let spent: Result<(ModelUse, ModelUse), crate::port::store::StoreError> = spent.await;
        let (all, user) = spent.map_err(|error| format!("what was spent today is not known: {error}"))?;
        Ok(self.day.why_not(&all, &user))
    }
}

#[async_trait]
impl Gate for Trail {
    async fn pass(&self, sent: &Sent, _: &Redacted<ChatRequest>) -> Result<(), String> {
        if let Some(why) = self.used_up().await? {
            return Err(why);
        }
        self.leaves(sent).await
    }

    async fn foreign(&self, sent: &Sent) -> Result<(), String> {
        self.leaves(sent).await
    }

    async fn came(&self, sent: &Sent, used: &ModelUse) {
        self.shared.parts.metrics.model(&self.model, used);
        let text = format!("{} answered: {} tokens sent, {} came", self.model, used.input, used.output);
        let text = self.shared.parts.redactor.redact_text(&text);
        Log::of(&self.shared, &self.job).say(Level::Info, Some(Step::Model), &text);
        let now = self.shared.now();
        let (job, actor) = (self.job.spec.id, self.job.spec.origin.actor.clone());
        let spend = Spend { id: SpendId::new(), at: now, job, actor, model: self.model.clone(), used: *used };
        if let Err(error) = self.shared.parts.store.commit(now, vec![Write::Spent(spend)]).await {
            tracing::error!(to = %sent.to, "what a request took could not be written down: {error}");
        }
    }
}

/// An answer to a question in free words.
pub(super) struct FreeAnswer {
    /// What is said.
    pub(super) answered: Answered,
    /// A model said it; else it is about why none did.
    pub(super) is_said: bool,
}

/// The answer as far as it stands, for the thread.
#[derive(Default)]
pub(super) struct Growing(Mutex<Option<Redacted<Answer>>>);

impl Growing {
    fn put(&self, answer: Redacted<Answer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    /// What was not posted yet.
    pub(super) fn take(&self) -> Option<Redacted<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Attempt {
    fn trail(&self, parts: &ModelParts) -> Trail {
        let model = parts.model.facts().name.clone();
        Trail { shared: Arc::clone(&self.shared), job: self.job.clone(), day: parts.day, model }
    }

    /// When a model's time ends.
    fn model_until(&self) -> Timestamp {
        let end = self.deadline.end();
        end.checked_sub(LAST).unwrap_or(end)
    }

    /// Time that a model is given: a little less than is left, so that it ends by itself and says what it knows.
    fn model_time(&self) -> Duration {
        let left = Duration::try_from(self.model_until().duration_since(self.shared.now())).unwrap_or_default();
        left.saturating_sub(Duration::from_secs(1))
    }

    /// The same outcome with what a model makes of it. The report is posted first as it is.
    ///
    /// # Errors
    /// When the lease is lost; nothing else keeps a report back.
    pub(super) async fn explained(
        &mut self,
        recording: &Recording,
        pack: &Pack,
        limits: Limits,
        outcome: Outcome,
    ) -> Result<(Outcome, Option<Spent>), End> {
        let Some(parts) = self.shared.parts.model.clone().filter(|_| pack.model.enabled && !outcome.cut_short) else {
            return Ok((outcome, None));
        };
        let by = parts.model.facts().name.clone();
        self.post_early(&outcome).await?;
        let brief = parts.brief(pack, self.job.spec.request.depth, self.model_time());
        if brief.budget.wall < LEAST {
            let why = "no time was left for it within the deadline".to_owned();
            return Ok((self.with(outcome, &nothing(by, why), None), None));
        }
        match self.explore(parts, brief, recording, limits, &outcome).await {
            Ok(explained) => {
                let Explained { opinion, spent } = explained;
                Ok((self.with(outcome, &opinion.into_inner(), Some(spent.used)), Some(spent)))
            }
            Err(End::Lost) => Err(End::Lost),
            Err(end) => Ok((self.with(outcome, &nothing(by, words(&end)), None), None)),
        }
    }

    /// The report as the rules made it, so that nobody waits for a model.
    async fn post_early(&mut self, outcome: &Outcome) -> Result<(), End> {
        let looking = Progress { step: Step::Model, state: StepState::InProgress, text: "is asked".to_owned() };
        self.telling.news().take(self.redactor.seal(looking));
        let run = RunFacts { model: Some(ModelUse::default()), ..outcome.run };
        let thread = self.job.spec.thread;
        let post = thread.map(|thread| Write::Post(publish::report(self.job.spec.id, thread, &outcome.report, run)));
        // Kept as well: whatever becomes of this worker, questions about the report can be answered.
        let writes = self.kept(ArtifactId::new(), &outcome.report).into_iter().chain(post).collect();
        match self.tell(writes).await {
            Ok(()) => Ok(()),
            Err(crate::port::store::CommitError::LeaseLost(_)) => Err(End::Lost),
            // It is written again at the end.
            Err(error) => {
                tracing::warn!("the report was not posted early: {error}");
                Ok(())
            }
        }
    }

    async fn explore(
        &mut self,
        parts: Arc<ModelParts>,
        brief: Brief,
        recording: &Recording,
        limits: Limits,
        outcome: &Outcome,
    ) -> Result<Explained, End> {
        let (source, explorer) = (recording.source(), recording.explorer(&parts.explorer(), &brief));
        let (request, trail, news) = (self.job.spec.request.clone(), self.trail(&parts), self.telling.news());
        let (report, redactor) = (outcome.report.clone(), outcome.redactor.clone());
        let engine = async move {
            let watcher = |progress| news.take(progress);
            let (request, limits) = (&request, &limits);
            let asked = Asked { source, request, limits, report: Some(&report), redactor, gate: &trail };
            midwatch_explore::explain(&explorer, asked, &brief, &watcher).boxed().await
        };
        let task = AbortOnDropHandle::new(tokio::spawn(engine.in_current_span()));
        self.watched(task, self.model_until()).await
    }

    /// The outcome with a model's part in its report.
    fn with(&mut self, outcome: Outcome, opinion: &Opinion, used: Option<ModelUse>) -> Outcome {
        let (state, text) = match &opinion.heard {
            Heard::Said(_) => (StepState::Complete, "the model has said what it makes of it".to_owned()),
            Heard::Nothing { why } => (StepState::Partial, format!("nothing from the model: {why}")),
        };
        self.telling.news().take(self.redactor.seal(Progress { step: Step::Model, state, text }));
        let opinion = outcome.redactor.seal(opinion.clone());
        let report = outcome.report.zip(opinion).map(|(report, opinion)| report.clone().with_opinion(opinion));
        Outcome { report, run: RunFacts { model: used.filter(|used| used.requests > 0), ..outcome.run }, ..outcome }
    }

    /// Answers a question in free words; none when it was not put to us.
    pub(super) async fn free_answer(
        &mut self,
        source: Arc<dyn EvidenceSource>,
        pack: &Pack,
        limits: Limits,
        question: String,
        about: Option<JobId>,
        in_passing: bool,
    ) -> Result<(Option<FreeAnswer>, Spent), End> {
        let Some(parts) = self.shared.parts.model.clone().filter(|_| pack.model.enabled) else {
            return Ok((Some(FreeAnswer { answered: self.without_a_model(), is_said: false }), Spent::default()));
        };
        let started = self.shared.now();
        let context = self.context(about).await?;
        let report = self.report(about).await?;
        let memory = self.memory().await?;
        let (brief, trail) = (parts.brief(pack, self.job.spec.request.depth, self.model_time()), self.trail(&parts));
        let (redactor, growing, news) = (self.redactor.clone(), self.telling.growing(), self.telling.news());
        let engine = async move {
            let hear = |answer| {
                // Whether it was put to us at all is known at its end only.
                if !in_passing {
                    growing.put(answer);
                    news.came();
                }
            };
            let (request, limits) = (&context.request, &limits);
            let asked = Asked { source, request, limits, report: report.as_ref(), redactor, gate: &trail };
            midwatch_explore::answer(&parts.explorer(), asked, &question, &memory, &brief, &hear).boxed().await
        };
        let task = AbortOnDropHandle::new(tokio::spawn(engine.in_current_span()));
        let answered = self.watched(task, self.model_until()).await?;
        let is_said = answered.answer.is_some() && answered.stands;
        let answer = match (answered.answer, answered.failed) {
            (Some(answer), Some(why)) => Some(answer.zip(why).map(|(answer, why)| broke_off(answer, why))),
            (Some(answer), None) => Some(answer),
            (None, why) => why.map(|why| why.map(could_not)),
        };
        let took = Duration::try_from(self.shared.now().duration_since(started)).unwrap_or_default();
        let run = RunFacts { elapsed: took, model: Some(answered.spent.used), ..RunFacts::default() };
        let read = answered.spent.read.clone();
        let answered_as = |answer| FreeAnswer { answered: Answered { answer, run, read, cut_short: false }, is_said };
        Ok((answer.map(answered_as), answered.spent))
    }

    /// The report that a question is about, as it was kept.
    async fn report(&self, about: Option<JobId>) -> Result<Option<Redacted<Report>>, End> {
        let Some(about) = about else { return Ok(None) };
        let storage =
            |error: crate::port::store::StoreError| End::Failed(self.redacted(ErrorCode::E007, &error.to_string()));
        let kept = self.shared.parts.store.artifact(about, "report").await.map_err(storage)?;
        Ok(kept.and_then(|kept| kept.text.map(|text| serde_json::from_str(text).ok()).transpose()))
    }

    /// What was said in the thread, oldest first.
    async fn memory(&self) -> Result<Vec<String>, End> {
        let Some(thread) = self.job.spec.thread else { return Ok(Vec::new()) };
        let storage =
            |error: crate::port::store::StoreError| End::Failed(self.redacted(ErrorCode::E007, &error.to_string()));
        let entries = self.shared.parts.store.memory(thread).await.map_err(storage)?;
        Ok(crate::thread::spoken(&entries, MEMORY))
    }

    /// What is kept of a model's part: what its tools read, in the audit trail, and the conversation, for whoever wants to
    /// see what left.
    pub(super) fn of_model(&self, spent: &Spent) -> Vec<Write> {
        if spent.used == ModelUse::default() {
            return Vec::new();
        }
        let ModelUse { requests, calls, .. } = spent.used;
        tracing::info!(requests, calls, tokens = spent.used.tokens(), "a language model was asked");
        let mut writes = vec![self.audited(&format!("for the model, {}", *spent.read))];
        writes.extend(self.artifact(ArtifactId::new(), "model.jsonl", spent.transcript.clone()));
        writes
    }

    /// The answer as far as it stands: the same message grows.
    pub(super) fn so_far(&self) -> Option<Write> {
        let (answer, thread) = (self.telling.growing().take()?, self.job.spec.thread?);
        Some(Write::Post(publish::answer_so_far(self.job.spec.id, thread, &answer)))
    }
}

/// Half an answer must not look like a whole one.
fn broke_off(so_far: &Answer, why: &str) -> Answer {
    so_far.clone().with_text(format!("The language model broke off here: {why}."))
}

/// What is said to who asked a model that could not answer: the questions that need none.
fn could_not(why: &String) -> Answer {
    let without = question::understood().with_text("Without a language model these questions are understood.");
    let mut answer = Answer::text(format!("The language model could not answer: {why}."));
    answer.parts.extend(without.parts);
    answer
}

fn nothing(by: String, why: String) -> Opinion {
    Opinion { by, heard: Heard::Nothing { why }, pieces: std::collections::BTreeMap::default() }
}

/// Why a model did not come to its end, for the reader.
fn words(end: &End) -> String {
    match end {
        End::TooLate => "the deadline passed before it was done".to_owned(),
        End::Cancelled(cancel) => publish::stopped(cancel),
        End::PackOff => "its pack was switched off".to_owned(),
        End::HandBack => "Midwatch is restarting".to_owned(),
        End::Failed(error) => error.message.clone(),
        End::Lost | End::Report(_) | End::Answer(_) | End::NotAsked(_) => "it was dropped".to_owned(),
    }
}

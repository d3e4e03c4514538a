//! A job as the API shows it. What is named here is promised to programs that read it; the domain's types may change.
//!
//! Must never show a text that `Redact` below does not name. Start at [`JobView`].

use jiff::Timestamp;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::Question;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::job::{Actor, Job, Priority, Task, Transition};
use serde::Serialize;
use utoipa::ToSchema;

/// A job.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobView {
    /// Its id.
    id: String,
    /// Where it is: `pending`, `initializing`, `running`, `awaiting_approval`, `completing`, `completed`, `failed`,
    /// `timeout`, `cancelled`.
    state: &'static str,
    /// What it does: `investigate`, or `follow_up` for a question about what was investigated.
    task: &'static str,
    /// What a follow-up asks for: `logs`, `events`, `describe`, `changed`, `why`, `why_not`, `compare`, `who_else`,
    /// `next_steps`, `metrics`, `status`, `stop`.
    asked: Option<&'static str>,
    /// The job that a follow-up is about.
    about: Option<String>,
    /// The question, where one was asked.
    question: Option<String>,
    /// The namespace that was named.
    namespace: Option<String>,
    /// The cluster; none: the default one.
    cluster: Option<String>,
    /// Names of the alerts it is about, each once.
    alerts: Vec<String>,
    /// Its pack, with the version: `standard@1`.
    pack: String,
    /// Who asked.
    asked_by: ActorView,
    /// The request that handed it in.
    request_id: String,
    /// The incident it belongs to.
    incident: Option<String>,
    /// How urgent: `high`, `normal`, `low`.
    priority: &'static str,
    /// The worker that holds it.
    worker: Option<String>,
    /// When the lease of that worker ends if it is not renewed.
    lease_until: Option<Timestamp>,
    /// Attempts that were begun.
    attempts: u32,
    /// Attempts in all.
    max_attempts: u32,
    /// Attempts whose worker vanished; they do not count.
    lost: u32,
    /// Not before this moment; what waits for its next attempt has one ahead.
    run_at: Timestamp,
    /// Time from its start to its end, in seconds.
    deadline_seconds: u64,
    /// When it was accepted.
    created_at: Timestamp,
    /// When the current or last attempt began.
    started_at: Option<Timestamp>,
    /// When it ended.
    finished_at: Option<Timestamp>,
    /// Who wants it to stop, and why.
    cancel: Option<CancelView>,
    /// Why it failed, at its last attempt or for good.
    error: Option<ErrorView>,
    /// What came out, in a line.
    result: Option<ResultView>,
    /// It failed for good and waits for a person.
    dead: bool,
    /// Where to go from here.
    pub(crate) links: Links,
}

/// Who asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActorView {
    /// `api`, `webhook`, `slack`.
    platform: String,
    /// The user, the API key's name, the webhook's source.
    user: String,
}

/// A wish to stop.
#[derive(Serialize, ToSchema)]
pub(crate) struct CancelView {
    /// Who.
    by: ActorView,
    /// Why.
    reason: String,
    /// When.
    at: Timestamp,
}

/// Why a job failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorView {
    /// The code: `E003`.
    code: &'static str,
    /// What happened and what to do next.
    message: String,
}

/// What came out.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResultView {
    /// The verdict: `cause`, `healthy`, `recovered`, `expected`, `blind`, `inconclusive`.
    verdict: &'static str,
    /// In one sentence.
    headline: String,
}

/// Paths of this API.
#[derive(Serialize, ToSchema)]
pub(crate) struct Links {
    /// The job.
    pub(crate) job: String,
    /// Its report.
    report: String,
    /// To stop it, by POST.
    cancel: String,
}

/// A job with all that happened to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobDetail {
    /// The job.
    #[serde(flatten)]
    pub(crate) job: JobView,
    /// What happened to it, oldest first.
    pub(crate) history: Vec<StepView>,
    /// The answer of a follow-up: its parts in order, each with `part` (`text`, `code`, `table`, `file`) and what it holds.
    #[schema(value_type = Option<Object>)]
    pub(crate) answer: Option<Answer>,
}

/// One step in a job's life.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepView {
    /// When.
    at: Timestamp,
    /// From which state; none for the first.
    from: Option<&'static str>,
    /// To which.
    to: &'static str,
    /// Which attempt; 0 before the first.
    attempt: u32,
    /// The worker that moved it.
    worker: Option<String>,
    /// Why.
    reason: String,
}

impl JobView {
    /// Of a job. Not redacted yet.
    pub(crate) fn new(job: &Job) -> Self {
        let spec = &job.spec;
        let path = format!("/api/v1/jobs/{}", spec.id);
        let mut alerts: Vec<String> = spec.request.alerts.iter().map(|alert| alert.name.clone()).collect();
        alerts.sort();
        alerts.dedup();
        Self {
            id: spec.id.to_string(),
            state: job.state.as_str(),
            task: task(&spec.task),
            asked: asked(&spec.task),
            about: about(&spec.task),
            question: spec.request.text.clone(),
            namespace: spec.request.namespace.clone(),
            cluster: spec.cluster.clone(),
            alerts,
            pack: format!("{}@{}", spec.pack.name, spec.pack.version),
            asked_by: ActorView::from(&spec.origin.actor),
            request_id: spec.origin.request_id.clone(),
            incident: spec.incident.map(|id| id.to_string()),
            priority: priority(spec.priority),
            worker: job.lease.as_ref().map(|lease| lease.worker.0.clone()),
            lease_until: job.lease.as_ref().map(|lease| lease.until),
            attempts: job.attempts,
            max_attempts: spec.max_attempts,
            lost: job.lost,
            run_at: job.run_at,
            deadline_seconds: spec.deadline.as_secs(),
            created_at: spec.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            cancel: job.cancel.as_ref().map(|cancel| CancelView {
                by: ActorView::from(&cancel.by),
                reason: cancel.reason.clone(),
                at: cancel.at,
            }),
            error: job
                .error
                .as_ref()
                .map(|error| ErrorView { code: error.code.as_str(), message: error.message.clone() }),
            result: job
                .result
                .as_ref()
                .map(|result| ResultView { verdict: result.verdict.as_str(), headline: result.headline.clone() }),
            dead: job.dead,
            links: Links { report: format!("{path}/report"), cancel: format!("{path}/cancel"), job: path },
        }
    }
}

/// A priority as it is written.
pub(crate) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

fn task(task: &Task) -> &'static str {
    match task {
        Task::Investigate => "investigate",
        Task::FollowUp { .. } => "follow_up",
        Task::Ask { .. } => "ask",
    }
}

/// The kind of a question, as it is written where questions are kept.
fn asked(task: &Task) -> Option<&'static str> {
    let asked = match task {
        Task::Investigate => return None,
        Task::Ask { .. } => return Some("free"),
        Task::FollowUp { asked, .. } => asked,
    };
    Some(match asked {
        Question::Logs(_) => "logs",
        Question::Events { .. } => "events",
        Question::Describe { .. } => "describe",
        Question::Changed { .. } => "changed",
        Question::Why => "why",
        Question::WhyNot { .. } => "why_not",
        Question::Compare { .. } => "compare",
        Question::WhoElse { .. } => "who_else",
        Question::NextSteps => "next_steps",
        Question::Metrics { .. } => "metrics",
        Question::Timeline => "timeline",
        Question::Status => "status",
        Question::Stop => "stop",
    })
}

fn about(task: &Task) -> Option<String> {
    match task {
        Task::FollowUp { about, .. } | Task::Ask { about, .. } => about.map(|job| job.to_string()),
        Task::Investigate => None,
    }
}

impl From<&Actor> for ActorView {
    fn from(actor: &Actor) -> Self {
        Self { platform: actor.platform.clone(), user: actor.user.clone() }
    }
}

impl From<Transition> for StepView {
    fn from(step: Transition) -> Self {
        Self {
            at: step.at,
            from: step.from.map(midwatch_service::job::JobState::as_str),
            to: step.to.as_str(),
            attempt: step.attempt,
            worker: step.worker.map(|worker| worker.0),
            reason: step.reason,
        }
    }
}

impl Redact for JobView {
    fn redact(&mut self, redactor: &Redactor) {
        self.question.redact(redactor);
        self.namespace.redact(redactor);
        self.cluster.redact(redactor);
        self.alerts.redact(redactor);
        self.asked_by.redact(redactor);
        if let Some(cancel) = &mut self.cancel {
            cancel.by.redact(redactor);
            cancel.reason.redact(redactor);
        }
        if let Some(error) = &mut self.error {
            error.message.redact(redactor);
        }
        if let Some(result) = &mut self.result {
            result.headline.redact(redactor);
        }
    }
}

impl Redact for ActorView {
    fn redact(&mut self, redactor: &Redactor) {
        self.user.redact(redactor);
    }
}

impl Redact for JobDetail {
    fn redact(&mut self, redactor: &Redactor) {
        self.job.redact(redactor);
        self.answer.redact(redactor);
        self.history.iter_mut().for_each(|step| step.reason.redact(redactor));
    }
}

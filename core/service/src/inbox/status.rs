//! `status`: how a job, an incident, or all that runs stands.
//!
//! Must never show a job of a place that who asks may not see. Start at [`Desk::status`].

use midwatch_agent::request::StepState;
use midwatch_conversation::answer::Answer;

use super::find::{Subject, place_of};
use super::turn::{Done, Turn};
use super::{Desk, span, words};
use crate::id::ThreadId;
use crate::incident::{Incident, IncidentState};
use crate::intake::{Refused, namespaces_of};
use crate::job::{Job, JobState};
use crate::lifecycle::{self, spoken};
use crate::living;
use crate::policy::{Decision, Verb};
use crate::port::store::JobFilter;
use crate::post::PostBody;

/// Jobs that a status without a name shows.
const SHOWN: usize = 10;

/// Jobs that are looked through for the place of one in the queue.
const QUEUE: usize = 500;

impl Desk {
    pub(super) async fn status(&self, turn: &Turn, named: Option<&str>) -> Result<Done, Refused> {
        let answer = match self.subject_for(turn, named, Verb::Status).await? {
            Some(Subject::Job(job)) => self.status_of_job(&job).await?,
            Some(Subject::Incident(incident)) => self.status_of_incident(&incident).await?,
            None => match Self::thread_id(turn) {
                Some(thread) => self.status_of_thread(turn, thread).await?,
                None => self.what_runs(turn).await?,
            },
        };
        Ok(Done::here(answer))
    }

    async fn status_of_job(&self, job: &Job) -> Result<Answer, Refused> {
        let mut text = words::job(job, self.now());
        match job.state {
            JobState::Pending => text += &self.place_in_queue(job).await?,
            state if state.is_leased() => text += &self.step(job).await?,
            _ => {}
        }
        let answer = Answer::text(text);
        let incident = match (job.spec.incident, job.spec.thread) {
            (Some(incident), _) => self.parts.store.incident(incident).await?,
            (None, Some(thread)) => self.parts.store.incident_of(thread).await?,
            (None, None) => None,
        };
        Ok(match incident {
            Some(incident) => answer.with_text(self.incident_words(&incident)),
            None => answer,
        })
    }

    async fn status_of_incident(&self, incident: &Incident) -> Result<Answer, Refused> {
        let answer = Answer::text(self.incident_words(incident));
        let job = match incident.job {
            Some(job) => self.parts.store.job(job).await?,
            None => None,
        };
        Ok(match job {
            Some(job) => answer.with_text(words::job(&job, self.now())),
            None => answer.with_text("It is not investigated."),
        })
    }

    /// A thread in which nothing was investigated: of an incident, or of talk.
    async fn status_of_thread(&self, turn: &Turn, thread: ThreadId) -> Result<Answer, Refused> {
        let Some(incident) = self.parts.store.incident_of(thread).await? else {
            return Ok(Answer::text("Nothing was investigated in this thread."));
        };
        let (cluster, namespaces) = place_of(&incident);
        self.permit(turn, Verb::Status, cluster.as_deref(), &namespaces).await?;
        self.status_of_incident(&incident).await
    }

    async fn what_runs(&self, turn: &Turn) -> Result<Answer, Refused> {
        if let Decision::Denied(why) = self.parts.policy.decide_somewhere(&turn.origin.actor, Verb::Status) {
            return Err(Refused::Denied(why));
        }
        let states = JobState::ALL.into_iter().filter(|state| !state.is_final()).collect();
        let jobs = self.parts.store.jobs(&JobFilter { states, limit: QUEUE, ..JobFilter::default() }).await?;
        let seen = |job: &&Job| {
            self.may_see(turn, Verb::Status, job.spec.cluster.as_deref(), &namespaces_of(&job.spec.request))
        };
        let seen: Vec<&Job> = jobs.iter().filter(seen).collect();
        if seen.is_empty() {
            return Ok(Answer::text("Nothing runs and nothing waits."));
        }
        let mut lines: Vec<String> = seen.iter().take(SHOWN).map(|job| words::job(job, self.now())).collect();
        if seen.len() > SHOWN {
            lines.push(format!("And {} more; `list` shows them.", seen.len() - SHOWN));
        }
        Ok(Answer::text(lines.join("\n")))
    }

    /// How many jobs come before one that waits.
    async fn place_in_queue(&self, job: &Job) -> Result<String, Refused> {
        let filter = JobFilter { states: vec![JobState::Pending], limit: QUEUE, ..JobFilter::default() };
        let waiting = self.parts.store.jobs(&filter).await?;
        let sooner = |other: &&Job| {
            let (mine, theirs) = (job.spec.priority, other.spec.priority);
            theirs > mine || theirs == mine && other.spec.id < job.spec.id
        };
        Ok(match waiting.iter().filter(sooner).count() {
            0 => " It is the next.".to_owned(),
            1 => " One job comes before it.".to_owned(),
            n if waiting.len() < QUEUE => format!(" {n} jobs come before it."),
            n => format!(" At least {n} jobs come before it."),
        })
    }

    /// What it does just now, as its thread shows it.
    async fn step(&self, job: &Job) -> Result<String, Refused> {
        let Some(thread) = job.spec.thread else { return Ok(String::new()) };
        let body = self.parts.store.post(&living::key(thread)).await?;
        let Some(PostBody::Living(living)) = body.as_ref().map(AsRef::as_ref) else { return Ok(String::new()) };
        let now = living.steps.iter().rev().find(|step| step.state == StepState::InProgress);
        Ok(now.map(|step| format!(" Now: {}.", step.text.trim_end_matches('.'))).unwrap_or_default())
    }

    fn incident_words(&self, incident: &Incident) -> String {
        let now = self.now();
        let counts = lifecycle::counts(incident, now);
        let state = match incident.state {
            IncidentState::Firing => format!("fires since {}", span::moment(incident.opened_at, now)),
            IncidentState::Resolved(at) => format!("resolved since {}", span::moment(at, now)),
            IncidentState::Closed(at) => format!("closed at {}", span::moment(at, now)),
        };
        let last = spoken(span::between(incident.last_at, now));
        format!(
            "Incident {} ({}): {state}; {} alerts fire, {} are resolved; the last word of it came {last} ago.",
            words::short(incident.id),
            words::shortened(&incident.title),
            counts.firing,
            counts.resolved
        )
    }
}

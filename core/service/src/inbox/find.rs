//! Which job or incident is meant: by its id, by a part of the id, or by the thread.
//!
//! Must never tell who may not see a job that there is one. Start at [`Desk::job_for`].

use super::Desk;
use super::turn::Turn;
use crate::id::{IncidentId, JobId, ThreadId};
use crate::incident::Incident;
use crate::intake::{Refused, namespaces_of, namespaces_of_alerts};
use crate::job::{Job, Task};
use crate::policy::{Decision, Verb, Wish};
use crate::port::store::JobFilter;

/// Characters of an id that are enough to look for it.
const PART: usize = 6;

/// Jobs and incidents that are looked through for a part of an id.
const RECENT: usize = 500;

/// Jobs of a thread that are looked at.
const OF_THREAD: usize = 50;

/// What a verb is about.
pub(super) enum Subject {
    Job(Box<Job>),
    Incident(Box<Incident>),
}

impl Subject {
    fn id(&self) -> String {
        match self {
            Subject::Job(job) => job.spec.id.to_string(),
            Subject::Incident(incident) => incident.id.to_string(),
        }
    }

    fn place(&self) -> (Option<String>, Vec<String>) {
        match self {
            Subject::Job(job) => (job.spec.cluster.clone(), namespaces_of(&job.spec.request)),
            Subject::Incident(incident) => place_of(incident),
        }
    }
}

/// The cluster and the namespaces of an incident's alerts; no namespaces: all of them.
pub(super) fn place_of(incident: &Incident) -> (Option<String>, Vec<String>) {
    let alerts: Vec<_> = incident.alerts.values().map(|track| track.alert.clone()).collect();
    let cluster = alerts.first().and_then(|alert| alert.label("cluster")).map(str::to_owned);
    let shared = cluster.filter(|name| alerts.iter().all(|alert| alert.label("cluster") == Some(name)));
    (shared, namespaces_of_alerts(&alerts))
}

impl Desk {
    /// The job that is meant, which who spoke may do this with: the one named, else the thread's newest investigation.
    ///
    /// # Errors
    /// There is none, several fit, or it is not permitted.
    pub(super) async fn job_for(&self, turn: &Turn, named: Option<&str>, verb: Verb) -> Result<Job, Refused> {
        match self.subject_for(turn, named, verb).await? {
            Some(Subject::Job(job)) => Ok(*job),
            Some(Subject::Incident(incident)) => {
                let job = incident.job.ok_or_else(|| Refused::Invalid("this incident has no investigation".into()))?;
                let job = self.parts.store.job(job).await?;
                job.ok_or_else(|| Refused::Invalid("the incident's investigation is not kept any more".into()))
            }
            None => Err(Refused::Invalid(format!(
                "which investigation? Write `{} JOB`, or ask in its thread; `list` shows them",
                verb.as_str()
            ))),
        }
    }

    /// What is meant; none when nothing is named and the thread, if there is one, has nothing.
    ///
    /// # Errors
    /// As [`Self::job_for`].
    pub(super) async fn subject_for(
        &self,
        turn: &Turn,
        named: Option<&str>,
        verb: Verb,
    ) -> Result<Option<Subject>, Refused> {
        let subject = match (named, &turn.thread) {
            (Some(id), _) => Some(self.named(turn, id.trim(), verb).await?),
            (None, Some(thread)) => self.newest(thread.id).await?.map(|job| Subject::Job(Box::new(job))),
            (None, None) => None,
        };
        if let Some(subject) = &subject {
            let (cluster, namespaces) = subject.place();
            self.permit(turn, verb, cluster.as_deref(), &namespaces).await?;
        }
        Ok(subject)
    }

    /// The jobs of a thread, newest first.
    pub(super) async fn jobs_of(&self, thread: ThreadId) -> Result<Vec<Job>, Refused> {
        let filter = JobFilter { thread: Some(thread), limit: OF_THREAD, ..JobFilter::default() };
        Ok(self.parts.store.jobs(&filter).await?)
    }

    /// The newest investigation of a thread.
    async fn newest(&self, thread: ThreadId) -> Result<Option<Job>, Refused> {
        let jobs = self.jobs_of(thread).await?;
        Ok(jobs.into_iter().find(|job| job.spec.task == Task::Investigate))
    }

    async fn named(&self, turn: &Turn, text: &str, verb: Verb) -> Result<Subject, Refused> {
        let none = || Refused::Invalid(format!("there is no job or incident `{text}`; `list` shows those there are"));
        let mut found = match text.parse::<JobId>() {
            Ok(id) => self.by_id(id, text).await?.into_iter().collect(),
            Err(_) => self.by_part(turn, text, verb).await?,
        };
        match (found.len(), found.pop()) {
            (1, Some(subject)) => Ok(subject),
            (0, _) | (_, None) => {
                // Whoever may do this nowhere is told that, not what there is.
                match self.parts.policy.decide_somewhere(&turn.origin.actor, verb) {
                    Decision::Allowed => Err(none()),
                    Decision::Denied(why) => Err(Refused::Denied(why)),
                }
            }
            (n, Some(last)) => {
                Err(Refused::Invalid(format!("`{text}` fits {n} of them, such as {}; write more of it", last.id())))
            }
        }
    }

    async fn by_id(&self, id: JobId, text: &str) -> Result<Option<Subject>, Refused> {
        if let Some(job) = self.parts.store.job(id).await? {
            return Ok(Some(Subject::Job(Box::new(job))));
        }
        let Ok(id) = text.parse::<IncidentId>() else { return Ok(None) };
        Ok(self.parts.store.incident(id).await?.map(|incident| Subject::Incident(Box::new(incident))))
    }

    /// Those whose id begins or ends with this, as far as who spoke may see them.
    async fn by_part(&self, turn: &Turn, part: &str, verb: Verb) -> Result<Vec<Subject>, Refused> {
        let part = part.to_ascii_lowercase();
        if part.len() < PART || !part.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(Refused::Invalid(format!(
                "`{part}` is no id: ids are hexadecimal, and {PART} characters of one are enough"
            )));
        }
        let jobs = self.parts.store.jobs(&JobFilter { limit: RECENT, ..JobFilter::default() }).await?;
        let incidents = self.parts.store.open_incidents(RECENT).await?;
        let all = jobs.into_iter().map(|job| Subject::Job(Box::new(job)));
        let all = all.chain(incidents.into_iter().map(|incident| Subject::Incident(Box::new(incident))));
        let fits = |subject: &Subject| subject.id().starts_with(&part) || subject.id().ends_with(&part);
        let found = all.filter(|subject| {
            let (cluster, namespaces) = subject.place();
            fits(subject) && self.may_see(turn, verb, cluster.as_deref(), &namespaces)
        });
        Ok(found.collect())
    }

    /// Whether who spoke may do this in a place, without a word about it.
    pub(super) fn may_see(&self, turn: &Turn, verb: Verb, cluster: Option<&str>, namespaces: &[String]) -> bool {
        let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
        let wish = Wish { verb, cluster, namespaces: &namespaces };
        self.parts.policy.decide(&turn.origin.actor, wish) == Decision::Allowed
    }
}

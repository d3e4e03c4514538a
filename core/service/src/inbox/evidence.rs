//! `explain` and `timeline`: what a report stands on, from the report that was kept.
//!
//! Must never read anything anew. Start at [`Desk::explain`].

use midwatch_agent::followup;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;
use midwatch_diagnosis::evidence::EvidenceId;
use midwatch_diagnosis::report::Report;

use super::turn::{Done, Turn};
use super::{Desk, words};
use crate::id::JobId;
use crate::intake::Refused;
use crate::job::Job;
use crate::policy::Verb;

impl Desk {
    pub(super) async fn explain(&self, turn: &Turn, asked: &command::Explain) -> Result<Done, Refused> {
        let evidence = match &asked.evidence {
            Some(text) => Some(evidence_id(text)?),
            None => None,
        };
        let (_, report) = self.reported(turn, asked.of.as_deref(), Verb::Explain).await?;
        Ok(Done::here(followup::evidence(&report, evidence)))
    }

    pub(super) async fn timeline(&self, turn: &Turn, named: Option<&str>) -> Result<Done, Refused> {
        let (_, report) = self.reported(turn, named, Verb::Timeline).await?;
        Ok(Done::here(followup::timeline(&report)))
    }

    /// The job that is meant and its report; in a thread the newest that has one.
    async fn reported(&self, turn: &Turn, named: Option<&str>, verb: Verb) -> Result<(Job, Report), Refused> {
        let mut job = self.job_for(turn, named, verb).await?;
        if named.is_none()
            && job.result.is_none()
            && let Some(thread) = job.spec.thread
        {
            let jobs = self.jobs_of(thread).await?;
            job = jobs.into_iter().find(|job| job.result.is_some()).unwrap_or(job);
        }
        let report = self.report_of(job.spec.id).await?;
        let report = report.ok_or_else(|| Refused::Invalid(no_report(&job, self.now())))?;
        Ok((job, report))
    }

    /// The report that a job made, as it was kept.
    pub(super) async fn report_of(&self, job: JobId) -> Result<Option<Report>, Refused> {
        let Some(kept) = self.parts.store.artifact(job, "report").await? else { return Ok(None) };
        let read = serde_json::from_str(&kept.text);
        read.map(Some).map_err(|error| {
            tracing::error!(%job, "the report that was kept cannot be read: {error}");
            Refused::Invalid(format!("the report of job {job} cannot be read any more; `retry` makes a new one"))
        })
    }
}

/// There is no report, and how the job stands.
pub(super) fn no_report(job: &Job, now: jiff::Timestamp) -> String {
    format!("There is no report yet. {}", words::job(job, now))
}

/// `e3` as reports cite it.
fn evidence_id(text: &str) -> Result<EvidenceId, Refused> {
    let number = text.trim_start_matches(['e', 'E']).parse::<usize>();
    number.map(EvidenceId).map_err(|_| Refused::Invalid(format!("`{text}` is no evidence; write it as the report does: e3")))
}

/// The evidence of a report, all of it.
pub(super) fn all(report: &Report) -> Answer {
    followup::evidence(report, None)
}

//! `explain` and `timeline`: what a report stands on, from the report that was kept.
//!
//! Must never read anything anew. Start at [`Desk::explain`].

use midwatch_agent::followup;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;
use midwatch_diagnosis::report::{EvidenceId, Report};

use super::turn::{Done, Turn};
use super::{Desk, words};
use crate::id::JobId;
use crate::intake::Refused;
use crate::job::Job;
use crate::policy::Verb;

impl Desk {
    pub(super) async fn explain(&self, turn: &Turn, asked: &command::Explain) -> Result<Done, Refused> {
        let (_, report) = self.reported(turn, asked.of.as_deref(), Verb::Explain).await?;
        let evidence = match &asked.evidence {
            Some(text) => Some(evidence_id(&report, text)?),
            None => None,
        };
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

/// `e3` as the report cites it.
fn evidence_id(report: &Report, text: &str) -> Result<EvidenceId, Refused> {
    let ids = || report.ledger.iter().map(|(id, _)| id);
    let found = ids().find(|id| id.to_string().eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        Refused::Invalid(match ids().last() {
            Some(last) => format!("there is no evidence `{text}` in this report; there is e1 to {last}"),
            None => "this report stands on no evidence".to_owned(),
        })
    })
}

/// The evidence of a report, all of it.
pub(super) fn all(report: &Report) -> Answer {
    followup::evidence(report, None)
}

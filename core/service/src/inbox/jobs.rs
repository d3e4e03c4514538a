//! `stop` and `retry`.
//!
//! Start at [`Desk::stop`].

use midwatch_conversation::answer::Answer;
use midwatch_conversation::command;

use super::turn::{Done, Turn};
use super::{Desk, words};
use crate::intake::Refused;
use crate::job::Job;
use crate::policy::Verb;

impl Desk {
    /// Stops the job that is named, or all that run in the thread. A second time does no harm: what has ended stays as it is.
    pub(super) async fn stop(&self, turn: &Turn, asked: command::Stop) -> Result<Done, Refused> {
        let reason = asked.reason.unwrap_or_default();
        let jobs = match (&asked.of, &turn.thread) {
            (None, Some(thread)) => self.jobs_of(thread.id).await?,
            (of, _) => vec![self.job_for(turn, of.as_deref(), Verb::Stop).await?],
        };
        let (live, ended): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| !job.state.is_final());
        for job in &live {
            self.parts.intake.cancel(job.spec.id, turn.origin.clone(), reason.clone()).await?;
        }
        let text = match (live.as_slice(), ended.first()) {
            ([], None) => "Nothing was investigated in this thread.".to_owned(),
            ([], Some(last)) => {
                format!("Nothing runs: job {} has ended, {}.", words::short(last.spec.id), last.state.as_str())
            }
            ([one], _) => format!("Stopping job {}.", words::short(one.spec.id)),
            (several, _) => format!("Stopping {} jobs.", several.len()),
        };
        Ok(Done::here(Answer::text(text)))
    }

    /// The same question once more, in the same thread.
    pub(super) async fn retry(&self, turn: &Turn, named: Option<&str>) -> Result<Done, Refused> {
        let job = self.job_for(turn, named, Verb::Retry).await?;
        let start = Self::again(turn, &job, Verb::Retry);
        self.start(turn, start).await
    }
}

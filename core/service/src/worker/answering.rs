//! A question as a job: the report it is about, the engine's answer, and how both are kept.
//!
//! Must never touch the thread's living message: that belongs to investigations. Start at [`Attempt::follow_up`].

use std::sync::Arc;

use futures::FutureExt as _;
use midwatch_agent::followup::{self, Answered, Context};
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Request, RunFacts};
use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::question::{self, Question};
use midwatch_diagnosis::report::Report;
use midwatch_explore::Spent;
use midwatch_redact::Redacted;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::attempt::{Attempt, End};
use super::ending::Written;
use crate::code::ErrorCode;
use crate::id::{ArtifactId, JobId};
use crate::job::JobState;
use crate::port::store::{JobOutcome, Write};
use crate::publish;

/// Characters of an answer that the thread remembers; the rest is in the artifact.
const REMEMBERED: usize = 500;

impl Attempt {
    /// Answers a question about what was investigated.
    pub(super) async fn follow_up(
        &mut self,
        source: Arc<dyn EvidenceSource>,
        limits: Limits,
        asked: Question,
        about: Option<JobId>,
    ) -> Result<Answered, End> {
        let context = self.context(about).await?;
        let redactor = self.redactor.clone();
        let engine = async move {
            // Boxed: the compiler cannot see through the borrows that the future may move between threads.
            followup::answer(&*source, &asked, &context, &limits, redactor).boxed().await
        };
        let task = AbortOnDropHandle::new(tokio::spawn(engine.in_current_span()));
        let answered = self.watched(task, self.deadline.end()).await?;
        answered.map_err(|why| publish::error_of(&why, &self.redactor).map_or(End::TooLate, End::Failed))
    }

    /// The answer to a question in free words while no language model is configured: what is understood without one.
    pub(super) fn without_a_model(&self) -> Answered {
        let answer =
            question::understood().with_text("No language model is configured: these are all the questions I know.");
        Answered {
            answer: self.redactor.seal(answer),
            run: RunFacts::default(),
            read: Redacted::default(),
            cut_short: false,
        }
    }

    /// What was investigated, with its report.
    pub(super) async fn context(&self, about: Option<JobId>) -> Result<Context, End> {
        let storage = |error: &dyn std::fmt::Display| End::Failed(self.redacted(ErrorCode::E007, &error.to_string()));
        let store = &self.shared.parts.store;
        let mut request = self.job.spec.request.clone();
        let Some(about) = about else { return Ok(Context { request, report: None }) };
        if let Some(job) = store.job(about).await.map_err(|error| storage(&error))? {
            request.as_of = as_of(&request, job.spec.created_at, self.job.spec.created_at);
        }
        let kept = store.artifact(about, "report").await.map_err(|error| storage(&error))?;
        let report = kept.and_then(|kept| {
            let read: Result<Report, _> = serde_json::from_str(&kept.text);
            // The question is answered without it: what is read anew does not need it.
            read.inspect_err(|error| tracing::warn!(%about, "the report that was kept cannot be read: {error}")).ok()
        });
        Ok(Context { request, report })
    }

    /// Everything about the answer in one commit.
    pub(super) fn answered(&mut self, answered: &Answered, spent: Option<&Spent>) -> Written {
        let id = self.job.spec.id;
        let mut writes = vec![Write::Advance {
            lease: self.lease.clone(),
            to: JobState::Completing,
            reason: "the answer is there".to_owned(),
        }];
        let kept = answered.answer.map(|answer| serde_json::to_string(answer).unwrap_or_default());
        writes.extend(self.artifact(ArtifactId::new(), "answer", kept));
        if let Some(thread) = self.job.spec.thread {
            writes.push(Write::Post(publish::answer(id, thread, &answered.answer)));
        }
        writes.extend(self.remember(&gist(&answered.answer)));
        writes.push(self.audited(&answered.read.to_string()));
        writes.extend(spent.into_iter().flat_map(|spent| self.of_model(spent)));
        tracing::info!(cut_short = answered.cut_short, "the question is answered");
        writes.push(Write::Finish { lease: self.lease.clone(), outcome: JobOutcome::Answered });
        (writes, Some(JobState::Completed))
    }

    /// Ends a question in passing without a word.
    pub(super) fn not_asked(&mut self, spent: &Spent) -> Written {
        tracing::info!("the question was not put to us, or cannot be answered; nothing is said");
        let outcome = JobOutcome::Answered;
        let mut writes = self.of_model(spent);
        writes.push(Write::Finish { lease: self.lease.clone(), outcome });
        (writes, Some(JobState::Completed))
    }
}

/// "Now" of the answer: the moment of the question, unless the investigation was asked to look at another time than its own.
fn as_of(request: &Request, investigated: jiff::Timestamp, asked: jiff::Timestamp) -> Option<jiff::Timestamp> {
    if request.as_of == Some(investigated) { Some(asked) } else { request.as_of }
}

/// The words of an answer, for the memory of its thread.
fn gist(answer: &Redacted<Answer>) -> Redacted<String> {
    answer.map(|answer| {
        let texts = answer.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            Part::Code { .. } | Part::Table { .. } | Part::File(_) => None,
        });
        texts.collect::<Vec<_>>().join(" ").chars().take(REMEMBERED).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_the_moment_of_the_question_unless_another_time_was_asked_about() {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let request = |as_of| Request { as_of, ..Request::default() };
        assert_eq!(as_of(&request(Some(at(100))), at(100), at(900)), Some(at(900)), "a live investigation");
        assert_eq!(as_of(&request(Some(at(50))), at(100), at(900)), Some(at(50)), "of a recording");
        assert_eq!(as_of(&request(None), at(100), at(900)), None);
    }
}

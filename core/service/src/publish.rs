//! What a job says, as posts of the outbox: bodies, keys, words.
//!
//! Pure. Must never put a word into a post that did not pass the redactor. Start at [`ended`].

use midwatch_agent::request::{NoReport, Outcome, Request, RunFacts};
use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_diagnosis::report::Report;
use midwatch_redact::{Redacted, Redactor};

use crate::code::ErrorCode;
use crate::id::{JobId, PostKey, ThreadId};
use crate::job::{Cancel, JobError, Task};
use crate::post::{LivingStatus, NewPost, PostBody, Urgency};

/// Candidates that an answer lists; more would not be read on a phone.
const CANDIDATES: usize = 15;

/// The key of a job's report.
pub fn report_key(job: JobId) -> PostKey {
    PostKey(format!("job:{job}:report"))
}

/// The key of the line that says why a job ended without a report.
pub fn ended_key(job: JobId) -> PostKey {
    PostKey(format!("job:{job}:ended"))
}

/// The key of the answer that a job gave.
pub fn answer_key(job: JobId) -> PostKey {
    PostKey(format!("job:{job}:answer"))
}

/// How the line begins that says that a job came to nothing.
pub fn nothing(task: &Task) -> &'static str {
    match task {
        Task::Investigate => "No report",
        Task::FollowUp { .. } | Task::Ask { .. } => "No answer",
    }
}

/// What a job is to come to, in a clause.
pub fn wanted(task: &Task) -> &'static str {
    match task {
        Task::Investigate => "anything to report",
        Task::FollowUp { .. } | Task::Ask { .. } => "an answer",
    }
}

/// The answer as a post.
pub fn answer(job: JobId, thread: ThreadId, answer: &Redacted<Answer>) -> NewPost {
    let body = answer.map(|answer| PostBody::Answer { answer: answer.clone(), may_be_repeated: false });
    NewPost { key: answer_key(job), thread, urgency: Urgency::Notice, body }
}

/// The answer as far as it stands, as a post: the same message as the whole answer.
pub fn answer_so_far(job: JobId, thread: ThreadId, so_far: &Redacted<Answer>) -> NewPost {
    let body =
        so_far.map(|so_far| PostBody::Answer { answer: so_far.clone().with_text("..."), may_be_repeated: false });
    NewPost { key: answer_key(job), thread, urgency: Urgency::Progress, body }
}

/// The report as a post.
pub fn report(job: JobId, thread: ThreadId, report: &Redacted<Report>, run: RunFacts) -> NewPost {
    let body = report.map_with((job, run), |(job, run), report| PostBody::Report {
        job,
        report: Box::new(report.clone()),
        run,
        may_be_repeated: false,
    });
    NewPost { key: report_key(job), thread, urgency: Urgency::Report, body }
}

/// The line in the thread of a job that ended without a report: who watches is told, edits alone tell nobody.
pub fn ended(job: JobId, thread: ThreadId, text: &str, redactor: &Redactor) -> NewPost {
    let body = redactor.seal(PostBody::Notice { text: text.to_owned() });
    NewPost { key: ended_key(job), thread, urgency: Urgency::Notice, body }
}

/// The report in the living message.
pub fn reported(outcome: &Outcome) -> Redacted<LivingStatus> {
    outcome.report.map(|report| {
        let concluded = report.concluded();
        let by = if concluded.by_model { " (found by a language model)" } else { "" };
        LivingStatus::Reported { verdict: concluded.verdict, headline: format!("{}{by}", concluded.root_cause) }
    })
}

/// What a job is about, for a thread that has no living message yet.
pub fn title(request: &Request) -> String {
    let about = request.text.clone().or_else(|| request.alerts.first().map(|alert| alert.name.clone()));
    let place = request.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    about.unwrap_or_else(|| "everything".to_owned()) + &place
}

/// Who stopped a job, and why.
pub fn stopped(cancel: &Cancel) -> String {
    match cancel.reason.as_str() {
        "" => format!("stopped by {}", cancel.by.user),
        reason => format!("stopped by {}: {reason}", cancel.by.user),
    }
}

/// Why there is no report, as a job's error. None when the deadline passed: that is no failure of the attempt.
pub fn error_of(why: &NoReport, redactor: &Redactor) -> Option<JobError> {
    let (code, message) = match why {
        NoReport::TooLate => return None,
        NoReport::Ambiguous { candidates, .. } => (ErrorCode::E002, listed(&why.to_string(), candidates)),
        NoReport::NoMatch { nearest, .. } if nearest.is_empty() => {
            (ErrorCode::E002, format!("{why}, and nothing has a name like it"))
        }
        NoReport::NoMatch { nearest, .. } => {
            (ErrorCode::E002, listed(&format!("{why}; did you mean one of these?"), nearest))
        }
        NoReport::Unreadable(ReadFailure::Forbidden(_)) => (ErrorCode::E005, why.to_string()),
        NoReport::Unreadable(_) => (ErrorCode::E006, why.to_string()),
    };
    Some(JobError { code, message: redactor.redact_text(&message).into_inner() })
}

fn listed(words: &str, candidates: &[EntityRef]) -> String {
    let mut lines = vec![words.to_owned()];
    lines.extend(candidates.iter().take(CANDIDATES).map(|entity| format!("- {entity}")));
    if candidates.len() > CANDIDATES {
        lines.push(format!("and {} more: say it more exactly, or name the namespace", candidates.len() - CANDIDATES));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use midwatch_diagnosis::entity::Kind;

    use super::*;

    #[test]
    fn a_wrong_question_is_answered_with_what_it_may_mean() {
        let redactor = Redactor::default();
        let many: Vec<EntityRef> = (0..17).map(|n| EntityRef::new(Kind::Pod, "shop", format!("api-{n}"))).collect();
        let error = error_of(&NoReport::Ambiguous { asked: "api".into(), candidates: many }, &redactor).unwrap();
        assert_eq!((error.code, error.message.lines().count()), (ErrorCode::E002, 17));
        assert!(error.message.contains("- Pod shop/api-14\nand 2 more"), "{}", error.message);
        let error = error_of(&NoReport::NoMatch { asked: "api".into(), nearest: Vec::new() }, &redactor).unwrap();
        assert_eq!(error.message, "nothing here is called `api`, and nothing has a name like it");
    }

    #[test]
    fn what_cannot_be_read_is_tried_again_unless_it_is_forbidden() {
        let code = |failure| error_of(&NoReport::Unreadable(failure), &Redactor::default()).unwrap().code;
        assert_eq!(code(ReadFailure::Forbidden("pods is forbidden".into())), ErrorCode::E005);
        assert_eq!(code(ReadFailure::TimedOut("5 s".into())), ErrorCode::E006);
        assert!(!ErrorCode::E005.is_retryable() && ErrorCode::E006.is_retryable());
        assert_eq!(error_of(&NoReport::TooLate, &Redactor::default()), None);
    }

    #[test]
    fn words_of_a_failure_are_redacted() {
        let words = "https://admin:hunter2secret@10.0.0.1:6443 refused".to_owned();
        let error = error_of(&NoReport::Unreadable(ReadFailure::Unreadable(words)), &Redactor::default()).unwrap();
        assert!(!error.message.contains("hunter2secret"), "{}", error.message);
    }
}

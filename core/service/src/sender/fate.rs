//! What follows from a platform's answer.
//!
//! | kind | when its fate is unknown and cannot be looked up |
//! | --- | --- |
//! | opening | sent again: without it there is no thread |
//! | report | sent again, with a mark that it may be a repetition |
//! | notice | sent again, with the same mark |
//! | answer | sent again, with the same mark |
//! | private answer | not sent again, nor looked up: nothing can; but where it replaces what was shown, shown again |
//! | living message, storm | not sent again; its next revision is |
//!
//! Pure. Start at [`after_failure`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;

use crate::backoff::backoff;
use crate::clock::after;
use crate::port::chat::{Scope, SendFailure};
use crate::port::store::AfterFailure;
use crate::post::PostBody;

/// How soon a message of unknown fate is looked up: once what was under way has surely landed.
const SOON: Duration = Duration::from_secs(1);

/// Why an answer for one person is not sent again.
pub(super) const ONCE: &str = "it may have been sent, and is sent once at most";

/// How long the platform asked to wait, and what has to; none when it did not say. No time at all tells nothing.
pub(super) fn asked_to_wait(failure: &SendFailure) -> Option<(Duration, Option<Scope>)> {
    match failure {
        SendFailure::Retry { after: Some(wait), hold, .. } if !wait.is_zero() => Some((*wait, *hold)),
        SendFailure::Retry { .. }
        | SendFailure::Wait { .. }
        | SendFailure::Unknown { .. }
        | SendFailure::Refused { .. } => None,
    }
}

/// As long as the platform asked for, else as long as so many tries ask for.
fn wait(failure: &SendFailure, tries: u32) -> Duration {
    asked_to_wait(failure).map_or_else(|| backoff(tries), |(wait, _)| wait)
}

/// What comes after a try that failed; `tries` counts those of this revision, this one included. `again` tells whether the
/// same once more does no harm.
pub(super) fn after_failure(
    failure: &SendFailure,
    body: &PostBody,
    again: bool,
    tries: u32,
    now: Timestamp,
) -> AfterFailure {
    match failure {
        SendFailure::Retry { .. } => AfterFailure::Again(after(now, wait(failure, tries))),
        SendFailure::Wait { after: wait } => AfterFailure::Untried(after(now, *wait)),
        SendFailure::Unknown { .. } if again => AfterFailure::Again(after(now, wait(failure, tries))),
        SendFailure::Unknown { .. } if is_private(body) => AfterFailure::GiveUp,
        SendFailure::Unknown { .. } => AfterFailure::LookUp(after(now, SOON.max(backoff(tries) / 2))),
        SendFailure::Refused { .. } => AfterFailure::GiveUp,
    }
}

/// What comes after a search that failed: its message is still in doubt, whatever the search ended with, unless the
/// platform will never have it.
pub(super) fn after_search(failure: &SendFailure, tries: u32, now: Timestamp) -> AfterFailure {
    match failure {
        SendFailure::Refused { .. } => AfterFailure::GiveUp,
        SendFailure::Wait { after: wait } => AfterFailure::LookUp(after(now, *wait)),
        SendFailure::Retry { .. } | SendFailure::Unknown { .. } => {
            AfterFailure::LookUp(after(now, wait(failure, tries)))
        }
    }
}

/// A message that may have been sent, as it is sent again; none when it is not.
pub(super) fn repeated(body: &Redacted<PostBody>) -> Option<Redacted<PostBody>> {
    match body.as_ref() {
        PostBody::Living(_) | PostBody::Storm(_) | PostBody::Private(_) => None,
        PostBody::Opening(_) | PostBody::Report { .. } | PostBody::Notice { .. } | PostBody::Answer { .. } => {
            Some(body.map(marked))
        }
    }
}

fn marked(body: &PostBody) -> PostBody {
    let mut body = body.clone();
    match &mut body {
        PostBody::Report { may_be_repeated, .. } | PostBody::Answer { may_be_repeated, .. } => *may_be_repeated = true,
        PostBody::Notice { text } => text.insert_str(0, "(may be repeated) "),
        PostBody::Opening(_) | PostBody::Living(_) | PostBody::Storm(_) | PostBody::Private(_) => {}
    }
    body
}

/// Whether one person only sees it.
pub(super) fn is_private(body: &PostBody) -> bool {
    matches!(body, PostBody::Private(_))
}

/// Whether a message can have a newer revision than the one that was found on the platform.
pub(super) fn is_edited(body: &PostBody) -> bool {
    matches!(body, PostBody::Opening(_) | PostBody::Living(_) | PostBody::Storm(_))
}

#[cfg(test)]
mod tests {
    use midwatch_conversation::answer::Answer;
    use midwatch_redact::Redactor;

    use super::*;
    use crate::post::{LivingMessage, Opening, Private, StormTable};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_failure_is_followed_by_what_it_allows() {
        let why = String::new;
        let notice = PostBody::Notice { text: "x".into() };
        let retry = |after| SendFailure::Retry { why: why(), after, hold: None };
        for (failure, tries, expected) in [
            (retry(None), 1, AfterFailure::Again(at(1_000))),
            (retry(None), 3, AfterFailure::Again(at(4_000))),
            (retry(None), 99, AfterFailure::Again(at(60_000))),
            (retry(Some(Duration::from_secs(90))), 99, AfterFailure::Again(at(90_000))),
            (retry(Some(Duration::from_millis(5))), 9, AfterFailure::Again(at(5))),
            (retry(Some(Duration::ZERO)), 3, AfterFailure::Again(at(4_000))),
            (SendFailure::Unknown { why: why() }, 1, AfterFailure::LookUp(at(1_000))),
            (SendFailure::Unknown { why: why() }, 4, AfterFailure::LookUp(at(4_000))),
            (SendFailure::Refused { why: why() }, 1, AfterFailure::GiveUp),
            (SendFailure::Wait { after: Duration::from_millis(700) }, 3, AfterFailure::Untried(at(700))),
        ] {
            assert_eq!(after_failure(&failure, &notice, false, tries, at(0)), expected, "{failure:?} {tries}");
        }
        let private = PostBody::Private(Private::default());
        let unknown = SendFailure::Unknown { why: why() };
        assert_eq!(after_failure(&unknown, &private, false, 1, at(0)), AfterFailure::GiveUp, "it may have arrived");
        let shown_again = after_failure(&unknown, &private, true, 1, at(0));
        assert_eq!(shown_again, AfterFailure::Again(at(1_000)), "it replaces what was shown");
        assert_eq!(
            after_failure(&retry(None), &private, false, 1, at(0)),
            AfterFailure::Again(at(1_000)),
            "it did not"
        );
    }

    #[test]
    fn a_search_that_failed_leaves_the_doubt() {
        let retry = SendFailure::Retry { why: String::new(), after: None, hold: None };
        assert_eq!(after_search(&retry, 2, at(0)), AfterFailure::LookUp(at(2_000)));
        assert_eq!(
            after_search(&SendFailure::Unknown { why: String::new() }, 1, at(0)),
            AfterFailure::LookUp(at(1_000))
        );
        assert_eq!(after_search(&SendFailure::Refused { why: String::new() }, 1, at(0)), AfterFailure::GiveUp);
    }

    #[test]
    fn what_may_be_a_repetition_says_so_and_progress_is_never_doubled() {
        let seal = |body| Redactor::default().seal(body);
        assert_eq!(repeated(&seal(PostBody::Living(LivingMessage::default()))), None);
        assert_eq!(repeated(&seal(PostBody::Storm(StormTable::default()))), None);
        assert_eq!(repeated(&seal(PostBody::Private(Private::default()))), None);
        assert!(repeated(&seal(PostBody::Opening(Opening::default()))).is_some());
        let notice = repeated(&seal(PostBody::Notice { text: "stopped".into() })).unwrap();
        let answer = PostBody::Answer { answer: Answer::default(), may_be_repeated: false };
        assert!(matches!(*repeated(&seal(answer)).unwrap(), PostBody::Answer { may_be_repeated: true, .. }));
        assert_eq!(notice.into_inner(), PostBody::Notice { text: "(may be repeated) stopped".into() });
        let report = PostBody::Report {
            job: crate::id::JobId::new(),
            report: Box::new(midwatch_agent::render::sample::report(midwatch_diagnosis::verdict::Verdict::Cause, "")),
            run: midwatch_agent::request::RunFacts::default(),
            may_be_repeated: false,
        };
        assert!(matches!(*repeated(&seal(report)).unwrap(), PostBody::Report { may_be_repeated: true, .. }));
    }
}

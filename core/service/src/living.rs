//! Changes to one part of the living message, leaving the rest as it is.
//!
//! Two hands write this message: the intake owns how the alerts stand, the publisher owns status and steps. Each reads the
//! newest body ([`Seen`]), changes only its own part with a function from here, and writes it back. Pure but for that
//! reading. Must never touch a part that it was not asked for; a body that is no living message comes back unchanged. Start
//! at [`with_alerts`].

mod seen;

use midwatch_agent::request::Progress;
use midwatch_redact::{Redact, Redacted, Redactor};

pub use self::seen::Seen;
use crate::id::{JobId, PostKey, ThreadId};
use crate::post::{AlertsNow, LivingMessage, LivingStatus, PostBody, Urgency};

/// Notes that a living message shows; the oldest go first.
pub const NOTES_SHOWN: usize = 10;

/// The key of a thread's living message.
pub fn key(thread: ThreadId) -> PostKey {
    PostKey(format!("thread:{thread}:living"))
}

/// How urgent a message is that says this: a verdict, or that there is none, is a finding; all else is progress.
pub fn urgency(body: &PostBody) -> Urgency {
    match body {
        PostBody::Living(LivingMessage { status, .. }) => match status {
            LivingStatus::Queued | LivingStatus::Investigating => Urgency::Progress,
            LivingStatus::Reported { .. } | LivingStatus::Failed { .. } | LivingStatus::Cancelled { .. } => {
                Urgency::Finding
            }
        },
        _ => Urgency::Progress,
    }
}

/// The same message with the alerts standing otherwise.
#[must_use]
pub fn with_alerts(body: &Redacted<PostBody>, alerts: Redacted<AlertsNow>) -> Redacted<PostBody> {
    changed(body, alerts, |living, alerts| living.alerts = Some(alerts.clone()))
}

/// The same message about another job, whose buttons it shows.
#[must_use]
pub fn with_job(body: &Redacted<PostBody>, job: JobId) -> Redacted<PostBody> {
    body.map_with(job, |job, body| {
        let mut body = body.clone();
        if let PostBody::Living(living) = &mut body {
            living.job = Some(job);
        }
        body
    })
}

/// The same message in another status.
#[must_use]
pub fn with_status(body: &Redacted<PostBody>, status: Redacted<LivingStatus>) -> Redacted<PostBody> {
    changed(body, status, |living, status| living.status = status.clone())
}

/// The same message with other steps.
#[must_use]
pub fn with_steps(body: &Redacted<PostBody>, steps: Redacted<Vec<Progress>>) -> Redacted<PostBody> {
    changed(body, steps, |living, steps| living.steps.clone_from(steps))
}

/// The same message with one note more, at most [`NOTES_SHOWN`]; a note that stands there already changes nothing.
#[must_use]
pub fn with_note(body: &Redacted<PostBody>, note: Redacted<String>) -> Redacted<PostBody> {
    changed(body, note, |living, note| {
        if !living.notes.contains(note) {
            living.notes.push(note.clone());
            let beyond = living.notes.len().saturating_sub(NOTES_SHOWN);
            living.notes.drain(..beyond);
        }
    })
}

/// The change is a function pointer over redacted values only, so nothing unredacted can slip in.
fn changed<T>(body: &Redacted<PostBody>, part: Redacted<T>, change: fn(&mut LivingMessage, &T)) -> Redacted<PostBody>
where
    T: 'static,
{
    body.clone().zip(part).map_with(change, |change, (body, part)| {
        let mut body = body.clone();
        if let PostBody::Living(living) = &mut body {
            change(living, part);
        }
        body
    })
}

impl Redact for AlertsNow {
    fn redact(&mut self, redactor: &Redactor) {
        self.resolved_after.redact(redactor);
    }
}

#[cfg(test)]
mod tests {
    use midwatch_agent::request::{Step, StepState};

    use super::*;

    fn sealed<T: Redact>(value: T) -> Redacted<T> {
        Redactor::default().seal(value)
    }

    fn living(body: &Redacted<PostBody>) -> LivingMessage {
        match body.as_ref() {
            PostBody::Living(living) => living.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_hand_changes_only_its_own_part() {
        let step = Progress { step: Step::Scope, state: StepState::Complete, text: "scope: 2 pods".to_owned() };
        let alerts = AlertsNow { firing: 2, ..AlertsNow::default() };
        let start = sealed(PostBody::Living(LivingMessage { title: "shop/checkout".to_owned(), ..Default::default() }));
        let by_publisher =
            with_status(&with_steps(&start, sealed(vec![step.clone()])), sealed(LivingStatus::Investigating));
        let by_both = with_note(&with_alerts(&by_publisher, sealed(alerts.clone())), Redacted::fixed("slow"));
        let expected = LivingMessage {
            job: None,
            title: "shop/checkout".to_owned(),
            status: LivingStatus::Investigating,
            steps: vec![step],
            notes: vec!["slow".to_owned()],
            alerts: Some(alerts),
        };
        assert_eq!(living(&by_both), expected);
    }

    #[test]
    fn a_verdict_is_more_urgent_than_progress() {
        let body = sealed(PostBody::Living(LivingMessage::default()));
        let at = |status| urgency(&with_status(&body, sealed(status)));
        assert_eq!(at(LivingStatus::Queued), Urgency::Progress);
        assert_eq!(at(LivingStatus::Investigating), Urgency::Progress);
        assert_eq!(at(LivingStatus::Failed { why: "E003".to_owned() }), Urgency::Finding);
    }

    #[test]
    fn notes_are_bounded_and_said_once() {
        let mut body = sealed(PostBody::Living(LivingMessage::default()));
        for n in [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
            body = with_note(&body, sealed(format!("note {n}")));
        }
        let notes = living(&body).notes;
        assert_eq!((notes.len(), notes[0].as_str(), notes[9].as_str()), (NOTES_SHOWN, "note 1", "note 10"));
    }

    #[test]
    fn another_kind_of_post_stays_as_it_is() {
        let notice = sealed(PostBody::Notice { text: "hello".to_owned() });
        assert_eq!(with_status(&notice, sealed(LivingStatus::Investigating)), notice);
    }
}

//! Buttons. Whoever presses one is asked for their own right; what the button carries is an id and nothing else.
//!
//! Must never do twice what two presses ask for once, nor answer to all what concerns one. Start at [`Desk::pressed`].

use midwatch_agent::request::Depth;
use midwatch_conversation::answer::Answer;

use super::evidence::{self, no_report};
use super::mutes::{self, Wanted};
use super::turn::{Done, Turn, Way};
use super::{Desk, words};
use crate::button::{Action, Button};
use crate::intake::{Refused, namespaces_of};
use crate::job::Job;
use crate::policy::Verb;
use crate::port::store::{DueHeard, Feedback, Write};

impl Desk {
    pub(super) async fn pressed(&self, due: &DueHeard, button: &str) -> Result<&'static str, Refused> {
        let mut turn = self.turn(due, Way::Press(due.heard.place.clone()), "").await?;
        let done = match button.parse::<Button>() {
            Ok(button) => self.press(&mut turn, button).await,
            Err(unknown) => Ok(private(format!("That did nothing: {unknown}."))),
        };
        self.settle(&turn, done).await
    }

    async fn press(&self, turn: &mut Turn, Button { action, job: id }: Button) -> Result<Done, Refused> {
        let Some(job) = self.parts.store.job(id).await? else {
            return Ok(private(format!("Job {} is not kept any more; ask anew.", words::short(id))));
        };
        if let Some(thread) = job.spec.thread {
            turn.thread = self.parts.store.thread(thread).await?;
        }
        let namespaces = namespaces_of(&job.spec.request);
        self.permit(turn, verb(action), job.spec.cluster.as_deref(), &namespaces).await?;
        match action {
            Action::Stop => self.stop_pressed(turn, &job).await,
            Action::Deeper => self.deeper(turn, &job).await,
            Action::Again => {
                let once = once(turn, "again", &job);
                let mut start = Self::again(turn, &job, Verb::Investigate);
                start.also.push(once);
                self.start(turn, start).await
            }
            Action::Evidence => Ok(match self.report_of(id).await? {
                Some(report) => Done::person(evidence::all(&report)),
                None => private(no_report(&job, self.now())),
            }),
            Action::Mute => self.mute_pressed(turn, &job).await,
            Action::Helpful | Action::Unhelpful => Ok(self.thought(turn, &job, action == Action::Helpful)),
        }
    }

    async fn stop_pressed(&self, turn: &Turn, job: &Job) -> Result<Done, Refused> {
        if job.state.is_final() || job.cancel.is_some() {
            return Ok(private(words::job(job, self.now())));
        }
        self.parts.intake.cancel(job.spec.id, turn.origin.clone(), String::new()).await?;
        Ok(Done::silent())
    }

    async fn deeper(&self, turn: &Turn, job: &Job) -> Result<Done, Refused> {
        let depth = match job.spec.request.depth {
            Depth::Quick => Depth::Standard,
            Depth::Standard => Depth::Deep,
            Depth::Deep => return Ok(private("That was as thorough as it gets already.".to_owned())),
        };
        let mut start = Self::again(turn, job, Verb::Investigate);
        start.request.depth = depth;
        start.also.push(once(turn, "deeper", job));
        self.start(turn, start).await
    }

    async fn mute_pressed(&self, turn: &Turn, job: &Job) -> Result<Done, Refused> {
        let incident = match (job.spec.incident, job.spec.thread) {
            (Some(incident), _) => self.parts.store.incident(incident).await?,
            (None, Some(thread)) => self.parts.store.incident_of(thread).await?,
            (None, None) => None,
        };
        let Some(incident) = incident else {
            return Ok(private("There is nothing to mute: no alert started this.".to_owned()));
        };
        let what = mutes::muted(&incident);
        let cluster = job.spec.cluster.clone();
        self.muted(turn, Wanted { what, cluster, how_long: mutes::USUAL, reason: String::new() }).await
    }

    /// What someone thinks of a report; the last word counts.
    fn thought(&self, turn: &Turn, job: &Job, helpful: bool) -> Done {
        let feedback = Feedback { job: job.spec.id, by: turn.origin.actor.clone(), helpful, at: self.now() };
        let said = if helpful { "helpful" } else { "unhelpful" };
        let audit = self.pen(&turn.origin).audit("feedback", format!("job {}", job.spec.id), said.to_owned());
        let text =
            if helpful { "Thank you." } else { "Thank you; whoever looks after Midwatch sees that it did not help." };
        private(text.to_owned()).with([Write::Feedback(feedback), audit])
    }
}

fn private(text: String) -> Done {
    Done::person(Answer::text(text))
}

/// What the button needs the right to.
fn verb(action: Action) -> Verb {
    match action {
        Action::Stop => Verb::Stop,
        Action::Deeper | Action::Again => Verb::Investigate,
        Action::Evidence => Verb::Explain,
        Action::Mute => Verb::Mute,
        Action::Helpful | Action::Unhelpful => Verb::Status,
    }
}

fn once(turn: &Turn, what: &str, job: &Job) -> Write {
    Write::Once { key: format!("{what}:{}", job.spec.id), by: turn.origin.actor.user.clone() }
}

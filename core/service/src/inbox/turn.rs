//! What a handler is given and what it gives back, and how that becomes one commit.
//!
//! Must never answer one person's private matter to all, nor mark something as handled in another commit than its effects.
//! Start at [`Turn`] and [`Desk::finish`].

use jiff::Timestamp;
use midwatch_conversation::answer::{Answer, Part};

use super::Desk;
use crate::heard::Place;
use crate::id::{JobId, PostKey, ThreadId};
use crate::intake::{Hang, Pen, Refused};
use crate::job::Origin;
use crate::port::store::Write;
use crate::post::{PostBody, Private, Urgency};
use crate::thread::{Speaker, Thread};

/// Characters of an answer that are remembered.
const REMEMBERED: usize = 1_000;

/// How something was said.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// At a terminal or through the API: the caller waits for the answer.
    Caller,
    /// By a slash command.
    Slash(Place),
    /// In a message.
    Message(Place),
    /// By a button.
    Press(Place),
}

impl Way {
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Way::Caller => None,
            Way::Slash(place) | Way::Message(place) | Way::Press(place) => Some(place),
        }
    }
}

/// Something that was said, as the handlers see it.
pub(super) struct Turn {
    /// Who spoke, with the groups the platform knows.
    pub(super) origin: Origin,
    /// How, and where.
    pub(super) way: Way,
    /// The thread of ours it was said in.
    pub(super) thread: Option<Thread>,
    /// Tells this delivery apart: what it starts is started once.
    pub(super) delivery: String,
    /// The platform's handle for a private reply.
    pub(super) reply: Option<String>,
    /// The words.
    pub(super) text: String,
    /// What marks it as handled. Written in the same commit as whatever follows from it.
    pub(super) closing: Vec<Write>,
    /// What is said to who waits for a word, unless they are told something else in private.
    pub(super) owed: Option<Answer>,
}

/// Who sees an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// Whoever follows where it was said.
    Here,
    /// Only who spoke.
    Person,
}

/// What is said when it turns out that it was done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// By whom, to who spoke.
    Told,
    /// Nothing.
    Silent,
}

/// What a handler did, or wants to be done.
#[derive(Debug)]
pub(super) struct Done {
    /// What is said back, and to whom.
    pub(super) answer: Option<(To, Answer)>,
    /// What is written with it.
    pub(super) writes: Vec<Write>,
    /// The job that was handed in.
    pub(super) job: Option<JobId>,
    /// All of it is written already, the mark that it was handled, too.
    pub(super) closed: bool,
    /// What is said when one of the writes must happen once only and happened before.
    pub(super) before: Before,
}

impl Done {
    pub(super) fn silent() -> Self {
        Self { answer: None, writes: Vec::new(), job: None, closed: false, before: Before::Told }
    }

    pub(super) fn here(answer: Answer) -> Self {
        Self { answer: Some((To::Here, answer)), ..Self::silent() }
    }

    pub(super) fn person(answer: Answer) -> Self {
        Self { answer: Some((To::Person, answer)), ..Self::silent() }
    }

    /// A job was handed in, by a commit that marked all of it as handled.
    pub(super) fn started(job: JobId) -> Self {
        Self { job: Some(job), closed: true, ..Self::silent() }
    }

    pub(super) fn with(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }
}

impl Turn {
    pub(super) fn place(&self) -> Option<&Place> {
        self.way.place()
    }

    /// Where a new thread would hang: the first message of a thread that is not ours, or the message itself.
    pub(super) fn hang(&self) -> Option<Hang> {
        let place = self.place()?;
        let root = match &self.way {
            Way::Message(place) => place.root.as_ref().or(place.message.as_ref()),
            _ => place.root.as_ref(),
        };
        let (platform, channel) = (place.platform.clone(), place.channel.clone());
        root.map(|root| Hang { platform, channel, root: root.clone() })
    }

    /// Only who spoke and Midwatch are there.
    fn is_direct(&self) -> bool {
        matches!(&self.way, Way::Message(place) if place.direct)
    }
}

impl Desk {
    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(super) fn pen<'a>(&'a self, origin: &'a Origin) -> Pen<'a> {
        Pen { redactor: &self.parts.redactor, origin, now: self.now() }
    }

    /// Writes what a handler gave back, unless that was done already.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was written then.
    pub(super) async fn finish(&self, turn: &Turn, done: Done) -> Result<(), Refused> {
        if done.closed {
            return Ok(());
        }
        let mut writes = done.writes;
        let said = done.answer.map(|(to, answer)| self.said(turn, to, answer)).unwrap_or_default();
        let closing = if said.iter().any(is_private) { turn.closing.clone() } else { self.closing(turn) };
        writes.extend(said.into_iter().chain(closing));
        if !writes.is_empty() {
            self.parts.store.commit(self.now(), writes).await?;
            self.parts.signals.post_written();
        }
        Ok(())
    }

    /// What marks a turn as handled, with the word that is owed to who waits for one: where nothing else is said to them in
    /// private.
    pub(super) fn closing(&self, turn: &Turn) -> Vec<Write> {
        let owed = turn.place().zip(turn.owed.clone());
        let owed = owed.map(|(place, answer)| self.privately(turn, place, answer)).unwrap_or_default();
        owed.into_iter().chain(turn.closing.iter().cloned()).collect()
    }

    /// An answer as posts, and what is remembered of it. None for a caller, who gets it in person.
    pub(super) fn said(&self, turn: &Turn, to: To, answer: Answer) -> Vec<Write> {
        let Some(place) = turn.place() else { return Vec::new() };
        if to == To::Person && !turn.is_direct() {
            return self.privately(turn, place, answer);
        }
        let pen = self.pen(&turn.origin);
        let (mut writes, thread) = match (&turn.thread, turn.hang()) {
            (Some(thread), _) => (Vec::new(), thread.id),
            (None, Some(hang)) => {
                let thread = ThreadId::new();
                let said = pen.remember(thread, Speaker::Outside, turn.text.clone(), None);
                (vec![pen.hang_thread(thread, &hang), said], thread)
            }
            (None, None) => return self.privately(turn, place, answer),
        };
        writes.push(pen.remember(thread, Speaker::Midwatch, digest(&answer), None));
        let body = PostBody::Answer { answer, may_be_repeated: false };
        writes.push(pen.post(key(turn, "answer"), thread, Urgency::Notice, body));
        writes
    }

    /// For one person. At the top of a channel each such answer is in a thread of its own, so that none waits for another;
    /// it hangs on nothing, for a thread of others must not become ours by a word to one of them.
    fn privately(&self, turn: &Turn, place: &Place, answer: Answer) -> Vec<Write> {
        let pen = self.pen(&turn.origin);
        let mut writes = Vec::new();
        let thread = turn.thread.as_ref().map_or_else(ThreadId::new, |thread| thread.id);
        if turn.thread.is_none() {
            writes.push(pen.open_thread(thread, &place.platform, &place.channel));
        }
        let private = Private { to: turn.origin.actor.user.clone(), reply: turn.reply.clone(), answer };
        writes.push(pen.post(key(turn, "private"), thread, Urgency::Notice, PostBody::Private(private)));
        writes
    }
}

fn is_private(write: &Write) -> bool {
    matches!(write, Write::Post(post) if matches!(post.body.as_ref(), PostBody::Private(_)))
}

fn key(turn: &Turn, what: &str) -> PostKey {
    PostKey(format!("heard:{}:{what}", turn.delivery))
}

/// An answer in short: its texts, the names of the rest.
fn digest(answer: &Answer) -> String {
    let parts = answer.parts.iter().map(|part| match part {
        Part::Text { text } | Part::Code { text } => text.clone(),
        Part::Table { head, rows } => format!("[table: {}; {} rows]", head.join(", "), rows.len()),
        Part::File(file) => format!("[file: {}]", file.title),
    });
    let text = parts.collect::<Vec<_>>().join("\n");
    text.chars().take(REMEMBERED).collect()
}

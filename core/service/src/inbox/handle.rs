//! What was heard, or said to us directly: what kind of thing it is, who said it and where, and what becomes of a refusal.
//!
//! Must never act on what is not addressed to us: a word between people in a thread of ours is remembered, and answered
//! only when it surely is a question to us. Start at [`Desk::handle`].

use midwatch_conversation::answer::Answer;
use midwatch_conversation::command::{self, Command, Investigate, Parsed, Spot};
use uuid::Uuid;

use super::turn::{Before, Done, Turn, Way};
use super::{Desk, Spoke, Spoken, hearing, run, words};
use crate::heard::{Heard, Place, Said};
use crate::id::ThreadId;
use crate::intake::Refused;
use crate::job::Origin;
use crate::policy::Verb;
use crate::port::store::{DueHeard, Write};
use crate::thread::{Speaker, Thread};

impl Desk {
    /// Handles something that was heard, once: what became of it, for the figures.
    ///
    /// # Errors
    /// When it may go better at another time. It is not marked as handled then.
    pub(super) async fn handle(&self, due: &DueHeard) -> Result<&'static str, Refused> {
        let heard = due.heard.as_ref();
        let result = match &heard.said {
            Said::Command { text } => {
                let turn = self.turn(due, Way::Slash(heard.place.clone()), text).await?;
                let done = self.words(&turn).await;
                self.settle(&turn, done).await?
            }
            Said::Mention { text } => {
                let turn = self.turn(due, Way::Message(heard.place.clone()), text).await?;
                let done = self.words(&turn).await;
                self.settle(&turn, done).await?
            }
            Said::Message { text } => self.overheard(due, text).await?,
            Said::Press { button } => self.pressed(due, button).await?,
            Said::Post { post, .. } => self.posted(due, post).await?,
            Said::Unreadable { why } => self.unreadable(due, why).await?,
        };
        Ok(result)
    }

    /// Handles what the caller waits for.
    pub(super) async fn say(&self, spoken: Spoken) -> Result<Spoke, Refused> {
        let Spoken { text, origin, thread } = spoken;
        let mut text = self.parts.redactor.redact_text(&text).into_inner();
        hearing::cut(&mut text);
        let thread = match thread {
            Some(id) => Some(self.known_thread(id).await?),
            None => None,
        };
        let delivery = format!("said:{}", Uuid::now_v7().simple());
        let closing = self.remembered(&origin, thread.as_ref(), &text);
        let turn = Turn { origin, way: Way::Caller, thread, delivery, reply: None, text, closing, owed: None };
        let mut done = self.words(&turn).await?;
        let job = done.job;
        let answer = done.answer.take().map(|(_, answer)| answer);
        self.finish(&turn, done).await?;
        let answer = answer.unwrap_or_else(|| words::started(job));
        Ok(Spoke { answer: self.parts.redactor.seal(answer), job })
    }

    async fn known_thread(&self, id: ThreadId) -> Result<Thread, Refused> {
        let known = self.parts.store.thread(id).await?;
        known.ok_or_else(|| Refused::Invalid(format!("there is no thread {id}")))
    }

    /// Who spoke, and where.
    pub(super) async fn turn(&self, due: &DueHeard, way: Way, text: &str) -> Result<Turn, Refused> {
        let heard = due.heard.as_ref();
        let thread = self.thread_of(&heard.place).await?;
        let mut origin = heard.origin.clone();
        origin.actor.groups = self.groups_of(&origin.actor).await;
        let mut closing = vec![Write::Handled(due.taken.clone())];
        if !matches!(way, Way::Press(_)) {
            closing.extend(self.remembered(&origin, thread.as_ref(), text));
        }
        let owed = heard.waits.then(|| hearing::owed(heard, self.parts.settings.model));
        let (delivery, reply, text) = (heard.id.clone(), heard.reply.clone(), text.to_owned());
        Ok(Turn { origin, way, thread, delivery, reply, text, closing, owed })
    }

    /// The thread of ours that something was said in.
    async fn thread_of(&self, place: &Place) -> Result<Option<Thread>, Refused> {
        let Some(root) = &place.root else { return Ok(None) };
        Ok(self.parts.store.thread_at(&place.platform, &place.channel, root).await?)
    }

    /// What is said in our threads is remembered.
    fn remembered(&self, origin: &Origin, thread: Option<&Thread>, text: &str) -> Vec<Write> {
        let words = format!("{}: {}", origin.actor.user, hearing::whole(text).0);
        thread.map(|thread| self.pen(origin).remember(thread.id, Speaker::Outside, words, None)).into_iter().collect()
    }

    /// Words that are addressed to us.
    async fn words(&self, turn: &Turn) -> Result<Done, Refused> {
        let (text, was_cut) = hearing::whole(&turn.text);
        let talk = turn.thread.is_some() && !matches!(turn.way, Way::Slash(_));
        let spot = if talk { Spot::Thread } else { Spot::Top };
        let model = self.parts.settings.model;
        let done = match command::parse(text, spot) {
            Err(misspoken) => Done::here(misspoken.answer()),
            Ok(Parsed::Command(command)) => self.command(turn, command).await?,
            Ok(Parsed::Free(text)) if text.trim().is_empty() => Done::here(words::help(None, model)),
            Ok(Parsed::Free(text)) if turn.thread.is_some() => self.follow_up(turn, &text).await?,
            Ok(Parsed::Free(text)) => {
                self.investigate(turn, Investigate { words: vec![text], ..Investigate::default() }).await?
            }
        };
        Ok(if was_cut { words::with_cut(done) } else { done })
    }

    async fn command(&self, turn: &Turn, command: Command) -> Result<Done, Refused> {
        match command {
            Command::Investigate(asked) => self.investigate(turn, asked).await,
            Command::Ask(asked) => self.ask(turn, asked).await,
            Command::Status(of) => self.status(turn, of.of.as_deref()).await,
            Command::List(list) => self.list(turn, list.what.unwrap_or_default()).await,
            Command::Stop(stop) => self.stop(turn, stop).await,
            Command::Retry(of) => self.retry(turn, of.of.as_deref()).await,
            Command::Explain(explain) => self.explain(turn, &explain).await,
            Command::Timeline(of) => self.timeline(turn, of.of.as_deref()).await,
            Command::Mute(mute) => self.mute(turn, mute).await,
            Command::Unmute(unmute) => self.unmute(turn, unmute).await,
            Command::Pack(pack) => self.pack(turn, pack).await,
            Command::Doctor => self.doctor(turn).await,
            Command::Help(help) => Ok(Done::here(words::help(help.verb.as_deref(), self.parts.settings.model))),
        }
    }

    /// A word between people in a thread. In a thread that is not ours it is none of our business.
    async fn overheard(&self, due: &DueHeard, text: &str) -> Result<&'static str, Refused> {
        let heard: &Heard = due.heard.as_ref();
        if self.thread_of(&heard.place).await?.is_none() {
            self.parts.store.commit(self.now(), vec![Write::Handled(due.taken.clone())]).await?;
            return Ok("ignored");
        }
        let turn = self.turn(due, Way::Message(heard.place.clone()), text).await?;
        let done = match self.asked_in_passing(&turn).await {
            // Nobody asked us by name, so nobody is told what they may not.
            Err(Refused::Denied(_) | Refused::Invalid(_)) => Ok(Done::silent()),
            done => done,
        };
        self.settle(&turn, done).await
    }

    /// Writes what a handler gave back, or what its refusal is called in words.
    pub(super) async fn settle(&self, turn: &Turn, done: Result<Done, Refused>) -> Result<&'static str, Refused> {
        let (done, result) = match done {
            Ok(done) => (done, "ok"),
            Err(refused) if run::may_be_tried_again(&refused) => return Err(refused),
            Err(refused) => (refusal(&refused), words::result(&refused)),
        };
        let before = done.before;
        match self.finish(turn, done).await {
            Err(Refused::Already { by }) => {
                self.finish(turn, words::before(before, &by)).await?;
                Ok("already")
            }
            finished => finished.map(|()| result),
        }
    }

    /// Says that something could not be done, for good.
    pub(super) async fn give_up(&self, due: &DueHeard, why: &str) -> Result<(), Refused> {
        let heard = due.heard.as_ref();
        let closing = vec![Write::Handled(due.taken.clone())];
        let way = match &heard.said {
            Said::Command { .. } => Way::Slash(heard.place.clone()),
            Said::Mention { .. } => Way::Message(heard.place.clone()),
            Said::Press { .. } => Way::Press(heard.place.clone()),
            // Nobody waits for an answer.
            Said::Message { .. } | Said::Post { .. } | Said::Unreadable { .. } => Way::Caller,
        };
        if let Said::Post { .. } = &heard.said {
            self.deaf_to_posts(&heard.place, why);
        }
        let (origin, delivery, reply) = (heard.origin.clone(), heard.id.clone(), heard.reply.clone());
        let thread = self.thread_of(&heard.place).await?;
        let turn = Turn { origin, way, thread, delivery, reply, text: String::new(), closing, owed: None };
        self.finish(&turn, Done::person(words::given_up(why))).await
    }

    /// Asks the policy about a place; a denied attempt is audited.
    pub(super) async fn permit(
        &self,
        turn: &Turn,
        verb: Verb,
        cluster: Option<&str>,
        namespaces: &[String],
    ) -> Result<(), Refused> {
        self.parts.intake.permit(&turn.origin, verb, cluster, namespaces).await
    }
}

/// A refusal in words. What concerns only who spoke is told to them alone.
fn refusal(refused: &Refused) -> Done {
    let answer = Answer::text(words::sentence(&refused.to_string()));
    match refused {
        Refused::Already { by } => words::before(Before::Told, by),
        Refused::Denied(_) | Refused::TooMany { .. } => Done::person(answer),
        _ => Done::here(answer),
    }
}

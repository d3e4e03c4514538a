//! One round of all open conversations: ask, understand, read, answer.
//!
//! The conversations wait for the model at the same time, and their reads are made at the same time; everything between is
//! done in the order of the conversations, so that the same replies give the same numbers. Must never send what the gate
//! did not let pass, nor wait beyond the budget's time. Start at [`Exploration::round`].

use std::time::Duration;

use futures::future::join_all;
use midwatch_agent::Watcher;
use midwatch_agent::request::{ModelUse, StepState};
use midwatch_redact::Redacted;
use tokio::time::timeout_at;

use super::calls::{Called, Read};
use super::plan;
use super::state::Exploration;
use super::talk::{Wants, with_text};
use super::track::{End, Goal, Outcome, Track};
use super::trail::{Came, Outgoing};
use crate::budget::{Ahead, Bound, took};
use crate::ground::{self, CONCLUDE};
use crate::port::{Arguments, ChatReply, ChatRequest, Delta, Hear, Message, ModelFailure, Stop, ToolCall, Usage};
use crate::prompt::words;
use crate::shelf::Shelf;
use crate::veil::Veil;

/// Tokens that a reply is taken to have before it is known.
const REPLY: u64 = 1_000;

/// Bytes of its own words that a model is sent again: not every server heeds how long a reply may be.
const WORDS: usize = 16 * 1024;

/// Time for the gate to write down what a request took.
const WRITING: Duration = Duration::from_secs(5);

/// Requests beyond one for each conversation that are kept for the end: one that concludes them all, or another try.
const SPARE: u32 = 1;

/// Whoever hears a reply while it comes.
pub(crate) trait Listener: Sync {
    /// A request is made: what was heard before was no last word.
    fn begins(&self) {}

    /// A piece of it; what was read and what hides names are lent for the moment.
    fn heard(&self, delta: Delta<'_>, shelf: &Shelf, veil: &Veil);
}

/// Nobody.
pub(crate) struct Deaf;

impl Listener for Deaf {
    fn heard(&self, _: Delta<'_>, _: &Shelf, _: &Veil) {}
}

/// A request of a round.
struct Asking {
    /// Whose.
    track: usize,
    request: Redacted<ChatRequest>,
    /// Its place in the trail.
    place: usize,
    /// It is one of the last words.
    last: bool,
}

/// What came of it; none when the time was over first.
type Heard = Option<Result<ChatReply, ModelFailure>>;

impl Exploration<'_> {
    /// One round. Conversations that are not open stay as they are.
    pub(crate) async fn round(&mut self, tracks: &mut [Track], listener: &dyn Listener, watcher: Watcher<'_>) {
        let asking = self.ask(tracks).await;
        let replies = self.hear(&asking, listener).await;
        let mut reads = Vec::new();
        let mut called: Vec<(usize, Vec<Called>)> = Vec::new();
        for (asking, reply) in asking.iter().zip(replies) {
            let used = self.used(reply.as_ref());
            let calls = self.take_reply(&mut tracks[asking.track], asking, reply);
            self.tell_gate(asking, &used).await;
            if !calls.is_empty() {
                called
                    .push((asking.track, self.plan_calls(asking.track, &mut tracks[asking.track], calls, &mut reads)));
            }
        }
        if !called.is_empty() {
            self.tell_progress(tracks, &reads, watcher);
        }
        let results = self.make(&reads).await;
        if !reads.is_empty() {
            self.catch_up().await;
        }
        let told = self.take_results(tracks, reads, results);
        for (track, called) in called {
            self.answer_calls(&mut tracks[track], called, &told);
        }
    }

    /// Writes the requests of a round and has the gate let them pass, one after the other.
    async fn ask(&mut self, tracks: &mut [Track]) -> Vec<Asking> {
        let mut asking = Vec::new();
        let open = tracks.iter().filter(|track| track.is_open()).count();
        for index in 0..tracks.len() {
            if !tracks[index].is_open() {
                continue;
            }
            if let Some(bound) = self.spending.over() {
                tracks[index].silence(End::Bound(bound));
                continue;
            }
            let waiting = u32::try_from(open.saturating_sub(asking.len())).unwrap_or(u32::MAX);
            if let Some(bound) = self.spending.nearly(&ahead(&tracks[index], waiting, open)) {
                tracks[index].tell(End::Bound(bound));
            }
            let track = &mut tracks[index];
            let Some(wants) = track.wants() else { continue };
            let request = track.talk.request(wants);
            match self.pass(track.name, &request).await {
                Ok(place) => asking.push(Asking { track: index, request, place, last: wants != Wants::Anything }),
                Err(why) => {
                    // What holds back one holds back all.
                    tracks.iter_mut().filter(|track| track.is_open()).for_each(|track| track.silence(why.clone()));
                    return Vec::new();
                }
            }
        }
        asking
    }

    /// Asks the gate and writes down what leaves.
    async fn pass(&mut self, of: &'static str, request: &Redacted<ChatRequest>) -> Result<usize, End> {
        let outgoing = Outgoing::new(self.model.facts(), request);
        let passed = timeout_at(self.spending.until(), self.gate.pass(&outgoing.sent, request)).await;
        match passed {
            Ok(Ok(())) => {
                self.spending.request();
                Ok(self.trail.leaves(of, outgoing, request))
            }
            Ok(Err(why)) => Err(End::Held(self.redactor.redact_text(&why))),
            Err(_) => Err(End::Bound(Bound::Wall(self.spending.budget().wall))),
        }
    }

    /// What a request took.
    fn used(&self, came: Option<&Result<ChatReply, ModelFailure>>) -> ModelUse {
        let used = match came {
            Some(Ok(reply)) => took(&reply.usage, reply.price),
            Some(Err(_)) | None => took(&Usage::default(), self.model.facts().price),
        };
        ModelUse { requests: 1, ..used }
    }

    /// Tells the gate how a request ended and what it took.
    async fn tell_gate(&self, asking: &Asking, used: &ModelUse) {
        let Some(sent) = self.trail.sent(asking.place) else { return };
        // What it took is written down even when the time is over, but nobody waits for that for long.
        let _ = tokio::time::timeout(WRITING, self.gate.came(sent, used)).await;
    }

    /// Waits for all replies of a round. What is not among the last words leaves time for them.
    async fn hear(&self, asking: &[Asking], listener: &dyn Listener) -> Vec<Heard> {
        let hear = |delta: Delta<'_>| listener.heard(delta, &self.shelf, &self.veil);
        let hear: Hear<'_> = &hear;
        listener.begins();
        let replies = asking.iter().map(|asking| async move {
            let until = if asking.last { self.spending.until() } else { self.spending.research_until() };
            timeout_at(until, self.model.chat(&asking.request, hear)).await.ok()
        });
        join_all(replies).await
    }

    /// Understands what came: the calls that are to be answered, if there are any.
    fn take_reply(&mut self, track: &mut Track, asking: &Asking, came: Heard) -> Vec<ToolCall> {
        let reply = match came {
            Some(Ok(reply)) => reply,
            Some(Err(failure)) => {
                self.take_failure_of_model(track, asking, &failure);
                return Vec::new();
            }
            None => {
                let wall = Bound::Wall(self.spending.budget().wall);
                self.trail
                    .failed(asking.place, &self.redactor.redact_text("no answer within the time of the exploration"));
                let end = End::Bound(wall);
                if asking.last {
                    track.silence(end);
                } else {
                    track.tell(end);
                }
                return Vec::new();
            }
        };
        self.spending.reply(&reply.usage, reply.price);
        track.talk.measured(&reply.usage);
        if !reply.model.is_empty() {
            self.answered_by.clone_from(&reply.model);
        }
        let ChatReply { text, calls, stop, usage, carried, .. } = reply;
        let message = Message::Assistant { text: String::new(), calls: calls.clone(), carried };
        let words = self.veil.out(&self.veil.back(&text)).map(beginning);
        let message = self.redactor.seal(message).zip(words).map(with_text);
        self.trail.came(asking.place, &message, Came { stop, usage });
        match track.goal {
            Goal::Conclude => self.take_exploring(track, message, &text, calls, stop),
            Goal::Answer => take_answering(track, message, text, calls, stop),
        }
    }

    fn take_failure_of_model(&mut self, track: &mut Track, asking: &Asking, failure: &ModelFailure) {
        let why = self.redactor.redact_text(&failure.to_string());
        tracing::warn!(model = %self.model.facts().name, %why, "a request to the model failed");
        self.trail.failed(asking.place, &why);
        match failure {
            ModelFailure::TooLong(_) => track.too_long(why),
            _ => track.silence(End::Failed(why)),
        }
    }

    fn take_exploring(
        &mut self,
        track: &mut Track,
        message: Redacted<Message>,
        text: &str,
        calls: Vec<ToolCall>,
        stop: Stop,
    ) -> Vec<ToolCall> {
        let concluding = calls.iter().find(|call| call.name == CONCLUDE).map(|call| call.arguments.clone());
        let refused = match concluding {
            Some(Arguments::Given(said)) => {
                let said = self.veil.back_value(&said);
                match ground::parse(&said) {
                    Ok(conclusion) => {
                        // A whole conclusion counts, also where the reply was cut off behind it.
                        track.outcome = Outcome::Concluded(Box::new(conclusion), said);
                        return Vec::new();
                    }
                    Err(why) => Some(why),
                }
            }
            Some(Arguments::Broken(_)) => Some(words::BROKEN_ARGUMENTS.to_owned()),
            None => None,
        };
        if !is_usable(track, text, &calls, stop) {
            return Vec::new();
        }
        track.talk.next_round();
        track.talk.say(message);
        match refused {
            Some(why) => self.refuse_conclusion(track, calls, &why),
            None if calls.is_empty() => track.prose(),
            None => return calls,
        }
        Vec::new()
    }

    fn tell_progress(&self, tracks: &[Track], reads: &[Read], watcher: Watcher<'_>) {
        let counts = tracks.iter().map(|track| track.plan.count());
        let calls = reads.iter().map(|read| (read.name.as_str(), &read.arguments));
        self.say(watcher, StepState::InProgress, plan::progress(counts, calls, &self.known));
    }
}

/// What has to be borne: the rest of this round, then the last words.
fn ahead(track: &Track, waiting: u32, open: usize) -> Ahead {
    let input = u64::try_from(track.talk.tokens()).unwrap_or(u64::MAX / 4);
    let reserve = u32::try_from(open).unwrap_or(u32::MAX).saturating_add(SPARE);
    Ahead { round: waiting, reserve, each: Usage { input, output: REPLY, ..Usage::default() } }
}

/// A reply of one that is to answer in words.
fn take_answering(
    track: &mut Track,
    message: Redacted<Message>,
    text: String,
    calls: Vec<ToolCall>,
    stop: Stop,
) -> Vec<ToolCall> {
    let spoke = calls.is_empty() && !text.trim().is_empty() && stop != Stop::Filtered;
    // Half an answer, where a shorter one may be whole; of the last words half is better than none.
    if spoke && (stop == Stop::End || track.is_ending()) {
        track.outcome = Outcome::Spoke(text);
        return Vec::new();
    }
    if !is_usable(track, &text, &calls, stop) {
        return Vec::new();
    }
    track.talk.next_round();
    track.talk.say(message);
    calls
}

/// The beginning of its own words, which it is sent again. They were redacted before they are cut.
#[expect(clippy::ptr_arg, reason = "it maps a redacted `String`")]
fn beginning(words: &String) -> String {
    words[..words.floor_char_boundary(WORDS)].to_owned()
}

/// Whether a reply says something; says so to the model when it does not.
fn is_usable(track: &mut Track, text: &str, calls: &[ToolCall], stop: Stop) -> bool {
    match stop {
        Stop::Length => track.bad_reply("cut off at their length", words::CUT_OFF),
        Stop::Filtered => track.bad_reply("withheld by the provider's filter", words::FILTERED),
        Stop::End if calls.is_empty() && text.trim().is_empty() => track.bad_reply("empty", words::EMPTY),
        Stop::End => {
            track.came();
            return true;
        }
    }
    false
}

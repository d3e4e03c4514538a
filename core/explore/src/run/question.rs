//! A question of a thread: one conversation that ends in words, heard while it is said.
//!
//! Must never show a sentence before it was checked, nor a name as the provider wrote it. Start at [`answer`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use midwatch_conversation::answer::Answer;
use midwatch_redact::Redacted;
use tokio::time::Instant;

use super::round::Listener;
use super::state::Exploration;
use super::track::{End, Goal, Outcome, Track};
use super::{Answered, Asked, Brief, Explorer};
use crate::ground::Speech;
use crate::port::Delta;
use crate::prompt::{case, system};
use crate::shelf::Shelf;
use crate::veil::Veil;

/// Time between two revisions of the message: each is an edit on a platform, and its limiter has others to serve.
const BETWEEN: Duration = Duration::from_millis(700);

/// Whoever is told an answer as far as it stands.
type Hear<'a> = &'a (dyn Fn(Redacted<Answer>) + Send + Sync);

/// See [`super::answer`].
pub(super) async fn answer(
    explorer: &Explorer,
    asked: Asked<'_>,
    question: &str,
    memory: &[String],
    brief: &Brief,
    hear: Hear<'_>,
) -> Answered {
    let mut exploration = Exploration::new(explorer, &asked, brief);
    memory.iter().map(String::as_str).chain([question]).for_each(|text| exploration.veil.learn_text(text));
    let veil = &exploration.veil;
    let prefix = system::answering(&brief.instructions, veil);
    let report = asked.report.map(AsRef::as_ref);
    let opening = case::of_report(report, asked.request, veil, exploration.case_cap());
    let opening = case::memory(opening, memory, veil).ours("\nThe question:\n").data("question", question, veil).told();
    let mut tracks = [exploration.track("answer", Goal::Answer, &prefix, vec![opening])];
    let speech = || asked.report.map_or_else(Speech::new, Speech::about);
    let listener = Stream::new(hear, speech());
    while tracks[0].is_open() {
        exploration.round(&mut tracks, &listener, &|_| ()).await;
    }
    let [track] = tracks;
    let Ended { answer, failed, stands } = ended(&exploration, track, listener, speech());
    let (spent, _) = exploration.spent();
    Answered { answer, stands, failed, spent }
}

/// What came of a question.
struct Ended {
    answer: Option<Redacted<Answer>>,
    failed: Option<Redacted<String>>,
    stands: bool,
}

/// What came of it: the answer, or why there is none; both where the model failed while it spoke.
fn ended(exploration: &Exploration<'_>, track: Track, listener: Stream<'_>, mut speech: Speech) -> Ended {
    let shelf = &exploration.shelf;
    let Outcome::Spoke(text) = track.outcome else {
        let why = track.end.as_ref().map_or_else(|| "the model gave no answer".to_owned(), End::to_string);
        let answer = listener.so_far(shelf);
        let stands = answer.is_some();
        return Ended { answer, failed: Some(exploration.redactor.redact_text(&why)), stands };
    };
    speech.push(&exploration.veil.back(&text), shelf);
    speech.finish(shelf);
    let answer = (!speech.is_not_asked()).then(|| speech.answer(shelf));
    Ended { answer, failed: None, stands: !speech.is_empty() }
}

/// Checks and passes on what is heard.
struct Stream<'a> {
    hear: Hear<'a>,
    voice: Mutex<Voice>,
}

struct Voice {
    speech: Speech,
    /// What was heard since the last blank: half a word may be half a placeholder of a name.
    rest: String,
    told: Option<Instant>,
}

impl<'a> Stream<'a> {
    fn new(hear: Hear<'a>, speech: Speech) -> Self {
        Self { hear, voice: Mutex::new(Voice { speech, rest: String::new(), told: None }) }
    }

    /// What was said in whole sentences before it broke off.
    fn so_far(self, shelf: &Shelf) -> Option<Redacted<Answer>> {
        let voice = self.voice.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!voice.speech.is_empty()).then(|| voice.speech.answer(shelf))
    }
}

impl Listener for Stream<'_> {
    fn heard(&self, delta: Delta<'_>, shelf: &Shelf, veil: &Veil) {
        let mut voice = self.voice.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = voice.heard(delta, shelf, veil) {
            drop(voice);
            (self.hear)(answer);
        }
    }

    fn begins(&self) {
        self.voice.lock().unwrap_or_else(PoisonError::into_inner).again();
    }
}

impl Voice {
    /// The answer, when it grew and it is time to show it.
    fn heard(&mut self, delta: Delta<'_>, shelf: &Shelf, veil: &Veil) -> Option<Redacted<Answer>> {
        let Delta::Text(text) = delta else {
            self.again();
            return None;
        };
        self.rest.push_str(text);
        let whole = self.rest.rfind(char::is_whitespace).map_or(0, |at| self.rest.ceil_char_boundary(at + 1));
        let rest = self.rest.split_off(whole);
        let whole = std::mem::replace(&mut self.rest, rest);
        if whole.is_empty() || !self.speech.push(&veil.back(&whole), shelf) {
            return None;
        }
        let is_early = self.told.is_some_and(|told| told.elapsed() < BETWEEN);
        (!is_early).then(|| {
            self.told = Some(Instant::now());
            self.speech.answer(shelf)
        })
    }

    /// What was heard is void.
    fn again(&mut self) {
        self.speech.again();
        self.rest.clear();
    }
}

//! One conversation with a goal: what it slipped on, when it is told to end, how it ended.
//!
//! Must never go on for good: each kind of slip is counted, and each count ends it. Start at [`Track::wants`].

use std::fmt;

use midwatch_redact::Redacted;
use serde_json::Value;

use super::plan::Plan;
use super::repeats;
use super::talk::{Talk, Wants};
use crate::budget::Bound;
use crate::ground::{CONCLUDE, Conclusion};
use crate::port::Message;
use crate::prompt::words;

/// Requests that one which was told to end has left.
const LAST_WORDS: u32 = 2;

/// Calls that could not be understood, until it is told to end.
const MISTAKES: u32 = 5;

/// Calls that were asked before, until it is told to end.
const REPEATS: u32 = 3;

/// Replies in a row that were empty, cut off or withheld, until it ends.
const BAD_REPLIES: u32 = 3;

/// Times in a row that it neither calls nor concludes, until it is told to end.
const PROSE: u32 = 2;

/// Times that a conversation is shortened because the provider says that it is too long.
const TOO_LONG: u32 = 2;

/// What a conversation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A call of `conclude`.
    Conclude,
    /// Words to a person.
    Answer,
}

/// How a conversation ended, or that it did not yet.
pub(crate) enum Outcome {
    Open,
    /// With the conclusion, and with it as it was written, names as they are.
    Concluded(Box<Conclusion>, Value),
    /// With words, names still masked.
    Spoke(String),
    /// Without its last word.
    Silent,
}

/// Why a conversation was ended before its own end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Bound(Bound),
    Circles,
    Mistakes,
    Prose,
    BadReplies(&'static str),
    /// The model failed; its words are redacted.
    Failed(Redacted<String>),
    /// The gate did not let a request pass.
    Held(Redacted<String>),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Bound(bound) => write!(f, "{bound} came to its end"),
            End::Circles => f.write_str("it asked for the same again and again"),
            End::Mistakes => f.write_str("too many of its calls could not be understood"),
            End::Prose => f.write_str("it did not come to a conclusion by itself"),
            End::BadReplies(which) => write!(f, "its replies were {which}"),
            End::Failed(why) | End::Held(why) => write!(f, "{why}"),
        }
    }
}

#[derive(Default)]
struct Slips {
    mistakes: u32,
    repeats: u32,
    bad_replies: u32,
    prose: u32,
    too_long: u32,
    idle: u32,
}

/// One conversation.
pub(crate) struct Track {
    /// What the transcript calls it.
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    pub(crate) talk: Talk,
    pub(crate) plan: Plan,
    pub(crate) outcome: Outcome,
    /// Why it was told to end, or was ended.
    pub(crate) end: Option<End>,
    last_words: u32,
    only_conclude: bool,
    rounds: Vec<String>,
    slips: Slips,
}

impl Track {
    pub(crate) fn new(name: &'static str, goal: Goal, talk: Talk) -> Self {
        Self {
            name,
            goal,
            talk,
            plan: Plan::default(),
            outcome: Outcome::Open,
            end: None,
            last_words: 0,
            only_conclude: false,
            rounds: Vec::new(),
            slips: Slips::default(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Open)
    }

    /// Whether nothing but its last word is heard.
    pub(crate) fn is_ending(&self) -> bool {
        self.only_conclude || self.end.is_some()
    }

    /// Has it do nothing but conclude, from its beginning. That is no early end.
    pub(crate) fn only_conclude(&mut self) {
        self.only_conclude = true;
    }

    /// What the next request lets it do; none when it had its last words.
    pub(crate) fn wants(&mut self) -> Option<Wants> {
        if !self.is_ending() {
            return Some(Wants::Anything);
        }
        if self.last_words == LAST_WORDS {
            self.silence(End::Prose);
            return None;
        }
        self.last_words += 1;
        Some(match self.goal {
            Goal::Conclude => Wants::Call(CONCLUDE),
            Goal::Answer => Wants::Words,
        })
    }

    /// Tells it, once, to end.
    pub(crate) fn tell(&mut self, why: End) {
        if self.is_ending() {
            return;
        }
        let words = match (self.goal, &why) {
            (Goal::Conclude, End::Bound(_)) => words::CONCLUDE_NOW,
            (Goal::Answer, End::Bound(_)) => words::ANSWER_NOW,
            (Goal::Conclude, _) => words::STOP_CONCLUDE,
            (Goal::Answer, _) => words::STOP_ANSWER,
        };
        self.end = Some(why);
        self.say(words);
    }

    /// Ends it without its last word. Why it was told to end before says more than why it then did not.
    pub(crate) fn silence(&mut self, why: End) {
        self.end.get_or_insert(why);
        self.outcome = Outcome::Silent;
    }

    /// Says something to it.
    pub(crate) fn say(&mut self, words: &'static str) {
        self.talk.say(Redacted::fixed(words).map(|text| Message::User { text: text.clone() }));
    }

    /// A reply that can be used came.
    pub(crate) fn came(&mut self) {
        self.slips.bad_replies = 0;
    }

    /// A reply that cannot be used: says so to it, or ends it.
    pub(crate) fn bad_reply(&mut self, which: &'static str, words: &'static str) {
        self.slips.bad_replies += 1;
        if self.slips.bad_replies >= BAD_REPLIES {
            self.silence(End::BadReplies(which));
        } else {
            self.say(words);
        }
    }

    /// Words where a call was due.
    pub(crate) fn prose(&mut self) {
        self.slips.prose += 1;
        if self.slips.prose >= PROSE && !self.is_ending() {
            self.tell(End::Prose);
        } else {
            self.say(words::ONLY_CONCLUDE);
        }
    }

    /// The provider finds it too long: shortens it, or ends it.
    pub(crate) fn too_long(&mut self, why: Redacted<String>) {
        self.slips.too_long += 1;
        if self.slips.too_long > TOO_LONG {
            self.silence(End::Failed(why));
        } else {
            self.talk.too_long();
        }
    }

    pub(crate) fn mistake(&mut self) {
        self.slips.mistakes += 1;
    }

    pub(crate) fn repeat(&mut self) {
        self.slips.repeats += 1;
    }

    /// A round of calls was answered; `calls` in the form in which calls are compared, none when nothing was asked for.
    pub(crate) fn round_done(&mut self, calls: Option<String>) {
        self.slips.prose = 0;
        match calls {
            Some(calls) => {
                self.slips.idle = 0;
                self.rounds.push(calls);
            }
            None => self.slips.idle += 1,
        }
        if repeats::to_and_fro(&self.rounds) {
            self.rounds.clear();
            self.repeat();
            self.say(words::TO_AND_FRO);
        }
        if self.slips.repeats >= REPEATS || self.slips.idle >= REPEATS {
            self.tell(End::Circles);
        } else if self.slips.mistakes >= MISTAKES {
            self.tell(End::Mistakes);
        }
    }
}

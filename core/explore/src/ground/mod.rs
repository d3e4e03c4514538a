//! (Stand-in until the checker is merged.)
mod conclusion;
mod parse;
pub use conclusion::{CONCLUDE, Conclusion, spec};
pub use parse::parse;

use crate::shelf::Shelf;
use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::report::{Cited, Heard, Opinion, Report, Says};
use midwatch_redact::{Redacted, Redactor};

/// Stand-in.
pub const NOT_ASKED: &str = "NOT_ASKED";

/// Stand-in.
pub fn opinion(by: &str, said: &Conclusion, _: &Shelf, _: &Redacted<Report>, cut: Option<&str>) -> Redacted<Opinion> {
    let root_cause = said.root_cause.as_ref().map(|s| Cited {
        text: s.text.clone(),
        evidence: s.evidence.iter().filter_map(|id| id.parse().ok()).collect(),
    });
    let says = Says { cut_short: cut.map(str::to_owned), root_cause, ..Says::default() };
    Redactor::default().seal(Opinion { by: by.to_owned(), heard: Heard::Said(Box::new(says)), pieces: Default::default() })
}

/// Stand-in.
pub fn nothing(by: &str, why: &str, redactor: &Redactor) -> Redacted<Opinion> {
    redactor.seal(Opinion { by: by.to_owned(), heard: Heard::Nothing { why: why.to_owned() }, pieces: Default::default() })
}

/// Stand-in.
#[derive(Default)]
pub struct Speech(String);

impl Speech {
    /// Stand-in.
    pub fn new() -> Self {
        Self::default()
    }
    /// Stand-in.
    pub fn push(&mut self, delta: &str, _: &Shelf) -> bool {
        self.0.push_str(delta);
        delta.contains('.')
    }
    /// Stand-in.
    pub fn again(&mut self) {
        self.0.clear();
    }
    /// Stand-in.
    pub fn finish(&mut self, _: &Shelf) {}
    /// Stand-in.
    pub fn answer(&self, _: &Shelf) -> Redacted<Answer> {
        Redactor::default().seal(Answer::text(self.0.clone()))
    }
}

//! The conversation: who posts what, in order.

use std::io::{self, Write};
use std::time::Duration;

use midwatch_agent::request::{Plan, Progress, RunFacts, StepState};
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;

use crate::living::{self, Living};
use crate::look::{Look, Motion};
use crate::opening::{self, Opening};
use crate::{plan, report};

/// How quickly posts follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As they come.
    #[default]
    Full,
    /// Slow enough to be watched: a pause after each step that is done. Only where a message is edited in place.
    Watchable(Duration),
}

/// A thread in a terminal.
///
/// After a write has failed (the reader closed the pipe) nothing more is written; [`Console::failure`] tells.
pub struct Console<W> {
    out: W,
    look: Look,
    pace: Pace,
    living: Living,
    /// Lines of the living message that stand on the terminal.
    shown: usize,
    failure: Option<io::Error>,
}

impl<W: Write> Console<W> {
    /// Opens it.
    pub fn new(out: W, look: Look, pace: Pace) -> Self {
        Self { out, look, pace, living: Living::default(), shown: 0, failure: None }
    }

    /// Posts what started the thread.
    pub fn open(&mut self, opening: &Redacted<Opening>) {
        let text = opening.map_with(self.look, opening::render);
        self.write(&text);
    }

    /// Shows how far the investigation is, as the look has it.
    pub fn progress(&mut self, progress: &Redacted<Progress>) {
        let changed = self.living.take(progress);
        match self.look.motion {
            Motion::Edit if changed => {
                let back = if self.shown > 0 { format!("\x1b[{}A\x1b[J", self.shown) } else { String::new() };
                let text = self.living.render(self.look);
                self.shown = text.lines().count();
                self.write(&format!("{back}{text}"));
                self.pause(progress.state);
            }
            Motion::Append if changed && progress.state != StepState::InProgress => {
                let text = progress.map_with(self.look, living::line);
                self.write(&text);
            }
            _ => {}
        }
    }

    /// Ends the living message: what was not shown yet is shown in its final state.
    fn settle(&mut self) {
        if self.look.motion == Motion::Final && !self.living.is_empty() {
            self.write(&self.living.render(self.look));
        }
    }

    /// Posts the report, with a footer about the run.
    pub fn report(&mut self, report: &Redacted<Report>, run: RunFacts) {
        self.settle();
        let text = report.map_with((self.look, run), report::render);
        self.write(&text);
    }

    /// Posts a plan.
    pub fn plan(&mut self, plan: &Redacted<Plan>) {
        let text = plan.map_with(self.look, plan::render);
        self.write(&text);
    }

    /// Posts a note of the program itself, a paragraph for each.
    pub fn note(&mut self, notes: &Redacted<Vec<String>>) {
        let text = notes.map_with(self.look, report::notes);
        self.write(&text);
    }

    /// What went wrong with writing, if anything did.
    pub fn failure(self) -> io::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).err();
        }
    }

    fn pause(&self, state: StepState) {
        if let (Pace::Watchable(time), StepState::Complete | StepState::Partial) = (self.pace, state) {
            std::thread::sleep(time);
        }
    }
}

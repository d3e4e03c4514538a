//! The living message: the steps and how far each is.
//!
//! Must never grow: on a terminal it is edited in place, so it has one line for each step, cut at the width.

use midwatch_agent::request::{Progress, Step, StepState};
use midwatch_redact::Redacted;

use crate::look::Look;
use crate::page::{Ink, Page};

/// The steps so far.
#[derive(Debug, Default)]
pub(crate) struct Living {
    steps: Vec<Redacted<Progress>>,
}

impl Living {
    /// Takes news of a step; whether anything changed.
    pub(crate) fn take(&mut self, progress: &Redacted<Progress>) -> bool {
        match self.steps.iter_mut().find(|known| known.step == progress.step) {
            Some(known) if known == progress => return false,
            Some(known) => *known = progress.clone(),
            None => self.steps.push(progress.clone()),
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The whole message.
    pub(crate) fn render(&self, look: Look) -> String {
        let rows: Vec<Redacted<Progress>> = self.steps.clone();
        Redacted::gather(rows)
            .map_with(look, |look, steps| {
                let mut page = Page::new(look);
                for step in Step::shown(steps) {
                    row(&mut page, step, steps.iter().find(|known| known.step == step));
                }
                page.finish()
            })
            .into_inner()
    }
}

/// One step as a line.
pub(crate) fn line(look: Look, progress: &Progress) -> String {
    let mut page = Page::new(look);
    row(&mut page, progress.step, Some(progress));
    page.finish()
}

fn row(page: &mut Page, step: Step, known: Option<&Progress>) {
    page.gutter(if page.is_narrow() { " |  " } else { " |             " });
    let (mark, ink) = match known.map(|known| known.state) {
        Some(StepState::Complete) => ("[done]  ", Ink::Good),
        Some(StepState::Partial) => ("[part]  ", Ink::Open),
        Some(StepState::InProgress) => ("[now]   ", Ink::Strong),
        None => ("[next]  ", Ink::Faint),
    };
    let finished = known.filter(|k| k.state != StepState::InProgress && !k.text.is_empty());
    page.cut(mark, ink, finished.map_or(step.title(), |known| &known.text));
}

//! The sections of a long message, and which of them fit.
//!
//! Must never cut inside a section: each is given in several forms, and one of them is shown whole or none. Pure. Start at
//! [`Sections::onto`].

use std::borrow::Cow;

use midwatch_agent::render::clean;

use super::escape;
use super::page::{Page, length};

/// Characters of one section at most, so that none takes all the room, and each fits into a description.
const SECTION_CAP: usize = 2_800;

/// Characters between two sections: an empty line.
const GAP: usize = 2;

/// A section.
struct Section {
    /// How soon it is shortened or left out: the largest goes first.
    rank: u8,
    /// From the longest to the shortest.
    forms: Vec<String>,
}

/// The sections of a message in the order of reading, and whether all of it is in them.
#[derive(Default)]
pub(super) struct Sections {
    all: Vec<Section>,
    /// Something is not in them, or only a part of it.
    pub(super) cut: bool,
}

impl Sections {
    /// A section in its forms, as markup, from the longest to the shortest. Nothing without a form, or with an empty one.
    pub(super) fn put(&mut self, rank: u8, forms: Vec<String>) {
        if forms.iter().any(|form| !form.is_empty()) {
            self.all.push(Section { rank, forms });
        }
    }

    /// A text that may be cut; then it is known that something is. Not escaped yet.
    pub(super) fn short(&mut self, text: &str, cap: usize) -> String {
        let text = clean::line(text.trim());
        let short = clean::shorten(&text, cap);
        self.cut |= matches!(short, Cow::Owned(_));
        short.into_owned()
    }

    /// The same as markup on a line, in which `ticks` mean code: sentences of ours quote logs and commands so.
    pub(super) fn line(&mut self, text: &str, cap: usize) -> String {
        escape::with_ticks(&self.short(text, cap))
    }

    /// What fits, in the order of reading, so that so many characters stay free; false when something had to go.
    pub(super) fn onto(self, page: &mut Page, kept: usize) -> bool {
        let mut room = page.room().saturating_sub(kept + GAP);
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|at| self.all[*at].rank);
        let mut chosen: Vec<Option<&String>> = vec![None; self.all.len()];
        let mut whole = !self.cut;
        for at in order {
            let forms = &self.all[at].forms;
            let fits = |form: &&String| length(form) <= SECTION_CAP && length(form) + GAP <= room;
            chosen[at] = forms.iter().find(fits);
            room = room.saturating_sub(chosen[at].map_or(0, |form| length(form) + GAP));
            whole &= chosen[at] == forms.first();
        }
        // Each fits alone and all do together; that they do in order is what `Page` sees to by beginning another embed.
        chosen.into_iter().flatten().fold(whole, |whole, form| page.add(form) && whole)
    }
}

//! The list of evidence: what every claim's number stands for, and the command that shows it again.

use std::collections::BTreeMap;

use midwatch_agent::render::{clean, kind_of, when};
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{EvidenceId, Report};

use crate::page::{Ink, Page, Text};
use crate::report::Section;

/// Characters shown of one piece; the page and the JSON have all.
const SHOWN: usize = 240;

/// Every piece in the order of its number. A command that shows several pieces is told once.
pub(crate) fn render(page: &mut Page, report: &Report) {
    let mut section = Section::new(page, "Evidence");
    let mut told: BTreeMap<&str, EvidenceId> = BTreeMap::new();
    for (id, piece) in report.ledger.iter() {
        let known = told.get(piece.command.as_str());
        let same = known.map(|first| format!(" (same command as {first})")).unwrap_or_default();
        section.para(&format!("{:<5}", id.to_string()), &line(piece).with(Ink::Faint, &same));
        if known.is_none() {
            section.command(5, &piece.command);
            told.insert(&piece.command, id);
        }
    }
}

fn line(piece: &Evidence) -> Text {
    let said = clean::shorten(piece.text(), SHOWN);
    let text = Text::new(Ink::Strong, kind_of(piece));
    match &piece.excerpt {
        Excerpt::Event { reason, count, .. } => {
            let times = if *count > 1 { format!(" x{count}") } else { String::new() };
            text.with(Ink::Plain, &format!(" {reason}{times} {}: {said}", piece.about))
        }
        Excerpt::Log { number, previous, at, .. } => {
            let run = if *previous { " (previous run)" } else { "" };
            let at = at.map(|at| format!(" {}", when(at).get(11..).unwrap_or_default())).unwrap_or_default();
            text.with(Ink::Plain, &format!(" {}{run} line {number}{at}: {said}", piece.about))
        }
        Excerpt::Metric { at, .. } => {
            let at = when(*at);
            text.with(Ink::Plain, &format!(" {} {}: {said}", piece.about, at.get(11..).unwrap_or_default()))
        }
        Excerpt::Answer { tool, .. } => text.with(Ink::Plain, &format!(" {} {tool}: {said}", piece.about)),
        Excerpt::Object(_) => text.with(Ink::Plain, &format!(" {}: {said}", piece.about)),
        Excerpt::Absence(_) => text.with(Ink::Plain, &format!(" {said}")),
    }
}

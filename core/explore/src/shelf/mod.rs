//! The shelf: what was read, whole and redacted, under the numbers that claims cite.
//!
//! A model sees of a large result its head and its tail ([`Shelf::shown`]) and reads on by number ([`Shelf::read`]); what a
//! claim stands on is found again line by line ([`Shelf::piece`]). Must never hold, show or give anything that did not pass
//! the redactor, nor leave unsaid that something was not kept. Start at [`Shelf::put`].

use midwatch_agent::followup;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{EvidenceId, Report};
use midwatch_redact::{Redact as _, Redacted, Redactor};

use crate::tool::{ToolError, ToolResult};

mod asked;
mod piece;
mod show;
mod store;
#[cfg(test)]
mod tests;

pub use asked::{NAME, Wanted, parse, spec};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of one result.
    pub each: usize,
    /// Bytes of all results together. When it is used up, a small part of each further result is kept all the same.
    pub total: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { each: 8 * 1024 * 1024, total: 64 * 1024 * 1024 }
    }
}

/// Of a result that comes when there is no room left, this much is kept all the same: a model that was told nothing would
/// only ask again.
const FLOOR: usize = 16 * 1024;

/// What was read, by number.
#[derive(Clone, Debug)]
pub struct Shelf {
    items: Vec<Item>,
    redactor: Redactor,
    room: Room,
    held: usize,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number.
    pub id: EvidenceId,
    /// Which tool gave it; `report` for what the rules cite.
    pub tool: String,
    /// What it is, in a line.
    pub summary: Redacted<String>,
    /// All of it, as far as it is kept. Lines are at most 2,000 bytes long: longer ones were broken.
    pub text: Redacted<String>,
    /// What it is about, when that is one thing.
    pub about: Option<EntityRef>,
    /// The command that shows the same; empty when there is none.
    pub command: Redacted<String>,
    /// Objects that it names.
    pub names: Vec<EntityRef>,
    /// The rules cite it: it is part of the report.
    pub of_report: bool,
    /// It was read after the report was made, and may speak against it. What only repeats the report or works something out
    /// may not.
    pub is_reading: bool,
    /// What of it was not kept.
    pub beyond: Beyond,
}

/// What of a result was not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Lines.
    pub lines: usize,
    /// Bytes.
    pub bytes: usize,
}

impl Shelf {
    /// A shelf on which the evidence of a report stands first, under its own numbers.
    pub fn new(report: Option<&Redacted<Report>>, redactor: Redactor) -> Self {
        Self::with_room(report, redactor, Room::default())
    }

    /// The same with other bounds.
    pub fn with_room(report: Option<&Redacted<Report>>, redactor: Redactor, room: Room) -> Self {
        let items = report.map(of_report).unwrap_or_default();
        Self { items, redactor, room, held: 0 }
    }

    /// Puts a result on the shelf and gives its number.
    pub fn put(&mut self, tool: &str, result: ToolResult) -> EvidenceId {
        self.place(tool, result, true)
    }

    /// The same of a result for which nothing was read: it repeats the report, or works something out.
    pub fn put_aside(&mut self, tool: &str, result: ToolResult) -> EvidenceId {
        self.place(tool, result, false)
    }

    fn place(&mut self, tool: &str, result: ToolResult, is_reading: bool) -> EvidenceId {
        let ToolResult { summary, text, mut about, command, mut names, .. } = result;
        about.redact(&self.redactor);
        names.redact(&self.redactor);
        let room = self.room.total.saturating_sub(self.held).max(FLOOR).min(self.room.each);
        let (text, beyond) = store::kept(&self.redactor, &text, room);
        self.held += text.len();
        let id = EvidenceId::at(self.items.len());
        self.items.push(Item {
            id,
            tool: tool.to_owned(),
            summary: self.redactor.redact_text(&summary),
            text,
            about,
            command: self.redactor.redact_text(&command),
            names,
            of_report: false,
            is_reading,
            beyond,
        });
        id
    }

    /// What hides secrets in what is put here.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Hides secrets with this in what is put here from now on: one that learned more.
    pub(crate) fn hide_with(&mut self, redactor: Redactor) {
        self.redactor = redactor;
    }

    /// One result.
    pub fn item(&self, id: EvidenceId) -> Option<&Item> {
        // The numbers are those of the order.
        self.items.iter().find(|item| item.id == id)
    }

    /// All results, in the order of their numbers.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What a model is shown of a result: its summary, then all of it where that fits into so many bytes, else head and tail
    /// with what was left out between them and how to read it. Empty for a number that is not there.
    pub fn shown(&self, id: EvidenceId, cap: usize) -> Redacted<String> {
        let Some(item) = self.item(id) else { return Redacted::default() };
        let body = item.text.map_with((id, cap, item.beyond), show::shown);
        item.summary.clone().zip(body).map(|(summary, body)| match (summary.is_empty(), body.is_empty()) {
            (_, true) => summary.clone(),
            _ if summary == body => summary.clone(),
            (true, false) => body.clone(),
            (false, false) => format!("{summary}\n{body}"),
        })
    }

    /// Reads on in a result.
    ///
    /// # Errors
    /// When there is no such number or no such line; says what there is.
    pub fn read(&self, id: EvidenceId, wanted: &Wanted) -> Result<Redacted<String>, ToolError> {
        let item = self.item(id).ok_or_else(|| self.unknown(id))?;
        match wanted {
            Wanted::Lines { from, to } => {
                let (from, to) = show::range(&item.text, *from, *to)?;
                Ok(item.text.map_with((from, to, item.beyond), show::lines))
            }
            Wanted::Grep { words } if words.trim().is_empty() => {
                Err(ToolError::Arguments("say which words".to_owned()))
            }
            Wanted::Grep { words } => {
                Ok(item.text.clone().zip(self.redactor.redact_text(words)).map_with(item.beyond, show::grep))
            }
        }
    }

    /// The lines of a result that a claim stands on, as evidence for a report. None for what the report holds already, and
    /// for a number that is not there.
    pub fn piece(&self, id: EvidenceId, claim: &str) -> Option<Evidence> {
        let item = self.item(id).filter(|item| !item.of_report)?;
        let about = item.about.clone().or_else(|| item.names.first().cloned());
        let about = about.unwrap_or_else(|| piece::about_tool(&item.tool));
        let text = piece::lines(&item.summary, &item.text, claim);
        let excerpt = Excerpt::Answer { tool: item.tool.clone(), text };
        Some(Evidence { about, excerpt, command: item.command.to_string() })
    }

    fn unknown(&self, id: EvidenceId) -> ToolError {
        ToolError::Arguments(match self.items.last() {
            Some(last) => format!("there is no evidence {id}; there is e1 to {}", last.id),
            None => format!("there is no evidence {id}; nothing was read yet"),
        })
    }
}

/// What the rules cite, as items.
fn of_report(report: &Redacted<Report>) -> Vec<Item> {
    let piece = |(id, piece): (EvidenceId, &Evidence)| Item {
        id,
        tool: "report".to_owned(),
        summary: report.map_with(id, |id, report| report.ledger.get(id).map(followup::title).unwrap_or_default()),
        text: report.map_with(id, |id, report| report.ledger.get(id).map(|e| e.text().to_owned()).unwrap_or_default()),
        about: Some(piece.about.clone()),
        command: report.map_with(id, |id, report| report.ledger.get(id).map(|e| e.command.clone()).unwrap_or_default()),
        names: vec![piece.about.clone()],
        of_report: true,
        is_reading: false,
        beyond: Beyond::default(),
    };
    report.ledger.iter().map(piece).collect()
}

//! One sentence of a model against what it cites.
//!
//! Must never let a sentence pass that cites nothing, or what is not there. What evidence carries is its own text, its
//! summary, what it is about, and what the report says on it; lines of it that give orders carry nothing. Start at [`check`].

use midwatch_diagnosis::report::EvidenceId;

use super::contradict;
use super::moments;
use super::names::{self, Seen};
use super::numbers;
use super::orders;
use super::quotes;
use super::told::Told;
use crate::prompt::mark;
use crate::shelf::{Item, Shelf};

/// Bytes of what one sentence cites that are compared whole; of more only the lines that share a word with the sentence.
const WHOLE: usize = 256 * 1024;

/// Characters of one sentence.
const SENTENCE: usize = 700;

/// Why a sentence is left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("says nothing")]
    Empty,
    #[error("is too long")]
    Long,
    #[error("cites nothing")]
    Uncited,
    #[error("cites `{0}`, which is not there")]
    Unknown(String),
    #[error("quotes `{0}`, which is not in what it cites")]
    Quote(String),
    #[error("says `{0}`, which is not in what it cites")]
    Number(String),
    #[error("names `{0}`, which is not in what it cites")]
    Name(String),
    #[error("denies what it cites")]
    Denies,
    /// All else is right.
    #[error("denies what was found: {0}")]
    DeniesFinding(String),
}

/// What sentences are held against.
pub(super) struct Grounds<'a> {
    shelf: &'a Shelf,
    told: &'a Told,
    known: Vec<String>,
}

impl<'a> Grounds<'a> {
    pub(super) fn new(shelf: &'a Shelf, told: &'a Told) -> Self {
        let on_shelf = shelf.items().iter().flat_map(|item| item.names.iter().chain(&item.about));
        let mut known: Vec<String> = on_shelf.chain(&told.objects).map(|object| object.name.to_lowercase()).collect();
        known.sort_unstable();
        known.dedup();
        Self { shelf, told, known }
    }

    /// The numbers that a sentence cites, all of them on the shelf.
    pub(super) fn cited(&self, ids: &[String]) -> Result<Vec<EvidenceId>, Flaw> {
        let mut found = Vec::new();
        for id in ids {
            let known = id.parse::<EvidenceId>().ok().filter(|id| self.shelf.item(*id).is_some());
            let known = known.ok_or_else(|| Flaw::Unknown(id.clone()))?;
            if !found.contains(&known) {
                found.push(known);
            }
        }
        if found.is_empty() { Err(Flaw::Uncited) } else { Ok(found) }
    }

    /// Whether some of it is no part of the report: the model read it itself.
    pub(super) fn is_own(&self, ids: &[EvidenceId]) -> bool {
        ids.iter().filter_map(|id| self.shelf.item(*id)).any(|item| !item.of_report)
    }

    /// What the cited evidence says, and with what it names.
    fn says(&self, ids: &[EvidenceId], claim: &str) -> (String, String) {
        let (mut says, mut named) = (String::new(), String::new());
        let words = contradict::content(claim);
        for item in ids.iter().filter_map(|id| self.shelf.item(*id)) {
            // Sentences of the report quote what they stand on, orders included.
            let around = std::iter::once(item.summary.as_str()).chain(self.told.on(item.id));
            for text in around.filter(|text| !orders::is_order(text)) {
                says.push_str(&mark::plain(text));
                says.push('\n');
            }
            push_text(&mut says, item, &words);
            for object in item.names.iter().chain(&item.about) {
                named.push_str(&format!("{object}\n"));
            }
            named.push_str(&item.command);
            named.push('\n');
        }
        let named = format!("{}\n{}", named.to_lowercase(), says.to_lowercase());
        (says, named)
    }

    /// Checks a sentence.
    pub(super) fn check(&self, claim: &str, ids: &[String]) -> Result<Vec<EvidenceId>, Flaw> {
        let claim = claim.trim();
        if !claim.contains(char::is_alphanumeric) {
            return Err(Flaw::Empty);
        }
        if claim.chars().count() > SENTENCE {
            return Err(Flaw::Long);
        }
        let ids = self.cited(ids)?;
        let (says, named) = self.says(&ids, claim);
        let commands = self.told.commands.join("\n");
        let plain = quotes::checked(claim, &[&says, &named, &commands]).map_err(Flaw::Quote)?;
        let seen = Seen { cited: &named, asked: &self.told.asked, known: &self.known };
        if let Some(name) = names::missing(&plain, &seen) {
            return Err(Flaw::Name(name));
        }
        let told = numbers::Told {
            says: &says,
            cited: ids.len(),
            listed: names::count(&plain, &seen),
            now: self.told.now.and_then(|now| moments::split(&now.to_string()).0.into_iter().next()),
        };
        if let Some(number) = numbers::missing(&plain, &told) {
            return Err(Flaw::Number(number));
        }
        if contradict::against_evidence(&plain, &says) {
            return Err(Flaw::Denies);
        }
        match contradict::against_report(&plain, &says, self.told) {
            Some(finding) => Err(Flaw::DeniesFinding(finding.to_owned())),
            None => Ok(ids),
        }
    }
}

/// The lines of an item that carry something: of a large one those that share a word with the claim.
fn push_text(says: &mut String, item: &Item, words: &std::collections::BTreeSet<String>) {
    let is_large = item.text.len() > WHOLE;
    let shares = |line: &str| {
        let line = line.to_lowercase();
        words.iter().any(|word| line.contains(word.as_str()))
    };
    let mut room = WHOLE;
    for line in item.text.lines().filter(|line| !orders::is_order(line)) {
        if line.len() > room || is_large && !shares(line) {
            continue;
        }
        room -= line.len();
        says.push_str(&mark::plain(line));
        says.push('\n');
    }
}

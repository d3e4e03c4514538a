//! Sentences out of prose as it comes, piece by piece.
//!
//! A sentence ends with its mark and what is cited after it, or with its line. What stands in code, in numbers and after
//! abbreviations ends none. Must never hold more than [`ROOM`] bytes back. Start at [`Splitter`].

use std::sync::LazyLock;

use regex::Regex;

/// Bytes that are held back for a sentence to end; what is longer is no sentence.
const ROOM: usize = 4096;

/// Where a sentence stands to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside it.
    Beside,
    /// An entry of a list, on a line of its own.
    Entry,
    /// In a new paragraph.
    Apart,
}

/// A sentence as it was said, with its citations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) place: Place,
}

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static ENTRY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(?:[-*•]|[0-9]{1,2}[.)])\s+").unwrap());

/// What may be cited after the mark of a sentence; `[` or `(` alone at the end may become one.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static CITES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s]*(?:[\[(]\s*e[0-9]+(?:\s*(?:,|;|and|&)?\s*e[0-9]+)*\s*[\])][.,]?\s*)+").unwrap()
});

/// Words after which a full stop ends nothing.
const SHORT: &[&str] =
    &["e.g", "i.e", "etc", "vs", "approx", "cf", "incl", "resp", "nr", "fig", "dr", "mr", "a.m", "p.m", "ca"];

/// Splits prose.
#[derive(Clone, Debug)]
pub(super) struct Splitter {
    held: String,
    next: Place,
    fenced: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { held: String::new(), next: Place::Apart, fenced: false }
    }
}

impl Splitter {
    /// The sentences that are whole by now.
    pub(super) fn push(&mut self, delta: &str) -> Vec<Said> {
        self.held.push_str(delta);
        let mut whole = Vec::new();
        while let Some(end) = self.end() {
            let rest = self.held.split_off(end);
            let sentence = std::mem::replace(&mut self.held, rest);
            self.said(&sentence, &mut whole);
        }
        whole
    }

    /// What was left.
    pub(super) fn finish(&mut self) -> Vec<Said> {
        let mut whole = Vec::new();
        let rest = std::mem::take(&mut self.held);
        self.said(&rest, &mut whole);
        whole
    }

    fn said(&mut self, sentence: &str, whole: &mut Vec<Said>) {
        let text = sentence.trim();
        if text.starts_with("```") {
            self.fenced = !self.fenced;
            self.next = Place::Apart;
            return;
        }
        if text.is_empty() {
            // An empty line, or what was between two sentences.
            self.next = if sentence.contains('\n') { Place::Apart } else { self.next };
            return;
        }
        let is_heading = text.starts_with('#') && text.trim_start_matches('#').starts_with(' ');
        if self.fenced || is_heading {
            self.next = Place::Apart;
            return;
        }
        let entry = ENTRY.find(text).map_or(0, |found| found.end());
        let place = if entry > 0 { Place::Entry } else { self.next };
        let text = plain(text[entry..].trim_start_matches('>').trim());
        if !text.is_empty() {
            whole.push(Said { text, place });
        }
        self.next = if sentence.ends_with('\n') { Place::Entry } else { Place::Beside };
        if self.next == Place::Entry && place != Place::Entry {
            // A line that was merely broken goes on in the next.
            self.next = Place::Beside;
        }
    }

    /// Where the first sentence ends, when that is sure.
    fn end(&self) -> Option<usize> {
        let text = &self.held;
        let line = text.find('\n').map(|at| at + 1);
        if self.fenced || text.trim_start().starts_with("```") {
            return line;
        }
        let start = ENTRY.find(text).map_or(0, |found| found.end());
        let within = line.unwrap_or(text.len());
        let mut in_code = false;
        for (at, c) in text[..within].char_indices().skip_while(|(at, _)| *at < start) {
            in_code ^= c == '`';
            if !in_code
                && matches!(c, '.' | '!' | '?')
                && let Some(end) = after_mark(text, at + 1, within, line.is_some())
            {
                return Some(end);
            }
        }
        line.or_else(|| (text.len() > ROOM).then_some(text.len()))
    }
}

/// Where a sentence ends whose mark ends here; none when it goes on, or when that is not known yet.
fn after_mark(text: &str, mark: usize, within: usize, line_is_whole: bool) -> Option<usize> {
    let closed = text[mark..within].find(|c: char| !matches!(c, '.' | '!' | '?' | '"' | '\'' | ')' | '”' | '*'));
    let closed = mark + closed?;
    if text.as_bytes()[mark - 1] == b'.' && is_short(&text[..mark - 1]) {
        return None;
    }
    let rest = &text[closed..within];
    let cites = CITES.find(rest).map_or(0, |found| found.end());
    if cites == 0 && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let next = rest[cites..].trim_start_matches([' ', '\t']);
    // More may be cited, or the citation is not whole yet.
    let sure = line_is_whole || !(next.is_empty() || next.starts_with(['[', '(']) && next.len() < 16);
    let end = within - next.len();
    (sure && !next.is_empty() && next != "\n").then_some(end)
}

fn is_short(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"')).next().unwrap_or_default();
    SHORT.contains(&word.to_lowercase().as_str()) || word.chars().count() == 1 && word.chars().all(char::is_uppercase)
}

/// Without the signs of emphasis, but for what stands in code.
fn plain(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts: Vec<String> =
        parts.map(|(n, part)| if n % 2 == 0 { part.replace("**", "") } else { part.to_owned() }).collect();
    parts.join("`")
}

//! How a text gets onto the shelf: redacted, in lines that can be read one by one, within its room.
//!
//! Must never cut before it redacts: half of a secret is not recognised as one.

use midwatch_redact::{Redacted, Redactor};

use super::Beyond;

/// Bytes of one line. A longer line (JSON in one line) is broken, at a blank or a separator where there is one near, so that
/// each part of it can be read by its number.
pub(super) const WIDTH: usize = 2000;

/// A text as it is kept, and what of it is not.
pub(super) fn kept(redactor: &Redactor, text: &str, room: usize) -> (Redacted<String>, Beyond) {
    // What is far beyond the room need not pass the redactor; what the cut there may leave of a secret is cut off again.
    let near = cut(text, room.saturating_mul(2).max(room + WIDTH));
    let dropped = &text[near.len()..];
    let whole = redactor.redact_text(near).map(broken);
    let kept = whole.map_with(room, |room, text| cut(text, room).to_owned());
    let beyond =
        Beyond { lines: count(&whole[kept.len()..]) + count(dropped), bytes: whole.len() - kept.len() + dropped.len() };
    (kept, beyond)
}

/// As many whole lines as fit; of a first line that is too long by itself, its beginning.
fn cut(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let within = &text[..end];
    within.rfind('\n').map_or(within, |at| &within[..=at])
}

fn count(text: &str) -> usize {
    text.lines().count()
}

/// The text without lines that are too long.
#[expect(clippy::ptr_arg, reason = "it maps a redacted `String`")]
fn broken(text: &String) -> String {
    if text.lines().all(|line| line.len() <= WIDTH) {
        return text.clone();
    }
    let mut out = String::with_capacity(text.len() + text.len() / WIDTH + 1);
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while rest.trim_end_matches('\n').len() > WIDTH {
            let (part, more) = rest.split_at(break_at(rest));
            out.push_str(part);
            out.push('\n');
            rest = more;
        }
        out.push_str(rest);
    }
    out
}

/// Where a line that is too long is broken: after the last separator of its last quarter, else at a character.
fn break_at(line: &str) -> usize {
    let end = (1..=WIDTH).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(WIDTH);
    let from = (0..=WIDTH * 3 / 4).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let near = line[from..end].rfind([' ', ',', ';', '}', '>', '&']);
    near.map_or(end, |at| from + at + 1)
}

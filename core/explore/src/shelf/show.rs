//! What a model sees of a result: all of it, head and tail, some lines, or the lines with some words. Pure.
//!
//! Must never leave out lines without saying how many and how to read them.

use midwatch_diagnosis::report::EvidenceId;

use super::Beyond;
use super::asked::NAME;
use crate::tool::ToolError;

/// Bytes that one reading gives.
pub(super) const READ: usize = 16 * 1024;

/// Lines that one reading gives.
pub(super) const LINES: usize = 400;

/// Of what fits, this many parts in ten are the head: what a result begins with says what it is.
const HEAD: usize = 6;

/// All of a text, or head and tail.
#[expect(clippy::ptr_arg, reason = "it maps a redacted `String`")]
pub(super) fn shown((id, cap, beyond): (EvidenceId, usize, Beyond), text: &String) -> String {
    let missing = not_kept(beyond);
    if text.len() <= cap {
        return joined([text.trim_end_matches('\n').to_owned(), missing]);
    }
    let lines: Vec<&str> = text.lines().collect();
    let head = fitting(lines.iter(), cap / 10 * HEAD);
    let tail = fitting(lines.iter().skip(head).rev(), cap / 10 * (10 - HEAD));
    let (from, to) = (head + 1, lines.len() - tail);
    let bytes: usize = lines[head..to].iter().map(|line| line.len() + 1).sum();
    let left_out = format!(
        "[{} of {} lines left out here, {bytes} bytes: lines {from} to {to}. Read on with {NAME}: \
         {{\"id\": \"{id}\", \"from_line\": {from}, \"to_line\": {}}} or {{\"id\": \"{id}\", \"grep\": \"words\"}}]",
        to - head,
        lines.len(),
        to.min(from + LINES - 1),
    );
    joined([lines[..head].join("\n"), left_out, lines[to..].join("\n"), missing])
}

/// How many of these lines, from the first, fit into so many bytes.
fn fitting<'a>(lines: impl Iterator<Item = &'a &'a str>, room: usize) -> usize {
    let mut left = room;
    let fits = |line: &&&str| {
        let fits = line.len() < left;
        left = left.saturating_sub(line.len() + 1);
        fits
    };
    lines.take_while(fits).count()
}

fn joined<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn not_kept(beyond: Beyond) -> String {
    match beyond {
        Beyond { bytes: 0, .. } => String::new(),
        Beyond { lines, bytes } => {
            format!("[cut off here: {lines} more lines, {bytes} bytes, were too much to keep; ask for less]")
        }
    }
}

/// The lines that are meant, from 1, both ends included.
pub(super) fn range(text: &str, from: usize, to: Option<usize>) -> Result<(usize, usize), ToolError> {
    let all = text.lines().count();
    let to = to.unwrap_or(all).min(all);
    if from == 0 || from > all || to < from {
        return Err(ToolError::Arguments(match all {
            0 => "it has no lines".to_owned(),
            _ => format!("it has the lines 1 to {all}: `from_line` must be one of them, `to_line` no smaller"),
        }));
    }
    Ok((from, to))
}

/// Lines with their numbers, as many as one reading gives.
#[expect(clippy::ptr_arg, reason = "it maps a redacted `String`")]
pub(super) fn lines((from, to, beyond): (usize, usize, Beyond), text: &String) -> String {
    let mut out = Bounded::default();
    let wanted = text.lines().enumerate().skip(from - 1).take(to + 1 - from);
    for (index, line) in wanted {
        if !out.push(index + 1, line) {
            break;
        }
    }
    let next = from + out.lines;
    let more = if next <= to { format!("[go on with lines {next} to {to}]") } else { String::new() };
    let end = if next > text.lines().count() { not_kept(beyond) } else { String::new() };
    joined([out.text, more, end])
}

/// The lines that hold all of the words, in any case, with their numbers.
pub(super) fn grep(beyond: Beyond, (text, words): &(String, String)) -> String {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let fits = |line: &str| {
        let line = line.to_lowercase();
        words.iter().all(|word| line.contains(word))
    };
    let mut out = Bounded::default();
    let (mut matched, mut full, mut last) = (0_usize, false, 0);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| fits(line)) {
        matched += 1;
        full = full || !out.push(index + 1, line);
        last = if full { last } else { index + 1 };
    }
    let all = text.lines().count();
    let head = format!("{matched} of {all} lines hold `{}`", words.join(" "));
    let more = match matched - out.lines {
        0 => String::new(),
        n => format!("[{n} more after line {last}: use more words, or read the lines by number]"),
    };
    joined([head, out.text, more, not_kept(beyond)])
}

/// Numbered lines within the bounds of one reading.
#[derive(Default)]
struct Bounded {
    text: String,
    lines: usize,
}

impl Bounded {
    /// Whether there was room. There is for the first line, whatever its length: lines of the shelf are short.
    fn push(&mut self, number: usize, line: &str) -> bool {
        let entry = format!("{number}: {line}");
        let fits = self.lines < LINES && self.text.len() + entry.len() < READ;
        if fits {
            self.text.push_str(if self.text.is_empty() { "" } else { "\n" });
            self.text.push_str(&entry);
            self.lines += 1;
        }
        fits
    }
}

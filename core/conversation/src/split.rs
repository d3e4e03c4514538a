//! Long texts in pieces, as platforms take them: cut at paragraphs, then lines, then words, and never inside a code block.
//!
//! Must never lose or repeat anything but the blanks at a cut. Start at [`split`].

/// Characters that a piece needs at least for a block's fences beside some of its text. With a smaller limit fences are
/// text like any other.
const FENCED_LEAST: usize = 32;

/// Characters of a line that opens a block at most, its language included. What is longer opens none.
const OPENING_CAP: usize = 16;

/// The text in pieces of at most `limit` characters, in order. A code block (three backticks or more on a line of their own)
/// that has no room in a piece begins the next one; one that is longer than a piece is closed at the cut and opened
/// again after it. A block that the text leaves open is closed at the end. Nothing for a text of blanks.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let closed = closed(text, limit);
    let mut pieces = Vec::new();
    let mut rest = closed.as_str();
    let mut open: Option<&str> = None;
    while !rest.trim().is_empty() {
        let head = open.map(|fence| format!("{fence}\n")).unwrap_or_default();
        let cut = cut(rest, open, limit, limit - head.chars().count());
        let body = &rest[..cut.end];
        let body = if cut.open.is_none() { body.trim_end() } else { body };
        let foot = cut.open.map(|fence| format!("\n{}", closing(fence))).unwrap_or_default();
        if !body.trim().is_empty() {
            pieces.push(format!("{head}{body}{foot}"));
        }
        rest = &rest[cut.next..];
        open = cut.open;
    }
    pieces
}

/// Where a piece ends.
#[derive(Clone, Copy)]
struct Cut<'a> {
    /// Its end, in bytes.
    end: usize,
    /// The beginning of the next.
    next: usize,
    /// The fence of the block that is cut.
    open: Option<&'a str>,
}

/// The best end of a piece with `room` characters: the last border of paragraphs, else of lines, else of a block's lines,
/// else of words, else just anywhere.
fn cut<'a>(rest: &'a str, open: Option<&'a str>, limit: usize, room: usize) -> Cut<'a> {
    let (mut paragraph, mut line, mut in_block): (Option<Cut<'a>>, Option<Cut<'a>>, Option<Cut<'a>>) = (None, None, None);
    let (mut fence, mut chars, mut start) = (open, 0, 0);
    for text in rest.split_inclusive('\n') {
        let words = text.trim_end_matches('\n');
        let end = start + words.len();
        let next = start + text.len();
        let opens = fence.is_none();
        let after = state(fence, words, limit);
        let length = words.chars().count();
        let foot = after.map_or(0, |fence| closing(fence).len() + 1);
        if chars + length + foot > room {
            let found = paragraph.or(line).or(in_block);
            return found.unwrap_or_else(|| within(rest, start, fence, room - chars));
        }
        if rest[next..].is_empty() {
            return Cut { end, next, open: after };
        }
        let here = Cut { end, next, open: after };
        match after {
            None if words.trim().is_empty() || rest[next..].starts_with('\n') => paragraph = Some(here),
            None => line = Some(here),
            // Nothing stands between a block's first line and a cut right after it.
            Some(_) if opens => {}
            Some(_) => in_block = Some(here),
        }
        (fence, chars, start) = (after, chars + length + 1, next);
    }
    Cut { end: rest.len(), next: rest.len(), open: fence }
}

/// An end inside the line at `start`, of which no more than `room` characters fit.
fn within<'a>(rest: &'a str, start: usize, fence: Option<&'a str>, room: usize) -> Cut<'a> {
    let room = room.saturating_sub(fence.map_or(0, |fence| closing(fence).len() + 1)).max(1);
    let line = &rest[start..];
    let most = line.char_indices().nth(room).map_or(line.len(), |(at, _)| at);
    if fence.is_some() {
        return Cut { end: start + most, next: start + most, open: fence };
    }
    // One beyond: a word that ends with the room is whole.
    let seen = line.char_indices().nth(room + 1).map_or(line.len(), |(at, _)| at);
    let blanks = || line[..seen].char_indices().filter(|(at, c)| c.is_whitespace() && *at > 0);
    let outside_code = |at: usize| line[..at].matches('`').count().is_multiple_of(2);
    let blank = blanks().filter(|(at, _)| outside_code(*at)).last().or_else(|| blanks().last());
    match blank {
        Some((at, blank)) => Cut { end: start + at, next: start + at + blank.len_utf8(), open: None },
        None => Cut { end: start + most, next: start + most, open: None },
    }
}

/// The fence that is open after a line.
fn state<'a>(open: Option<&'a str>, line: &'a str, limit: usize) -> Option<&'a str> {
    let line = line.trim();
    let ticks = line.len() - line.trim_start_matches('`').len();
    match open {
        Some(fence) if ticks >= closing(fence).len() && ticks == line.len() => None,
        Some(fence) => Some(fence),
        None => {
            let opens = ticks >= 3 && line.chars().count() <= OPENING_CAP && !line[ticks..].contains('`');
            (opens && limit >= FENCED_LEAST).then_some(line)
        }
    }
}

/// What closes a block with this fence.
fn closing(fence: &str) -> &str {
    &fence[..fence.len() - fence.trim_start_matches('`').len()]
}

/// The text with its last block closed.
fn closed(text: &str, limit: usize) -> String {
    let open = text.lines().fold(None, |open, line| state(open, line, limit));
    match open {
        Some(fence) => format!("{}\n{}", text.trim_end(), closing(fence)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;

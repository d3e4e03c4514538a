//! One line, read in full: level, signature, success, template.
//!
//! Start at [`read`]. Expensive, so the digester calls it once for each fingerprint, and again only where the
//! values of a signature may differ.

use super::clean::is_garbage;
use super::digest::Level;
use super::level;
use super::rules::{self, Matched, Success};
use super::view::{self, View};

/// What all lines of a fingerprint have in common.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent observations, none of which is a state"
)]
pub(super) struct Facts {
    pub(super) level: Level,
    /// Index into the templates; `None` when there was no room.
    pub(super) template: Option<u32>,
    /// Index into the hit groups, of the values read last.
    pub(super) group: Option<u32>,
    /// The line words a signature.
    pub(super) hit: bool,
    pub(super) success: Success,
    /// Announces a start of the program.
    pub(super) starts: bool,
    /// An error without a stated level, or one that says the program gives up: as a process speaks when it dies.
    pub(super) dying: bool,
    /// Key of the stack trace that the line holds in a field.
    pub(super) stack: Option<u64>,
    /// Mostly unprintable.
    pub(super) garbage: bool,
}

/// A line in full.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) facts: Facts,
    pub(super) matched: Matched,
    pub(super) view: View,
}

/// Reads a line. `in_trace` is whether it is the message of a stack trace.
pub(super) fn read(line: &[u8], in_trace: bool) -> Option<Reading> {
    if is_garbage(line) {
        return None;
    }
    let view = view::read(line);
    let matched = rules::matched(&view, view.stated.is_calm());
    let message = view.text.get(..view.message_len).unwrap_or(&view.text);
    let level = match view.stated {
        Level::Unknown if in_trace || matched.hit.is_some() || level::words_of_error(message) => {
            Level::Error
        }
        stated => stated,
    };
    let dying =
        level == Level::Error && (view.stated == Level::Unknown || level::says_exit(message));
    let facts = Facts {
        level,
        hit: matched.hit.is_some(),
        success: if level.is_error() {
            Success::None
        } else {
            matched.success
        },
        starts: matched.starts,
        dying,
        ..Facts::default()
    };
    Some(Reading {
        facts,
        matched,
        view,
    })
}

//! From what the rules report to what is replaced: no overlaps, no half characters.
//!
//! Must never drop a hit because of another one: what overlaps is joined. Start at [`settle`].

use crate::hit::Hit;
use crate::json;
use crate::kind::{MARK, SecretKind, replacement_len};
use std::ops::Range;

/// Borders of characters, whole replacements, no overlaps, and only inside JSON strings when the
/// text is a JSON document.
pub(crate) fn settle(text: &str, mut hits: Vec<Hit>) -> Vec<Hit> {
    for hit in &mut hits {
        hit.start = text.floor_char_boundary(hit.start);
        hit.end = text.ceil_char_boundary(hit.end);
    }
    merged(leave_replacements(text, json::keep_valid(text, hits)))
}

/// Nothing inside a replacement is hidden again; what overlaps one takes it in whole.
fn leave_replacements(text: &str, mut hits: Vec<Hit>) -> Vec<Hit> {
    let done: Vec<Range<usize>> = text
        .match_indices(MARK)
        .filter_map(|(start, _)| Some(start..start + replacement_len(&text.as_bytes()[start..])?))
        .collect();
    for hit in &mut hits {
        let first = done.partition_point(|marker| marker.end <= hit.start);
        let reach = hit.end;
        for marker in done[first..].iter().take_while(|marker| marker.start < reach) {
            if marker.start <= hit.start && hit.end <= marker.end {
                hit.end = hit.start;
                break;
            }
            hit.start = hit.start.min(marker.start);
            hit.end = hit.end.max(marker.end);
        }
    }
    hits.retain(|hit| hit.len() > 0);
    hits
}

fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), rank(hit.kind)));
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match out.last_mut() {
            Some(last) if hit.start < last.end => {
                if rank(hit.kind) < rank(last.kind) {
                    (last.kind, last.rule) = (hit.kind, hit.rule);
                }
                if hit.end > last.end || hit.dress != last.dress {
                    last.dress = if hit.start == last.start && hit.end == last.end { hit.dress } else { last.dress };
                    last.end = last.end.max(hit.end);
                }
            }
            _ => out.push(hit),
        }
    }
    out
}

/// Which of two names for the same place is told: the more telling one.
fn rank(kind: SecretKind) -> u8 {
    match kind {
        SecretKind::LastApplied | SecretKind::SecretData => 0,
        SecretKind::Jwt | SecretKind::Hash => 1,
        SecretKind::Cookie => 2,
        SecretKind::Password | SecretKind::Key | SecretKind::Dsn => 3,
        SecretKind::Token => 4,
        SecretKind::Literal => 5,
        SecretKind::Entropy => 6,
    }
}

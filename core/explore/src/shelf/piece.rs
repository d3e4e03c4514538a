//! The lines of a result that a claim stands on: those that share its quotes, numbers and names.
//!
//! Finds, and judges nothing: whether they say what is claimed is checked elsewhere. Must never give more than a person
//! reads. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use midwatch_diagnosis::entity::{EntityRef, Kind};
use regex::Regex;

/// Lines of one piece.
const LINES: usize = 8;

/// Bytes of one line of it.
const LINE: usize = 300;

/// Things of a claim that are looked for; a sentence with more says too much.
const MARKS: usize = 64;

/// Lines that are given when nothing of the claim stands in any.
const OTHERWISE: usize = 3;

/// A quote, a number, or a word; what is between is not looked for. The pattern is fixed; a test reads claims with it.
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"`([^`]+)`|"([^"]+)"|([0-9]+(?:[.,:/-][0-9]+)*)|([\p{L}_][\p{L}\p{N}_./:@-]*[\p{L}\p{N}_])"#).ok()
});

/// Something of a claim, and how much it says.
struct Mark {
    text: String,
    weight: u32,
}

/// The lines, in their order, of summary and text.
pub(super) fn lines(summary: &str, text: &str, claim: &str) -> String {
    let marks = marks(claim);
    let all: Vec<&str> = std::iter::once(summary).chain(text.lines()).filter(|line| !line.trim().is_empty()).collect();
    // Of lines that share the same things the first is enough.
    let mut by_shared: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, line) in all.iter().enumerate() {
        by_shared.entry(shared(line, &marks)).or_insert(index);
    }
    by_shared.remove(&0);
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut open = u64::MAX;
    let weight = |bits: u64| -> u32 {
        marks.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, mark)| mark.weight).sum()
    };
    while chosen.len() < LINES {
        let best = by_shared.iter().map(|(bits, index)| (weight(bits & open), std::cmp::Reverse(*index), *bits)).max();
        let Some((_, std::cmp::Reverse(index), bits)) = best.filter(|(gain, ..)| *gain > 0) else { break };
        chosen.insert(index);
        open &= !bits;
    }
    if chosen.is_empty() {
        chosen.extend(0..OTHERWISE.min(all.len()));
    }
    chosen.iter().filter_map(|index| all.get(*index)).map(|line| within(line, &marks)).collect::<Vec<_>>().join("\n")
}

/// What of a claim can be looked for. Quotes say most, then numbers and names, then words.
fn marks(claim: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for found in MARK.iter().flat_map(|pattern| pattern.captures_iter(claim)) {
        let group = |n| found.get(n).map(|m: regex::Match<'_>| m.as_str().trim().to_lowercase());
        let quote = group(1).or_else(|| group(2)).map(|text| (text, 8));
        let number = || group(3).map(|text| (text, 4));
        let name = |text: &str| text.contains(|c: char| c.is_ascii_digit() || "-_./:@".contains(c));
        let word = || group(4).map(|text| if name(&text) { (text, 4) } else { (text, 1) });
        let Some((text, weight)) = quote.or_else(number).or_else(word) else { continue };
        let says = weight > 1 || text.chars().count() > 3;
        if says && !text.is_empty() && marks.len() < MARKS && marks.iter().all(|mark| mark.text != text) {
            marks.push(Mark { text, weight });
        }
    }
    marks
}

/// Which of the marks stand in a line, a bit for each.
fn shared(line: &str, marks: &[Mark]) -> u64 {
    let line = line.to_lowercase();
    let stands = |mark: &Mark| line.match_indices(&mark.text).any(|(at, found)| is_whole(&line, at, found));
    marks.iter().enumerate().filter(|(_, mark)| stands(mark)).fold(0, |bits, (bit, _)| bits | 1 << bit)
}

/// Whether what was found is no part of a longer number or word: `50` is not in `150`.
fn is_whole(line: &str, at: usize, found: &str) -> bool {
    let joins = |a: Option<char>, b: Option<char>| {
        a.zip(b).is_some_and(|(a, b)| (a.is_numeric() && b.is_numeric()) || (a.is_alphabetic() && b.is_alphabetic()))
    };
    let before = line[..at].chars().next_back();
    let after = line[at + found.len()..].chars().next();
    !joins(before, found.chars().next()) && !joins(found.chars().next_back(), after)
}

/// Of a line that is too long, the part where something of the claim stands.
fn within(line: &str, marks: &[Mark]) -> String {
    if line.len() <= LINE {
        return line.to_owned();
    }
    let lower = line.to_lowercase();
    // Lower case may be longer or shorter than the line: then the place is only about right.
    let first =
        marks.iter().filter(|mark| mark.weight > 1).filter_map(|mark| lower.find(&mark.text)).min().unwrap_or(0);
    let start = first.saturating_sub(LINE / 3).min(line.len() - LINE);
    let start = (start..line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let end =
        (start..=(start + LINE).min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
    let mark = |missing| if missing { "..." } else { "" };
    format!("{}{}{}", mark(start > 0), &line[start..end], mark(end < line.len()))
}

/// What a result is about when it names no object: the tool itself.
pub(super) fn about_tool(tool: &str) -> EntityRef {
    EntityRef { kind: Kind::Other("Tool".to_owned()), namespace: None, name: tool.to_owned() }
}

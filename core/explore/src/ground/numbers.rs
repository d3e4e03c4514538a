//! Numbers of a claim against the numbers of what it cites.
//!
//! `1,204` is 1204, `512Mi` is 536870912 and 0.5 GiB, `93 %` is 0.93, `4m35s` is 275 s. A number that is nowhere may still be
//! a difference, sum or share of two that are, where there are few: among many, any number is one. Must never take a number
//! because it looks likely. Start at [`missing`].

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::contradict;
use super::moments::{self, Clock};
use super::units::{self, Dim};
use super::words;

/// Numbers of what is cited, beyond which nothing is worked out from two of them.
const FEW: usize = 12;

/// The same of shares, which any two numbers have.
const FEWER: usize = 4;

/// How far a rounded number may be from what it rounds.
const ROUNDED: f64 = 0.05;

/// The same of a time: people cut off the smaller unit (`26 min` of 26 min 40 s).
const CUT: f64 = 0.15;

/// The same after a word such as `about`.
const ABOUT: f64 = 0.1;

#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)(?:[ \x{a0}-]?(%|[A-Za-zµμ]+))?")
        .unwrap()
});

#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b").unwrap());

#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static APPROXIMATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:\b(?:(about|around|roughly|approximately|nearly|almost|close to|some|circa)|(over|more than|above|at least|exceed(?:s|ed|ing)?|beyond)|(under|below|less than|at most|up to|within|fewer than))|([~≈]))\s*(?:the |a |its )?$",
    )
    .unwrap()
});

/// Words of a claim that works something out.
#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static WORKED_OUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:more|less|fewer|above|below|higher|lower|difference|gap|total|together|sum|in all|after|before|later|earlier|between|apart|grew|rose|increased?|decreased?|dropped|fell|remain(?:s|ing)?|left|free|for|since|last(?:s|ed|ing)?|long|ago|within|took|old|beyond|times)\b").unwrap()
});

/// Numbers that are not said.
#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static VAGUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:dozens|hundreds|thousands|millions|doubled?|tripled?|twice|half|halved)\b").unwrap()
});

/// What a number counts nothing after.
#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static NUMBERED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:code|codes|port|revision|status|signal|version|line)\W*$").unwrap());

/// `attempts were refused`: what is counted, and what befell it.
#[expect(clippy::unwrap_used, reason = "fixed patterns, which tests use")]
static BEFELL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?P<noun>[\p{L}\p{N}-]{3,})(?:\s+(?:was|were)\s+(?P<verb>\p{L}+ed)\b)?").unwrap()
});

const WORDS: [&str; 11] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// How exact a number is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meant {
    Exactly,
    About,
    Over,
    Under,
}

/// A number of a text.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// Without its unit.
    bare: Reading,
    /// With each meaning of its unit; empty without one.
    readings: Vec<Reading>,
    meant: Meant,
    /// Written as a word: `three`.
    in_words: bool,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    dim: Dim,
    value: f64,
    /// What its last digit is worth.
    step: f64,
}

/// What a claim is compared with.
pub(super) struct Told<'a> {
    /// What the cited evidence says.
    pub(super) says: &'a str,
    /// How many pieces are cited.
    pub(super) cited: usize,
    /// How many names the claim lists.
    pub(super) listed: usize,
    /// "Now" of the investigation.
    pub(super) now: Option<Clock>,
}

/// The first number or time of a claim that what it cites does not carry, as it is written. Names and quotes were blanked.
pub(super) fn missing(claim: &str, told: &Told<'_>) -> Option<String> {
    let (clocks, rest) = moments::split(claim);
    let (seen, says) = moments::split(told.says);
    let is_seen = |clock: &Clock| seen.iter().any(|seen| clock.is(seen)) && clock.has_date_of(&seen);
    if let Some(unseen) = clocks.iter().find(|clock| !is_seen(clock)) {
        return Some(unseen.text.clone());
    }
    let there = quantities(&says);
    if let Some(vague) = VAGUE.find_iter(&rest).find(|word| !is_vaguely(word.as_str(), &there, &says)) {
        return Some(vague.as_str().to_owned());
    }
    let wanted = quantities(&rest);
    if wanted.is_empty() {
        return None;
    }
    let is_worked_out = WORKED_OUT.is_match(&rest);
    let spans = if is_worked_out { spans(&seen, told.now.as_ref()) } else { Vec::new() };
    let carried = |q: &Quantity| {
        there.iter().any(|seen| agree(q, seen, &says))
            || derived(q, &there, &spans, is_worked_out)
            || derived(q, &others(&wanted, q, &there, &says), &[], true)
            || counted(q, &rest, told)
    };
    wanted.iter().find(|q| !carried(q)).map(|q| rest[q.at.clone()].trim().to_owned())
}

/// Numbers of a text. Those inside names and versions are none.
pub(super) fn quantities(text: &str) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    let mut at = 0;
    while let Some(groups) = NUMBER.captures_at(text, at) {
        let Some(number) = groups.get(1) else { break };
        let unit = groups.get(2).filter(|unit| !units::of(unit.as_str()).is_empty());
        let end = unit.map_or(number.end(), |unit| unit.end());
        if !stands_alone(text, number.start(), number.end(), end) {
            at = end_of_word(text, number.end());
            continue;
        }
        at = end;
        if let Some(quantity) = quantity(text, number.range(), unit.map(|unit| unit.as_str()), end) {
            found.push(quantity);
        }
    }
    found = joined(text, found);
    found.extend(WORD.find_iter(text).filter_map(|word| {
        let place = WORDS.iter().position(|known| word.as_str().eq_ignore_ascii_case(known))?;
        let value = f64::from(u32::try_from(place + 2).ok()?);
        let bare = Reading { dim: Dim::Plain, value, step: 1.0 };
        Some(Quantity { at: word.range(), bare, readings: Vec::new(), meant: Meant::Exactly, in_words: true })
    }));
    found
}

fn quantity(text: &str, number: Range<usize>, unit: Option<&str>, end: usize) -> Option<Quantity> {
    let digits = text[number.clone()].replace(',', "");
    let value: f64 = digits.parse().ok().filter(|v: &f64| v.is_finite())?;
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let step = 10f64.powi(-i32::try_from(decimals).unwrap_or(0));
    let read = |(dim, factor): &(Dim, f64)| Reading { dim: *dim, value: value * factor, step: step * factor };
    let readings = units::of(unit.unwrap_or_default()).iter().map(read).collect();
    let bare = Reading { dim: Dim::Plain, value, step };
    let meant = meant(&text[..number.start]);
    Some(Quantity { at: number.start..end, bare, readings, meant, in_words: false })
}

/// Whether a number is not part of a name or a version.
fn stands_alone(text: &str, start: usize, digits: usize, end: usize) -> bool {
    let mut before = text[..start].chars().rev();
    let (last, last_but_one) = (before.next(), before.next());
    let joined = match last {
        Some('-') => last_but_one.is_some_and(char::is_alphabetic),
        Some('.') => last_but_one.is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric() || c == '_',
        None => false,
    };
    let mut after = text[end..].chars();
    let (next, next_but_one) = (after.next(), after.next());
    let goes_on = match next {
        Some('.') => digits == end && next_but_one.is_some_and(|c| c.is_ascii_digit()),
        Some('-') => next_but_one.is_some_and(char::is_alphabetic) && text[digits..end].is_empty() && joined,
        Some(c) => c.is_alphanumeric() || c == '_',
        None => false,
    };
    !joined && !goes_on
}

fn end_of_word(text: &str, from: usize) -> usize {
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    text[from..].find(ends).map_or(text.len(), |at| from + at)
}

fn meant(before: &str) -> Meant {
    let start = before.char_indices().rev().nth(24).map_or(0, |(at, _)| at);
    match APPROXIMATE.captures(&before[start..]) {
        Some(words) if words.get(2).is_some() => Meant::Over,
        Some(words) if words.get(3).is_some() => Meant::Under,
        Some(_) => Meant::About,
        None => Meant::Exactly,
    }
}

/// Times in several units as one: `4m35s`, `1 h 30 min`, `2 minutes and 5 seconds`.
fn joined(text: &str, found: Vec<Quantity>) -> Vec<Quantity> {
    let mut out: Vec<Quantity> = Vec::new();
    let seconds = |q: &Quantity| q.readings.iter().find(|r| r.dim == Dim::Seconds).copied();
    for next in found {
        let merged = out.last().and_then(|last| {
            let (long, short) = (seconds(last)?, seconds(&next)?);
            let between = text[last.at.end..next.at.start].trim();
            (matches!(between, "" | "and") && short.value < long.step).then(|| Quantity {
                at: last.at.start..next.at.end,
                bare: last.bare,
                readings: vec![Reading { dim: Dim::Seconds, value: long.value + short.value, step: short.step }],
                meant: last.meant,
                in_words: false,
            })
        });
        match merged {
            Some(merged) => {
                out.pop();
                out.push(merged);
            }
            None => out.push(next),
        }
    }
    out
}

/// Whether a number of a claim is a number that was seen. A unit that stands beside the number (`latency_ms=350`) counts.
fn agree(claim: &Quantity, seen: &Quantity, says: &str) -> bool {
    if claim.readings.is_empty() {
        // `31 of 256 MiB`: the number without its unit, or all of it.
        let whole = seen.readings.iter().filter(|r| r.dim == Dim::Plain);
        return whole.chain([&seen.bare]).any(|seen| near(&claim.bare, seen.value, claim.meant));
    }
    let beside = if seen.readings.is_empty() { unit_beside(seen, says) } else { &[] };
    claim.readings.iter().any(|reading| {
        let is = |value: f64| near(reading, value, claim.meant);
        let same = seen.readings.iter().any(|seen| seen.dim == reading.dim && is(seen.value));
        let in_unit = beside.iter().any(|(dim, factor)| *dim == reading.dim && is(seen.bare.value * factor));
        let in_base = seen.readings.is_empty() && beside.is_empty() && is(seen.bare.value);
        same || in_unit || in_base
    })
}

/// Whether a value is what a reading says.
fn near(reading: &Reading, value: f64, meant: Meant) -> bool {
    let size = reading.value.abs();
    let off = value - reading.value;
    let rounded = (reading.step / 2.0).min(size * ROUNDED) + size * 1e-9;
    match meant {
        Meant::Exactly if off.abs() <= rounded => true,
        Meant::Exactly => reading.dim == Dim::Seconds && off > 0.0 && off < reading.step.min(size * CUT),
        Meant::About => off.abs() <= size * ABOUT,
        Meant::Over => off >= -rounded && off <= size * ABOUT,
        Meant::Under => off <= rounded && off >= -size * ABOUT,
    }
}

/// The unit that stands before a bare number: `periodSeconds: 10`, `duration_ms=350`.
fn unit_beside(seen: &Quantity, says: &str) -> &'static [(Dim, f64)] {
    let before = &says[..seen.at.start];
    let start = before.rfind(['\n', ',', ';', '{', '}']).map_or(0, |at| at + 1);
    let mut key = String::new();
    let mut lower = false;
    for c in before[start..].chars() {
        // `periodSeconds` is two words.
        if c.is_uppercase() && lower {
            key.push(' ');
        }
        lower = c.is_lowercase();
        key.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    // What comes last is nearest; `cpu` says which thing, not how much of it.
    let units = key.split_whitespace().rev().take(2).map(units::of);
    units.into_iter().find(|unit| unit.iter().any(|(dim, _)| *dim != Dim::Plain)).unwrap_or_default()
}

/// The numbers of the claim itself that were seen: what it works out from them can be checked by its reader.
fn others(wanted: &[Quantity], but: &Quantity, there: &[Quantity], says: &str) -> Vec<Quantity> {
    let seen = |q: &&Quantity| q.at != but.at && there.iter().any(|seen| agree(q, seen, says));
    wanted.iter().filter(seen).cloned().collect()
}

/// Whether a number is a difference, a sum, a share or a ratio of two of a few, or one of some spans of time.
fn derived(claim: &Quantity, from: &[Quantity], spans: &[f64], is_worked_out: bool) -> bool {
    let own: Vec<Reading> = if claim.readings.is_empty() { vec![claim.bare] } else { claim.readings.clone() };
    let in_time = own.iter().filter(|r| r.dim == Dim::Seconds);
    if in_time.clone().any(|r| spans.iter().any(|span| near(r, *span, claim.meant))) {
        return true;
    }
    own.iter().any(|reading| match reading.dim {
        Dim::Share => pairs(from, None, FEWER).any(|(a, b)| b != 0.0 && near(reading, a / b, claim.meant)),
        Dim::Plain if claim.in_words => false,
        _ if !is_worked_out => false,
        dim => {
            let ratio = dim == Dim::Plain;
            pairs(from, Some(dim), FEW).any(|(a, b)| {
                near(reading, a - b, claim.meant)
                    || near(reading, a + b, claim.meant)
                    || ratio && b != 0.0 && claim.readings.len() == 1 && near(reading, a / b, claim.meant)
            })
        }
    })
}

/// Pairs of different values of one kind, both ways round; none where there are too many to mean anything.
fn pairs(from: &[Quantity], dim: Option<Dim>, most: usize) -> impl Iterator<Item = (f64, f64)> {
    let value = |q: &Quantity| match dim {
        None => Some(q.readings.first().map_or(q.bare.value, |r| r.value)),
        Some(_) if q.readings.is_empty() => Some(q.bare.value),
        Some(dim) => q.readings.iter().find(|r| r.dim == dim).map(|r| r.value),
    };
    let mut values: Vec<f64> = from.iter().filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    if values.len() > most {
        values.clear();
    }
    let all = values.clone();
    values
        .into_iter()
        .flat_map(move |a| all.clone().into_iter().filter(move |b| (a - b).abs() > 0.0).map(move |b| (a, b)))
}

/// Times between moments, in seconds; none where there are too many.
fn spans(seen: &[Clock], now: Option<&Clock>) -> Vec<f64> {
    let mut all: Vec<&Clock> = Vec::new();
    for clock in seen {
        if !all.iter().any(|other| other.is(clock)) {
            all.push(clock);
        }
    }
    if all.len() > FEW {
        return Vec::new();
    }
    let ends: Vec<&Clock> = all.iter().copied().chain(now).collect();
    all.iter().flat_map(|a| ends.iter().filter_map(|b| a.until(b))).filter(|span| *span > 0.0).collect()
}

/// Whether what is cited bears out a number that is not said: `hundreds` where a number of that size stands, `half` where
/// one of a few numbers is half of another.
fn is_vaguely(word: &str, there: &[Quantity], says: &str) -> bool {
    let word = word.to_lowercase();
    let size = |from: f64, to: f64| there.iter().any(|seen| (from..to).contains(&seen.bare.value));
    let ratio =
        |wanted: f64| pairs(there, None, FEWER).any(|(a, b)| b != 0.0 && (a / b - wanted).abs() <= wanted * ABOUT);
    words::holds(&says.to_lowercase(), &word)
        || match word.as_str() {
            "dozens" => size(24.0, 1e3),
            "hundreds" => size(200.0, 1e4),
            "thousands" => size(2e3, 1e6),
            "millions" => size(2e6, 1e9),
            "half" | "halved" => ratio(0.5),
            "triple" | "tripled" => ratio(3.0),
            _ => ratio(2.0),
        }
}

/// Whether a number counts what is cited: its lines with the noun that follows the number or with what befell it, its
/// pieces, the names listed.
fn counted(claim: &Quantity, text: &str, told: &Told<'_>) -> bool {
    let whole = claim.readings.is_empty() && claim.bare.value.fract() == 0.0 && claim.bare.value < 1e6;
    if !whole {
        return false;
    }
    let is = |count: usize| u32::try_from(count).is_ok_and(|count| near(&claim.bare, f64::from(count), claim.meant));
    if claim.in_words && (is(told.cited) || is(told.listed)) {
        return true;
    }
    if NUMBERED.is_match(&text[..claim.at.start]) {
        return false;
    }
    let Some(after) = BEFELL.captures(&text[claim.at.end..]) else { return false };
    let holding = |holds: &dyn Fn(&str) -> bool| told.says.lines().filter(|line| holds(line)).count();
    let counts = |word: &str| {
        let lower = word.to_lowercase();
        let stem = stem(&lower);
        is(holding(&|line| line.contains(word))) || is(holding(&|line| line.to_lowercase().contains(stem)))
    };
    let noun = after.name("noun").map_or("", |noun| noun.as_str());
    let lower = noun.to_lowercase();
    let is_noun = !words::goes_on(&lower) && !contradict::is_empty(&lower);
    is_noun && (counts(noun) || after.name("verb").is_some_and(|verb| counts(verb.as_str())))
}

/// A word without its ending: what `errors` and `error` share.
pub(super) fn stem(word: &str) -> &str {
    for ending in ["ies", "ing", "ed", "es", "s"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() >= 3) {
            return stem;
        }
    }
    word
}

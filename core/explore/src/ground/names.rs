//! Names in a claim: objects, containers, images, hosts, variables, fields, reasons. Each has to stand in what is cited.
//!
//! A name is known by its form (`checkout-api`, `shop/api`, `api:v2`, `DATABASE_URL`, `OOMKilled`), because it stands after a
//! kind, or because something that was seen is called so. Ordinary words are no names, also with a hyphen in them
//! (`read-only`). Start at [`missing`].

use std::sync::LazyLock;

use midwatch_diagnosis::entity::Kind;
use regex::Regex;

use super::words;

/// A word with what names are written with. It begins and ends with a letter or a digit.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}](?:[\p{L}\p{N}._/:@=+~-]*[\p{L}\p{N}])?").unwrap());

/// Numbers with their unit, times, shares, fractions, ranges.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][0-9]+)?(?:-?[A-Za-zµμ]{1,8}(?:[0-9]+[a-z]{1,2}){0,3})?(?:[/:-][0-9]+(?:\.[0-9]+)?[A-Za-z]{0,3})*$").unwrap()
});

/// Words with digits that are no names.
#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static TERM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:p[0-9]{2,3}|k8s|http[123]?|utf8|utf-8|ipv[46]|sha(?:1|256|512)|md5|s3|ec2|x509|x\.509|oauth2|l[347]|h2|tls1?|e[0-9]+|[hr][0-9]{1,2}|[0-9]+(?:st|nd|rd|th))$").unwrap()
});

/// What names of a claim are compared with.
pub(super) struct Seen<'a> {
    /// What the cited evidence says and names, in small letters.
    pub(super) cited: &'a str,
    /// What was asked about: may be named where something cited is, too. In small letters.
    pub(super) asked: &'a [String],
    /// Every object that was seen, in small letters: a plain word among them is a name.
    pub(super) known: &'a [String],
}

/// The first name that stands in nothing cited. Quotes were blanked.
pub(super) fn missing(claim: &str, seen: &Seen<'_>) -> Option<String> {
    let mut of_asked = None;
    let mut cited = false;
    let mut after = None;
    for token in TOKEN.find_iter(claim) {
        let text = token.as_str().strip_suffix("'s").unwrap_or(token.as_str());
        let is_name = is_name(text, seen) || after.take().is_some_and(|kind| follows_kind(kind, text));
        after = kind(text, claim[token.end()..].starts_with(' '));
        if !is_name {
            continue;
        }
        if stands_in(text, seen.cited) {
            cited = true;
        } else if is_asked(text, seen.asked) {
            of_asked.get_or_insert(text);
        } else {
            return Some(text.to_owned());
        }
    }
    // The subject of the investigation may be named in any sentence that has something else to hold on to.
    of_asked.filter(|_| !cited).map(str::to_owned)
}

/// How many different names a claim lists.
pub(super) fn count(claim: &str, seen: &Seen<'_>) -> usize {
    let mut names: Vec<&str> = TOKEN.find_iter(claim).map(|t| t.as_str()).filter(|text| is_name(text, seen)).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

/// How many names a claim holds, and the claim with blanks for them and for kinds.
pub(super) fn taken_out(claim: &str, seen: &Seen<'_>) -> (usize, String) {
    let (mut names, mut rest) = (0, claim.to_owned());
    for token in TOKEN.find_iter(claim) {
        let text = token.as_str().strip_suffix("'s").unwrap_or(token.as_str());
        let is_name = is_name(text, seen);
        names += usize::from(is_name);
        if is_name || words::is_common_kind(text) {
            rest.replace_range(token.range(), &" ".repeat(token.len()));
        }
    }
    (names, rest)
}

fn is_name(text: &str, seen: &Seen<'_>) -> bool {
    let lower = text.to_lowercase();
    if MEASURE.is_match(text) {
        // Addresses and versions of three parts are no measures.
        return lower.matches('.').count() >= 2;
    }
    if TERM.is_match(text) || words::among(words::TERMS, &lower) || words::is_common_kind(text) {
        return false;
    }
    if words::among(words::PRODUCTS, &lower) {
        return true;
    }
    if seen.known.contains(&lower) {
        return lower.len() > 3 && !words::among(words::GENERIC, &lower) || lower.contains('-');
    }
    let has = |set: &[char]| lower.contains(set);
    if has(&['_', '.', ':', '@', '=', '~']) {
        return true;
    }
    if has(&['/']) {
        return lower.split('/').any(|part| !words::is_plain(part)) || lower.split('/').count() > 2;
    }
    if has(&['-']) {
        return !words::is_compound(&lower);
    }
    has_digit_and_letter(&lower) || humps(text) > 1
}

fn has_digit_and_letter(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.contains(char::is_alphabetic)
}

/// Parts of a word in CamelCase: two in `OOMKilled` and `CrashLoop`, one in `Deployment`, none in `CPU` and `CPUs`.
fn humps(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let starts = chars.windows(2).enumerate().filter(|(at, pair)| {
        let (upper, lower) = (pair[0].is_uppercase(), pair[1].is_lowercase());
        // The `s` of `CPUs` begins no part.
        upper && lower && !(at + 2 == chars.len() && pair[1] == 's')
    });
    let count = starts.count();
    let begins_upper = chars.len() > 1 && chars[0].is_uppercase() && chars[1].is_uppercase();
    if count > 0 { count + usize::from(begins_upper) } else { 0 }
}

/// A kind that a name may follow: `Deployment checkout`, `container app`.
fn kind(text: &str, goes_on: bool) -> Option<&str> {
    let is_kind = Kind::KNOWN.iter().any(|kind| kind.as_str() == text);
    let word = matches!(text, "container" | "namespace" | "deployment" | "image" | "host" | "Redis" | "StatefulSet");
    (goes_on && (is_kind || word)).then_some(text)
}

/// Whether what follows a kind is a name: in small letters, and no word that goes on with the sentence.
fn follows_kind(kind: &str, text: &str) -> bool {
    let lower = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
    lower && !words::goes_on(text) && (kind.starts_with(char::is_uppercase) || text.contains(['-', '.']))
}

/// Whether a name stands in a text: as a word of its own, or each of its parts.
fn stands_in(name: &str, text: &str) -> bool {
    let name = name.to_lowercase();
    if words::holds(text, &name) || is_class(&name, text) {
        return true;
    }
    let parts: Vec<&str> = name.split(['/', ':', '=', '@']).filter(|part| !part.is_empty()).collect();
    let kind = |part: &&str| Kind::parse(part).is_some();
    parts.len() > 1 && parts.iter().all(|part| words::holds(text, part) || kind(part)) && !parts.iter().all(kind)
}

/// `5xx` where a status of that class stands.
fn is_class(name: &str, text: &str) -> bool {
    let Some(class) = name.strip_suffix("xx").filter(|class| matches!(*class, "1" | "2" | "3" | "4" | "5")) else {
        return false;
    };
    let digits = |code: &str| code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.starts_with(class) && digits(word))
}

fn is_asked(name: &str, asked: &[String]) -> bool {
    let name = name.to_lowercase();
    let bare = name.split_once('/').map_or(name.as_str(), |(_, bare)| bare);
    asked.iter().any(|asked| *asked == name || asked == bare || words::holds(asked, &name))
}

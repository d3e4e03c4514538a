//! Matchers on labels, as Alertmanager reads and anchors them:
//! <https://prometheus.io/docs/alerting/latest/configuration/#matcher>.
//!
//! A label that is not there is empty; regular expressions fit the whole value. Must never compile an expression without
//! a bound on its size. Start at [`AllOf::parse`].

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};

/// Bytes that one compiled expression may take.
const REGEX_CAP: usize = 256 * 1024;

/// Characters that must be quoted, besides white space: <https://prometheus.io/docs/alerting/latest/configuration/#utf-8-matchers>.
const RESERVED: &str = "{}!=~,\\\"'`";

/// Matchers that must all fit. Without any, every alert fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllOf(pub Vec<Matcher>);

/// One matcher.
#[derive(Clone, Debug)]
pub struct Matcher {
    label: String,
    negated: bool,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Text(String),
    Regex { written: String, compiled: Regex },
}

/// Why a text is no matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// Nothing where a label's name should be.
    #[error("a label's name is missing before {0}")]
    NoLabel(String),
    /// No operator after the name.
    #[error("after the label {0} comes one of =, !=, =~, !~")]
    NoOperator(String),
    /// Something else where a comma or the end should be.
    #[error("after a matcher comes a comma or the end, not {0}: put a value with special characters in double quotes")]
    NoComma(String),
    /// A quote without its partner.
    #[error("a double quote is open at the end")]
    OpenQuote,
    /// The braces do not pair.
    #[error("a brace is open or left over")]
    Brace,
    /// Not a regular expression, or too large.
    #[error("the expression {expression} is not usable: {why}")]
    Regex {
        /// As it was written.
        expression: String,
        /// In one line.
        why: String,
    },
}

impl AllOf {
    /// Reads `{severity="critical", namespace=~"shop|pay"}`; the braces may be left out.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let text = text.trim();
        let inner = match (text.strip_prefix('{'), text.strip_suffix('}')) {
            (Some(_), Some(_)) => text.get(1..text.len().saturating_sub(1)).ok_or(MatcherError::Brace)?,
            (None, None) => text,
            _ => return Err(MatcherError::Brace),
        };
        let mut matchers = Vec::new();
        let mut rest = inner.trim_start();
        while !rest.is_empty() {
            let (matcher, after) = one(rest)?;
            matchers.push(matcher);
            rest = match after.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or_else(|| MatcherError::NoComma(shown(more)))?.trim_start(),
            };
        }
        Ok(Self(matchers))
    }

    /// Whether labels fit.
    pub fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|matcher| matcher.fits(labels))
    }
}

impl Matcher {
    /// A label that has exactly this value.
    pub fn equal(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), negated: false, wanted: Wanted::Text(value.to_owned()) }
    }

    /// Whether labels fit.
    pub fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        let fits = match &self.wanted {
            Wanted::Text(text) => text == value,
            Wanted::Regex { compiled, .. } => compiled.is_match(value),
        };
        fits != self.negated
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        let key = |m: &Self| match &m.wanted {
            Wanted::Text(text) => (false, text.clone()),
            Wanted::Regex { written, .. } => (true, written.clone()),
        };
        (&self.label, self.negated, key(self)) == (&other.label, other.negated, key(other))
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, value) = match (&self.wanted, self.negated) {
            (Wanted::Text(text), false) => ("=", text),
            (Wanted::Text(text), true) => ("!=", text),
            (Wanted::Regex { written, .. }, false) => ("=~", written),
            (Wanted::Regex { written, .. }, true) => ("!~", written),
        };
        let bare = !self.label.is_empty() && !self.label.contains(reserved);
        let label = if bare { self.label.clone() } else { quoted(&self.label) };
        write!(f, "{label}{operator}{}", quoted(value))
    }
}

/// One matcher from the beginning of a text, and what comes after it.
fn one(text: &str) -> Result<(Matcher, &str), MatcherError> {
    let (label, rest) = word(text)?;
    if label.is_empty() {
        return Err(MatcherError::NoLabel(shown(text)));
    }
    let rest = rest.trim_start();
    let operators = [("!=", true, false), ("!~", true, true), ("=~", false, true), ("=", false, false)];
    let Some((rest, negated, is_regex)) =
        operators.iter().find_map(|(op, negated, regex)| rest.strip_prefix(op).map(|r| (r, *negated, *regex)))
    else {
        return Err(MatcherError::NoOperator(shown(&label)));
    };
    let (value, rest) = word(rest.trim_start())?;
    let wanted = if is_regex { regex(value)? } else { Wanted::Text(value) };
    Ok((Matcher { label, negated, wanted }, rest))
}

/// A quoted text, or one without anything that must be quoted; it may be empty.
fn word(text: &str) -> Result<(String, &str), MatcherError> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(reserved).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        return Ok((word.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, inside.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some(c @ ('\\' | '"')) => value.push(c),
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                // As Alertmanager's classic parser: `a\.b` is an expression, not a mistake.
                Some(other) => value.extend(['\\', other]),
                None => return Err(MatcherError::OpenQuote),
            },
            c => value.push(c),
        }
    }
    Err(MatcherError::OpenQuote)
}

fn regex(written: String) -> Result<Wanted, MatcherError> {
    let build = |text: &str| RegexBuilder::new(text).size_limit(REGEX_CAP).build();
    // By itself first: `a)|(?:b` is well-formed only inside of ours, and would escape the anchors.
    match build(&written).and_then(|_| build(&format!("^(?:{written})$"))) {
        Ok(compiled) => Ok(Wanted::Regex { written, compiled }),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(MatcherError::Regex { expression: shown(&written), why })
        }
    }
}

fn reserved(c: char) -> bool {
    c.is_whitespace() || RESERVED.contains(c)
}

/// A value in double quotes that reads back as it was.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn shown(text: &str) -> String {
    super::mistakes::quote(text)
}

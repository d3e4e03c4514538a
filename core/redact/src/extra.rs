//! Names that count as secret because the configuration says so.
//!
//! Must never make a built-in rule weaker: it only adds. Start at [`NamePatterns`].

use crate::hit::{Hit, Rule};
use crate::kind::{MARK, SecretKind};
use crate::quoting::{self, quote_at, quoted_end, skip_blanks};
use crate::values;

const RULE: Rule =
    Rule { name: "configured-name", why: "The configuration says that what stands under this name is a secret." };
/// Longest name that is read, in bytes.
const MAX_NAME: usize = 128;

/// Patterns over names: plain text is found anywhere in the name, `*` stands for anything, case
/// does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamePatterns(Vec<String>);

impl<T: AsRef<str>> FromIterator<T> for NamePatterns {
    fn from_iter<I: IntoIterator<Item = T>>(patterns: I) -> Self {
        let lower = patterns.into_iter().map(|pattern| pattern.as_ref().to_ascii_lowercase());
        Self(lower.filter(|pattern| !pattern.is_empty()).collect())
    }
}

impl NamePatterns {
    /// Whether a name is one of these.
    pub(crate) fn matches(&self, name: &str) -> bool {
        if self.0.is_empty() || name.len() > MAX_NAME {
            return false;
        }
        let name = name.to_ascii_lowercase();
        self.0.iter().any(|pattern| if pattern.contains('*') { glob(pattern, &name) } else { name.contains(pattern) })
    }

    /// Adds the values that stand behind such a name: `PIN=1234`, `pin: 1234`, `"pin": "1234"`.
    pub(crate) fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        if self.0.is_empty() {
            return;
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(start) = (at..bytes.len()).find(|at| quoting::is_ident(bytes[*at])) {
            let end = (start..bytes.len()).find(|at| !quoting::is_ident(bytes[*at])).unwrap_or(bytes.len());
            at = end;
            let Some((from, to)) =
                text.get(start..end).filter(|name| self.matches(name)).and_then(|_| value(bytes, end))
            else {
                continue;
            };
            let value = text.get(from..to).unwrap_or_default();
            if !values::is_nothing(value) && !value.starts_with(MARK) {
                hits.push(Hit::new(from..to, SecretKind::Literal, RULE));
                at = to;
            }
        }
    }
}

/// The text behind a name and its separator.
fn value(bytes: &[u8], name_end: usize) -> Option<(usize, usize)> {
    let closed = quote_at(bytes, name_end).map_or(name_end, |(_, after)| after);
    let separator = skip_blanks(bytes, closed);
    if !matches!(bytes.get(separator), Some(b'=' | b':')) {
        return None;
    }
    let from = skip_blanks(bytes, separator + 1);
    if let Some((quote, start)) = quote_at(bytes, from) {
        return Some((start, quoted_end(bytes, start, quote)));
    }
    let limit = bytes.len().min(from + quoting::MAX_VALUE);
    let stop = |byte: u8| byte.is_ascii_whitespace() || b",;&\"'`)}]".contains(&byte);
    let end = (from..limit).find(|at| stop(bytes[*at])).unwrap_or(limit);
    // `[redacted:..]` ends with a bracket of its own.
    Some((from, end)).filter(|(from, end)| from < end)
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Redactor};

    #[test]
    fn patterns() {
        let patterns: NamePatterns = ["pin", "*_DSN", "a*b*c"].iter().collect();
        for name in ["PIN", "APP_PIN_CODE", "shop_dsn", "abc", "a-b-b-c"] {
            assert!(patterns.matches(name), "{name}");
        }
        for name in ["PN", "dsn", "shop_dsn_host", "acb", "ab"] {
            assert!(!patterns.matches(name), "{name}");
        }
    }

    #[test]
    fn values_under_these_names_are_hidden() {
        let mut redactor = Redactor::new(Policy { secret_names: ["pin"].iter().collect(), ..Policy::default() });
        for (text, hidden) in [
            ("PIN=4711 ok", "PIN=[redacted:literal] ok"),
            ("{\"app-pin\": \"47 11\", \"x\": 1}", "{\"app-pin\": \"[redacted:literal]\", \"x\": 1}"),
            ("pin: 4711\nhost: db", "pin: [redacted:literal]\nhost: db"),
            ("pinned to version 3", "pinned to version 3"),
            ("the pin is wrong", "the pin is wrong"),
        ] {
            assert_eq!(redactor.redact_text(text).as_ref(), hidden);
        }
        redactor.learn_env("CARD_PIN", "9f3kd02k");
        assert_eq!(redactor.redact_text("got 9f3kd02k").as_ref(), "got [redacted:literal]");
        assert_eq!(redactor.seal(("card-pin".to_owned(), "1".to_owned())).1, "[redacted:literal]");
    }
}

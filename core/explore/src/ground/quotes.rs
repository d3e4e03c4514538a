//! What a claim quotes, letter for letter: "...", `...`, and '...' of more than one word.
//!
//! Start at [`missing`].

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::prompt::mark;

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static QUOTE: LazyLock<Regex> = LazyLock::new(|| {
    // Within single marks an apostrophe stands between letters.
    Regex::new(
        r#"`+([^`]+)`+|"([^"]+)"|[“„]([^“”]+)[”“]|«([^»]+)»|(?:^|[\s(\[:,])['‘]([^'‘’\s](?:[^'‘’]|\b['’]\b)*)['’]"#,
    )
    .unwrap()
});

/// The first quote that stands in none of the texts, and the claim with blanks for its quotes.
///
/// # Errors
/// The quote.
pub(super) fn checked(claim: &str, texts: &[&str]) -> Result<String, String> {
    let texts: Vec<String> = texts.iter().map(|text| flat(text)).collect();
    let mut rest = claim.to_owned();
    for (at, quote) in quotes(claim) {
        if !texts.iter().any(|text| stands_in(&quote, text)) {
            return Err(quote);
        }
        rest.replace_range(at.clone(), &" ".repeat(at.len()));
    }
    Ok(rest)
}

fn quotes(claim: &str) -> Vec<(Range<usize>, String)> {
    let quote = |groups: regex::Captures<'_>| {
        let whole = groups.get(0)?.range();
        let inner = (1..=5).find_map(|n| groups.get(n))?;
        // A single word in single marks is emphasis.
        if groups.get(5).is_some_and(|inner| !inner.as_str().contains(char::is_whitespace)) {
            return None;
        }
        Some((whole, inner.as_str().to_owned()))
    };
    QUOTE.captures_iter(claim).filter_map(quote).collect()
}

/// Whether a quote stands in a text. What it leaves out with dots may be anything.
fn stands_in(quote: &str, text: &str) -> bool {
    let quote = flat(quote).replace('…', "...");
    let mut from = 0;
    for part in quote.split("...") {
        let part = part.trim().trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if part.is_empty() {
            continue;
        }
        match text[from..].find(part) {
            Some(at) => from += at + part.len(),
            None => return false,
        }
    }
    from > 0
}

/// A text as quotes are compared: in small letters, with single blanks, without escapes of quotation marks.
fn flat(text: &str) -> String {
    let text = mark::plain(text).replace("\\\"", "\"").replace("\\n", " ").replace("\\t", " ").replace('`', "");
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

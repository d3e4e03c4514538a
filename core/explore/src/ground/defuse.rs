//! Links and mentions in a model's words, taken out of force: they are shown, and neither lead nor call anywhere.
//!
//! Platforms escape what they are given; a link or a mention in code is also none to a phone that makes links of its own.
//! Start at [`defused`].

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "a fixed pattern, which a test uses")]
static LIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)`[^`]*`|!?\[([^\]\[]*)\]\(\s*<?([^\s)>]*)>?[^)]*\)|<([!@#][^>\s]*|[a-z][a-z0-9+.-]*://[^>\s]*)>|(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)[^\s<>`|]+|(?:^|[^\w`/.])(@[\w!&][\w.&-]*)",
    )
    .unwrap()
});

/// The words with links and mentions as code, and without signs that platforms read as headings, quotes or emphasis.
pub(super) fn defused(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in LIVE.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[done..whole.start()]);
        done = whole.end();
        match (found.get(1), found.get(2), found.get(3), found.get(4)) {
            (Some(words), Some(target), ..) => out.push_str(&format!("{} `{}`", words.as_str(), target.as_str())),
            (_, _, Some(inner), _) => out.push_str(&format!("`{}`", inner.as_str())),
            (.., Some(mention)) => {
                out.push_str(&text[whole.start()..mention.start()]);
                out.push_str(&format!("`{}`", mention.as_str()));
            }
            _ if whole.as_str().starts_with('`') => out.push_str(whole.as_str()),
            _ => {
                let link = whole.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'']);
                out.push_str(&format!("`{link}`{}", &whole.as_str()[link.len()..]));
            }
        }
    }
    out.push_str(&text[done..]);
    out
}

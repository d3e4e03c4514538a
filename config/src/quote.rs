//! Showing text that others wrote inside a message.
//!
//! Never lets a control character through: a configuration file must not be able to move the
//! cursor of the terminal that shows its mistakes. Start at [`quote`].

/// Longest piece of foreign text in a message, in characters.
const LIMIT: usize = 60;

/// The text in back quotes, escaped, and shortened to 60 characters.
pub(crate) fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(LIMIT).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("`{}`", plain(&short))
}

/// The text escaped; for paths and names, which are of use only when complete.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_direction_mark(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Marks that reorder text on screen and so can disguise what it says.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Words in back quotes, separated by commas, with `or` before the last.
pub(crate) fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => quote(one),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(|word| quote(word)).collect();
            format!("{} or {}", most.join(", "), quote(last))
        }
    }
}

//! Makes text of the outside harmless to whatever shows it.
//!
//! A log line can hold escape sequences that rewrite a terminal, and direction characters that make a command read
//! as another one. They stay visible as what they are (`\x1b`, `\u{202e}`), because they are evidence too. Must never
//! let one through. Start at [`line()`] and [`block()`].

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text on one line: line breaks and tabs become blanks, the rest of the control characters visible.
pub fn line(text: &str) -> Cow<'_, str> {
    with(text, |c| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}').then_some(" "))
}

/// Text of several lines: line feeds stay, tabs become blanks.
pub fn block(text: &str) -> Cow<'_, str> {
    with(text, |c| match c {
        '\n' => Some("\n"),
        '\t' => Some("    "),
        // The first half of a Windows line end.
        '\r' => Some(""),
        _ => None,
    })
}

fn with(text: &str, instead: fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match instead(c) {
            Some(other) => out.push_str(other),
            None if !is_active(c) => out.push(c),
            None => visible(c, &mut out),
        }
    }
    Cow::Owned(out)
}

/// Writing to a String cannot fail.
fn visible(c: char, out: &mut String) {
    let code = u32::from(c);
    let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// Whether a character does something instead of being read: controls, directions, line separators, what is
/// invisible. Joiners stay, because scripts need them.
pub fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// At most `cap` characters, with a mark where something is missing.
pub fn shorten(text: &str, cap: usize) -> Cow<'_, str> {
    if text.char_indices().nth(cap).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(cap.saturating_sub(3)).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_becomes_visible() {
        for (text, on_a_line, in_a_block) in [
            ("plain ünïcode 漢", "plain ünïcode 漢", "plain ünïcode 漢"),
            ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
            ("a\r\nb\tc", "a  b c", "a\nb    c"),
            ("\u{202e}evil\u{2066}", r"\u{202e}evil\u{2066}", r"\u{202e}evil\u{2066}"),
            ("\u{9b}2J\u{7f}", r"\x9b2J\x7f", r"\x9b2J\x7f"),
            ("zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}"),
        ] {
            assert_eq!(line(text), on_a_line, "{text:?}");
            assert_eq!(block(text), in_a_block, "{text:?}");
            assert!(!line(text).contains(is_active), "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(shorten("añb", 3), "añb");
        assert_eq!(shorten("ññññññ", 5), "ññ...");
        assert_eq!(shorten("abc", 1), "...");
    }
}

//! Bytes of a line to text that is safe to show.
//!
//! Never lets a control character, a terminal escape or a bidirectional override through.

/// Cap of the text of a line, in bytes.
pub(super) const MAX_TEXT: usize = 2048;

/// Lossy UTF-8 of `bytes` without control characters, at most `cap` bytes, cut at a character boundary.
pub(super) fn clean(bytes: &[u8], cap: usize) -> String {
    let mut out = String::with_capacity(bytes.len().min(cap));
    let mut escape = Escape::None;
    for chunk in bytes.utf8_chunks() {
        for ch in chunk.valid().chars() {
            if !push(&mut out, ch, &mut escape, cap) {
                return out;
            }
        }
        if !chunk.invalid().is_empty()
            && !push(&mut out, char::REPLACEMENT_CHARACTER, &mut escape, cap)
        {
            return out;
        }
    }
    out
}

/// Where we are in a terminal escape sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// After ESC.
    Start,
    /// Inside `ESC [ ...`.
    Csi,
}

/// Appends one character, or drops it; false when the cap is reached.
fn push(out: &mut String, ch: char, escape: &mut Escape, cap: usize) -> bool {
    match *escape {
        Escape::Start => {
            *escape = if ch == '[' { Escape::Csi } else { Escape::None };
            return true;
        }
        Escape::Csi => {
            if ('\u{40}'..='\u{7e}').contains(&ch) {
                *escape = Escape::None;
            }
            return true;
        }
        Escape::None => {}
    }
    match ch {
        '\u{1b}' => {
            *escape = Escape::Start;
            true
        }
        '\t' => append(out, "    ", cap),
        _ if ch.is_control() || is_override(ch) => true,
        _ => append(out, ch.encode_utf8(&mut [0; 4]), cap),
    }
}

/// Appends when it fits.
fn append(out: &mut String, piece: &str, cap: usize) -> bool {
    let fits = out.len() + piece.len() <= cap;
    if fits {
        out.push_str(piece);
    }
    fits
}

/// Characters that reorder or hide text.
fn is_override(ch: char) -> bool {
    matches!(ch, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether more than three in ten bytes are no text at all.
pub(super) fn is_garbage(bytes: &[u8]) -> bool {
    let mut bad = 0_usize;
    for chunk in bytes.utf8_chunks() {
        bad += chunk.invalid().len();
        bad += chunk
            .valid()
            .bytes()
            .filter(|b| (*b < 0x20 && !matches!(b, b'\t' | b'\r' | 0x1b)) || *b == 0x7f)
            .count();
    }
    bad * 10 > bytes.len() * 3
}

#[cfg(test)]
mod tests {
    use super::{clean, is_garbage};

    #[test]
    fn escapes_and_controls_go() {
        assert_eq!(
            clean(b"\x1b[31mERROR\x1b[0m a\tb\x07\x00c\r", 100),
            "ERROR a    bc"
        );
        assert_eq!(clean("a\u{202e}b\u{200b}".as_bytes(), 100), "ab");
        assert_eq!(clean(b"a\xffb", 100), "a\u{fffd}b");
    }

    #[test]
    fn the_cap_is_a_character_boundary() {
        assert_eq!(clean("\u{e9}\u{e9}\u{e9}".as_bytes(), 5), "\u{e9}\u{e9}");
    }

    #[test]
    fn garbage_is_told_from_text() {
        assert!(is_garbage(&[0, 1, 2, 255, b'a']));
        assert!(!is_garbage("größer than\t1".as_bytes()));
    }
}

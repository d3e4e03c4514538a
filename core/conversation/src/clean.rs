//! What phones, editors and chat programs make of what people type, undone: smart quotes, long dashes, blanks that are none.
//!
//! Must never change what a name or a number says. Start at [`line()`].

/// Characters of a text that are read; what is beyond is cut off. The most that the narrowest platform takes in one message
/// (Discord, with Nitro): <https://docs.discord.com/developers/resources/message>.
pub const TEXT_CAP: usize = 4_000;

/// A text as it was meant: straight quotes, `--` before a flag, plain blanks, no backticks, nothing of the bot's name before
/// the first word. Line ends are kept.
pub fn line(text: &str) -> String {
    let text: String = text.chars().take(TEXT_CAP).filter_map(plain).collect();
    let start = |c: char| c.is_whitespace() || matches!(c, ':' | ',' | ';' | '.' | '!' | '>' | '*');
    flags(text.trim_start_matches(start).trim_end())
}

/// The same for a part of a line: nothing is taken off its ends.
pub(crate) fn part(text: &str) -> String {
    let text: String = text.chars().take(TEXT_CAP).filter_map(plain).collect();
    flags(&text)
}

fn plain(c: char) -> Option<char> {
    match c {
        '“' | '”' | '„' | '‟' | '″' | '＂' => Some('"'),
        '‘' | '’' | '‚' | '‛' | '′' | '＇' => Some('\''),
        '\n' => Some('\n'),
        // Zero width, direction marks, soft hyphens, and the private characters that stand for something later on.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '`' => {
            None
        }
        '\u{e000}'..='\u{f8ff}' => None,
        c if c.is_whitespace() => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Long dashes before a flag as they were typed, arrows as arrows: `->` is no flag.
fn flags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let name = word.trim_start_matches(['-', '–', '—', '―', '−', '‐', '‑']);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let dashes = &word[..word.len() - name.len()];
        match () {
            // A long dash stands for the two that were typed; before a single letter, for one.
            () if is_name && !dashes.is_ascii() => {
                let short = name.split('=').next().is_some_and(|name| name.len() == 1);
                out.push_str(if short { "-" } else { "--" });
                out.push_str(&piece[dashes.len()..]);
            }
            () if word.starts_with('-') && name.starts_with('>') => {
                out.push('→');
                out.push_str(name.trim_start_matches('>'));
                out.push_str(&piece[word.len()..]);
            }
            () => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("“why” ‘now’", "\"why\" 'now'")]
    #[case("checkout —since 1h", "checkout --since 1h")]
    #[case("checkout –-since=1h –n shop", "checkout --since=1h -n shop")]
    #[case("slow — since noon", "slow — since noon")]
    #[case("check\u{200b}out\u{a0}is slow\u{feff}", "checkout is slow")]
    #[case("`deploy/checkout` is `slow`", "deploy/checkout is slow")]
    #[case(": status", "status")]
    #[case(", status ", "status")]
    #[case("checkout -> payments", "checkout → payments")]
    #[case("?", "?")]
    #[case("it's -5 degrees", "it's -5 degrees")]
    #[case("a\u{7}b", "ab")]
    fn as_it_was_meant(#[case] typed: &str, #[case] meant: &str) {
        assert_eq!(line(typed), meant);
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(line(&"é".repeat(TEXT_CAP + 7)).chars().count(), TEXT_CAP);
    }

    proptest! {
        #[test]
        fn what_is_clean_stays(text in "\\PC{0,200}") {
            let once = line(&text);
            prop_assert_eq!(line(&once), once);
        }
    }
}

//! Words: how a text falls into them, and what a question asks for. Pure.
//!
//! A word is a run of letters and digits, in small letters and without their marks: the same as SQLite's `unicode61` with
//! `remove_diacritics 2` (<https://www.sqlite.org/fts5.html#unicode61_tokenizer>), so that both stores find the same.

use midwatch_service::search::{WORD, WORDS};
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

/// A word of a text, and where it stands there: the byte it begins at, and the byte after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: String,
    pub(super) begin: usize,
    pub(super) end: usize,
}

/// The words of a text in order; of a long one the first [`WORD`] characters.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut current: Option<Token> = None;
    for (at, sign) in text.char_indices() {
        if sign.is_alphanumeric() {
            let token = current.get_or_insert_with(|| Token { word: String::new(), begin: at, end: at });
            decompose_canonical(sign, |part| {
                if !is_mark(part) {
                    token.word.extend(part.to_lowercase().filter(|part| !is_mark(*part)));
                }
            });
            token.end = at + sign.len_utf8();
        } else if is_mark(sign) {
            if let Some(token) = &mut current {
                token.end = at + sign.len_utf8();
            }
        } else {
            tokens.extend(current.take());
        }
    }
    tokens.extend(current);
    for token in &mut tokens {
        if let Some((cut, _)) = token.word.char_indices().nth(WORD) {
            token.word.truncate(cut);
        }
    }
    tokens.retain(|token| !token.word.is_empty());
    tokens
}

/// A sign that stands on the letter before it.
fn is_mark(sign: char) -> bool {
    canonical_combining_class(sign) != 0
}

/// Words that have to stand together, the last of them as the beginning of a longer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    whole: Vec<String>,
    begins: String,
}

/// What a question asks for: every phrase. Signs alone are no words, and mean nothing.
pub(super) fn question(words: &str) -> Vec<Phrase> {
    let plain = |sign: char| if sign == '"' || sign.is_control() { ' ' } else { sign };
    let plain: String = words.chars().map(plain).collect();
    let words = plain.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
    let phrases = words.take(WORDS).map(|word| tokens(&word.chars().take(WORD).collect::<String>()));
    phrases.filter_map(phrase).collect()
}

fn phrase(tokens: Vec<Token>) -> Option<Phrase> {
    let mut whole: Vec<String> = tokens.into_iter().map(|token| token.word).collect();
    let begins = whole.pop()?;
    Some(Phrase { whole, begins })
}

impl Phrase {
    /// Words in it.
    pub(super) fn len(&self) -> usize {
        self.whole.len() + 1
    }

    /// Where it stands in a text: the places of its first word.
    pub(super) fn places<'a>(&'a self, tokens: &'a [Token]) -> impl Iterator<Item = usize> + 'a {
        tokens.windows(self.len()).enumerate().filter(|(_, window)| self.fits(window)).map(|(place, _)| place)
    }

    fn fits(&self, window: &[Token]) -> bool {
        let Some((last, before)) = window.split_last() else { return false };
        before.iter().map(|token| &token.word).eq(&self.whole) && last.word.starts_with(&self.begins)
    }

    /// What a report that holds it has in the index: each as the first and the last place it may stand at.
    pub(super) fn terms(&self) -> impl Iterator<Item = (String, String)> + '_ {
        // An entry is the word, a space, the job: a space sorts before whatever a word is made of.
        let whole = self.whole.iter().map(|word| (format!("[{word} "), format!("({word}!")));
        let begins = (format!("[{}", self.begins), format!("({}\u{10ffff}", self.begins));
        whole.chain([begins])
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.word).collect()
    }

    #[rstest]
    #[case::signs_divide("shop/checkout-api, exit=137", &["shop", "checkout", "api", "exit", "137"])]
    #[case::letters_without_marks("Na\u{ef}ve \u{c5}NGSTR\u{d6}M", &["naive", "angstrom"])]
    #[case::marks_of_their_own("nai\u{308}ve", &["naive"])]
    #[case::a_mark_alone("\u{301} x", &["x"])]
    #[case::other_scripts("\u{416}\u{423}\u{41a} \u{4e2d}\u{6587}", &["\u{436}\u{443}\u{43a}", "\u{4e2d}\u{6587}"])]
    #[case::nothing(" -- ", &[])]
    fn a_text_falls_into_words(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(words(text), expected);
    }

    #[test]
    fn words_know_where_they_stand() {
        let text = "a na\u{ef}ve pod";
        let places: Vec<&str> = tokens(text).iter().map(|token| &text[token.begin..token.end]).collect();
        assert_eq!(places, ["a", "na\u{ef}ve", "pod"]);
    }

    #[test]
    fn a_phrase_stands_together_and_its_end_may_go_on() {
        let asked = question("checkout-a");
        assert_eq!(asked.len(), 1);
        let places = |text: &str| asked[0].places(&tokens(text)).collect::<Vec<_>>();
        assert_eq!(places("the checkout-api and checkout/a"), [1, 4]);
        assert!(places("a checkout").is_empty() && places("checkout the api").is_empty() && places("").is_empty());
    }

    #[test]
    fn signs_mean_nothing_in_a_question() {
        assert_eq!(question("\"ready\" * )( \0 -- \u{301}"), question("ready"));
        assert_eq!(question(&"x ".repeat(99)).len(), WORDS);
        assert!(question(&"x".repeat(1_000_000))[0].begins.len() <= WORD);
    }

    #[test]
    fn terms_hold_what_begins_so_and_nothing_else() {
        let asked = &question("api-check")[0];
        let terms: Vec<_> = asked.terms().collect();
        let within = |term: &(String, String), entry: &str| entry >= &term.0[1..] && entry < &term.1[1..];
        assert!(within(&terms[0], "api 01ff") && !within(&terms[0], "apis 01ff"));
        assert!(within(&terms[1], "check 01ff") && within(&terms[1], "checkout 01ff"));
        assert!(!within(&terms[1], "chec 01ff") && !within(&terms[1], "chef 01ff"));
    }
}

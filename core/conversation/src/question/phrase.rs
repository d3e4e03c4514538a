//! A sentence as words that can be compared: lower case, no punctuation, contractions written out, courtesy taken off.
//!
//! Must never change what is asked. Start at [`phrase`].

use crate::{clean, command::words};

/// Characters of a question at most. What is longer tells something.
pub(super) const LONGEST: usize = 200;

/// A word, and how it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without the punctuation around it.
    pub(super) low: String,
    /// As it was typed, without the punctuation behind it.
    pub(super) typed: String,
}

/// What people write before a question, longest first.
const BEFORE: &[&str] = &[
    "i would like to know", "i would like to see", "i would like to", "i want to know", "i want to see", "i want to",
    "i need to see", "i need to know", "do you know", "can you tell me", "could you tell me", "can you tell us", "tell me", "tell us",
    "can you please", "could you please", "would you please", "can you", "could you", "would you", "will you", "can we", "could we",
    "can i", "could i", "may i", "let us", "never mind", "nevermind", "hey midwatch", "hi midwatch", "@midwatch",
    "midwatch", "please", "pls", "plz", "hey", "hi", "hello", "ok", "okay", "so", "and", "but", "also", "thanks", "thank you",
    "hmm", "um", "well", "now", "just", "quick question", "question",
];

/// What people write after one.
const BEHIND: &[&str] = &[
    "please", "pls", "plz", "thanks", "thank you", "thx", "ty", "for me", "for us", "midwatch", "@midwatch", "if possible", "quickly",
    "so far", "right now", "now", "again", "then", "though",
];

/// Contractions, also without their apostrophe.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("what's", "what is"), ("whats", "what is"), ("who's", "who is"), ("whos", "who is"), ("how's", "how is"),
    ("hows", "how is"), ("why's", "why is"), ("where's", "where is"), ("it's", "it is"), ("that's", "that is"), ("isn't", "is not"), ("isnt", "is not"),
    ("wasn't", "was not"), ("aren't", "are not"), ("can't", "can not"), ("cannot", "can not"), ("cant", "can not"),
    ("couldn't", "could not"), ("couldnt", "could not"), ("don't", "do not"), ("dont", "do not"), ("didn't", "did not"), ("didnt", "did not"),
    ("doesn't", "does not"), ("doesnt", "does not"), ("you're", "you are"), ("let's", "let us"), ("lets", "let us"),
    ("i'd", "i would"), ("what've", "what have"), ("you've", "you have"),
];

/// The words of a question. None when there are none, or far more than a question has.
pub(super) fn phrase(text: &str) -> Option<Vec<Word>> {
    let line = clean::line(text);
    if line.contains('\n') || line.chars().count() > LONGEST {
        return None;
    }
    let words: Vec<Word> = words::words(&line).iter().flat_map(|word| written_out(word)).collect();
    let bare = without_courtesy(&words);
    // `please` alone asks for nothing.
    (!bare.is_empty()).then(|| bare.to_vec())
}

fn written_out(typed: &str) -> Vec<Word> {
    let end = |c: char| matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | '…' | '"' | ')');
    let typed = typed.trim_end_matches(end).trim_start_matches(['"', '(']);
    let low = typed.to_lowercase();
    match CONTRACTIONS.iter().find(|(short, _)| *short == low) {
        Some((_, long)) => long.split(' ').map(|low| Word { low: low.to_owned(), typed: low.to_owned() }).collect(),
        None if low.is_empty() => Vec::new(),
        None => vec![Word { low, typed: typed.to_owned() }],
    }
}

fn without_courtesy(words: &[Word]) -> &[Word] {
    let mut words = words;
    while let Some(rest) = BEFORE.iter().find_map(|courtesy| after(words, courtesy)) {
        words = rest;
    }
    while let Some(rest) = BEHIND.iter().find_map(|courtesy| before(words, courtesy)) {
        words = rest;
    }
    words
}

/// What stands after these words, when it begins with them.
pub(super) fn after<'a>(words: &'a [Word], said: &str) -> Option<&'a [Word]> {
    let said: Vec<&str> = said.split(' ').collect();
    let begins = words.len() >= said.len() && words.iter().zip(&said).all(|(word, said)| word.low == *said);
    begins.then(|| &words[said.len()..])
}

fn before<'a>(words: &'a [Word], said: &str) -> Option<&'a [Word]> {
    let at = words.len().checked_sub(said.split(' ').count())?;
    after(&words[at..], said).map(|_| &words[..at])
}

/// The words as one text.
pub(super) fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.low.as_str()).collect::<Vec<_>>().join(" ")
}

//! Words that are nearly a verb, and flags that are nearly one.
//!
//! A first word counts as a misspelt verb when all of this holds; else it is a word of a sentence or a name:
//! 1. it is at most one edit away (insertion, deletion, substitution, swap of neighbours), two for verbs of seven letters
//!    and more;
//! 2. it is no other form of the verb: `stopped`, `retries`, `investigating` are words of sentences;
//! 3. for verbs of up to five letters the edit is no substitution: `shop`, `lost`, `back` and `held` are other words;
//! 4. what stands behind it fits the verb: `stauts` alone is a slip, `stats of checkout` is not;
//! 5. the verb does not take any words whatever, like `ask`, unless it is long enough to be told apart: `investigate`.
//!
//! Must never make a command of it: what was nearly said is offered, not done. Start at [`verb`].

use strsim::{damerau_levenshtein, hamming};

use super::parse::{bare, fits};

/// The verb that a word nearly is, given what stands behind it.
pub(super) fn verb(grammar: &clap::Command, word: &str, behind: &[String]) -> Option<String> {
    let word = bare(word);
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let verbs = grammar.get_subcommands().map(clap::Command::get_name).filter(|verb| verb.len() > 3);
    let slips = verbs.filter_map(|verb| slip(&word, verb).map(|edits| (edits, verb)));
    let fitting = slips.filter(|(_, verb)| fits(verb, behind).is_ok());
    fitting.min_by_key(|(edits, _)| *edits).map(|(_, verb)| verb.to_owned())
}

/// The edits between a word and a verb, when few enough for a slip of the fingers.
fn slip(word: &str, verb: &str) -> Option<usize> {
    let stem = verb.trim_end_matches(['e', 'y']);
    let other_form = word.len() >= verb.len() && word.starts_with(stem);
    let edits = damerau_levenshtein(word, verb);
    let few = edits <= if verb.len() >= 7 { 2 } else { 1 };
    // One edit between words of one length is a substitution where one letter differs, a swap where two do.
    let substituted = verb.len() <= 5 && hamming(word, verb) == Ok(1);
    (few && !other_form && !substituted).then_some(edits)
}

/// The nearest of some names, when it is near enough to be meant.
pub(super) fn among<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let far = |name: &str| damerau_levenshtein(&word, name);
    names.filter(|name| far(name) <= name.len().div_ceil(3).max(1)).min_by_key(|name| far(name))
}

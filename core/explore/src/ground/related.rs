//! Whether a sentence has anything to do with what it cites: some of its words have to stand there.
//!
//! `The disk is full` names nothing and counts nothing, so nothing else of the checker can hold it against evidence. Reads no
//! meaning: it knows that `refusal` is `refused`, and a few words for one thing. Names alone are no relation, since anything
//! may be said of them. Start at [`is_related`].

use super::contradict;
use super::numbers::stem;
use super::words;

/// Words with which a sentence is made, and that say nothing of what happened.
const MADE_OF: &str = "\
    about after again ago around became because before began begin being both called causes caused cause caused comes \
    could culprit due during each exactly explain explains explained fault first following from given gives had happen \
    happened happens here however its just last like may might more most must named names near nearest now only other \
    our out own over problem reason root run running runs same say says see seen set sets shall should show shown shows \
    since some start started starts still take takes than then there therefore thus time times took under until use \
    used uses using utc very was what when where whether while who whole why within would yet \
    one two three four five six seven eight nine ten eleven twelve \
    second seconds minute minutes min hour hours day days millis milliseconds millicores mib gib kib bytes percent";

/// Words for one thing: where one is claimed, another may stand.
const KIN: &[&str] = &[
    "connect reach unreachable refus dial lost econnrefused talk",
    "oom memory",
    "miss absent exist found unset without lacks",
    "remov dropp delet",
    "crash exit restart terminat",
    "healthy ready fine",
    "latenc slow timeout timed duration",
    "denied denies forbidden unauthor permission credential password authentic",
    "listen bind address-in-use eaddrinuse",
    "kill killed oomkill",
    "cpu core throttl",
    "deadline timeout progressdeadline",
];

/// Whether at least a third of what a claim says, and something of it beyond names, stands in a text. `names` are the names
/// that the claim holds, all of them found already; `rest` is the claim without them and without its quotes. A number that
/// was found counts as something.
pub(super) fn is_related(rest: &str, names: usize, has_more: bool, says: &str, objects: &[String]) -> bool {
    let squeezed = says.to_lowercase().replace('-', "");
    let says = in_words(says);
    let is_part_of_name = |word: &str| objects.iter().any(|name| name.split(['-', '.', '/']).any(|part| part == word));
    let said = contradict::content(rest);
    let says_something = |word: &&String| {
        !words::among(MADE_OF, word) && !word.bytes().all(|b| b.is_ascii_digit()) && !made_of_stem(word)
    };
    let (of_names, beyond): (Vec<&String>, Vec<&String>) =
        said.iter().filter(says_something).partition(|word| is_part_of_name(word));
    let held = beyond.iter().filter(|word| holds(&says, &squeezed, word)).count() + usize::from(has_more);
    let all = beyond.len() + usize::from(has_more);
    let named = names + of_names.len();
    all == 0 || held > 0 && (held + named) * 3 >= all + named
}

/// `use` of `uses`.
fn made_of_stem(word: &str) -> bool {
    MADE_OF.split(' ').any(|known| stem(known) == word)
}

/// Letters of a word that may stand within another: `backoff` in `CrashLoopBackOff`. Shorter ones do so by chance, as `full`
/// in `successfully`.
const LONG: usize = 6;

/// A text in small letters, words that are written as one taken apart: `exitCode`.
fn in_words(text: &str) -> String {
    let (mut words, mut after_small) = (String::with_capacity(text.len()), false);
    for c in text.chars() {
        if c.is_uppercase() && after_small {
            words.push(' ');
        }
        after_small = c.is_lowercase();
        words.extend(c.to_lowercase());
    }
    words
}

/// Whether a word, or one for the same thing, stands in a text.
fn holds(says: &str, squeezed: &str, word: &str) -> bool {
    let bare = word.replace('-', "");
    let stands = |word: &str| begins_a_word(says, word) || word.len() >= LONG && squeezed.contains(word);
    let parts: Vec<&str> = word.split('-').filter(|part| part.len() > 2).collect();
    stands(root(&bare))
        || word.contains('-') && !parts.is_empty() && parts.iter().all(|part| stands(root(part)))
        || KIN.iter().any(|kin| is_kin(kin, &bare) && kin.split(' ').any(stands))
}

fn begins_a_word(text: &str, word: &str) -> bool {
    let mut places = text.match_indices(word);
    places.any(|(at, _)| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric))
}

fn is_kin(kin: &str, word: &str) -> bool {
    kin.split(' ').any(|one| word.starts_with(one))
}

/// The beginning of a long word: `refus` of `refusal`.
fn root(word: &str) -> &str {
    let length = word.chars().count();
    let kept = if length > 6 { (length * 3).div_ceil(4) } else { length };
    word.char_indices().nth(kept).map_or(word, |(at, _)| &word[..at])
}

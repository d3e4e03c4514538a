//! The nearest valid key or word for one that does not exist.
//!
//! Never guesses far: a wrong hint at night is worse than none. Start at [`for_key`].

use strsim::damerau_levenshtein;

use crate::field::{self, Field};
use crate::quote::alternatives;

/// What a key that does not exist was probably meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meant {
    /// A section.
    Section(&'static str),
    /// A setting, by its dotted key.
    Key(&'static str),
}

/// The section or setting nearest to an unknown dotted key: a neighbour with a similar name, then
/// the same name elsewhere, then a similar name elsewhere.
pub(crate) fn for_key(unknown: &str) -> Option<Meant> {
    let Some((section, leaf)) = unknown.rsplit_once('.') else {
        return for_top_level(unknown);
    };
    let section = nearest_word(section, &field::sections()).unwrap_or(section);
    let near = |field: &&Field| field.section() == section;
    best(leaf, field::all().filter(near)).or_else(|| best(leaf, field::all())).map(|field| Meant::Key(field.key))
}

/// `log_level` is the setting, not a slip for the section `log`, so whole keys come first.
fn for_top_level(unknown: &str) -> Option<Meant> {
    let whole = field::all().find(|field| same_letters(field.key, unknown));
    let section = || nearest_word(unknown, &field::sections()).map(Meant::Section);
    let elsewhere = || best(unknown, field::all()).map(|field| Meant::Key(field.key));
    whole.map(|field| Meant::Key(field.key)).or_else(section).or_else(elsewhere)
}

/// The valid names at the place of an unknown key, for when nothing is near.
pub(crate) fn valid_at(section: Option<&str>) -> String {
    let leaves: Vec<_> = match section {
        Some(section) => field::all().filter(|f| f.section() == section).map(Field::leaf).collect(),
        None => field::sections(),
    };
    format!("valid here: {}", alternatives(&leaves).replace(" or ", ", "))
}

/// The valid names in the section of an unknown dotted key, or the sections when it has none.
pub(crate) fn valid_near(unknown: &str) -> String {
    let section = unknown.split_once('.').map(|(section, _)| section);
    valid_at(section.filter(|section| field::sections().contains(section)))
}

/// The setting whose last name is most like this one.
fn best(leaf: &str, fields: impl Iterator<Item = &'static Field>) -> Option<&'static Field> {
    fields
        .filter_map(|field| distance(leaf, field.leaf()).map(|distance| (distance, field)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, field)| field)
}

/// The word most like this one, if any is near.
pub(crate) fn nearest_word(word: &str, words: &[&'static str]) -> Option<&'static str> {
    words
        .iter()
        .filter_map(|name| distance(word, name).map(|distance| (distance, *name)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How far apart two names are; none when too far to be a slip.
fn distance(found: &str, valid: &str) -> Option<usize> {
    // Past this no name is near, and the comparison is quadratic.
    const LONGEST: usize = 64;
    if found.is_empty() || found.len() > LONGEST {
        return None;
    }
    let (found, valid) = (fold(found), fold(valid));
    let distance = damerau_levenshtein(&found, &valid);
    let beginning = found.len() >= 3 && (valid.starts_with(&found) || found.starts_with(&valid));
    (distance <= (valid.len() / 3).max(1) || beginning).then_some(distance)
}

/// `tailLines`, `tail-lines` and `TAIL_LINES` are one name.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Whether two names are the same apart from case and separators.
pub(crate) fn same_letters(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_keys() {
        let key = |key| Some(Meant::Key(key));
        let table = [
            ("investigation.lokback", key("investigation.lookback")),
            ("investigation.tailLines", key("investigation.tail_lines")),
            ("investigation.tail", key("investigation.tail_lines")),
            ("investigation.max-reads", key("investigation.max_reads")),
            ("investigation.lookback", key("investigation.lookback")),
            ("investgation.lookback", key("investigation.lookback")),
            ("output.color", key("output.colour")),
            ("output.lookback", key("investigation.lookback")),
            ("log.colour", key("output.colour")),
            ("log.levle", key("log.level")),
            ("investigations", Some(Meant::Section("investigation"))),
            ("outptu", Some(Meant::Section("output"))),
            ("lookback", key("investigation.lookback")),
            ("log_level", key("log.level")),
            ("log.zebra", None),
            ("zebra", None),
            ("", None),
        ];
        for (unknown, meant) in table {
            assert_eq!(for_key(unknown), meant, "{unknown}");
        }
    }

    #[test]
    fn words_that_are_not_near_get_no_hint() {
        assert_eq!(nearest_word("jsn", &["thread", "json"]), Some("json"));
        assert_eq!(nearest_word("xml", &["thread", "json"]), None);
        assert_eq!(nearest_word(&"j".repeat(1 << 20), &["thread", "json"]), None);
    }
}

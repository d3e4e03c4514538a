//! Names of objects in plain text, by their form: what is masked before anything was read that could tell.
//!
//! A name is `Deployment shop/ledger`, `deployment/ledger`, or a word in small letters with a hyphen that is not made in
//! English: `ledger-db`. Must never be taken for complete: a plain word is no name here. Start at [`names`].

use midwatch_diagnosis::entity::{EntityRef, Kind};

use crate::ground::is_compound;

/// What looks like the name of something.
pub(crate) fn names(text: &str) -> Vec<EntityRef> {
    let mut found = Vec::new();
    let mut before: Option<Kind> = None;
    for word in text.split(|c: char| !is_of_path(c)).map(|word| word.trim_matches(['-', '/', '.'])) {
        let kind = before.take();
        before = Kind::parse(word).filter(|_| word.starts_with(char::is_uppercase));
        if let Some((first, name)) = word.split_once('/').filter(|(first, name)| is_name(first) && is_name(name)) {
            match (kind, Kind::parse(first)) {
                (Some(kind), _) => found.push(EntityRef::new(kind, first, name)),
                (None, Some(kind)) => found.push(EntityRef::new(kind, "", name)),
                (None, None) => {}
            }
        }
        let parts = word.split(['/', '.']).filter(|part| is_shaped(part));
        found.extend(parts.map(|part| EntityRef::new(Kind::named("Name"), "", part)));
    }
    found
}

fn is_of_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.')
}

/// RFC 1123, as names of Kubernetes are.
fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.contains(|c: char| c.is_ascii_lowercase()) && text.bytes().all(plain)
}

fn is_shaped(text: &str) -> bool {
    is_name(text) && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.contains('-') && !is_compound(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("is ledger-db hit too?", &["ledger-db"])]
    #[case("dial tcp: lookup ledger-db.shop on 10.0.0.10:53", &["ledger-db"])]
    #[case("Deployment shop/ledger waits for deployment/orders.", &["ledger", "orders"])]
    #[case("a read-only, crash-looping pod at 2026-11-22T04:36:31Z and/or v1.2-rc", &[])]
    fn names_are_known_by_their_form(#[case] text: &str, #[case] wanted: &[&str]) {
        assert_eq!(names(text).iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), wanted);
    }
}

//! Rules as they are written: what could be read in two ways is refused.
//!
//! Must never let a slip of the pen give a right: an empty list, an empty text, a rule for nobody in particular. The place
//! of a mistake is told by whoever parses the file. Start at [`who`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::{Verb, Who};

/// For whom a rule is; at least one field has to say it.
pub(super) fn who<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Who, D::Error> {
    let who = Who::deserialize(deserializer)?;
    if who == Who::default() {
        return Err(D::Error::custom("`who` is empty; a rule for anyone says so: `who: {user: \"*\"}`"));
    }
    Ok(who)
}

/// A pattern that can fit something.
pub(super) fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    named(String::deserialize(deserializer)?).map(Some)
}

/// Patterns, at least one.
pub(super) fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    one_or_more(deserializer)?.into_iter().map(named).collect()
}

/// Verbs, at least one; `*` among them is all of them.
pub(super) fn verbs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Verb>, D::Error> {
    let words = one_or_more(deserializer)?;
    let known = |word: &String| {
        Verb::ALL.into_iter().find(|verb| verb.as_str() == word).ok_or_else(|| {
            let valid = Verb::ALL.map(Verb::as_str).join(", ");
            D::Error::custom(format!("there is no verb `{}`; verbs are {valid} and `*`", word.escape_debug()))
        })
    };
    let verbs: Vec<Verb> = words.iter().filter(|word| *word != "*").map(known).collect::<Result<_, _>>()?;
    Ok(if words.iter().any(|word| word == "*") { Vec::new() } else { verbs })
}

fn named<E: Error>(text: String) -> Result<String, E> {
    if text.trim() == text && !text.is_empty() {
        return Ok(text);
    }
    Err(E::custom("this is empty, or begins or ends with a space, and so fits no name; `*` fits any"))
}

/// A list that is not empty, or one text that stands for a list of one.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words = deserializer.deserialize_any(OneOrMore)?;
    if words.is_empty() {
        return Err(D::Error::custom("an empty list could mean all or none; leave the key out for all"));
    }
    Ok(words)
}

struct OneOrMore;

impl<'de> Visitor<'de> for OneOrMore {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, or one text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

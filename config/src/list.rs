//! Settings that are lists: plain texts, name patterns, secrets.
//!
//! Never turns a number into text on its own (`0123` would lose its zero) and never quotes a secret.
//! Start at [`Field::texts`] and [`Field::secrets`].

use secrecy::SecretString;

use crate::error::Problem;
use crate::field::Field;
use crate::node::{Located, Node};
use crate::quote::quote;
use crate::secret::{SHORTEST_LITERAL, too_short};
use crate::value::{Wrong, place};

impl Field {
    /// A list of texts; a single text stands for a list of one.
    pub(crate) fn texts(
        &self,
        node: &Located<Node>,
        refuse: fn(&str) -> Option<&'static str>,
    ) -> Result<Vec<String>, Wrong> {
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Node::List(items) => items.as_slice(),
            Node::Text(_) => one,
            _ => return Err(self.wrong(node)),
        };
        let text = |item: &Located<Node>| match &item.value {
            Node::Text(text) if text.trim().is_empty() => Err(self.bad_item(item, "an empty text", "remove it")),
            Node::Text(text) => match refuse(text) {
                Some(fix) => Err(self.bad_item(item, &quote(text), fix)),
                None => Ok(text.clone()),
            },
            Node::Number(_) | Node::Flag(_) => {
                Err(self.bad_item(item, item.value.kind(), "put it in quotes to make it text"))
            }
            other => Err(self.bad_item(item, other.kind(), "write each item as one text")),
        };
        items.iter().map(text).collect()
    }

    pub(crate) fn secrets(&self, node: &Located<Node>) -> Result<Vec<SecretString>, Wrong> {
        let texts = match &node.value {
            Node::Text(_) | Node::List(_) => self.texts(node, |_| None)?,
            other => {
                let what = format!("`{}` is {}, expected {}", self.key, other.kind(), self.expects());
                return Err(place(node, Problem::new(what, self.example())));
            }
        };
        match texts.iter().position(|text| too_short(text)) {
            Some(index) => Err(self.short_secret(node, index)),
            None => Ok(texts.into_iter().map(SecretString::from).collect()),
        }
    }

    /// Names the item by its number, as its text must not be shown.
    fn short_secret(&self, node: &Located<Node>, index: usize) -> Wrong {
        let number = index + 1;
        let what = format!("item {number} of `{}` has fewer than {SHORTEST_LITERAL} characters", self.key);
        let fix = "remove it: redacting so short a text would blank out ordinary words";
        let item = match &node.value {
            Node::List(items) => items.get(index),
            _ => None,
        };
        place(item.unwrap_or(node), Problem::new(what, fix))
    }

    fn bad_item(&self, item: &Located<Node>, found: &str, fix: &str) -> Wrong {
        place(item, Problem::new(format!("an item of `{}` is {found}", self.key), fix))
    }
}

/// Names hold no spaces, commas or equals signs: one of these means that two were run together.
pub(crate) fn bad_pattern(text: &str) -> Option<&'static str> {
    let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '=');
    text.contains(wrong).then_some("write one name or pattern per item, such as `*_PIN`; several as `[A, B]`")
}

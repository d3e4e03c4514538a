//! A check under way: what is wrong, nested as Discord nests it. <https://docs.discord.com/developers/reference#error-messages>

use serde_json::{Map, Value, json};

use crate::discord::refusal::Refusal;

/// What was found wrong so far.
#[derive(Default)]
pub(in crate::discord) struct Check {
    errors: Map<String, Value>,
}

/// A field of what is at a place.
pub(in crate::discord) fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}/{name}") }
}

impl Check {
    /// Refuses when anything is wrong.
    pub(in crate::discord) fn end(self) -> Result<(), Refusal> {
        if self.errors.is_empty() { Ok(()) } else { Err(Refusal::form(Value::Object(self.errors))) }
    }

    /// Something is wrong at a place: fields and numbers, parted by slashes.
    pub(in crate::discord) fn problem(&mut self, at: &str, code: &str, message: &str) {
        let mut map = &mut self.errors;
        for part in at.split('/').filter(|part| !part.is_empty()) {
            let inner = map.entry(part.to_owned()).or_insert_with(|| json!({}));
            let Value::Object(inner) = inner else { return };
            map = inner;
        }
        let list = map.entry("_errors".to_owned()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!({"code": code, "message": message}));
        }
    }

    /// An object with no other fields than these.
    pub(super) fn object<'a>(&mut self, value: &'a Value, at: &str, known: &[&str]) -> Option<&'a Map<String, Value>> {
        let Some(map) = value.as_object() else {
            self.problem(at, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType.");
            return None;
        };
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            self.problem(&below(at, name), "UNKNOWN_FIELD", "Discord does not know this field and would ignore it.");
        }
        Some(map)
    }

    /// These have to be there.
    pub(super) fn must(&mut self, map: &Map<String, Value>, names: &[&str], at: &str) {
        for name in names.iter().filter(|name| map.get(**name).is_none_or(Value::is_null)) {
            self.problem(&below(at, name), "BASE_TYPE_REQUIRED", "This field is required");
        }
    }

    /// A text of so many characters, when it is there. Discord counts it without the spaces around it.
    pub(super) fn string(&mut self, map: &Map<String, Value>, name: &str, at: &str, (least, most): (usize, usize)) {
        let Some(value) = map.get(name).filter(|value| !value.is_null()) else { return };
        let at = below(at, name);
        let Some(text) = value.as_str() else {
            return self.problem(&at, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
        };
        match text.trim().chars().count() {
            0 if least > 0 => self.problem(&at, "BASE_TYPE_REQUIRED", "This field is required"),
            length if length > most && least > 0 => {
                self.problem(&at, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {least} and {most} in length."));
            }
            length if length > most => {
                self.problem(&at, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."));
            }
            _ => {}
        }
    }

    /// A list of at most so many things, when it is there.
    pub(super) fn list<'a>(&mut self, map: &'a Map<String, Value>, name: &str, at: &str, most: usize) -> &'a [Value] {
        let Some(value) = map.get(name).filter(|value| !value.is_null()) else { return &[] };
        let at = below(at, name);
        let Some(all) = value.as_array() else {
            self.problem(&at, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return &[];
        };
        if all.len() > most {
            self.problem(&at, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."));
        }
        all
    }

    /// A web address, when it is there; files of the message may stand for one.
    pub(super) fn address(&mut self, map: &Map<String, Value>, name: &str, at: &str) {
        let Some(text) = map.get(name).filter(|value| !value.is_null()) else { return };
        let known = |url: url::Url| ["http", "https", "attachment", "discord"].contains(&url.scheme());
        let good = text.as_str().is_some_and(|text| text.len() <= 2_048 && url::Url::parse(text).is_ok_and(known));
        if !good {
            self.problem(&below(at, name), "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }
}

//! Reads what `kubectl get -o json` and `kubectl cluster-info dump` write: a list, an object, several documents.
//!
//! Must never fail as a whole because of one object: what could be read is kept and what could not is said
//! ([`Listing::problems`]). Start at [`read_list`]. The items of a list are decoded one by one while the text is
//! scanned, so a file cut in the middle yields all objects before the cut, and memory holds facts, not text.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Object;
use crate::entity::Kind;

/// At most so many problems are kept word for word; the rest is counted.
const PROBLEM_CAP: usize = 5;

/// At most so many top-level fields of a single object are looked at; the API has under ten.
const FIELD_CAP: usize = 64;

/// What one text held.
#[derive(Debug, Default)]
pub struct Listing {
    /// The decoded objects, in the order of the text.
    pub objects: Vec<Object>,
    /// The kind of the list, where the text names it: `PodList` gives Pod. A `List` names none.
    pub kind: Option<Kind>,
    /// What could not be read, for a person.
    pub problems: Vec<String>,
    /// Problems beyond those kept.
    pub more_problems: usize,
}

impl Listing {
    /// Notes a problem, within bounds.
    pub fn problem(&mut self, text: String) {
        if self.problems.len() < PROBLEM_CAP { self.problems.push(text) } else { self.more_problems += 1 }
    }
}

/// Reads every JSON document of a text. `hint` is the kind to assume for items that name none and stand in a list
/// that names none either; an item's own kind always wins. The text may be cut or damaged anywhere.
pub fn read_list(text: &[u8], hint: Option<&Kind>) -> Listing {
    let mut listing = Listing::default();
    let mut documents = serde_json::Deserializer::from_slice(text);
    loop {
        if let Err(error) = (Document { listing: &mut listing, hint }).deserialize(&mut documents) {
            if !(error.is_eof() && error.line() <= 1 && error.column() == 0 && text.iter().all(u8::is_ascii_whitespace))
            {
                listing.problem(format!(
                    "not readable after line {} column {}: {}",
                    error.line(),
                    error.column(),
                    brief(&error)
                ));
            }
            return listing;
        }
        if documents.end().is_ok() {
            return listing;
        }
    }
}

/// Decodes one object from a JSON value (used for YAML, which is read into values first).
pub fn decode_value(value: serde_json::Value, hint: Option<&Kind>, into: &mut Listing) {
    let Some(map) = value.as_object() else {
        into.problem("a document is not a Kubernetes object".to_owned());
        return;
    };
    let kind = map.get("kind").and_then(|k| k.as_str()).unwrap_or_default().to_owned();
    if map.contains_key("items") {
        let inner = list_kind(&kind);
        into.kind = into.kind.take().or_else(|| inner.clone());
        let serde_json::Value::Object(mut map) = value else { return };
        if let Some(serde_json::Value::Array(items)) = map.remove("items") {
            for item in items {
                decode_item(item, inner.as_ref().or(hint), into);
            }
        }
    } else {
        decode_item(value, hint, into);
    }
}

fn decode_item(value: serde_json::Value, hint: Option<&Kind>, into: &mut Listing) {
    let text = |key: &str| value.get(key).and_then(|k| k.as_str());
    let named = text("kind").map(|kind| kind_of(text("apiVersion").unwrap_or_default(), kind));
    let Some(kind) = named.as_ref().or(hint) else {
        into.problem("an object names no kind".to_owned());
        return;
    };
    match Object::decode(kind, value) {
        Ok(object) => into.objects.push(finished(object, kind)),
        Err(error) => into.problem(format!("one {kind} is not as the API writes it: {error}")),
    }
}

/// The kind of an object that names itself. Other projects define kinds of the same names (a `Service` of Knative): they
/// must not be taken for the built-in ones, so they carry their group.
fn kind_of(api_version: &str, kind: &str) -> Kind {
    let named = Kind::named(kind);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let foreign = group.contains('.') && !group.ends_with(".k8s.io");
    if foreign && !matches!(named, Kind::Other(_)) { Kind::Other(format!("{kind}.{group}")) } else { named }
}

/// The last touch: a kind of another group keeps the group in its name, as [`kind_of`] gave it; pods, of which there are
/// thousands, give back spare room.
fn finished(mut object: Object, kind: &Kind) -> Object {
    match (&mut object, kind) {
        (Object::Custom(custom), Kind::Other(name)) => custom.kind.clone_from(name),
        (Object::Pod(pod), _) => pod.slim(),
        _ => {}
    }
    object
}

/// `PodList` gives Pod; `List` gives nothing.
fn list_kind(kind: &str) -> Option<Kind> {
    kind.strip_suffix("List").filter(|k| !k.is_empty()).map(Kind::named)
}

fn brief(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The top level: a list or a single object. A single object's text is decoded after it was scanned.
struct Document<'a> {
    listing: &'a mut Listing,
    hint: Option<&'a Kind>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object or list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut kind: Option<String> = None;
        let mut fields: Vec<(String, &'de RawValue)> = Vec::new();
        let mut is_list = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                "items" => {
                    is_list = true;
                    let inner = kind.as_deref().and_then(list_kind);
                    let items =
                        Items { listing: self.listing, hint: inner.as_ref().or(self.hint), sure: inner.is_some() };
                    map.next_value_seed(items)?;
                }
                "kind" => kind = map.next_value::<Option<String>>()?,
                _ if !is_list && fields.len() < FIELD_CAP => fields.push((key.into_owned(), map.next_value()?)),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let named = kind.as_deref().and_then(list_kind);
        self.listing.kind = self.listing.kind.take().or(named);
        if !is_list {
            single(kind.as_deref(), &fields, self.hint, self.listing);
        }
        Ok(())
    }
}

/// Puts a scanned single object together again and decodes it.
fn single(kind: Option<&str>, fields: &[(String, &RawValue)], hint: Option<&Kind>, into: &mut Listing) {
    if kind == Some("Status") {
        let message = fields.iter().find(|(k, _)| k == "message").map_or("", |(_, v)| v.get());
        into.problem(format!("the API server answered with an error: {}", message.trim_matches('"')));
        return;
    }
    let version = fields.iter().find(|(k, _)| k == "apiVersion").map_or("", |(_, v)| v.get().trim_matches('"'));
    let named = kind.map(|kind| kind_of(version, kind));
    let Some(kind) = named.as_ref().or(hint) else {
        into.problem("the document is no Kubernetes object: it names no kind".to_owned());
        return;
    };
    let pairs: Vec<String> = fields.iter().map(|(key, value)| format!("{key:?}:{}", value.get())).collect();
    let text = format!("{{{}}}", pairs.join(","));
    match Object::decode(kind, &mut serde_json::Deserializer::from_str(&text)) {
        Ok(object) => into.objects.push(finished(object, kind)),
        Err(error) => into.problem(format!("one {kind} is not as the API writes it: {}", brief(&error))),
    }
}

/// `items` of a list: each is scanned as text first, so that an odd one costs only itself.
struct Items<'a> {
    listing: &'a mut Listing,
    hint: Option<&'a Kind>,
    /// Whether the list itself named the kind, so that no item needs to be asked.
    sure: bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            decode_raw(raw.get(), self.hint, self.sure, self.listing);
        }
        Ok(())
    }
}

fn decode_raw(text: &str, hint: Option<&Kind>, sure: bool, into: &mut Listing) {
    // The dump names the kind on the list alone; only lists that do not are scanned for it item by item.
    let named = if sure { None } else { Head::of(text) };
    let Some(kind) = named.as_ref().or(hint) else {
        into.problem("an object names no kind".to_owned());
        return;
    };
    match Object::decode(kind, &mut serde_json::Deserializer::from_str(text)) {
        Ok(object) => into.objects.push(finished(object, kind)),
        Err(error) => into.problem(format!("one {kind} is not as the API writes it: {}", brief(&error))),
    }
}

/// Looks for an object's kind and stops there: kubectl writes it before the parts that are long.
#[derive(Default)]
struct Head {
    api_version: String,
    kind: Option<String>,
}

impl Head {
    fn of(text: &str) -> Option<Kind> {
        let mut head = Self::default();
        // Leaving the visitor early is an error to the deserialiser; what was found by then is what is wanted.
        let _ = (&mut head).deserialize(&mut serde_json::Deserializer::from_str(text));
        head.kind.map(|kind| kind_of(&head.api_version, &kind))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Head {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                "apiVersion" => self.api_version = map.next_value::<Option<String>>()?.unwrap_or_default(),
                "kind" => {
                    self.kind = map.next_value()?;
                    return Ok(());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

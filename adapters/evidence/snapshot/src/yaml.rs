//! Kubernetes YAML, object by object, so that a long list never stands in memory as a tree.
//!
//! Must never let one odd object cost the others, or quote the file in an error. Start at [`read_yaml`]: documents are
//! parted at `---`, the items of a list as kubectl writes it (not indented) at their dashes; each part is decoded by
//! itself. A list of any other shape is decoded as a whole, within [`WHOLE`].

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::list::{Listing, decode_value};

/// The largest document (bytes) that is decoded as a whole.
const WHOLE: usize = 8 << 20;

/// Reads every document of a text.
pub(crate) fn read_yaml(text: &str, hint: Option<&Kind>) -> Listing {
    let mut listing = Listing::default();
    for document in documents(text) {
        match List::of(document) {
            Some(list) => list.read(hint, &mut listing),
            None => whole(document, hint, &mut listing),
        }
    }
    listing
}

/// Documents between lines of `---`; a line inside a block of text is indented and cannot be taken for one.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_end() == "---" || line.starts_with("--- ") {
                rest = Some(&text[at + line.len()..]);
                return Some(&text[..at]);
            }
            at += line.len();
        }
        rest = None;
        Some(text)
    })
    .filter(|document| document.lines().any(|l| !l.trim().is_empty() && !l.starts_with('#')))
}

/// A list in kubectl's shape.
struct List<'a> {
    kind: Option<&'a str>,
    items: Vec<&'a str>,
}

impl<'a> List<'a> {
    /// Parts a document at the dashes of its items; nothing when it is no such list.
    fn of(document: &'a str) -> Option<Self> {
        let mut list = List { kind: None, items: Vec::new() };
        let (mut at, mut start, mut inside, mut seen) = (0, None, false, false);
        for line in document.split_inclusive('\n') {
            let top = !line.starts_with([' ', '\r', '\n', '#']);
            if top {
                list.items.extend(start.take().map(|from| &document[from..at]));
                if inside && line.starts_with("- ") {
                    start = Some(at);
                } else {
                    inside = line.trim_end() == "items:";
                    seen |= inside || line.trim_end() == "items: []" || line.trim_end() == "items: null";
                    list.kind = line.strip_prefix("kind: ").map(str::trim).or(list.kind);
                }
            }
            at += line.len();
        }
        list.items.extend(start.map(|from| &document[from..]));
        let indented =
            seen && list.items.is_empty() && !document.contains("\nitems: ") && !document.starts_with("items: ");
        (seen && !indented).then_some(list)
    }

    fn read(mut self, hint: Option<&Kind>, into: &mut Listing) {
        if self.kind.is_none() && !self.items.is_empty() {
            // kubectl writes the list's kind below the items. What is cut inside an object is often well-formed.
            self.items.pop();
            into.problem("the list has no end: the file was cut, its last object is left out".to_owned());
        }
        let named = self.kind.and_then(|k| k.strip_suffix("List")).filter(|k| !k.is_empty()).map(Kind::named);
        into.kind = into.kind.take().or_else(|| named.clone());
        for (number, item) in self.items.iter().enumerate() {
            match parse(item) {
                Ok(serde_json::Value::Array(values)) => {
                    for value in values {
                        decode_value(value, named.as_ref().or(hint), into);
                    }
                }
                Ok(_) => into.problem(format!("item {} is no object", number + 1)),
                Err(error) => into.problem(format!("item {}: {error}", number + 1)),
            }
        }
    }
}

fn whole(document: &str, hint: Option<&Kind>, into: &mut Listing) {
    if document.len() > WHOLE {
        into.problem(format!("a document of {} MiB is more than is read at once", document.len() >> 20));
        return;
    }
    match parse(document) {
        Ok(serde_json::Value::Null) => {}
        Ok(serde_json::Value::Array(values)) => values.into_iter().for_each(|v| decode_value(v, hint, into)),
        Ok(value) => decode_value(value, hint, into),
        Err(error) => into.problem(error),
    }
}

/// One part as a value. The error's text has no piece of the file: it may hold a Secret. Words such as `n` or `on` are
/// names here: kubectl writes only `true` and `false`.
fn parse(text: &str) -> Result<serde_json::Value, String> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string();
        format!("not readable as YAML: {}", text.lines().next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, hint: Option<Kind>) -> (Vec<String>, usize) {
        let listing = read_yaml(text, hint.as_ref());
        let names = listing.objects.iter().map(|o| o.entity().to_string()).collect();
        (names, listing.problems.len())
    }

    const LIST: &str = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    namespace: n\n  spec:\n    containers:\n    - name: c\n      args:\n      - |\n        items:\n        - b\n        ---\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: b\n    namespace: n\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";

    #[test]
    fn the_shapes_that_kubectl_writes() {
        let wanted = vec!["Pod n/a".to_owned(), "Service n/b".to_owned()];
        assert_eq!(names(LIST, None), (wanted.clone(), 0));
        assert_eq!(names(&LIST.replace('\n', "\r\n"), None), (wanted.clone(), 0));
        let dump = "apiVersion: v1\nitems:\n- metadata:\n    name: a\n    namespace: n\nkind: PodList\nmetadata: {}\n";
        assert_eq!(names(dump, Some(Kind::Service)), (vec!["Pod n/a".to_owned()], 0));
        for empty in ["items: null\nkind: PodList\n", "apiVersion: v1\nitems: []\nkind: List\n", "", "---\n", "# x\n"] {
            assert_eq!(names(empty, None), (vec![], 0), "{empty:?}");
        }
        let documents = "---\nkind: Pod\nmetadata: {name: a, namespace: n}\n---\nkind: Service\nmetadata:\n  name: b\n  namespace: n\n";
        assert_eq!(names(documents, None), (wanted.clone(), 0));
        let indented = "kind: List\nitems:\n  - kind: Pod\n    metadata: {name: a, namespace: n}\n  - kind: Service\n    metadata: {name: b, namespace: n}\n";
        assert_eq!(names(indented, None), (wanted, 0));
    }

    #[test]
    fn damage_costs_only_what_it_touches() {
        let odd = LIST.replacen("    name: a", "    name: [", 1);
        assert_eq!(names(&odd, None), (vec!["Service n/b".to_owned()], 1));
        let cut = &LIST[..LIST.find("    name: b").unwrap()];
        assert_eq!(names(cut, None), (vec!["Pod n/a".to_owned()], 1));
    }

    #[test]
    fn bombs_and_depth_are_refused() {
        let bomb = format!(
            "a: &a [x,x,x,x,x,x,x,x,x]\n{}",
            ('b'..='l')
                .map(|c| format!("{c}: &{c} [{}]\n", vec![format!("*{}", char::from(c as u8 - 1)); 9].join(",")))
                .collect::<Vec<_>>()
                .concat()
        );
        assert_eq!(names(&bomb, None).1, 1);
        assert_eq!(names(&"[".repeat(100_000), None).1, 1);
        assert_eq!(names(&format!("kind: Pod\nspec:\n  x: {}", "{a: ".repeat(50_000)), None).1, 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(- |items:|kind: Pod|---|[a-z :\\[\\]{}&*\"'|>#]|\n|  ){0,60}") {
            read_yaml(&text, Some(&Kind::Pod));
        }
    }
}

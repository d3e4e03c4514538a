//! What there is in the cluster.

use std::collections::{BTreeMap, BTreeSet};

use midwatch_diagnosis::entity::Kind;
use serde_json::Value;

/// A resource by group and plural.
pub(super) type At = (String, String);

/// How a resource is served.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
}

/// One object as the server sends it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) text: String,
}

/// The text of a log, or the refusal in its place.
#[derive(Clone, Debug)]
pub(super) enum Log {
    Text { text: String, from: Option<jiff::Timestamp> },
    Refused { code: u16, message: String },
}

/// Whose log: namespace, pod, container, and whether of the run before.
pub(super) type LogOf = (String, String, String, bool);

/// Everything in the cluster.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) served: BTreeMap<At, Served>,
    pub(super) items: BTreeMap<At, Vec<Item>>,
    /// Namespaces in which a resource is not served, because the recording does not hold it there.
    pub(super) unserved: BTreeSet<(At, String)>,
    /// Words of refusals that a recording holds, by resource and namespace.
    pub(super) refused: BTreeMap<(At, String), String>,
    pub(super) logs: BTreeMap<LogOf, Log>,
}

impl World {
    /// Serves a kind that the engine knows.
    pub(super) fn serve_known(&mut self, kind: &Kind) -> At {
        let at = (kind.group().to_owned(), kind.plural());
        let version = if *kind == Kind::HorizontalPodAutoscaler { "v2" } else { "v1" };
        let served =
            Served { version: version.to_owned(), kind: kind.as_str().to_owned(), namespaced: kind.namespaced() };
        self.served.entry(at.clone()).or_insert(served);
        at
    }

    /// Serves every kind that the engine knows.
    pub(super) fn serve_all(&mut self) {
        for kind in Kind::KNOWN {
            self.serve_known(kind);
        }
    }

    /// Adds an object by its own kind.
    pub(super) fn add(&mut self, manifest: Value) {
        let kind = manifest["kind"].as_str().expect("an object names its kind").to_owned();
        let api = manifest["apiVersion"].as_str().unwrap_or("v1").to_owned();
        let (group, version) = api.split_once('/').unwrap_or(("", &api));
        let known = Kind::KNOWN.iter().find(|k| k.as_str() == kind && k.group() == group);
        let at = if let Some(known) = known {
            self.serve_known(known)
        } else {
            let at = (group.to_owned(), format!("{}s", kind.to_lowercase()));
            let namespaced = manifest["metadata"]["namespace"].is_string();
            self.served.entry(at.clone()).or_insert(Served { version: version.to_owned(), kind, namespaced });
            at
        };
        self.put(&at, manifest, known.is_some());
        self.sort();
    }

    /// Adds an object of a resource. Built-in lists name the kind once, on the list; custom ones on each object.
    pub(super) fn put(&mut self, at: &At, mut object: Value, built_in: bool) {
        if built_in && let Some(map) = object.as_object_mut() {
            map.remove("kind");
            map.remove("apiVersion");
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        self.items.entry(at.clone()).or_default().push(Item { namespace, name, text: object.to_string() });
    }

    /// Puts the objects into the order of the store.
    pub(super) fn sort(&mut self) {
        for items in self.items.values_mut() {
            items.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        }
    }
}

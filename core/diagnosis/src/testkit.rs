//! Scenes for table tests: a few lines of YAML become a [`View`].
//!
//! Everything that a scene does not show was looked for and is not there, unless [`Scene::unseen`] says otherwise.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::entity::Kind;
use crate::kube::Object;
use crate::kube::list::{Listing, decode_value};
use crate::logs::{LogDigester, LogOptions};
use crate::probe::{ContainerRef, Probe, ReadFailure};
use crate::view::{Collected, Content, View};

/// Now in every scene.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// What a test shows the engine.
#[derive(Default)]
pub(crate) struct Scene {
    objects: Vec<Object>,
    logs: Vec<Collected>,
    unseen: Vec<(Kind, ReadFailure)>,
}

impl Scene {
    /// Objects as YAML documents, each with `kind` and `metadata.name`; the namespace defaults to `shop`.
    /// `AGO(90s)` anywhere stands for the moment 90 seconds before now.
    pub(crate) fn yaml(mut self, text: &str) -> Self {
        let text = expand_times(text);
        for document in text.split("\n---") {
            if document.trim().is_empty() {
                continue;
            }
            let mut value: serde_json::Value = serde_saphyr::from_str(document).expect(document);
            let namespaced = Kind::named(value["kind"].as_str().expect("kind")).namespaced();
            let meta = value["metadata"].as_object_mut().expect("metadata");
            if namespaced {
                meta.entry("namespace").or_insert_with(|| "shop".into());
            }
            let mut listing = Listing::default();
            decode_value(value, None, &mut listing);
            assert!(listing.problems.is_empty(), "{:?}\n{document}", listing.problems);
            self.objects.extend(listing.objects);
        }
        self
    }

    /// The log of container `pod/container` in namespace `shop`.
    pub(crate) fn log(self, whose: &str, text: &str) -> Self {
        self.one_log(whose, text, false)
    }

    /// The log of the run before.
    pub(crate) fn previous_log(self, whose: &str, text: &str) -> Self {
        self.one_log(whose, text, true)
    }

    fn one_log(mut self, whose: &str, text: &str, previous: bool) -> Self {
        let (pod, container) = whose.split_once('/').expect("pod/container");
        let of = ContainerRef { namespace: "shop".into(), pod: pod.into(), container: container.into() };
        let mut digester = LogDigester::new(LogOptions::default());
        digester.push(expand_times(text).as_bytes());
        let result = Ok(Content::Log(Box::new(digester.finish())));
        self.logs.push(Collected { probe: Probe::Log { of, previous, onset: None }, result, gaps: vec![] });
        self
    }

    /// A kind that could not be read.
    pub(crate) fn unseen(mut self, kind: Kind, why: ReadFailure) -> Self {
        self.unseen.push((kind, why));
        self
    }

    /// The view, with a window of an hour.
    pub(crate) fn view(self) -> View {
        let mut by_kind: BTreeMap<Kind, Vec<Object>> = Kind::KNOWN.iter().map(|k| (k.clone(), vec![])).collect();
        for object in self.objects {
            let kind = object.kind();
            by_kind.entry(kind).or_default().push(object);
        }
        for (kind, _) in &self.unseen {
            by_kind.remove(kind);
        }
        let mut collected: Vec<Collected> = by_kind
            .into_iter()
            .map(|(kind, objects)| Collected {
                probe: Probe::Objects { kind, namespace: None },
                result: Ok(Content::Objects(objects)),
                gaps: vec![],
            })
            .collect();
        for (kind, why) in self.unseen {
            collected.push(Collected {
                probe: Probe::Objects { kind, namespace: None },
                result: Err(why),
                gaps: vec![],
            });
        }
        collected.extend(self.logs);
        View::new(collected, Some(now()), SignedDuration::from_hours(1))
    }
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

/// `AGO(5m)` becomes the moment five minutes before now.
fn expand_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("AGO(") {
        let end = rest[start..].find(')').expect("AGO(..)") + start;
        let span: jiff::SignedDuration = rest[start + 4..end].parse().expect("a duration");
        out.push_str(&rest[..start]);
        out.push_str(&now().checked_sub(span).expect("in range").to_string());
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

#[test]
fn a_scene_becomes_a_view() {
    let view = Scene::default()
        .yaml(
            "
kind: Pod
metadata: {name: a-5d4-x, labels: {pod-template-hash: 5d4}, ownerReferences: [{kind: ReplicaSet, name: a-5d4, controller: true}], creationTimestamp: AGO(90s)}
---
kind: Node
metadata: {name: n1}
",
        )
        .unseen(Kind::ReplicaSet, ReadFailure::NotRecorded)
        .view();
    let pod = crate::entity::EntityRef::new(Kind::Pod, "shop", "a-5d4-x");
    assert_eq!(view.unit(&pod).to_string(), "Deployment shop/a");
    assert_eq!(view.age(view.pods.get("shop", "a-5d4-x").unwrap().metadata.creation_timestamp.unwrap()), 90);
    assert!(view.saw(&Kind::Secret, "shop") && !view.saw(&Kind::ReplicaSet, "shop"));
    assert_eq!(view.nodes.len(), 1);
}

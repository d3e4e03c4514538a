//! What every object has: metadata, conditions, label selectors.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Map, Time, lean};

/// Annotation values longer than this (bytes) are cut: none that a detector reads is that long.
const ANNOTATION_CAP: usize = 1024;

lean! {
    /// `metadata`.
    Meta {
        name: String,
        generate_name: String,
        namespace: String,
        uid: String,
        creation_timestamp: Time,
        deletion_timestamp: Time,
        deletion_grace_period_seconds: Option<i64>,
        labels: Map,
        annotations: Annotations,
        owner_references: Vec<OwnerRef>,
        finalizers: Vec<String>,
        generation: i64,
        managed_fields: Vec<ManagedField>,
    }
    /// Who controls an object.
    OwnerRef { kind: String, name: String, uid: String, controller: bool }
    /// Who changed an object and when: the only place where an edit of a ConfigMap or Secret is written down.
    ManagedField { manager: String, operation: String, time: Time, subresource: String }
    /// `status.conditions[]` of any kind.
    Condition {
        r#type: String,
        status: String,
        reason: String,
        message: String,
        last_transition_time: Time,
        last_update_time: Time,
        last_heartbeat_time: Time,
        last_probe_time: Time,
    }
    /// A label selector; empty selects everything in most places and nothing in a Service.
    LabelSelector { match_labels: Map, match_expressions: Vec<SelectorRequirement> }
    /// One requirement of a selector: `In`, `NotIn`, `Exists`, `DoesNotExist`.
    SelectorRequirement { key: String, operator: String, values: Vec<String> }
}

impl Condition {
    /// Whether the condition says `True`.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

impl Meta {
    /// The controlling owner, if any.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owner_references.iter().find(|o| o.controller).or_else(|| self.owner_references.first())
    }

    /// The time of the newest recorded edit (creation does not count), where `managedFields` were kept.
    pub fn edited_at(&self) -> Option<&ManagedField> {
        self.managed_fields
            .iter()
            .filter(|m| m.subresource.is_empty() && *m.time > *self.creation_timestamp)
            .max_by_key(|m| *m.time)
    }
}

impl LabelSelector {
    /// Whether the selector has no terms.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether these labels satisfy every term.
    pub fn matches(&self, labels: &Map) -> bool {
        self.match_labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.match_expressions.iter().all(|e| e.matches(labels))
    }
}

impl SelectorRequirement {
    fn matches(&self, labels: &Map) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|v| self.values.contains(v)),
            "NotIn" => !value.is_some_and(|v| self.values.contains(v)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// Annotations without `last-applied-configuration` (it repeats the whole object, secrets included), values capped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Annotations(pub Map);

impl std::ops::Deref for Annotations {
    type Target = Map;
    fn deref(&self) -> &Map {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(deserializer)?;
        map.remove("kubectl.kubernetes.io/last-applied-configuration");
        for value in map.values_mut() {
            if value.len() > ANNOTATION_CAP {
                let end = (0..=ANNOTATION_CAP).rev().find(|&i| value.is_char_boundary(i)).unwrap_or(0);
                value.truncate(end);
            }
        }
        Ok(Self(map))
    }
}

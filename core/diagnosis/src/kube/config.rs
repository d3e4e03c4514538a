//! Configuration and permissions. Values of Secrets are never held: key names only.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Map, Meta, NameRef, lean};

lean! {
    /// A ConfigMap; values are kept because a wrong host or port in one is evidence.
    ConfigMap { metadata: Meta, data: Map, binary_data: Keys, immutable: bool }
    /// A Secret without its values.
    Secret { metadata: Meta, data: Keys, string_data: Keys, r#type: String }
    /// A ServiceAccount.
    ServiceAccount { metadata: Meta, image_pull_secrets: Vec<NameRef> }
    /// A Role or ClusterRole.
    Role { metadata: Meta, rules: Vec<PolicyRule> }
    /// What a role allows.
    PolicyRule { api_groups: Vec<String>, resources: Vec<String>, verbs: Vec<String>, resource_names: Vec<String> }
    /// A RoleBinding or ClusterRoleBinding.
    RoleBinding { metadata: Meta, role_ref: RoleRef, subjects: Vec<Subject> }
    /// The role that a binding grants.
    RoleRef { kind: String, name: String }
    /// To whom.
    Subject { kind: String, name: String, namespace: String }
}

/// Names of the keys of a map; its values are skipped while reading and never reach memory of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(pub BTreeSet<String>);

impl std::ops::Deref for Keys {
    type Target = BTreeSet<String>;
    fn deref(&self) -> &BTreeSet<String> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Keys;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, _)) = map.next_entry::<String, de::IgnoredAny>()? {
                    keys.insert(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// As it is read: a map, here of nothing.
impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|key| (key, ())))
    }
}

//! Secrets without their values: name, type, number of keys, and the names of the keys where they can be known.
//!
//! Must never ask for, or hold, a value. The answer is a table, which has none; the names of keys are in
//! `managedFields`, which say who set `data.KEY`. They count only when there are as many as the table says there are
//! keys: writers whose fields were reset are not in `managedFields`, and a key must not be called missing for that.
//! Start at [`read`].

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::list::Listing;
use midwatch_diagnosis::kube::{Keys, Object};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A table as the API server prints it.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table<'a> {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    column_definitions: Vec<Column>,
    #[serde(borrow, default)]
    rows: Option<Vec<Row<'a>>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Row<'a> {
    cells: Vec<serde_json::Value>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Who set which fields.
#[derive(Deserialize)]
struct Managed {
    metadata: ManagedMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManagedMeta {
    #[serde(default)]
    managed_fields: Vec<Manager>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manager {
    #[serde(default)]
    fields_v1: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default, rename = "f:data")]
    data: Keys,
}

/// One Secret, as far as it may be known.
pub(crate) struct Known {
    /// Its metadata, as text.
    pub(crate) metadata: Box<RawValue>,
    /// Its type.
    pub(crate) r#type: String,
    /// The names of its keys, where all are known.
    pub(crate) keys: Option<BTreeSet<String>>,
}

/// Reads the Secrets of a table.
pub(crate) fn read(body: &[u8]) -> Listing {
    let mut listing = Listing { kind: Some(Kind::Secret), ..Listing::default() };
    let known = match table(body) {
        Ok(known) => known,
        Err(problem) => {
            listing.problem(problem);
            return listing;
        }
    };
    for secret in known {
        let text = format!(r#"{{"metadata":{}}}"#, secret.metadata.get());
        match Object::decode(&Kind::Secret, &mut serde_json::Deserializer::from_str(&text)) {
            Ok(Object::Secret(mut object)) => {
                object.r#type = secret.r#type;
                object.data = Keys(secret.keys.unwrap_or_default());
                listing.objects.push(Object::Secret(object));
            }
            Ok(_) => {}
            Err(error) => listing.problem(format!("one Secret is not as the API writes it: {error}")),
        }
    }
    listing
}

/// The rows of a table of Secrets.
pub(crate) fn table(body: &[u8]) -> Result<Vec<Known>, String> {
    let table: Table<'_> = serde_json::from_slice(body).map_err(|e| format!("not readable as a table: {e}"))?;
    if table.kind != "Table" {
        return Err("the API server did not answer with a table; values of Secrets are not read".to_owned());
    }
    let at = |name: &str| table.column_definitions.iter().position(|c| c.name == name);
    let (of_type, of_count) = (at("Type"), at("Data"));
    Ok(table.rows.unwrap_or_default().iter().filter_map(|row| known(row, of_type, of_count)).collect())
}

fn known(row: &Row<'_>, of_type: Option<usize>, of_count: Option<usize>) -> Option<Known> {
    #[derive(Deserialize)]
    struct Meta {
        metadata: Box<RawValue>,
    }
    let metadata = serde_json::from_str::<Meta>(row.object.get()).ok()?.metadata;
    let r#type = of_type.and_then(|at| row.cells.get(at)?.as_str()).unwrap_or_default().to_owned();
    let count = of_count.and_then(|at| row.cells.get(at)?.as_u64());
    let keys = key_names(row.object.get()).filter(|keys| Some(keys.len() as u64) == count);
    Some(Known { metadata, r#type, keys })
}

/// The keys that somebody is written down to have set.
fn key_names(object: &str) -> Option<BTreeSet<String>> {
    let managed: Managed = serde_json::from_str(object).ok()?;
    let fields = managed.metadata.managed_fields.into_iter().filter_map(|m| m.fields_v1);
    let names = fields.flat_map(|f| f.data.0).filter_map(|key| key.strip_prefix("f:").map(str::to_owned));
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(count: u64) -> String {
        serde_json::json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
            "columnDefinitions": [{"name": "Name"}, {"name": "Type"}, {"name": "Data"}, {"name": "Age"}],
            "rows": [{"cells": ["db", "Opaque", count, "5d"], "object": {
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": {"name": "db", "namespace": "shop", "managedFields": [
                    {"manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1",
                     "fieldsV1": {"f:data": {".": {}, "f:user": {}}, "f:type": {}}},
                    {"manager": "rotate", "fieldsV1": {"f:data": {"f:pass": {}}}},
                    {"manager": "status", "subresource": "status"}
                ]}}}]
        })
        .to_string()
    }

    fn only(body: &str) -> midwatch_diagnosis::kube::Secret {
        match read(body.as_bytes()).objects.pop() {
            Some(Object::Secret(secret)) => *secret,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_of_keys_come_from_those_who_set_them() {
        let secret = only(&body(2));
        assert_eq!((secret.metadata.name.as_str(), secret.r#type.as_str()), ("db", "Opaque"));
        assert_eq!(secret.data.iter().map(String::as_str).collect::<Vec<_>>(), ["pass", "user"]);
    }

    #[test]
    fn keys_that_nobody_is_written_down_for_make_none_of_them_count() {
        assert!(only(&body(3)).data.is_empty(), "an unknown key must not look like a missing one");
    }

    #[test]
    fn an_answer_with_values_is_not_read() {
        let full = r#"{"kind":"SecretList","items":[{"metadata":{"name":"db"},"data":{"pass":"aHVudGVyMg=="}}]}"#;
        let listing = read(full.as_bytes());
        assert!(listing.objects.is_empty());
        assert_eq!(listing.problems.len(), 1);
    }
}

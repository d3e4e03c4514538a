//! The OpenAPI document: every operation of it is served, and what is served fits it.

use std::sync::{Arc, Mutex};

use midwatch_diagnosis::alert::Alert;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Setup, Source, World, json, send};

async fn document(world: &World) -> Value {
    json(world.get("/api/v1/openapi.json")).await.1
}

/// Every path with its methods.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods");
        methods.iter().map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    each.collect()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => document.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is there")),
        None => schema,
    }
}

/// Holds a value against a schema: types, required fields, no field that the schema does not name.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolve(document, schema);
    if let Some(parts) = schema["oneOf"].as_array() {
        let null = parts.iter().any(|part| part["type"] == "null");
        let other = parts.iter().find(|part| part["type"] != "null");
        if !(null && value.is_null()) {
            check(document, other.expect("a part"), value, place);
        }
        return;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        for part in parts {
            required(document, part, value, place);
        }
        return;
    }
    kind(schema, value, place);
    required(document, schema, value, place);
    if let (Some(words), Some(_)) = (schema["enum"].as_array(), value.as_str()) {
        assert!(words.contains(value), "{place}: {value}");
    }
    if let (Some(known), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
        // The report promises some of its fields; others may be added.
        let extra: Vec<&String> = object.keys().filter(|key| !known.contains_key(*key)).collect();
        assert!(
            extra.is_empty() || schema["description"].as_str().is_some_and(|d| d.starts_with("A report:")),
            "{place}: {extra:?}"
        );
    }
    for item in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], item, &format!("{place}[]"));
    }
}

fn kind(schema: &Value, value: &Value, place: &str) {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let fits = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{place}: unknown type {other}"),
    };
    assert!(kinds.iter().any(fits), "{place} is no {kinds:?}: {value}");
}

fn required(document: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolve(document, schema);
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{place} has no `{name}`: {value}");
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(document, property, value, &format!("{place}.{name}"));
        }
    }
}

#[tokio::test]
async fn it_is_an_openapi_document_whose_references_are_there() {
    let world = World::new().await;
    let document = document(&world).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let mut named = std::collections::BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(named.insert(id.to_owned()), "the operation id `{id}` is used twice: {method} {path}");
        let open = path.starts_with("/health/");
        assert_eq!(operation["security"].as_array().is_none_or(Vec::is_empty), open, "{method} {path}");
        assert!(operation["responses"]["default"]["$ref"].as_str().is_some_and(|r| r.ends_with("Problem")), "{path}");
    }
}

#[tokio::test]
async fn every_operation_is_served_and_no_other() {
    let world = World::new().await;
    let operations = operations(&document(&world).await);
    assert!(operations.len() >= 16, "{operations:?}");
    let mut paths: Vec<&String> = operations.iter().map(|(path, ..)| path).collect();
    paths.dedup();
    for path in paths {
        let real = path
            .replace("{id}", "0199d2c4a81f7b62a1c4e1f0a7c3b5d2")
            .replace("{component}", "store")
            .replace("{name}", "one")
            .replace("{artifact}", "report");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let documented = operations.iter().any(|(p, m, _)| p == path && m == method);
            let request = world.client.request(method.parse::<Method>().unwrap(), world.url(&real));
            assert_eq!(send(request).await.status().as_u16() != 405, documented, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn answers_fit_their_schemas() {
    let alert =
        Alert { name: "Slow".to_owned(), firing: true, fingerprint: "aaaaaaaaaaaaaaaa".to_owned(), ..Alert::default() };
    let source = Arc::new(Source(Mutex::new(Some(vec![alert]))));
    let world = World::with(Setup { alerts: Some(source), ..Setup::default() }).await;
    world.health.expect("store", true);
    let document = document(&world).await;
    let mut seen = Vec::new();
    let mut fits = |path: &str, method: &str, status: u16, body: Value| {
        let all = operations(&document);
        let (.., operation) = all.iter().find(|(p, m, _)| p == path && m == method).expect("an operation");
        let responses = &operation["responses"];
        let response = responses.get(status.to_string()).unwrap_or(&responses["default"]);
        let content = resolve(&document, response)["content"].as_object().expect("content");
        check(&document, &content.values().next().expect("a media type")["schema"], &body, path);
        seen.push((path.to_owned(), method.to_owned()));
    };
    let hook: Value = serde_json::from_slice(&crate::support::webhook("firing-KubePodCrashLooping-2.json")).unwrap();
    for (path, body) in [("/webhook/alertmanager", &hook), ("/webhook/grafana", &hook)] {
        let (status, body) = json(world.post(path, body)).await;
        fits(path, "POST", status.as_u16(), body);
    }
    let leased = world.claim().await;
    let id = leased.job.spec.id.to_string();
    let asks = [
        ("/api/v1/analyze", json!({"text": "checkout"})),
        ("/api/v1/say", json!({"text": "help"})),
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "web-0"})),
        ("/api/v1/analyze/alert", json!({"alert_id": "aaaaaaaaaaaaaaaa"})),
    ];
    for (path, body) in asks {
        let (status, body) = json(world.post(path, &body)).await;
        fits(path, "POST", status.as_u16(), body);
    }
    world.report(leased).await;
    for template in [
        "/api/v1/alerts",
        "/api/v1/jobs",
        "/api/v1/jobs/{id}",
        "/api/v1/jobs/{id}/report",
        "/api/v1/jobs/{id}/bundle",
        "/api/v1/jobs/{id}/artifacts",
        "/api/v1/jobs/{id}/events",
        "/api/v1/packs",
        "/api/v1/activity",
        "/api/v1/errors",
        "/api/v1/kill-switch",
        "/api/v1/queue",
        "/api/v1/slow",
        "/api/v1/spend",
        "/api/v1/stats",
        "/api/v1/workers",
        "/api/v1/health",
        "/api/v1/openapi.json",
        "/health/live",
        "/health/ready",
        "/health/startup",
        "/health/{component}",
    ] {
        let path = template.replace("{id}", &id).replace("{component}", "store");
        let (status, body) = json(world.get(&path)).await;
        fits(template, "GET", status.as_u16(), body);
    }
    let (status, body) = json(world.get("/api/v1/reports?q=payments")).await;
    fits("/api/v1/reports", "GET", status.as_u16(), body);
    let (status, body) = json(world.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({}))).await;
    fits("/api/v1/jobs/{id}/cancel", "POST", status.as_u16(), body);
    for template in [
        "/api/v1/jobs/{id}/retry",
        "/api/v1/dead-letters/{id}/replay",
        "/api/v1/dead-letters/{id}/discard",
        "/api/v1/kill-switch/on",
        "/api/v1/kill-switch/off",
        "/api/v1/queue/move-stuck",
        "/api/v1/workers/{id}/drain",
        "/api/v1/workers/{id}/undrain",
    ] {
        let (status, body) = json(world.post(&template.replace("{id}", &id), &json!({"reason": "a test"}))).await;
        fits(template, "POST", status.as_u16(), body);
    }
    let (status, body) = json(world.post("/api/v1/queue/clear", &json!({"pack": "one"}))).await;
    fits("/api/v1/queue/clear", "POST", status.as_u16(), body);
    for verb in ["disable", "enable"] {
        let (status, body) = json(world.post(&format!("/api/v1/packs/one/{verb}"), &json!({}))).await;
        fits(&format!("/api/v1/packs/{{name}}/{verb}"), "POST", status.as_u16(), body);
    }
    let answer: Response = send(world.get("/api/v1/jobs/7")).await;
    let status = answer.status().as_u16();
    fits("/api/v1/jobs/{id}", "GET", status, answer.json().await.unwrap());
    let unseen = |path: &str, method: &str| !seen.iter().any(|(p, m)| p == path && m == method);
    let left: Vec<String> =
        operations(&document).into_iter().filter(|(p, m, _)| unseen(p, m)).map(|(p, ..)| p).collect();
    let text = [
        "/api/v1/jobs/{id}/artifacts/{artifact}",
        "/api/v1/jobs/{id}/events/stream",
        "/api/v1/jobs/{id}/model",
        "/api/v1/jobs/{id}/report.md",
        "/metrics",
    ];
    assert_eq!(left, text, "those that are no JSON");
}

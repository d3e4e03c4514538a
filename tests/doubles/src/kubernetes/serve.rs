//! Requests in, answers out: what the real server's paths give.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::faults::Fault;
use super::logs::{self, Asked};
use super::rbac::{Account, What};
use super::running::{Active, Shared};
use super::status::{answer as json_answer, refusal, unknown_path};
use super::world::{At, Item, Served, World};

/// What a hanging answer waits for.
const FOREVER: Duration = Duration::from_hours(1);

/// Bytes of a request's body.
const REVIEW_CAP: usize = 64 * 1024;

/// Answers one request, with the fault that is planned for it.
pub(super) async fn answer(shared: Arc<Shared>, request: Request) -> Response {
    let active = Active::begin(&shared);
    let path = request.uri().path().to_owned();
    *shared.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default() += 1;
    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let fault = shared.faults.take(&target);
    match &fault {
        Some(Fault::Hang) => tokio::time::sleep(FOREVER).await,
        Some(Fault::Slow(wait)) => tokio::time::sleep(*wait).await,
        _ => {}
    }
    let response = match fault {
        Some(Fault::TooMany(seconds)) => {
            let message = "the server has received too many requests and has asked us to try again later";
            let mut response = refusal(429, "TooManyRequests", message, json!({}));
            if let Some(seconds) = seconds {
                response.headers_mut().insert("retry-after", seconds.into());
            }
            response
        }
        Some(Fault::Status(code)) => {
            refusal(code, "InternalError", "the server is currently unable to answer", json!({}))
        }
        Some(Fault::Garbage) => json_answer(200, "{\"kind\": \u{1}not json".to_owned()),
        Some(Fault::Expired) => expired(),
        Some(fault @ (Fault::Reset | Fault::HalfBody)) => {
            let whole = good(&shared, request).await;
            return broken(whole, fault == Fault::HalfBody, active).await;
        }
        _ => good(&shared, request).await,
    };
    counted(response, active)
}

fn expired() -> Response {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                   list without the continue parameter.";
    refusal(410, "Expired", message, json!({}))
}

/// Counts until the body is sent.
fn counted(response: Response, active: Active) -> Response {
    let (parts, body) = response.into_parts();
    let stream = body.into_data_stream().map(move |piece| {
        let _counted = &active;
        piece
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

/// The beginning of an answer, then a broken connection.
async fn broken(response: Response, half: bool, active: Active) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert("content-length", bytes.len().into());
    let kept = if half { bytes.slice(..bytes.len() / 2) } else { Bytes::new() };
    let pieces: Vec<Result<Bytes, std::io::Error>> = vec![Ok(kept), Err(std::io::Error::other("reset"))];
    // The second piece comes later, so that the first one is on its way when the connection breaks.
    let stream = futures::stream::iter(pieces).then(move |piece| {
        let _counted = &active;
        async move {
            if piece.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            piece
        }
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

async fn good(shared: &Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (authorization, accept) = (header("authorization"), header("accept"));
    let Some(account) = shared.rbac.account(Some(&authorization)) else {
        return refusal(401, "Unauthorized", "Unauthorized", json!({}));
    };
    let path = parts.uri.path().to_owned();
    let query = query(parts.uri.query().unwrap_or_default());
    let words: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let world = &shared.world;
    match (parts.method.as_str(), words.as_slice()) {
        ("GET", ["version"]) => json_answer(
            200,
            json!({"major": "1", "minor": "33", "gitVersion": "v1.33.2", "platform": "linux/amd64"}).to_string(),
        ),
        ("GET", ["api"]) => json_answer(200, json!({"kind": "APIVersions", "versions": ["v1"]}).to_string()),
        ("GET", ["apis"]) => json_answer(200, discovery(world, &accept).to_string()),
        ("POST", ["apis", "authorization.k8s.io", "v1", review]) => {
            let body = axum::body::to_bytes(body, REVIEW_CAP).await.unwrap_or_default();
            reviewed(&account, review, &serde_json::from_slice(&body).unwrap_or_default())
        }
        ("GET", ["api", "v1", "namespaces", ns, "pods", pod, "log"]) => log(world, &account, (ns, pod), &query),
        ("GET", ["api", "v1", rest @ ..]) => list(world, &account, ("", "v1"), rest, &query, &accept),
        ("GET", ["apis", group, version, rest @ ..]) => list(world, &account, (group, version), rest, &query, &accept),
        ("GET", _) => unknown_path(),
        _ => refusal(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
            json!({}),
        ),
    }
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn discovery(world: &World, accept: &str) -> Value {
    let mut groups: BTreeMap<&str, Vec<(&At, &Served)>> = BTreeMap::new();
    for (at, served) in world.served.iter().filter(|((group, _), _)| !group.is_empty()) {
        groups.entry(&at.0).or_default().push((at, served));
    }
    if !accept.contains("APIGroupDiscoveryList") {
        let items: Vec<Value> = groups.keys().map(|name| json!({"name": name})).collect();
        return json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": items});
    }
    let group = |(name, all): (&str, Vec<(&At, &Served)>)| {
        let version = all.first().map(|(_, s)| s.version.clone()).unwrap_or_default();
        let resources: Vec<Value> = all.iter().map(|(at, s)| resource(at, s)).collect();
        json!({"metadata": {"name": name}, "versions": [{"version": version, "resources": resources, "freshness": "Current"}]})
    };
    let items: Vec<Value> = groups.into_iter().map(group).collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn resource(at: &At, served: &Served) -> Value {
    json!({
        "resource": at.1,
        "responseKind": {"group": at.0, "version": served.version, "kind": served.kind},
        "scope": if served.namespaced { "Namespaced" } else { "Cluster" },
        "verbs": ["get", "list", "watch"],
        "subresources": [{"subresource": "status", "verbs": ["get"]}],
    })
}

fn reviewed(account: &Account, review: &str, body: &Value) -> Response {
    let spec = &body["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, status) = match review {
        "selfsubjectaccessreviews" => {
            let asked = &spec["resourceAttributes"];
            let sub = text(&asked["subresource"]);
            let plural = text(&asked["resource"]);
            let resource = if sub.is_empty() { plural } else { format!("{plural}/{sub}") };
            let (verb, group, namespace) = (text(&asked["verb"]), text(&asked["group"]), text(&asked["namespace"]));
            let namespace = Some(namespace.as_str()).filter(|ns| !ns.is_empty());
            let what = What { verb: &verb, group: &group, resource: &resource, namespace, name: None };
            ("SelfSubjectAccessReview", json!({"allowed": account.allows(&what)}))
        }
        "selfsubjectrulesreviews" => ("SelfSubjectRulesReview", account.rules_in(&text(&spec["namespace"]))),
        _ => return unknown_path(),
    };
    let body = json!({"kind": kind, "apiVersion": "authorization.k8s.io/v1", "spec": spec, "status": status});
    json_answer(201, body.to_string())
}

fn log(world: &World, account: &Account, (ns, pod): (&str, &str), query: &BTreeMap<String, String>) -> Response {
    let what = What { verb: "get", group: "", resource: "pods/log", namespace: Some(ns), name: Some(pod) };
    if !account.allows(&what) {
        return refusal(403, "Forbidden", &what.refusal(&account.user), what.details());
    }
    let container = query.get("container").cloned().unwrap_or_default();
    let previous = query.get("previous").is_some_and(|v| v == "true");
    let number = |name: &str| query.get(name).and_then(|v| v.parse().ok());
    let asked = Asked {
        tail: number("tailLines"),
        limit: number("limitBytes"),
        stamped: query.get("timestamps").is_some_and(|v| v == "true"),
    };
    let pods = world.items.get(&(String::new(), "pods".to_owned()));
    let exists = pods.is_some_and(|all| all.iter().any(|i| i.namespace == ns && i.name == pod));
    match world.logs.get(&(ns.to_owned(), pod.to_owned(), container.clone(), previous)) {
        _ if !exists => refusal(404, "NotFound", &format!("pods \"{pod}\" not found"), what.details()),
        Some(log) => match logs::answer(log, asked) {
            Ok(text) => {
                Response::builder().header("content-type", "text/plain").body(Body::from(text)).expect("a response")
            }
            Err((code, message)) => refusal(code, "", &message, what.details()),
        },
        None if previous => {
            let message = format!("previous terminated container \"{container}\" in pod \"{pod}\" not found");
            refusal(400, "BadRequest", &message, json!({}))
        }
        None => Response::builder().header("content-type", "text/plain").body(Body::empty()).expect("a response"),
    }
}

fn list(
    world: &World,
    account: &Account,
    (group, version): (&str, &str),
    rest: &[&str],
    query: &BTreeMap<String, String>,
    accept: &str,
) -> Response {
    let (namespace, plural) = match rest {
        ["namespaces", ns, plural] => (Some(*ns), *plural),
        [plural] => (None, *plural),
        _ => return unknown_path(),
    };
    let at = (group.to_owned(), plural.to_owned());
    let what = What { verb: "list", group, resource: plural, namespace, name: None };
    let place = namespace.unwrap_or_default().to_owned();
    let recorded = world.refused.iter().find(|((a, ns), _)| *a == at && (namespace.is_none() || *ns == place));
    if let Some((_, words)) = recorded {
        return refusal(403, "Forbidden", words, what.details());
    }
    if !account.allows(&what) {
        return refusal(403, "Forbidden", &what.refusal(&account.user), what.details());
    }
    let served = world.served.get(&at).filter(|s| s.version == version);
    let Some(served) = served.filter(|_| !world.unserved.contains(&(at.clone(), place))) else {
        return refusal(404, "NotFound", "the server could not find the requested resource", json!({}));
    };
    let items = world.items.get(&at).map(Vec::as_slice).unwrap_or_default();
    let held: Vec<&Item> = items.iter().filter(|i| namespace.is_none_or(|ns| i.namespace == ns)).collect();
    let limit = query.get("limit").and_then(|v| v.parse().ok()).filter(|l| *l > 0).unwrap_or(usize::MAX);
    let from = match query.get("continue").map(|token| token.strip_prefix("rv1000-").and_then(|n| n.parse().ok())) {
        None => 0,
        Some(Some(from)) => from,
        Some(None) => return expired(),
    };
    let page: Vec<&Item> = held.iter().skip(from).take(limit).copied().collect();
    let left = held.len().saturating_sub(from + page.len());
    let next = if left > 0 { format!("rv1000-{}", from + page.len()) } else { String::new() };
    let mut meta = json!({"resourceVersion": "1000"});
    if left > 0 {
        meta["continue"] = next.into();
        meta["remainingItemCount"] = left.into();
    }
    if accept.contains("as=Table") {
        return json_answer(200, table(&page, &meta));
    }
    let items: Vec<&str> = page.iter().map(|i| i.text.as_str()).collect();
    let api = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let text = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{api}\",\"metadata\":{meta},\"items\":[{}]}}",
        served.kind,
        items.join(",")
    );
    json_answer(200, text)
}

/// A table of Secrets, with their metadata, as the server prints it.
fn table(page: &[&Item], meta: &Value) -> String {
    let columns: Vec<Value> = ["Name", "Type", "Data", "Age"].iter().map(|name| json!({"name": name})).collect();
    let rows: Vec<Value> = page.iter().filter_map(|item| serde_json::from_str(&item.text).ok()).map(row).collect();
    let definitions = json!(columns);
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": definitions, "rows": rows})
        .to_string()
}

fn row(secret: Value) -> Value {
    let mut metadata = secret["metadata"].clone();
    let keys: Vec<String> = secret["data"].as_object().into_iter().flat_map(|d| d.keys().cloned()).collect();
    let set: serde_json::Map<String, Value> = keys.iter().map(|k| (format!("f:{k}"), json!({}))).collect();
    let fields = json!({"f:data": set, "f:type": {}});
    // The server knows who set the keys, also where the recording left it out.
    if let Some(first) = metadata["managedFields"].as_array_mut().and_then(|all| all.first_mut()) {
        first["fieldsV1"] = fields;
    } else {
        let time = metadata["creationTimestamp"].clone();
        let manager = json!({"manager": "kubectl", "operation": "Update", "time": time, "fieldsV1": fields});
        metadata["managedFields"] = json!([manager]);
    }
    let object = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    json!({"cells": [secret["metadata"]["name"], secret["type"], keys.len(), "5d"], "object": object})
}

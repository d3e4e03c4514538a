//! What objects say of themselves: aggregated APIs, namespaces that do not end, custom resources with conditions.
//!
//! Start at [`detect`]. Which status of a condition is trouble is a table ([`GOOD`], [`BAD`]); a type that is not in it
//! is never called a failure. Conditions are a set: neither their order nor the number of one type means anything.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{ApiService, Condition, Custom, Namespace};
use crate::view::View;

use super::say;

/// Types whose `False` is trouble: Kubernetes' own conventions, and those of Gateway API, Flux, Crossplane and cert-manager.
/// <https://gateway-api.sigs.k8s.io/reference/spec/>, <https://pkg.go.dev/github.com/fluxcd/pkg/apis/meta>.
const GOOD: &[&str] = &[
    "Ready",
    "Available",
    "Healthy",
    "Synced",
    "Reconciled",
    "Established",
    "NamesAccepted",
    "Accepted",
    "Programmed",
    "ResolvedRefs",
];

/// Types whose `True` is trouble, Argo CD's last (it writes no status, being listed is enough).
const BAD: &[&str] = &[
    "Degraded",
    "Stalled",
    "Failed",
    "Failing",
    "Error",
    "ReconcileError",
    "ComparisonError",
    "SyncError",
    "InvalidSpecError",
    "DeletionError",
    "UnknownError",
];

/// Types that sum up others; a more particular one makes the better claim.
const SUMMARIES: &[&str] = &["Ready", "Available", "Healthy", "Degraded"];

/// Reasons of work under way, in the words of cert-manager, Crossplane, Flux and the API conventions.
const UNDER_WAY: &[&str] =
    &["Progressing", "Creating", "Reconciling", "InProgress", "Pending", "Issuing", "DoesNotExist"];

/// Words that make a condition of an unknown type worth citing.
const FAILING_WORDS: &[&str] =
    &["fail", "error", "denied", "forbidden", "timeout", "timed out", "invalid", "not found"];

/// A condition younger than this (seconds) may still settle.
const SETTLE: i64 = 120;

/// Work under way, and a state that is not known, are let pass for so many seconds.
const WORK: i64 = 15 * 60;

/// Judges aggregated APIs, namespaces and custom resources.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let apis = view.api_services.iter().filter_map(|api| api_down(view, api));
    let namespaces = view.namespaces.iter().filter_map(|ns| terminating(view, ns));
    apis.chain(namespaces).chain(view.custom.iter().flat_map(|(entity, c)| custom(view, entity, c))).collect()
}

fn older(view: &View, at: Option<Timestamp>, seconds: i64) -> bool {
    at.is_none_or(|at| view.age(at) > seconds)
}

fn words(condition: &Condition) -> String {
    let text = say::clause(&condition.message);
    match (condition.reason.as_str(), text.as_str()) {
        ("", _) => text,
        (reason, "") => reason.to_owned(),
        (reason, _) => format!("{reason}: {text}"),
    }
}

fn excerpt(place: &str, condition: &Condition) -> String {
    format!("{place}condition {}={}: {}", condition.r#type, condition.status, words(condition))
}

/// An aggregated API that does not answer: every client of its group fails.
fn api_down(view: &View, api: &ApiService) -> Option<Finding> {
    let entity = say::of_meta(Kind::APIService, &api.metadata);
    let state = api.status.conditions.iter().find(|c| c.r#type == "Available" && c.status == "False")?;
    if !older(view, *state.last_transition_time, SETTLE) {
        return None;
    }
    let group = format!("{}/{}", api.spec.group, api.spec.version);
    let claim = format!("{entity} is not available, so requests for {group} fail: {}", words(state));
    let says = excerpt("", state);
    let mut finding = Finding::new(Reason::ApiServiceDown, entity.clone(), claim)
        .since(*state.last_transition_time)
        .because("the API server's own words", evidence::object(&entity, says.clone()))
        .rules_out(
            "the API server itself: it serves other groups and says this of one",
            evidence::object(&entity, says),
        );
    let Some(service) = &api.spec.service else {
        return Some(
            finding.action("see its conditions", Some(say::describe(&entity)), "none").check(say::get(&entity)),
        );
    };
    let service = EntityRef::new(Kind::Service, &service.namespace, service.name.clone());
    finding = finding.points_at(service.clone());
    if view.absent(&service) {
        finding =
            finding.because(format!("{service} does not exist"), evidence::absence(&service)).blame(service.clone());
    }
    let behind = format!("{} get service,endpoints {}", say::kubectl(&service), service.name);
    Some(
        finding
            .action(format!("bring back what answers behind {service}"), Some(behind), "none")
            .check(say::get(&entity)),
    )
}

/// A namespace whose deletion does not end, and what holds it.
fn terminating(view: &View, namespace: &Namespace) -> Option<Finding> {
    let entity = say::of_meta(Kind::Namespace, &namespace.metadata);
    let deleted = *namespace.metadata.deletion_timestamp;
    if deleted.is_none() && namespace.status.phase != "Terminating" {
        return None;
    }
    let holds: Vec<&Condition> = namespace.status.conditions.iter().filter(|c| c.is_true()).collect();
    let stuck = older(view, deleted, SETTLE) && !holds.is_empty();
    let held = say::some(holds.iter().map(|c| words(c)), 3);
    let claim = if stuck {
        format!("{entity} is being deleted and does not end, so nothing can be created in it: {held}")
    } else {
        format!("{entity} is being deleted, so nothing can be created in it")
    };
    let mut finding = Finding::new(Reason::NamespaceTerminating, entity.clone(), claim)
        .role(if stuck { Role::Failing } else { Role::Expected })
        .since(deleted)
        .because("its phase", evidence::object(&entity, format!("status.phase={}", namespace.status.phase)));
    for condition in holds {
        finding = finding.because(condition.r#type.clone(), evidence::object(&entity, excerpt("", condition)));
        if condition.r#type == "NamespaceDeletionDiscoveryFailure" {
            finding.points_at.extend(apis_named(view, &condition.message));
        }
    }
    let left = format!(
        "kubectl api-resources --verbs=list --namespaced -o name | xargs -n1 kubectl -n {} get --ignore-not-found --show-kind",
        entity.name
    );
    let finding = finding.action(
        "list what is left in it, and mend the controller that should remove its finalizers",
        Some(left),
        "none",
    );
    Some(finding.check(say::get(&entity)))
}

/// The aggregated APIs whose `group/version` a message names.
fn apis_named(view: &View, message: &str) -> BTreeSet<EntityRef> {
    let named = |api: &&ApiService| message.contains(&format!("{}/{}", api.spec.group, api.spec.version));
    let found = view.api_services.iter().filter(|a| !a.spec.group.is_empty()).filter(named);
    found.map(|api| say::of_meta(Kind::APIService, &api.metadata)).collect()
}

/// What a condition means.
#[derive(Clone, Copy, PartialEq)]
enum Means {
    Trouble,
    /// Its state has not been known for long.
    Open,
    /// The type is in no table, and its words speak of a failure.
    Unknown,
    Nothing,
}

fn means(view: &View, condition: &Condition) -> Means {
    let kind = condition.r#type.as_str();
    let (good, bad) = (GOOD.contains(&kind), BAD.contains(&kind));
    let at = *condition.last_transition_time;
    let passing = UNDER_WAY.contains(&condition.reason.as_str());
    let wait = if passing { WORK } else { SETTLE };
    match condition.status.as_str() {
        "False" if good && older(view, at, wait) => Means::Trouble,
        "True" | "" if bad && older(view, at, wait) => Means::Trouble,
        "Unknown" if (good || bad) && older(view, at, WORK) => Means::Open,
        _ if good || bad => Means::Nothing,
        _ => {
            let text = format!("{} {}", condition.reason, condition.message).to_lowercase();
            if FAILING_WORDS.iter().any(|w| text.contains(w)) { Means::Unknown } else { Means::Nothing }
        }
    }
}

/// All conditions with the place where each stands: the object itself, a listener of a Gateway, a parent of a route.
fn all(custom: &Custom) -> Vec<(String, Condition)> {
    let mut found: Vec<(String, Condition)> = custom.conditions().iter().map(|c| (String::new(), c.clone())).collect();
    for (list, word, name) in
        [(&custom.status.listeners, "listener", "/name"), (&custom.status.parents, "parent", "/parentRef/name")]
    {
        for item in list.as_array().into_iter().flatten() {
            let who = item.pointer(name).and_then(|n| n.as_str()).unwrap_or_default();
            let conditions = item.get("conditions").and_then(|c| c.as_array()).into_iter().flatten();
            let read = conditions.filter_map(|c| serde_json::from_value::<Condition>(c.clone()).ok());
            found.extend(read.map(|c| (format!("{word} {who}: "), c)));
        }
    }
    found
}

fn custom(view: &View, entity: &EntityRef, object: &Custom) -> Vec<Finding> {
    if object.metadata.deletion_timestamp.is_some() {
        return Vec::new();
    }
    let all = all(object);
    let of =
        |wanted: Means| -> Vec<&(String, Condition)> { all.iter().filter(|(_, c)| means(view, c) == wanted).collect() };
    let trouble = of(Means::Trouble);
    if !trouble.is_empty() {
        return vec![bad(view, entity, &trouble)];
    }
    let cite = |list: Vec<&(String, Condition)>, what: &str| {
        let (place, first) = list.first()?;
        let claim = format!("{entity} has {what}: {place}{}={} ({})", first.r#type, first.status, words(first));
        let finding =
            Finding::new(Reason::ConditionBad, entity.clone(), claim).role(Role::Context).confidence(Confidence::Low);
        Some(finding.because(what.to_owned(), evidence::object(entity, excerpt(place, first))))
    };
    let open = cite(of(Means::Open), "a state that its controller does not know");
    open.or_else(|| cite(of(Means::Unknown), "an unknown condition")).into_iter().collect()
}

fn bad(view: &View, entity: &EntityRef, trouble: &[&(String, Condition)]) -> Finding {
    let particular = trouble.iter().find(|(_, c)| !SUMMARIES.contains(&c.r#type.as_str()));
    let (place, main) = particular.unwrap_or(&trouble[0]);
    let expired = main.reason == "Expired";
    let what =
        if expired { "has expired".to_owned() } else { format!("reports {place}{}={}", main.r#type, main.status) };
    let claim = format!("{entity} {what}: {}", words(main));
    let owner = view.owners(entity).into_iter().rfind(|o| matches!(o.kind, Kind::Other(_)));
    let mut finding =
        Finding::new(Reason::ConditionBad, entity.clone(), claim).blame(owner.unwrap_or_else(|| entity.clone()));
    for (place, condition) in trouble {
        finding = finding.since(*condition.last_transition_time).because(
            format!("its controller says {}={}", condition.r#type, condition.status),
            evidence::object(entity, excerpt(place, condition)),
        );
    }
    finding.points_at = children(view, entity);
    finding.points_at.extend(trouble.iter().flat_map(|(_, c)| named(view, entity, &c.message)));
    if let Some(event) = view.events_of(entity).filter(|e| e.is_warning()).last() {
        finding = finding.because(event.text().to_owned(), evidence::event(event));
    }
    if let Kind::Other(kind) = &entity.kind
        && kind.as_str() == "Certificate"
    {
        finding = finding.action(
            "have it issued again once its issuer works",
            Some(format!("cmctl renew {}{}", space(entity), entity.name)),
            "low: replaces the Secret",
        );
    }
    finding.action("see what its controller says", Some(say::describe(entity)), "none").check(say::get(entity))
}

fn space(entity: &EntityRef) -> String {
    entity.namespace.as_ref().map(|ns| format!("-n {ns} ")).unwrap_or_default()
}

/// What an object owns: requests of a Certificate, workloads of an operator's resource.
fn children(view: &View, of: &EntityRef) -> BTreeSet<EntityRef> {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job];
    let workloads = kinds.iter().flat_map(|kind| view.names(kind));
    let owned = |e: &EntityRef| {
        let owner = view.meta(e).and_then(|m| m.controller());
        owner.is_some_and(|o| o.kind == of.kind.as_str() && o.name == of.name)
            && (e.namespace == of.namespace || of.namespace.is_none())
    };
    workloads.chain(view.custom.keys().cloned()).filter(owned).collect()
}

/// Custom resources that a message names, as `Kind "name"`, `'namespace/name'` or bare.
fn named(view: &View, from: &EntityRef, message: &str) -> BTreeSet<EntityRef> {
    let word = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.'));
    let tokens: BTreeSet<&str> = message.split(word).map(|t| t.trim_matches('.')).collect();
    let near = |e: &&EntityRef| e.namespace.is_none() || e.namespace == from.namespace || tokens.contains(e.ns());
    let fits =
        |e: &&EntityRef| *e != from && e.name.len() > 2 && e.name != from.name && tokens.contains(e.name.as_str());
    view.custom.keys().filter(near).filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests;

//! What the detectors of objects share: commands, lists and spans as a reader says them, and which pods count.
//!
//! Must stay free of judgement: a helper that decides whether something is wrong belongs to a detector.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::entity::{EntityRef, Kind};
use crate::kube::{Map, Meta, Pod, Service};
use crate::shell::word;
use crate::view::View;
use crate::view::relate::pod_ref;

/// Messages of the API are cut here (characters); the decisive words stand at the front of all that were seen.
const MESSAGE_CAP: usize = 400;

/// `kubectl -n NS`, or `kubectl` for what has no namespace.
pub(crate) fn kubectl(of: &EntityRef) -> String {
    of.namespace.as_ref().map_or_else(|| "kubectl".to_owned(), |ns| format!("kubectl -n {}", word(ns)))
}

/// The command that shows an object.
pub(crate) fn get(of: &EntityRef) -> String {
    format!("{} get {}", kubectl(of), of.slash())
}

/// The command that describes an object.
pub(crate) fn describe(of: &EntityRef) -> String {
    format!("{} describe {}", kubectl(of), of.slash())
}

/// The command that edits an object.
pub(crate) fn edit(of: &EntityRef) -> String {
    format!("{} edit {}", kubectl(of), of.slash())
}

/// The command that lists a kind where an object lives.
pub(crate) fn list(kind: &Kind, near: &EntityRef) -> String {
    let namespace = if kind.namespaced() { kubectl(near) } else { "kubectl".to_owned() };
    format!("{namespace} get {}", kind.plural())
}

/// The command that shows whether the pods of a workload become ready.
pub(crate) fn watch(unit: &EntityRef) -> String {
    match unit.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
            format!("{} rollout status {} --timeout=2m", kubectl(unit), unit.slash())
        }
        _ => get(unit),
    }
}

/// A few of many: `a, b, c and 4 more`.
pub(crate) fn some<T: Display>(items: impl IntoIterator<Item = T>, cap: usize) -> String {
    let all: Vec<String> = items.into_iter().map(|i| i.to_string()).collect();
    let more = all.len().saturating_sub(cap);
    let shown = all[..all.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Seconds as a reader says them: `45 s`, `3 min`, `2 h`.
pub(crate) fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `1 pod`, `2 pods`.
pub(crate) fn count<N: Display + PartialEq + From<u8>>(n: N, one: &str) -> String {
    let plural = if n == N::from(1) { "" } else { "s" };
    format!("{n} {one}{plural}")
}

/// A message of the API for use inside a sentence: one line, cut, without its full stop.
pub(crate) fn clause(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(MESSAGE_CAP).collect();
    cut.trim_end_matches(['.', ' ']).to_owned()
}

/// The text between the first pair of these characters after a marker: `quoted("pvc \"x\" lost", "pvc ", '"', '"')` is `x`.
pub(crate) fn between<'a>(text: &'a str, marker: &str, open: char, close: char) -> Option<&'a str> {
    let rest = &text[text.find(marker)? + marker.len()..];
    let rest = &rest[rest.find(open)? + open.len_utf8()..];
    rest.find(close).map(|end| &rest[..end])
}

/// `app=web,tier=front`, as kubectl takes it.
pub(crate) fn labels(map: &Map) -> String {
    map.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

/// The reference to an object of a kind.
pub(crate) fn of_meta(kind: Kind, meta: &Meta) -> EntityRef {
    EntityRef::new(kind, &meta.namespace, meta.name.clone())
}

/// Whether a pod's state says something about now: it is neither ending nor over.
pub(crate) fn is_live(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// The pods of a workload that count now.
pub(crate) fn live_pods<'a>(view: &'a View, of: &EntityRef) -> Vec<&'a Pod> {
    view.pods_of(of).into_iter().filter(|p| is_live(p)).collect()
}

/// The pods that a Service selects, by way of the index of what stands behind it.
pub(crate) fn selected<'a>(view: &'a View, service: &Service) -> Vec<&'a Pod> {
    let fits = |pod: &&Pod| service.spec.selector.iter().all(|(k, v)| pod.metadata.labels.get(k) == Some(v));
    view.behind_service(service).iter().flat_map(|unit| view.pods_of(unit)).filter(fits).collect()
}

/// Every workload that was seen or that a seen pod belongs to; a bare pod stands for itself.
pub(crate) fn units(view: &View) -> BTreeSet<EntityRef> {
    let kinds = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];
    let workloads = kinds.iter().flat_map(|kind| view.names(kind));
    workloads.chain(view.pods.iter().map(pod_ref)).map(|entity| view.unit(&entity)).collect()
}

/// The pod spec of a workload: its template, or that of one of its pods where the workload itself was not seen.
pub(crate) fn spec_of<'a>(view: &'a View, unit: &EntityRef) -> Option<&'a crate::kube::PodSpec> {
    view.pod_spec(unit).or_else(|| view.pods_of(unit).first().map(|p| &p.spec))
}

//! What to read: objects first, then the logs that matter, then what the findings point at elsewhere.
//!
//! Few, well-chosen reads: start at [`objects`] and [`logs`]. Pure; the engine makes the reads.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::finding::Finding;
use midwatch_diagnosis::kube::{ContainerStatus, Pod};
use midwatch_diagnosis::metrics;
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::scope::{Reach, Scope};
use midwatch_diagnosis::view::View;
use midwatch_diagnosis::view::relate::pod_ref;

use crate::request::{Depth, Limits, PlannedRead};

/// Up to so many namespaces are listed one by one; more are listed with one read a kind.
const NAMESPACES_ONE_BY_ONE: usize = 4;

/// Other namespaces that are read because findings point into them.
const MORE_NAMESPACES: usize = 3;

/// The reads of objects for these namespaces out of all.
pub(crate) fn objects(namespaces: &BTreeSet<String>, all: usize, others: &[Kind]) -> Vec<PlannedRead> {
    let mut reads = Vec::new();
    for kind in Kind::KNOWN.iter().filter(|k| !k.namespaced()) {
        reads.push(PlannedRead { probe: Probe::Objects { kind: kind.clone(), namespace: None }, why: why(kind) });
    }
    let everywhere = namespaces.len() > NAMESPACES_ONE_BY_ONE || (namespaces.is_empty() && all > 0);
    let places: Vec<Option<String>> =
        if everywhere { vec![None] } else { namespaces.iter().cloned().map(Some).collect() };
    for namespace in places {
        reads.extend(namespace_reads(namespace.as_deref()));
    }
    for kind in others {
        // Custom kinds may be of a namespace or of the cluster; one read of all of them tells both.
        reads.push(PlannedRead { probe: Probe::Objects { kind: kind.clone(), namespace: None }, why: why(kind) });
    }
    if !everywhere && !namespaces.contains("default") {
        let probe = Probe::Objects { kind: Kind::Event, namespace: Some("default".to_owned()) };
        reads.push(PlannedRead { probe, why: "events of nodes live there" });
    }
    reads
}

/// Every namespaced kind of one namespace, or of all. Leases matter for nodes alone, which say the same themselves.
fn namespace_reads(namespace: Option<&str>) -> Vec<PlannedRead> {
    let kinds = Kind::KNOWN.iter().filter(|k| k.namespaced() && **k != Kind::Lease);
    let read = |kind: &Kind| PlannedRead {
        probe: Probe::Objects { kind: kind.clone(), namespace: namespace.map(str::to_owned) },
        why: why(kind),
    };
    kinds.map(read).collect()
}

fn why(kind: &Kind) -> &'static str {
    match kind {
        Kind::Pod => "what runs, what does not, and why by the kubelet's words",
        Kind::Event => "what happened, in the window, with counts",
        Kind::Deployment | Kind::ReplicaSet => "what is wanted, rollouts, and what changed between revisions",
        Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicationController | Kind::Job | Kind::CronJob => {
            "what is wanted against what is there"
        }
        Kind::Service | Kind::Endpoints | Kind::EndpointSlice | Kind::Ingress | Kind::IngressClass => {
            "who is reached, and who is hit"
        }
        Kind::NetworkPolicy => "what may talk to what",
        Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::StorageClass => "storage that pods wait for",
        Kind::ConfigMap | Kind::ServiceAccount | Kind::PriorityClass | Kind::RuntimeClass => {
            "references that must exist"
        }
        Kind::Secret => "references that must exist (names of keys, never values)",
        Kind::Role | Kind::RoleBinding | Kind::ClusterRole | Kind::ClusterRoleBinding => {
            "permissions that logs say are missing"
        }
        Kind::HorizontalPodAutoscaler | Kind::PodDisruptionBudget => "who scales it, and what may be evicted",
        Kind::ResourceQuota | Kind::LimitRange => "limits that refuse pods",
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration | Kind::APIService => {
            "admission that refuses or fails"
        }
        Kind::Node => "where it runs: readiness, pressure, room",
        Kind::Other(_) => "conditions of custom resources",
        Kind::Namespace | Kind::Lease => "the place itself",
    }
}

/// What runs on a node lives in any namespace: when a node is asked about, workloads everywhere are read.
pub(crate) fn of_nodes(view: &View, scope: &Scope) -> Vec<Probe> {
    const KINDS: [Kind; 6] =
        [Kind::Pod, Kind::ReplicaSet, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::PodDisruptionBudget];
    let asked = scope.targets.iter().any(|t| t.kind == Kind::Node);
    let probe = |kind: Kind| Probe::Objects { kind, namespace: None };
    let unread = |kind: &Kind| view.coverage_of(kind, "").is_none();
    if asked { KINDS.into_iter().filter(unread).map(probe).collect() } else { Vec::new() }
}

/// The logs to read, most telling first: what fails in scope, what is asked about, what it calls, what fails near it.
pub(crate) fn logs(view: &View, scope: &Scope, depth: Depth, limits: &Limits) -> Vec<Probe> {
    let reach = scope.reach(view);
    let callees = if depth == Depth::Quick { BTreeSet::new() } else { callees(view, scope) };
    let mut by_unit: BTreeMap<EntityRef, Vec<&Pod>> = BTreeMap::new();
    for pod in view.pods.iter() {
        by_unit.entry(view.unit(&pod_ref(pod))).or_default().push(pod);
    }
    let mut chosen: Vec<(u8, &Pod)> = Vec::new();
    for (unit, mut pods) in by_unit {
        pods.sort_by_key(|p| std::cmp::Reverse(suspicion(p)));
        let in_scope = reach.holds(view, &unit);
        let called = callees.contains(&unit);
        for pod in pods.into_iter().take(limits.pods_per_workload) {
            chosen.extend(rank(pod, in_scope, called, &reach, depth).map(|r| (r, pod)));
        }
    }
    chosen.sort_by_key(|(rank, _)| *rank);
    chosen.iter().flat_map(|(_, pod)| pod_logs(pod, scope.onset, limits.previous_logs)).collect()
}

/// How early a pod's log is read; none when it is not.
fn rank(pod: &Pod, in_scope: bool, called: bool, reach: &Reach, depth: Depth) -> Option<u8> {
    let suspect = suspicion(pod) > (0, 0, 0);
    match (in_scope, suspect) {
        (true, true) => Some(0),
        // Logs are read even when the object looks healthy, unless everything is in scope: then what fails comes first.
        (true, false) if depth != Depth::Quick => Some(if reach.is_whole() { 4 } else { 1 }),
        _ if called => Some(2),
        (false, true) if depth != Depth::Quick => Some(3),
        // A node or a claim says little by itself; what runs beside it in the namespace asked about may.
        (false, false)
            if depth != Depth::Quick && reach.is_passive() && reach.in_namespaces(&pod.metadata.namespace) =>
        {
            Some(4)
        }
        _ if depth == Depth::Deep => Some(5),
        _ => None,
    }
}

/// Failing before restarted before fine.
pub(crate) fn suspicion(pod: &Pod) -> (u8, i64, u8) {
    let restarts = pod.containers().filter_map(|(_, s, _)| s).map(|s| s.restart_count).max().unwrap_or(0);
    let failing = u8::from(!pod.is_completed() && !pod.is_ready());
    let failed = u8::from(pod.status.phase == "Failed");
    (failing, restarts, failed)
}

/// The logs of a pod's containers. A container that never started has none; a run before exists after a restart.
fn pod_logs(pod: &Pod, onset: Option<Timestamp>, previous: bool) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (container, status, _) in pod.containers() {
        let Some(status) = status else { continue };
        let of = ContainerRef {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: container.name.clone(),
        };
        if has_log(status) {
            probes.push(Probe::Log { of: of.clone(), previous: false, onset });
        }
        if previous && status.restart_count > 0 {
            probes.push(Probe::Log { of, previous: true, onset });
        }
    }
    probes
}

pub(crate) fn has_log(status: &ContainerStatus) -> bool {
    status.state.running.is_some()
        || status.state.terminated.is_some()
        || status.last_state.terminated.is_some()
        || status.restart_count > 0
}

/// The rules behind the alerts: they say which expression to read.
pub(crate) fn rules(alerts: &[Alert]) -> Vec<PlannedRead> {
    let names: BTreeSet<&str> =
        alerts.iter().take(metrics::alert::ALERTS_CAP).map(|a| a.name.as_str()).filter(|n| !n.is_empty()).collect();
    let read = |name: &str| PlannedRead {
        probe: Probe::Rules { alert: name.to_owned() },
        why: "the alert's own expression, and how long it must hold",
    };
    names.into_iter().map(read).collect()
}

/// What the containers of the scope use.
pub(crate) fn usage(view: &View, scope: &Scope) -> Vec<Probe> {
    metrics::usage::queries(view, scope).into_iter().map(Probe::Metric).collect()
}

/// The alerts' own expressions around the onset and now; their rules must have been read.
pub(crate) fn expressions(view: &View, scope: &Scope) -> Vec<Probe> {
    let queries: BTreeSet<_> = metrics::alert::queries(view, scope).into_iter().collect();
    queries.into_iter().map(Probe::Metric).collect()
}

/// Workloads that the targets call, as their settings say.
fn callees(view: &View, scope: &Scope) -> BTreeSet<EntityRef> {
    let units = scope.targets.iter().flat_map(|target| view.behind(target));
    units.flat_map(|unit| view.callees(&unit)).collect()
}

/// Reads in other namespaces that findings point into: the Service of a webhook, a database next door, the DNS.
pub(crate) fn elsewhere(view: &View, findings: &[Finding], readable: &[String]) -> Vec<Probe> {
    let pointed = findings.iter().flat_map(|f| &f.points_at).filter_map(|e| e.namespace.as_ref());
    let unread: BTreeSet<&String> =
        pointed.filter(|ns| readable.contains(ns) && view.coverage_of(&Kind::Pod, ns).is_none()).collect();
    unread.into_iter().take(MORE_NAMESPACES).flat_map(|ns| namespace_reads(Some(ns))).map(|r| r.probe).collect()
}

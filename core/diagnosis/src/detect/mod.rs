//! Detectors: pure functions from what was seen to findings.
//!
//! One folder per family, one file per detector; start at [`CATALOGUE`]. To add one: a function
//! `detect(&View) -> Vec<Finding>` in its file, its row in the catalogue, its table test with the healthy look-alike, one
//! case in the corpus. A detector must stay silent about what it was not allowed to see, and speak of a workload (its
//! claim must read the same for each of its pods). What detectors share is in `say` (words, commands) and `nearest`
//! (names that were meant).

use crate::finding::Finding;
use crate::view::View;

pub use choice::{Detectors, UnknownDetector};

mod access;
mod admission;
mod autoscale;
mod choice;
mod conditions;
mod logs;
pub(crate) mod nearest;
mod needs;
mod network;
mod nodes;
mod pods;
pub(crate) mod say;
mod scheduling;
mod storage;
pub(crate) mod workloads;

/// One detector of the catalogue.
pub struct Detector {
    /// Its stable name, family first: `pod.image`.
    pub id: &'static str,
    /// What it detects, in a clause: lower case, no full stop.
    pub about: &'static str,
    /// The detector itself.
    pub run: fn(&View) -> Vec<Finding>,
}

/// A row of the catalogue.
const fn row(id: &'static str, about: &'static str, run: fn(&View) -> Vec<Finding>) -> Detector {
    Detector { id, about, run }
}

/// Every detector, family by family, in the order in which they run (which decides nothing but the order of equal
/// findings).
pub const CATALOGUE: &[Detector] = &[
    row("pod.config", "containers that cannot be created or started", pods::config::detect),
    row("pod.crash", "containers that end though they should run", pods::crash::detect),
    row("pod.end", "pods that were evicted or do not end", pods::end::detect),
    row("pod.image", "images that cannot be pulled, and why", pods::image::detect),
    row("pod.oom", "containers that the kernel kills for memory", pods::oom::detect),
    row("pod.probes", "probes that fail, and why", pods::probes::detect),
    row("pod.serving", "workloads that work", pods::serving::detect),
    row("pod.start", "init containers, sandboxes and volumes that keep a pod from starting", pods::start::detect),
    row("log.cause", "causes that only logs tell", logs::cause::detect),
    row(
        "scheduling.unschedulable",
        "pods that no node takes, predicate by predicate",
        scheduling::unschedulable::detect,
    ),
    row("workload.change", "what changed before the trouble began", workloads::change::detect),
    row(
        "workload.cron",
        "schedules that cannot be used, runs missed, piled up, hanging or failing",
        workloads::cron::detect,
    ),
    row("workload.daemons", "DaemonSets that lack pods on nodes or whose update stops", workloads::daemons::detect),
    row("workload.jobs", "Jobs that gave up, ran too long, are suspended or recovered", workloads::jobs::detect),
    row("workload.references", "objects that a workload names and that do not exist", workloads::references::detect),
    row("workload.replicas", "zero replicas, and counts that two controllers fight over", workloads::replicas::detect),
    row("workload.rollout", "rollouts under way, stuck or broken by a change", workloads::rollout::detect),
    row(
        "workload.stateful",
        "StatefulSets that an ordinal or an update holds back, zero replicas",
        workloads::stateful::detect,
    ),
    row(
        "autoscale.limits",
        "autoscalers without target, metrics or room, budgets that block an eviction",
        autoscale::detect,
    ),
    row(
        "network.ingress",
        "Ingresses whose backend, certificate or class is missing or down",
        network::ingress::detect,
    ),
    row("network.limits", "network policies that keep pods from something", network::limits::detect),
    row(
        "network.services",
        "Services that select nothing, have no ready pods, a wrong port or no address",
        network::services::detect,
    ),
    row("storage.claims", "claims that wait for a volume, and why", storage::claims::detect),
    row("storage.volumes", "bound volumes that cannot be attached, reached or enlarged", storage::volumes::detect),
    row(
        "node.health",
        "nodes that are not ready, short of something, broken, cordoned or back again",
        nodes::health::detect,
    ),
    row("node.pods", "workloads with pods on a node that is lost, back or cordoned", nodes::pods::detect),
    row("admission.refused", "pods that the API server refuses to create", admission::refused::detect),
    row("access.rbac", "permissions that a ServiceAccount lacks, as events tell", access::rbac::detect),
    row(
        "object.conditions",
        "aggregated APIs that are down, namespaces that do not end, custom resources in trouble",
        conditions::detect,
    ),
];

//! Detectors: pure functions from what was seen to findings.
//!
//! One file per family. To add one: a function `fn(&View) -> Vec<Finding>` in its file, its row in [`CATALOGUE`], its
//! table test with the healthy look-alike, one case in the corpus. A detector must stay silent about what it was not
//! allowed to see, and speak of a workload (its claim must read the same for each of its pods).

use crate::finding::Finding;
use crate::view::View;

mod admission;
mod attempt;
mod autoscale;
mod binding;
pub mod change;
mod command;
mod conditions;
mod config;
mod container;
mod crash;
mod cron;
mod daemons;
mod denial;
mod diff;
mod end;
mod fit;
mod hog;
mod image;
mod image_cause;
mod ingress;
mod jobs;
mod log_access;
mod log_config;
mod log_names;
mod log_network;
mod log_rbac;
mod log_storage;
mod log_unknown;
mod logcause;
mod mounts;
mod nearest;
mod netpol;
mod node_pods;
mod nodes;
mod oom;
mod origin;
mod placement;
mod policies;
mod predicate;
mod probe_cause;
mod probes;
mod quote;
mod rbac;
mod rbac_ask;
mod references;
mod replicas;
mod rollout;
mod say;
mod scheduling;
mod service_ports;
mod services;
mod serving;
mod start;
mod starting;
mod stateful;
mod stateful_names;
mod stateful_update;
mod storage;
mod volumes;
mod webhooks;

/// One detector of the catalogue.
pub struct Detector {
    /// Its stable name: `pod.image`.
    pub id: &'static str,
    /// What it detects, in a sentence.
    pub about: &'static str,
    /// The detector itself.
    pub run: fn(&View) -> Vec<Finding>,
}

/// Every detector, in the order in which they run (which decides nothing but the order of equal findings).
pub const CATALOGUE: &[Detector] = &[
    Detector {
        id: "autoscaler",
        about: "autoscalers without target, metrics or room; budgets that block an eviction",
        run: autoscale::detect,
    },
    Detector {
        id: "cronjob.runs",
        about: "schedules that cannot be used, runs missed, piled up, hanging or failing",
        run: cron::detect,
    },
    Detector {
        id: "deployment.rollout",
        about: "rollouts under way, stuck or broken by a change",
        run: rollout::detect,
    },
    Detector {
        id: "ingress.health",
        about: "Ingresses whose backend, certificate or class is missing or down.",
        run: ingress::health,
    },
    Detector {
        id: "job.outcome",
        about: "Jobs that gave up, ran too long, are suspended or recovered",
        run: jobs::detect,
    },
    Detector { id: "network.policy", about: "Network policies that keep pods from something.", run: netpol::limits },
    Detector {
        id: "node.health",
        about: "Nodes that are not ready, short of something, broken, cordoned or back again.",
        run: nodes::health,
    },
    Detector {
        id: "node.pods",
        about: "Workloads with pods on a node that is lost, back or cordoned.",
        run: node_pods::affected,
    },
    Detector {
        id: "object.conditions",
        about: "aggregated APIs that are down, namespaces that do not end, custom resources in trouble",
        run: conditions::detect,
    },
    Detector { id: "object.rbac", about: "permissions that a ServiceAccount lacks, as events tell", run: rbac::detect },
    Detector { id: "pod.config", about: "Containers that cannot be created or started", run: config::config },
    Detector { id: "pod.crash", about: "Containers that end though they should run", run: crash::crash },
    Detector { id: "pod.end", about: "Pods that were evicted or do not end", run: end::end },
    Detector { id: "pod.image", about: "Images that cannot be pulled, and why", run: image::image },
    Detector { id: "pod.log", about: "Causes that only logs tell", run: logcause::logcause },
    Detector { id: "pod.oom", about: "Containers that the kernel kills for memory", run: oom::oom },
    Detector { id: "pod.probes", about: "Probes that fail, and why", run: probes::probes },
    Detector {
        id: "pod.scheduling",
        about: "pods that no node takes, predicate by predicate",
        run: scheduling::detect,
    },
    Detector { id: "pod.serving", about: "Workloads that work", run: serving::serving },
    Detector {
        id: "pod.start",
        about: "Init containers, sandboxes and volumes that keep a pod from starting",
        run: start::start,
    },
    Detector {
        id: "service.health",
        about: "Services that select nothing, have no ready pods, a wrong port or no address.",
        run: services::health,
    },
    Detector { id: "storage.claims", about: "Claims that wait for a volume, and why.", run: storage::claims },
    Detector {
        id: "storage.volumes",
        about: "Bound volumes that cannot be attached, reached or enlarged.",
        run: volumes::unusable,
    },
    Detector { id: "workload.admission", about: "pods that the API server refuses to create", run: admission::detect },
    Detector { id: "workload.change", about: "what changed before the trouble began", run: change::detect },
    Detector {
        id: "workload.daemonset",
        about: "DaemonSets that lack pods on nodes or whose update stops",
        run: daemons::detect,
    },
    Detector {
        id: "workload.references",
        about: "objects that a workload names and that do not exist",
        run: references::detect,
    },
    Detector {
        id: "workload.replicas",
        about: "zero replicas, and counts that two controllers fight over",
        run: replicas::detect,
    },
    Detector {
        id: "workload.statefulset",
        about: "StatefulSets that an ordinal or an update holds back; zero replicas",
        run: stateful::detect,
    },
];

/// Runs every detector.
pub fn detect(view: &View) -> Vec<Finding> {
    CATALOGUE.iter().flat_map(|d| (d.run)(view)).collect()
}

//! Detectors: pure functions from what was seen to findings.
//!
//! One file per family. To add one: a function `fn(&View) -> Vec<Finding>` in its file, its row in [`CATALOGUE`], its
//! table test with the healthy look-alike, one case in the corpus. A detector must stay silent about what it was not
//! allowed to see, and speak of a workload (its claim must read the same for each of its pods).

use crate::finding::Finding;
use crate::view::View;

mod admission;
mod autoscale;
mod command;
mod config;
mod container;
mod crash;
mod cronjobs;
mod denial;
mod fit;
mod image;
mod image_cause;
mod jobs;
mod logcause;
mod nearest;
mod oom;
mod placement;
mod predicate;
mod probe_cause;
mod probes;
mod say;
mod scheduling;
mod webhooks;

mod conditions;
mod daemons;
mod rbac;
mod rbac_ask;
mod stateful;
mod stateful_names;
mod stateful_update;

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
    Detector { id: "autoscaler", about: "autoscalers without target, metrics or room; budgets that block an eviction", run: autoscale::detect },
    Detector { id: "cronjob", about: "CronJobs with unusable schedules, missed or overlapping runs, or suspended", run: cronjobs::detect },
    Detector { id: "job", about: "Jobs that gave up, ran out of time, are suspended or failed before they completed", run: jobs::detect },
    Detector { id: "pod.config", about: "Containers that cannot be created or started", run: config::config },
    Detector { id: "pod.crash", about: "Containers that end though they should run", run: crash::crash },
    Detector { id: "pod.image", about: "Images that cannot be pulled, and why", run: image::image },
    Detector { id: "pod.oom", about: "Containers that the kernel kills for memory", run: oom::oom },
    Detector { id: "pod.probes", about: "Probes that fail, and why", run: probes::probes },
    Detector { id: "pod.scheduling", about: "pods that no node takes, predicate by predicate", run: scheduling::detect },
    Detector { id: "object.conditions", about: "aggregated APIs that are down, namespaces that do not end, custom resources in trouble", run: conditions::detect },
    Detector { id: "object.rbac", about: "permissions that a ServiceAccount lacks, as events tell", run: rbac::detect },
    Detector { id: "workload.daemonset", about: "DaemonSets that lack pods on nodes or whose update stops", run: daemons::detect },
    Detector { id: "workload.statefulset", about: "StatefulSets that an ordinal or an update holds back; zero replicas", run: stateful::detect },
    Detector { id: "workload.admission", about: "pods that the API server refuses to create", run: admission::detect },
];

/// Runs every detector.
pub fn detect(view: &View) -> Vec<Finding> {
    CATALOGUE.iter().flat_map(|d| (d.run)(view)).collect()
}

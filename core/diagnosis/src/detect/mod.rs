//! Detectors: pure functions from what was seen to findings.
//!
//! One file per family. To add one: a function `fn(&View) -> Vec<Finding>` in its file, its row in [`CATALOGUE`], its
//! table test with the healthy look-alike, one case in the corpus. A detector must stay silent about what it was not
//! allowed to see, and speak of a workload (its claim must read the same for each of its pods).

use crate::finding::Finding;
use crate::view::View;

mod attempt;
mod command;
mod config;
mod container;
mod crash;
mod end;
mod image;
mod image_cause;
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
mod oom;
mod origin;
mod probe_cause;
mod probes;
mod quote;
mod serving;
mod start;

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
    // Pods and their containers.
    Detector { id: "pod.crash", about: "Containers that end though they should run", run: crash::crash },
    Detector { id: "pod.oom", about: "Containers that the kernel kills for memory", run: oom::oom },
    Detector { id: "pod.image", about: "Images that cannot be pulled, and why", run: image::image },
    Detector { id: "pod.config", about: "Containers that cannot be created or started", run: config::config },
    Detector { id: "pod.probes", about: "Probes that fail, and why", run: probes::probes },
    Detector {
        id: "pod.start",
        about: "Init containers, sandboxes and volumes that keep a pod from starting",
        run: start::start,
    },
    Detector { id: "pod.end", about: "Pods that were evicted or do not end", run: end::end },
    Detector { id: "pod.log", about: "Causes that only logs tell", run: logcause::logcause },
    Detector { id: "pod.serving", about: "Workloads that work", run: serving::serving },
];

/// Runs every detector.
pub fn detect(view: &View) -> Vec<Finding> {
    CATALOGUE.iter().flat_map(|d| (d.run)(view)).collect()
}

//! Detectors: pure functions from what was seen to findings.
//!
//! One file per family. To add one: a function `fn(&View) -> Vec<Finding>` in its file, its row in [`CATALOGUE`], its
//! table test with the healthy look-alike, one case in the corpus. A detector must stay silent about what it was not
//! allowed to see, and speak of a workload (its claim must read the same for each of its pods).

use crate::finding::Finding;
use crate::view::View;

mod admission;
mod autoscale;
pub mod change;
mod command;
mod config;
mod container;
mod crash;
mod cronjobs;
mod denial;
mod diff;
mod end;
mod fit;
mod image;
mod image_cause;
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
mod node_pods;
mod nodes;
mod say;
mod scheduling;
mod serving;
mod start;
mod starting;
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
        id: "node.health",
        about: "Nodes that are not ready, short of something, broken, cordoned or back again.",
        run: nodes::health,
    },
    Detector {
        id: "node.pods",
        about: "Workloads with pods on a node that is lost, back or cordoned.",
        run: node_pods::affected,
    },
];

/// Runs every detector.
pub fn detect(view: &View) -> Vec<Finding> {
    CATALOGUE.iter().flat_map(|d| (d.run)(view)).collect()
}

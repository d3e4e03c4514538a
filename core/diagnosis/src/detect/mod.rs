//! Detectors: pure functions from what was seen to findings.
//!
//! One file per family. To add one: a function `fn(&View) -> Vec<Finding>` in its file, its row in [`CATALOGUE`], its
//! table test with the healthy look-alike, one case in the corpus. A detector must stay silent about what it was not
//! allowed to see, and speak of a workload (its claim must read the same for each of its pods).

use crate::finding::Finding;
use crate::view::View;

mod binding;
mod ingress;
mod nearest;
mod netpol;
mod node_pods;
mod nodes;
mod policies;
mod say;
mod service_ports;
mod services;
mod storage;
mod volumes;

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
        id: "service.health",
        about: "Services that select nothing, have no ready pods, a wrong port or no address.",
        run: services::health,
    },
    Detector {
        id: "ingress.health",
        about: "Ingresses whose backend, certificate or class is missing or down.",
        run: ingress::health,
    },
    Detector { id: "network.policy", about: "Network policies that keep pods from something.", run: netpol::limits },
    Detector { id: "storage.claims", about: "Claims that wait for a volume, and why.", run: storage::claims },
    Detector {
        id: "storage.volumes",
        about: "Bound volumes that cannot be attached, reached or enlarged.",
        run: volumes::unusable,
    },
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

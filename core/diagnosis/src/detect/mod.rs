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
mod conditions;
mod cron;
mod daemon;
mod denial;
mod diff;
mod disruption;
mod fit;
mod ingress;
mod jobs;
mod nearest;
pub mod netpol;
mod nodes;
mod placement;
mod ports;
mod predicate;
mod rbac;
mod references;
mod replicas;
mod rollout;
mod say;
mod scheduling;
mod services;
mod starting;
mod stateful;
mod storage;
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
    // Objects other than pods and logs.
    Detector {
        id: "pod.scheduling",
        about: "pods that no node takes, predicate by predicate",
        run: scheduling::detect,
    },
    Detector { id: "workload.admission", about: "pods that the API server refuses to create", run: admission::detect },
    Detector {
        id: "workload.references",
        about: "objects that a workload names and that do not exist",
        run: references::detect,
    },
    Detector { id: "workload.change", about: "what changed before the trouble began", run: change::detect },
    Detector {
        id: "deployment.rollout",
        about: "rollouts under way, stuck or broken by a change",
        run: rollout::detect,
    },
    Detector {
        id: "workload.replicas",
        about: "zero replicas, and counts that two controllers fight over",
        run: replicas::detect,
    },
    Detector {
        id: "statefulset.state",
        about: "ordinals that hold back the rest, names that do not resolve, updates",
        run: stateful::detect,
    },
    Detector {
        id: "daemonset.state",
        about: "daemon pods that are missing, not ready or misplaced",
        run: daemon::detect,
    },
    Detector {
        id: "job.outcome",
        about: "Jobs that gave up, ran too long, are suspended or recovered",
        run: jobs::detect,
    },
    Detector {
        id: "cronjob.runs",
        about: "schedules that cannot be used, runs missed, piled up, hanging or failing",
        run: cron::detect,
    },
    Detector { id: "claim.binding", about: "claims that get no volume, and why", run: storage::detect },
    Detector {
        id: "node.state",
        about: "nodes not ready, under pressure or cordoned, and whom they take down",
        run: nodes::detect,
    },
    Detector {
        id: "autoscaler.state",
        about: "autoscalers without target or metrics, at their maximum, swinging",
        run: autoscale::detect,
    },
    Detector { id: "budget.disruption", about: "disruption budgets that hold up a drain", run: disruption::detect },
    Detector { id: "service.endpoints", about: "Services that lead nowhere, and why", run: services::detect },
    Detector {
        id: "ingress.routes",
        about: "Ingresses whose class, backend or certificate is missing",
        run: ingress::detect,
    },
    Detector { id: "network.policy", about: "network policies that forbid what a pod needs", run: netpol::detect },
    Detector { id: "rbac.events", about: "permissions that events say are missing", run: rbac::detect },
    Detector {
        id: "object.conditions",
        about: "conditions of custom resources, APIServices and ending namespaces",
        run: conditions::detect,
    },
];

/// Runs every detector.
pub fn detect(view: &View) -> Vec<Finding> {
    CATALOGUE.iter().flat_map(|d| (d.run)(view)).collect()
}

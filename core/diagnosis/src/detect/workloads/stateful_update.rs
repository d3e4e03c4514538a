//! Updates of a StatefulSet: stopped at a pod, not reaching a broken one, held on purpose, or going on.
//!
//! Start at [`State::held`] for a set whose pods all serve; the others are asked for once a pod was found stuck.

use crate::evidence;
use crate::finding::{Finding, Reason, Role};
use crate::kube::Pod;
use crate::view::relate::pod_ref;

use super::stateful::{REVISION, START_CAP, State, serves};
use crate::detect::say;

impl State<'_> {
    /// The pod with the new template does not become ready, so the controller goes no further.
    pub(super) fn stopped_update(&self, ordinal: i64, old: &str, new: &str) -> Finding {
        let pod = self.pod_name(ordinal);
        let serving = self.pods.values().filter(|p| serves(p) && revision(p) == Some(old)).count();
        let claim = format!(
            "the update of {} from revision {old} to {new} stops at {pod}, which {}; {serving} of {} pods still serve revision {old}",
            self.entity,
            self.condition_of(ordinal),
            self.set.spec.replicas()
        );
        let mut finding = Finding::new(Reason::StatefulBlocked, self.entity.clone(), claim);
        if let Some(sibling) = self.pods.values().find(|p| serves(p) && revision(p) == Some(old)) {
            let about = pod_ref(sibling);
            let says = format!("Ready=True, {REVISION}={old}");
            finding = finding.rules_out(
                format!("what all pods share (Service, namespace): {} serves with the old revision", about.name),
                evidence::object(&about, says),
            );
        }
        let (kubectl, slash) = (say::kubectl(&self.entity), self.entity.slash());
        // With OrderedReady the controller waits for the broken pod even after the template was corrected.
        let tail = if self.in_order() { format!(" && {kubectl} delete pod {pod}") } else { String::new() };
        finding
            .action(
                format!(
                    "take the update back; {pod} has to be deleted by hand, the controller waits for it to become ready"
                ),
                Some(format!("{kubectl} rollout undo {slash}{tail}")),
                "low: one pod is made again from the old revision",
            )
            .check(say::watch(&self.entity))
    }

    /// A pod of an older template is broken, and the controller waits for it before it applies the newer one:
    /// <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback>.
    pub(super) fn left_behind(&self, ordinal: i64, hash: &str, newest: &str) -> Finding {
        let pod = self.pod_name(ordinal);
        let claim = format!(
            "{pod} of {} {} and still has revision {hash}; revision {newest} reaches it only when it is deleted by hand, because the controller waits for it to become ready (OrderedReady)",
            self.entity,
            self.condition_of(ordinal)
        );
        Finding::new(Reason::StatefulBlocked, self.entity.clone(), claim)
            .action(
                format!("delete {pod}, so that it is made again with revision {newest}"),
                Some(format!("{} delete pod {pod}", say::kubectl(&self.entity))),
                "low: the pod does not serve now",
            )
            .check(say::watch(&self.entity))
    }

    /// Every pod serves: an update that is held on purpose, or that goes on.
    pub(super) fn held(&self) -> Option<Finding> {
        let (old, new) = self.update()?;
        let (replicas, partition) = (self.set.spec.replicas(), self.partition());
        let updated = self.pods.values().filter(|p| revision(p) == Some(new)).count();
        let done = format!("{updated} of {replicas} pods have revision {new}, the others {old}");
        let (reason, claim, says) = if self.on_delete() {
            let claim =
                format!("{} is updated only by deleting its pods (updateStrategy OnDelete): {done}", self.entity);
            (Reason::Paused, claim, "updateStrategy.type=OnDelete".to_owned())
        } else if partition > 0 {
            let claim = format!(
                "the update of {} is held on purpose by partition {partition}, so ordinals below {partition} keep their revision: {done}",
                self.entity
            );
            (Reason::Paused, claim, format!("updateStrategy.rollingUpdate.partition={partition}"))
        } else {
            let newest = self.pods.values().filter_map(|p| *p.metadata.creation_timestamp).max()?;
            if self.view.age(newest) > START_CAP {
                return None;
            }
            let says = format!("currentRevision={old} updateRevision={new}");
            (Reason::RolloutInProgress, format!("{} is being updated: {done}", self.entity), says)
        };
        let finding = Finding::new(reason, self.entity.clone(), claim).role(Role::Expected);
        let ready = format!("readyReplicas={} of {replicas}", self.ready());
        Some(
            finding
                .because("the update strategy and revisions", evidence::object(&self.entity, says))
                .because("every pod is ready", evidence::object(&self.entity, ready)),
        )
    }
}

fn revision(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.get(REVISION).map(String::as_str)
}

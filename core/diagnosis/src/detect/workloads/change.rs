//! What changed before the trouble began: revisions of Deployments, edits of ConfigMaps and Secrets, updates of
//! StatefulSets and DaemonSets, nodes that joined.
//!
//! Start at [`revision_diff`] and [`detect`]. Must never name a change that came after the onset, and speaks only of
//! what is in trouble: a change of something that works is no news in an incident.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::diff;
use super::references::{self, Named};
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Deployment, Meta, Pod, ReplicaSet};
use crate::view::View;
use crate::view::relate::pod_ref;

/// The annotation that numbers the revisions of a Deployment.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The annotation of a ReplicaSet that was taken into use again by a rollback.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Clocks of the API server and of nodes differ by this much (seconds) at most.
const CLOCK_SLACK: i64 = 30;

/// Lines of a diff in one claim.
const LINES: usize = 5;

/// What differs between the current revision of a Deployment and the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diff {
    /// Number of the revision before.
    pub(super) old: i64,
    /// Number of the current revision.
    pub(super) new: i64,
    /// When the current one was rolled out, where that is known.
    pub(super) at: Option<Timestamp>,
    /// What differs, a line each: `env DATABASE_URL removed`.
    pub(super) lines: Vec<String>,
}

impl Diff {
    /// The lines in one clause.
    pub(super) fn summary(&self) -> String {
        if self.lines.is_empty() { "nothing that is recorded".to_owned() } else { say::some(&self.lines, LINES) }
    }
}

/// The ReplicaSets of a Deployment with their revision numbers, the newest first.
pub(crate) fn revisions<'a>(view: &'a View, deployment: &'a Deployment) -> Vec<(i64, &'a ReplicaSet)> {
    let owned = |r: &&ReplicaSet| {
        r.metadata.controller().is_some_and(|o| o.kind == "Deployment" && o.name == deployment.metadata.name)
    };
    let number = |r: &ReplicaSet| r.metadata.annotations.get(REVISION).and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut all: Vec<(i64, &ReplicaSet)> =
        view.replica_sets.within(&deployment.metadata.namespace).filter(owned).map(|r| (number(r), r)).collect();
    all.sort_by_key(|(n, r)| (std::cmp::Reverse(*n), std::cmp::Reverse(*r.metadata.creation_timestamp)));
    all
}

/// What changed between the last two revisions of a Deployment; none when only one was seen.
pub(super) fn revision_diff(view: &View, deployment: &Deployment) -> Option<Diff> {
    let all = revisions(view, deployment);
    let [(new, current), (old, before), ..] = all.as_slice() else { return None };
    let lines = diff::templates(&before.spec.template, &current.spec.template);
    Some(Diff { old: *old, new: *new, at: rolled_out(view, deployment, current), lines })
}

/// When a ReplicaSet was rolled out: its creation, or its scale-up where a rollback took it into use again.
pub(crate) fn rolled_out(view: &View, deployment: &Deployment, current: &ReplicaSet) -> Option<Timestamp> {
    if !current.metadata.annotations.contains_key(HISTORY) {
        return *current.metadata.creation_timestamp;
    }
    let entity = say::of_meta(Kind::Deployment, &deployment.metadata);
    let up = format!("Scaled up replica set {} ", current.metadata.name);
    view.events_of(&entity).filter(|e| e.text().starts_with(&up)).filter_map(crate::kube::Event::first).min()
}

/// When the trouble of a workload began, as its pods tell; none when they are fine.
pub(super) fn onset(view: &View, unit: &EntityRef) -> Option<Timestamp> {
    view.pods_of(unit).into_iter().filter_map(|pod| pod_onset(view, pod)).min()
}

fn pod_onset(view: &View, pod: &Pod) -> Option<Timestamp> {
    let ended = || pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let ends = ended().flat_map(|s| [&s.state, &s.last_state]).filter_map(|s| s.terminated.as_ref());
    let first_end =
        ends.filter(|t| t.exit_code != 0).filter_map(|t| *t.finished_at).filter(|at| view.in_window(*at)).min();
    let troubled = (say::is_live(pod) && !pod.is_ready()) || pod.status.phase == "Failed" || first_end.is_some();
    if !troubled {
        return None;
    }
    let unready = pod.condition("Ready").filter(|c| !c.is_true()).and_then(|c| *c.last_transition_time);
    let warned = view.events_of(&pod_ref(pod)).filter(|e| e.is_warning()).filter_map(crate::kube::Event::first).min();
    [unready.or(*pod.metadata.creation_timestamp), first_end, warned].into_iter().flatten().min()
}

/// Changes that came before the trouble of what they belong to.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let troubled: BTreeMap<EntityRef, Timestamp> =
        say::units(view).into_iter().filter_map(|unit| onset(view, &unit).map(|at| (unit, at))).collect();
    let mut found: Vec<Finding> = troubled.iter().filter_map(|(unit, at)| of_workload(view, unit, *at)).collect();
    found.extend(edits(view, &troubled));
    found.extend(joined(view));
    found
}

fn before(change: Timestamp, onset: Timestamp) -> bool {
    change.duration_since(onset).as_secs() <= CLOCK_SLACK
}

fn of_workload(view: &View, unit: &EntityRef, onset: Timestamp) -> Option<Finding> {
    let (at, text, says) = match unit.kind {
        Kind::Deployment => {
            let deployment = view.deployments.get(unit.ns(), &unit.name)?;
            let diff = revision_diff(view, deployment)?;
            let text = format!("revision {} of {unit} replaced revision {}: {}", diff.new, diff.old, diff.summary());
            (diff.at?, text, format!("spec.template, revision {} against {}: {}", diff.new, diff.old, diff.summary()))
        }
        Kind::StatefulSet | Kind::DaemonSet => {
            let edit = view.meta(unit)?.edited_at()?;
            let text = format!("the spec of {unit} was changed by {}", edit.manager);
            (edit.time.as_ref().copied()?, text, format!("metadata.managedFields: {} {}", edit.manager, edit.operation))
        }
        _ => return None,
    };
    if !view.in_window(at) || !before(at, onset) {
        return None;
    }
    let undo = matches!(unit.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
        .then(|| format!("{} rollout undo {}", say::kubectl(unit), unit.slash()));
    let finding = Finding::new(Reason::Changed, unit.clone(), text)
        .role(Role::Context)
        .confidence(Confidence::Low)
        .since(Some(at))
        .because(format!("changed at {at}, before the first sign of trouble at {onset}"), evidence::object(unit, says))
        .action("go back to the revision before", undo, "low: replaces the pods")
        .check(say::watch(unit));
    Some(finding)
}

/// ConfigMaps and Secrets that were edited before a workload that uses them got into trouble.
fn edits(view: &View, troubled: &BTreeMap<EntityRef, Timestamp>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (unit, onset) in troubled {
        let Some(spec) = say::spec_of(view, unit) else { continue };
        for named in references::named(spec, unit.ns()) {
            let Named { entity, .. } = named;
            if !matches!(entity.kind, Kind::ConfigMap | Kind::Secret) || !seen.insert((entity.clone(), unit.clone())) {
                continue;
            }
            found.extend(view.meta(&entity).and_then(|meta| edited(view, &entity, meta, unit, *onset)));
        }
    }
    found
}

fn edited(view: &View, entity: &EntityRef, meta: &Meta, unit: &EntityRef, onset: Timestamp) -> Option<Finding> {
    let edit = meta.edited_at()?;
    let at = (*edit.time)?;
    if !view.in_window(at) || !before(at, onset) {
        return None;
    }
    let older =
        say::live_pods(view, unit).iter().filter(|p| p.metadata.creation_timestamp.is_some_and(|c| c < at)).count();
    let stale = if older == 0 { "" } else { "; pods that started before keep the old values of its variables" };
    let text = format!("{entity}, which {unit} uses, was edited by {}{stale}", edit.manager);
    let says = format!("metadata.managedFields: manager={} operation={} time={at}", edit.manager, edit.operation);
    Some(
        Finding::new(Reason::Changed, entity.clone(), text)
            .role(Role::Context)
            .confidence(Confidence::Low)
            .since(Some(at))
            .because(
                format!("edited at {at}, before the first sign of trouble at {onset}"),
                evidence::object(entity, says),
            )
            .action(
                "compare it with what is kept in version control",
                Some(format!("{} -o yaml", say::get(entity))),
                "none",
            ),
    )
}

/// Nodes that joined in the window and carry pods in trouble while their siblings elsewhere are fine.
fn joined(view: &View) -> impl Iterator<Item = Finding> {
    view.nodes.iter().filter_map(move |node| {
        let at = (*node.metadata.creation_timestamp).filter(|at| view.in_window(*at))?;
        let name = node.metadata.name.as_str();
        let down = view.pods.iter().filter(|p| p.spec.node_name == name && say::is_live(p) && !p.is_ready());
        let unit = down.map(|p| view.unit(&pod_ref(p))).find(|unit| {
            let (here, elsewhere): (Vec<&Pod>, Vec<&Pod>) =
                say::live_pods(view, unit).into_iter().partition(|p| p.spec.node_name == name);
            here.iter().all(|p| !p.is_ready()) && elsewhere.iter().any(|p| p.is_ready())
        })?;
        let entity = say::of_meta(Kind::Node, &node.metadata);
        let says = evidence::object(&entity, format!("metadata.creationTimestamp={at}"));
        let text = format!("{entity} joined the cluster, and pods of {unit} fail there and nowhere else");
        let finding = Finding::new(Reason::Changed, entity, text).role(Role::Context).confidence(Confidence::Low);
        Some(finding.since(Some(at)).because(format!("joined at {at}"), says))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const REVISIONS: &str = "
kind: Deployment
metadata: {name: api}
spec: {template: {spec: {containers: [{name: c, image: 'a:2', envFrom: [{configMapRef: {name: conf}}]}]}}}
---
kind: ReplicaSet
metadata: {name: api-1, creationTimestamp: AGO(50h), annotations: {deployment.kubernetes.io/revision: '1'}, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {replicas: 0, template: {spec: {containers: [{name: c, image: 'a:1', env: [{name: DATABASE_URL, value: x}]}]}}}
---
kind: ReplicaSet
metadata: {name: api-2, creationTimestamp: AGO(CHANGE), annotations: {deployment.kubernetes.io/revision: '2'}, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {replicas: 1, template: {spec: {containers: [{name: c, image: 'a:2'}]}}}
---
kind: Pod
metadata: {name: api-2-x, creationTimestamp: AGO(20m), ownerReferences: [{kind: ReplicaSet, name: api-2, controller: true}]}
status: {phase: Running, conditions: [{type: Ready, status: 'READY', lastTransitionTime: AGO(20m)}]}
---
kind: ConfigMap
metadata: {name: conf, creationTimestamp: AGO(90h), managedFields: [{manager: kubectl-edit, operation: Update, time: AGO(EDIT)}]}
";

    #[rstest::rstest]
    #[case::before("21m", "40h", "False", &["revision 2 of Deployment shop/api replaced revision 1: image changed from a:1 to a:2, env DATABASE_URL removed"])]
    #[case::edit("40h", "25m", "False", &["ConfigMap shop/conf, which Deployment shop/api uses, was edited by kubectl-edit"])]
    #[case::after_the_onset("10m", "5m", "False", &[])]
    #[case::nothing_is_wrong("21m", "25m", "True", &[])]
    fn changes(#[case] change: &str, #[case] edit: &str, #[case] ready: &str, #[case] expected: &[&str]) {
        let text = REVISIONS.replace("CHANGE", change).replace("EDIT", edit).replace("READY", ready);
        let found = detect(&Scene::default().yaml(&text).view());
        assert_eq!(found.iter().map(|f| f.claim.as_str()).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|f| f.role == Role::Context));
    }
}

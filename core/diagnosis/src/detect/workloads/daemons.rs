//! DaemonSets: pods missing or not ready on nodes that should have one, updates that stop, selectors without a node.
//!
//! Start at [`detect`]. Nodes that a taint or a selector leaves out on purpose are not wanted and not spoken of: the
//! controller's own count of wanted pods leaves them out too. Why a pod fails is said by the detectors of pods; this
//! family says on which nodes, and whether it is the node. Tolerations that the controller adds:
//! <https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations>.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Condition, DaemonSet, Event, Node, Pod};
use crate::view::View;
use crate::view::relate::pod_ref;

use super::stateful::{PATIENCE, REVISION, serves};
use crate::detect::nearest::likeness;
use crate::detect::say;
use crate::detect::scheduling::fit::{Fit, is_trouble};

/// An update whose newest pod is older than this (seconds) no longer counts as under way.
const UPDATE_SPAN: i64 = 15 * 60;

/// Node conditions whose `True` is trouble: <https://kubernetes.io/docs/reference/node/node-status/#condition>.
const PRESSURES: &[&str] = &["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

/// Words of the kubelet and the runtime that speak of the node's own files and devices.
const NODE_WORDS: &[&str] =
    &["hostPath type check failed", "no such device", "error gathering device information", "failed to mkdir"];

/// Judges every DaemonSet.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.daemon_sets.iter().filter(|d| d.metadata.deletion_timestamp.is_none()).flat_map(|d| judge(view, d)).collect()
}

fn judge(view: &View, set: &DaemonSet) -> Vec<Finding> {
    let state = State { view, set, entity: say::of_meta(Kind::DaemonSet, &set.metadata) };
    if set.status.desired_number_scheduled == 0 {
        return state.nowhere().into_iter().collect();
    }
    let mut findings = Vec::new();
    if view.saw(&Kind::Pod, state.entity.ns()) {
        findings.extend(state.missing());
        findings.extend(state.failing());
        findings.extend(state.update());
    }
    findings.extend(state.misplaced());
    findings
}

/// The node of a pod, when the node itself is in trouble.
pub(super) fn troubled_node(view: &View, pod: &Pod) -> Option<EntityRef> {
    let node = view.nodes.get("", &pod.spec.node_name)?;
    in_trouble(node).then(|| say::of_meta(Kind::Node, &node.metadata))
}

fn in_trouble(node: &Node) -> bool {
    let bad = |c: &Condition| {
        if c.r#type == "Ready" { !c.is_true() } else { PRESSURES.contains(&c.r#type.as_str()) && c.is_true() }
    };
    node.status.conditions.iter().any(bad)
}

struct State<'a> {
    view: &'a View,
    set: &'a DaemonSet,
    entity: EntityRef,
}

impl<'a> State<'a> {
    fn pods(&self) -> Vec<&'a Pod> {
        say::live_pods(self.view, &self.entity)
    }

    fn numbers(&self) -> String {
        let s = &self.set.status;
        format!(
            "desiredNumberScheduled={} currentNumberScheduled={} numberReady={} updatedNumberScheduled={}",
            s.desired_number_scheduled, s.current_number_scheduled, s.number_ready, s.updated_number_scheduled
        )
    }

    /// A finding with what the controller counts.
    fn finding(&self, reason: Reason, claim: String) -> Finding {
        Finding::new(reason, self.entity.clone(), claim)
            .because("what the controller counts", evidence::object(&self.entity, self.numbers()))
    }

    /// Whether the controller wants a pod there. Taints of nodes in trouble and cordons do not keep its pods away.
    fn wants(&self, node: &Node) -> bool {
        let fit = Fit::new(&self.set.spec.template.spec, node);
        fit.selected
            && fit.taints.iter().all(|t| is_trouble(&t.key) || t.key == crate::detect::scheduling::fit::CORDON_TAINT)
    }

    /// Nodes that should have a pod and have none.
    fn missing(&self) -> Option<Finding> {
        let status = &self.set.status;
        let lacking = status.desired_number_scheduled - status.current_number_scheduled;
        if lacking <= 0 || !self.view.saw(&Kind::Node, "") {
            return None;
        }
        let served: BTreeSet<&str> =
            self.view.pods_of(&self.entity).iter().map(|p| p.spec.node_name.as_str()).collect();
        let bare: Vec<&Node> =
            self.view.nodes.iter().filter(|n| self.wants(n) && !served.contains(n.metadata.name.as_str())).collect();
        let joined = |n: &&&Node| n.metadata.creation_timestamp.is_some_and(|t| self.view.age(t) <= PATIENCE);
        let refused = self.view.last_event(&self.entity, &["FailedCreate"]);
        let young = self.set.metadata.creation_timestamp.is_some_and(|t| self.view.age(t) <= PATIENCE);
        if bare.is_empty() || (refused.is_none() && (young || bare.iter().all(|n| joined(&n)))) {
            return None;
        }
        let claim = format!(
            "{} has no pod on {}: {} of {} wanted pods exist",
            self.entity,
            say::some(bare.iter().map(|n| n.metadata.name.as_str()), 4),
            status.current_number_scheduled,
            status.desired_number_scheduled
        );
        let mut finding = self.finding(Reason::DaemonIncomplete, claim).confidence(Confidence::Low);
        for node in bare.iter().filter(|n| in_trouble(n)) {
            finding = finding.points_at(say::of_meta(Kind::Node, &node.metadata));
        }
        if let Some(event) = refused {
            finding = finding.since(event.first()).because(event.text().to_owned(), evidence::event(event));
        }
        let finding = finding.action("see why its pods are not created", Some(say::describe(&self.entity)), "none");
        Some(finding.check(say::watch(&self.entity)))
    }

    /// Pods that are not ready for longer than a start takes.
    fn stuck(&self) -> Vec<(&'a Pod, Option<Timestamp>)> {
        let since =
            |p: &Pod| p.condition("Ready").and_then(|c| *c.last_transition_time).or(*p.metadata.creation_timestamp);
        let pods = self.pods().into_iter().filter(|p| !p.is_ready());
        pods.map(|p| (p, since(p))).filter(|(_, at)| at.is_some_and(|at| self.view.age(at) > PATIENCE)).collect()
    }

    /// Pods that fail on some nodes: of the node, when its own condition or the kubelet's words say so.
    fn failing(&self) -> Option<Finding> {
        let stuck = self.stuck();
        let first = stuck.first()?.0;
        let ready: Vec<&Pod> = self.pods().into_iter().filter(|p| serves(p)).collect();
        let nodes: BTreeSet<&str> =
            stuck.iter().map(|(p, _)| p.spec.node_name.as_str()).filter(|n| !n.is_empty()).collect();
        let same = ready.iter().find(|p| p.metadata.labels.get(REVISION) == first.metadata.labels.get(REVISION));
        let few = !nodes.is_empty() && nodes.len() < ready.len() && same.is_some();
        let telling = stuck.iter().find_map(|(p, _)| self.node_words(p)).filter(|_| few);
        let place = if nodes.is_empty() { "any node".to_owned() } else { say::some(nodes.iter(), 4) };
        let works = format!("{} of {} pods are ready", ready.len(), self.set.status.desired_number_scheduled);
        let mut finding = if let Some(event) = telling {
            let what = say::clause(event.text());
            let claim = format!("{} cannot start on node {place}, while {works} elsewhere: {what}", self.entity);
            let said = self.finding(Reason::NodeLacks, claim).because("the kubelet's words", evidence::event(event));
            Finding { blame: nodes.iter().map(|n| EntityRef::new(Kind::Node, "", *n)).collect(), ..said }
        } else {
            let claim = format!("pods of {} are not ready on {place}: {works}", self.entity);
            self.finding(Reason::DaemonIncomplete, claim).confidence(Confidence::Low)
        };
        finding = self.on_nodes(finding, &stuck);
        if let Some(pod) = same {
            let about = pod_ref(pod);
            finding = finding.rules_out(
                format!("image and template: the same revision is ready on {}", pod.spec.node_name),
                evidence::object(&about, "Ready=True"),
            );
        }
        Some(self.actions(finding, first))
    }

    fn on_nodes(&self, mut finding: Finding, stuck: &[(&Pod, Option<Timestamp>)]) -> Finding {
        let mut bad: BTreeSet<EntityRef> = BTreeSet::new();
        for (pod, since) in stuck {
            let about = pod_ref(pod);
            finding = finding.since(*since);
            if finding.pods.len() < 3 {
                let says = format!("Ready=False on node {}", pod.spec.node_name);
                finding = finding.because(format!("{} is not ready", about.name), evidence::object(&about, says));
            }
            finding.pods.insert(about);
            bad.extend(troubled_node(self.view, pod));
        }
        if !bad.is_empty() && stuck.iter().all(|(p, _)| troubled_node(self.view, p).is_some()) {
            finding.blame = bad.iter().cloned().collect();
            finding.confidence = Confidence::Medium;
        }
        finding.points_at.extend(bad);
        finding
    }

    fn actions(&self, finding: Finding, pod: &Pod) -> Finding {
        let about = pod_ref(pod);
        let finding = finding
            .action(format!("see what {} waits for", about.name), Some(say::describe(&about)), "none")
            .check(say::watch(&self.entity));
        if finding.reason != Reason::NodeLacks {
            return finding;
        }
        let node = &pod.spec.node_name;
        finding
            .action(
                "mend or replace the node, or keep the pods away from it until then",
                Some(format!("kubectl cordon {node} && kubectl describe node {node}")),
                "low: the node takes no new pods",
            )
            .check(say::watch(&self.entity))
    }

    /// What the kubelet says about the node's own files or devices.
    fn node_words(&self, pod: &Pod) -> Option<&'a Event> {
        let about = pod_ref(pod);
        let fits = |e: &&Event| e.is_warning() && NODE_WORDS.iter().any(|w| e.text().contains(w));
        self.view.events_of(&about).filter(fits).last()
    }

    /// An update: under way, stopped at a pod that does not become ready, or waiting for somebody to delete pods.
    fn update(&self) -> Option<Finding> {
        let status = &self.set.status;
        let (updated, wanted) = (status.updated_number_scheduled, status.desired_number_scheduled);
        if updated >= wanted {
            return None;
        }
        let done = format!("{updated} of {wanted} pods have the new revision");
        if self.set.spec.update_strategy.r#type == "OnDelete" {
            let claim =
                format!("{} is updated only by deleting its pods (updateStrategy OnDelete): {done}", self.entity);
            return Some(self.finding(Reason::Paused, claim).role(Role::Expected));
        }
        let newest = self.pods().into_iter().max_by_key(|p| *p.metadata.creation_timestamp)?;
        let hash = newest.metadata.labels.get(REVISION);
        if let Some((pod, since)) = self.stuck().into_iter().find(|(p, _)| p.metadata.labels.get(REVISION) == hash)
            && self.pods().iter().any(|p| serves(p) && p.metadata.labels.get(REVISION) != hash)
        {
            let claim = format!(
                "the update of {} stops at its pod on node {}, which does not become ready: {done}, the others serve the old one",
                self.entity, pod.spec.node_name
            );
            let mut finding = self.finding(Reason::RolloutStuck, claim).confidence(Confidence::Medium).since(since);
            finding.pods.insert(pod_ref(pod));
            finding.points_at.extend(troubled_node(self.view, pod));
            let undo = format!("{} rollout undo {}", say::kubectl(&self.entity), self.entity.slash());
            let finding = finding.action("take the update back", Some(undo), "low: replaces the updated pods");
            return Some(finding.check(say::watch(&self.entity)));
        }
        let moves = newest.metadata.creation_timestamp.is_some_and(|t| self.view.age(t) <= UPDATE_SPAN);
        let claim = format!("{} is being updated: {done}", self.entity);
        moves.then(|| {
            let since = *newest.metadata.creation_timestamp;
            self.finding(Reason::RolloutInProgress, claim).role(Role::Expected).since(since)
        })
    }

    /// Pods on nodes that should have none any more: no harm by itself.
    fn misplaced(&self) -> Option<Finding> {
        let count = self.set.status.number_misscheduled;
        let claim = format!("{} pods of {} run on nodes that should have none any more", count, self.entity);
        let says = format!("numberMisscheduled={count}");
        (count > 0).then(|| {
            self.finding(Reason::DaemonIncomplete, claim)
                .role(Role::Context)
                .because(says.clone(), evidence::object(&self.entity, says))
        })
    }

    /// No node is wanted: its selector or affinity matches none, which is also a way to switch a DaemonSet off.
    fn nowhere(&self) -> Option<Finding> {
        let spec = &self.set.spec.template.spec;
        let seen = self.view.saw(&Kind::Node, "") && !self.view.nodes.is_empty();
        if !seen || self.view.nodes.iter().any(|n| Fit::new(spec, n).selected) {
            return None;
        }
        let selector = if spec.node_selector.is_empty() {
            "its node affinity".to_owned()
        } else {
            format!("nodeSelector {}", say::labels(&spec.node_selector))
        };
        let near =
            self.near_label().map(|(label, node)| format!(" (the nearest is {label} on {node})")).unwrap_or_default();
        let claim = format!("{} wants no pods: {selector} matches no node{near}", self.entity);
        let wait = self.finding(Reason::ScaledToZero, claim).role(Role::Expected);
        let finding =
            wait.because("what it selects", evidence::object(&self.entity, format!("spec.template.spec: {selector}")));
        Some(finding.action(
            "correct the selector, or label the nodes",
            Some(say::edit(&self.entity)),
            "low: starts pods",
        ))
    }

    /// The label of a node that is most like one that is selected.
    fn near_label(&self) -> Option<(String, String)> {
        let wanted: Vec<String> =
            self.set.spec.template.spec.node_selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut best: BTreeMap<String, (f64, String)> = BTreeMap::new();
        for node in self.view.nodes.iter() {
            let has = node.metadata.labels.iter().map(|(k, v)| format!("{k}={v}"));
            for label in has.filter(|l| !wanted.contains(l)) {
                let score = wanted.iter().map(|w| likeness(w, &label)).fold(0.0, f64::max);
                if score > 0.0 {
                    best.entry(label).or_insert((score, node.metadata.name.clone()));
                }
            }
        }
        let (label, (_, node)) = best.into_iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.0.cmp(&a.0)))?;
        Some((label, node))
    }
}

#[cfg(test)]
mod tests;

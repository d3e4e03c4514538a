//! Pods that no node takes: which predicate of the scheduler is the one to mend, held against the nodes that were seen.
//!
//! Start at [`detect`]. The scheduler counts every node, also those of other pools; the order in [`explain`] asks
//! first what concerns the pod as a whole (claims), then the nodes that the pod may use, and names selector or taints
//! only when they leave no node at all. Must not name a resource, taint or label that does not decide.

use super::fit::Fit;
use super::placement;
use super::predicate::{Predicate, Refusal, parse};
use super::room;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Event, Pod, PodSpec};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A gate is expected to open within this many seconds, unless a queue of jobs holds it.
const GATE_PATIENCE: i64 = 600;

/// Gates of queues, which may rightly hold a pod for hours: <https://kueue.sigs.k8s.io/docs/reference/>.
const QUEUE_GATES: &[&str] = &["kueue.x-k8s.io/"];

/// A cluster autoscaler that said it adds a node is believed for this many seconds.
const SCALE_UP_PATIENCE: i64 = 900;

/// Pending pods, and pods that made room for others.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let waiting = view.pods.iter().filter(|p| is_waiting(p)).filter_map(|p| of_pod(view, p));
    let preempted = view.events().iter().filter(|e| e.reason == "Preempted").filter_map(|e| preempted(view, e));
    waiting.chain(preempted).collect()
}

fn is_waiting(pod: &Pod) -> bool {
    say::is_live(pod) && pod.spec.node_name.is_empty() && matches!(pod.status.phase.as_str(), "Pending" | "")
}

/// One pod that waits for a node, with what is known about it.
pub(super) struct Case<'a> {
    pub(super) view: &'a View,
    pub(super) pod: &'a Pod,
    pub(super) unit: EntityRef,
    pub(super) message: String,
    pub(super) refusals: Vec<Refusal>,
    /// What each node that was seen says; empty when nodes were not read.
    pub(super) fits: Vec<Fit<'a>>,
    pub(super) evidence: Evidence,
}

fn of_pod(view: &View, pod: &Pod) -> Option<Finding> {
    let entity = pod_ref(pod);
    let unit = view.unit(&entity);
    if !pod.spec.scheduling_gates.is_empty() {
        return Some(gated(view, pod, unit));
    }
    let condition = pod.condition("PodScheduled").filter(|c| c.status == "False" && c.reason != "SchedulingGated");
    let event = view.last_event(&entity, &["FailedScheduling"]);
    let (message, evidence) = match (condition.filter(|c| !c.message.is_empty()), event) {
        (Some(c), _) => (c.message.clone(), evidence::object(&entity, format!("PodScheduled=False: {}", c.message))),
        (None, Some(e)) => (e.text().to_owned(), evidence::event(e)),
        (None, None) => return None,
    };
    let fits = view.nodes.iter().map(|n| Fit::new(&pod.spec, n)).collect();
    let case = Case { view, pod, unit, refusals: parse(&message), message, fits, evidence };
    let since = condition.and_then(|c| *c.last_transition_time).or(event.and_then(Event::first));
    let mut finding = explain(&case).since(since.or(*pod.metadata.creation_timestamp));
    if let Some(event) = event {
        finding = finding.because("the scheduler says so again and again", evidence::event(event));
    }
    finding.pods.insert(entity.clone());
    Some(scaling_up(view, &entity, finding))
}

/// The one predicate to mend.
fn explain(case: &Case<'_>) -> Finding {
    claim_missing(case)
        .or_else(|| claims_unbound(case))
        .or_else(|| placement::volume_affinity(case))
        .or_else(|| room::no_room(case))
        .or_else(|| room::by_other_pods(case))
        .or_else(|| placement::closed_nodes(case))
        .or_else(|| placement::taints(case))
        .or_else(|| placement::selector(case))
        .unwrap_or_else(|| {
            let claim = format!("no node takes the pods of {}: {}", case.unit, case.words());
            case.finding(Reason::Unschedulable, claim).confidence(Confidence::Medium)
        })
}

impl<'a> Case<'a> {
    /// What the pod asks for.
    pub(super) fn spec(&self) -> &'a PodSpec {
        &self.pod.spec
    }

    /// Whether the scheduler names such a predicate.
    pub(super) fn says(&self, wanted: impl Fn(&Predicate) -> bool) -> bool {
        self.refusals.iter().any(|r| wanted(&r.why))
    }

    /// The scheduler's message without its second half about preemption, which decides nothing.
    pub(super) fn words(&self) -> String {
        say::clause(self.message.split(" preemption: ").next().unwrap_or(&self.message))
    }

    /// A finding about the pod's workload, with the scheduler's words as its first proof.
    pub(super) fn finding(&self, reason: Reason, claim: String) -> Finding {
        let placed = self.evidence.clone();
        Finding::new(reason, self.unit.clone(), claim)
            .because(format!("the scheduler: {}", self.words()), self.evidence.clone())
            .rules_out(
                "image, configuration and the process: no node has taken the pod, so nothing was started",
                placed,
            )
    }

    /// The command that shows the outcome.
    pub(super) fn pods_command(&self) -> String {
        format!("{} get pods -o wide", say::kubectl(&self.unit))
    }
}

fn claim_missing(case: &Case<'_>) -> Option<Finding> {
    let name = case.refusals.iter().find_map(|r| match &r.why {
        Predicate::ClaimMissing(name) => Some(name.clone()),
        _ => None,
    })?;
    let ns = case.unit.ns();
    let claim = EntityRef::new(Kind::PersistentVolumeClaim, ns, name.clone());
    let near = crate::detect::nearest::nearest(&name, case.view.claims.within(ns).map(|c| c.metadata.name.as_str()));
    let hint = near.map(|n| format!("; {n} exists")).unwrap_or_default();
    let text = format!("{} mounts PersistentVolumeClaim {name}, which is not found in {ns}{hint}", case.unit);
    let finding = case.finding(Reason::MissingReference, text).points_at(claim.clone());
    Some(
        match near {
            Some(near) => finding.action(
                format!("name the claim that exists, {near}, in the pod template"),
                Some(say::edit(&case.unit)),
                "low: replaces the pods",
            ),
            None => finding.blame(claim.clone()).action(
                format!("create the claim {name}, or take the volume out of the pod template"),
                Some(say::list(&claim.kind, &case.unit)),
                "low: a volume is provisioned",
            ),
        }
        .check(case.pods_command()),
    )
}

fn claims_unbound(case: &Case<'_>) -> Option<Finding> {
    if !case.says(|p| matches!(p, Predicate::ClaimsUnbound | Predicate::NoVolume)) {
        return None;
    }
    let ns = case.unit.ns();
    let named = case.spec().volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
    let unbound: Vec<EntityRef> = named
        .map(|v| EntityRef::new(Kind::PersistentVolumeClaim, ns, v.claim_name.clone()))
        .filter(|c| case.view.claims.get(ns, &c.name).is_none_or(|c| c.status.phase != "Bound"))
        .collect();
    let which = say::some(unbound.iter().map(|c| &c.name), 3);
    // Ordinals of one StatefulSet have a claim each; the template's name is the same for all.
    let which = if case.unit.kind == Kind::StatefulSet && unbound.len() > 1 { "its claims".to_owned() } else { which };
    let text = format!("the pods of {} wait for an unbound PersistentVolumeClaim: {which}", case.unit);
    let mut finding = case.finding(Reason::Unschedulable, text);
    for claim in unbound {
        finding = finding
            .action(format!("see why {} is not bound", claim.name), Some(say::describe(&claim)), "none")
            .points_at(claim);
    }
    Some(finding)
}

/// A pod that waits for a gate: on purpose at first, forgotten later.
fn gated(view: &View, pod: &Pod, unit: EntityRef) -> Finding {
    let gates = say::some(pod.spec.scheduling_gates.iter().map(|g| &g.name), 3);
    let queue = pod.spec.scheduling_gates.iter().all(|g| QUEUE_GATES.iter().any(|q| g.name.starts_with(q)));
    let since = *pod.metadata.creation_timestamp;
    let old = since.is_some_and(|at| view.age(at) > GATE_PATIENCE);
    let entity = pod_ref(pod);
    let says =
        evidence::object(&entity, format!("spec.schedulingGates={gates} and PodScheduled=False (SchedulingGated)"));
    let text = format!("the pods of {unit} keep the scheduling gate {gates}, so the scheduler does not look at them");
    let edit = say::edit(&unit);
    let mut finding = Finding::new(Reason::SchedulingGated, unit, text)
        .role(if old && !queue { Role::Failing } else { Role::Expected })
        .since(since)
        .because("the pod still carries the gate", says.clone())
        .rules_out("room and placement: a gated pod is not tried on any node", says)
        .action(
            "let the controller that owns the gate remove it, or take it out of the pod template",
            Some(edit),
            "low: pods start before what the gate waits for",
        )
        .check(format!("{} get pods", say::kubectl(&entity)));
    finding.pods.insert(entity);
    finding
}

/// When a cluster autoscaler said that it adds a node a moment ago, waiting is part of the plan.
fn scaling_up(view: &View, pod: &EntityRef, finding: Finding) -> Finding {
    let Some(event) = view.last_event(pod, &["TriggeredScaleUp"]) else { return finding };
    let young = event.last().is_some_and(|at| view.age(at) < SCALE_UP_PATIENCE);
    if !young || !matches!(finding.reason, Reason::Unschedulable | Reason::SchedulingMismatch) {
        return finding;
    }
    let claim = format!("the pods of {} wait for a node that the cluster autoscaler is adding", finding.subject);
    let mut expected = Finding::new(Reason::ScaleInProgress, finding.subject, claim)
        .role(Role::Expected)
        .since(finding.since)
        .because("a scale-up was triggered", evidence::event(event));
    expected.pods = finding.pods;
    expected
}

/// A pod that was ended to make room. The preemptor is named by uid, in older versions by name.
fn preempted(view: &View, event: &Event) -> Option<Finding> {
    if event.last().is_none_or(|at| !view.in_window(at)) || event.involved_object.kind != "Pod" {
        return None;
    }
    let about = &event.involved_object;
    let victim = EntityRef::new(Kind::Pod, &about.namespace, about.name.clone());
    let unit = view.unit(&victim);
    let rest = event.text().split_once("reempted by ")?.1.trim_start_matches("pod ").trim_start_matches("a pod");
    let who = rest.split(" on node").next().unwrap_or(rest).trim();
    let preemptor = view.pods.iter().find(|p| {
        p.metadata.uid == who
            || who.split_once('/').is_some_and(|(ns, n)| p.metadata.namespace == ns && p.metadata.name == n)
    });
    let by = preemptor.map(|p| view.unit(&pod_ref(p)));
    let short = say::live_pods(view, &unit).iter().any(|p| !p.is_ready());
    let name = by.as_ref().map_or_else(|| "a pod of higher priority".to_owned(), ToString::to_string);
    let role = if short && unit != victim { Role::Failing } else { Role::Over };
    let mut finding = Finding::new(Reason::Evicted, unit.clone(), format!("pods of {unit} were preempted by {name}"))
        .role(role)
        .since(event.first())
        .because(format!("preempted by {who}"), evidence::event(event))
        .action(
            "compare the priority classes of both, or add room",
            Some("kubectl get priorityclasses".into()),
            "none",
        );
    if let Some(by) = by {
        finding = finding.blame(by);
    }
    finding.pods.insert(victim);
    Some(finding)
}

#[cfg(test)]
mod tests;

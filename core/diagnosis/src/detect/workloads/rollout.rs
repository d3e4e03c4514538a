//! Deployments: what is under way and as it should be, what is stuck, what a new revision broke.
//!
//! Start at [`detect`]. One finding for each Deployment at most, beside those about its replica count
//! ([`super::replicas`]). A rollout counts as under way only while its new pods show nothing worse than readiness failures
//! within the start time of their siblings.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::change::{self, Diff, revision_diff};
use super::starting::is_starting;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Deployment, Event, Pod, ReplicaSet};
use crate::view::View;
use crate::view::relate::pod_ref;

/// The API's default of `progressDeadlineSeconds`.
const DEADLINE: i64 = 600;

/// A Deployment with its revisions and pods.
struct Rollout<'a> {
    view: &'a View,
    deployment: &'a Deployment,
    unit: EntityRef,
    revisions: Vec<(i64, &'a ReplicaSet)>,
    pods: Vec<&'a Pod>,
}

/// What each Deployment is doing.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.deployments.iter().filter(|d| d.spec.replicas() > 0).filter_map(|d| Rollout::new(view, d).finding()).collect()
}

impl<'a> Rollout<'a> {
    fn new(view: &'a View, deployment: &'a Deployment) -> Self {
        let unit = say::of_meta(Kind::Deployment, &deployment.metadata);
        let pods = say::live_pods(view, &unit);
        Self { view, deployment, revisions: change::revisions(view, deployment), pods, unit }
    }

    fn wanted(&self) -> i64 {
        self.deployment.spec.replicas()
    }

    /// Ready pods as the pods say; as the Deployment says where pods were not read.
    fn ready(&self) -> i64 {
        if self.view.saw(&Kind::Pod, self.unit.ns()) {
            i64::try_from(self.pods.iter().filter(|p| p.is_ready()).count()).unwrap_or(i64::MAX)
        } else {
            self.deployment.status.ready_replicas
        }
    }

    /// Pods of a ReplicaSet.
    fn of(&self, set: &ReplicaSet) -> impl Iterator<Item = &'a Pod> {
        let name = set.metadata.name.clone();
        self.pods.iter().copied().filter(move |p| p.metadata.controller().is_some_and(|o| o.name == name))
    }

    fn finding(&self) -> Option<Finding> {
        let status = &self.deployment.status;
        let complete =
            self.ready() >= self.wanted() && status.updated_replicas >= self.wanted() && self.old_pods() == 0;
        if complete {
            // Workloads that simply work are told by `serving`.
            return None;
        }
        let found = self.paused().or_else(|| self.in_progress()).or_else(|| self.change_broke());
        let found = found.or_else(|| self.stuck()).or_else(|| self.unavailable())?;
        Some(self.lost_nodes().into_iter().fold(found, Finding::points_at))
    }

    /// Nodes that are not ready and carry pods of it that are not ready either: they explain what is missing.
    fn lost_nodes(&self) -> BTreeSet<EntityRef> {
        let lost = |pod: &Pod| {
            let node = self.view.nodes.get("", &pod.spec.node_name)?;
            let down = node.status.conditions.iter().any(|c| c.r#type == "Ready" && !c.is_true());
            down.then(|| say::of_meta(Kind::Node, &node.metadata))
        };
        self.view.pods_of(&self.unit).into_iter().filter(|p| !p.is_ready()).filter_map(lost).collect()
    }

    /// Pods that an older revision still has.
    fn old_pods(&self) -> usize {
        self.revisions.iter().skip(1).map(|(_, set)| self.of(set).count()).sum()
    }

    fn numbers(&self) -> String {
        format!("{} of {} ready", self.ready(), self.wanted())
    }

    fn status_evidence(&self) -> crate::evidence::Evidence {
        let s = &self.deployment.status;
        let text = format!(
            "spec.replicas={} status: replicas={} updatedReplicas={} readyReplicas={} availableReplicas={} unavailableReplicas={}",
            self.wanted(),
            s.replicas,
            s.updated_replicas,
            s.ready_replicas,
            s.available_replicas,
            s.unavailable_replicas
        );
        evidence::object(&self.unit, text)
    }

    /// A pause: on purpose while everything works, an obstacle when it keeps a change from pods that fail.
    fn paused(&self) -> Option<Finding> {
        if !self.deployment.spec.paused {
            return None;
        }
        let newest = self.revisions.first().map(|(_, set)| &set.spec.template);
        let held = newest.map(|old| super::diff::templates(old, &self.deployment.spec.template)).unwrap_or_default();
        let failing = self.pods.iter().any(|p| !p.is_ready() && !is_starting(self.view, p));
        let waits =
            if held.is_empty() { String::new() } else { format!(", and a change waits: {}", say::some(&held, 5)) };
        let text = format!("the rollout of {} is paused{waits} ({})", self.unit, self.numbers());
        let finding = Finding::new(Reason::Paused, self.unit.clone(), text)
            .because("spec.paused is set", evidence::object(&self.unit, "spec.paused=true"));
        if held.is_empty() || !failing {
            // Pods that fail for another reason are told by other detectors.
            return (!failing).then(|| finding.role(Role::Expected));
        }
        let resume = format!("{} rollout resume {}", say::kubectl(&self.unit), self.unit.slash());
        Some(
            finding
                .because("its status", self.status_evidence())
                .action("resume the rollout", Some(resume), "low: replaces the pods")
                .check(say::watch(&self.unit)),
        )
    }

    fn in_progress(&self) -> Option<Finding> {
        let condition = self.deployment.status.condition("Progressing");
        let since = condition.and_then(|c| (*c.last_update_time).or(*c.last_transition_time));
        let deadline = self.deployment.spec.progress_deadline_seconds.unwrap_or(DEADLINE);
        let late =
            condition.is_some_and(|c| c.status == "False") || since.is_some_and(|at| self.view.age(at) > deadline);
        let starting: Vec<&Pod> = self.pods.iter().copied().filter(|p| is_starting(self.view, p)).collect();
        let worse = self.pods.iter().any(|p| !p.is_ready() && !is_starting(self.view, p));
        let moves = !starting.is_empty() || self.old_pods() > 0;
        if worse || !moves || (late && self.old_pods() > 0) {
            return None;
        }
        let lacking = self.wanted() - i64::try_from(self.pods.len()).unwrap_or(0);
        if lacking > 0 && self.old_pods() == 0 {
            // Pods that do not even exist are not starting; who refuses them is told elsewhere.
            return None;
        }
        Some(self.under_way(&starting, since, deadline))
    }

    fn under_way(&self, starting: &[&Pod], since: Option<Timestamp>, deadline: i64) -> Finding {
        let (unit, wanted) = (&self.unit, self.wanted());
        let updated = self.deployment.status.updated_replicas.min(wanted);
        let newest = self.revisions.first();
        let revision = newest.filter(|(n, _)| *n > 0).map(|(n, _)| format!(" to revision {n}")).unwrap_or_default();
        let began = newest.and_then(|(_, set)| *set.metadata.creation_timestamp);
        let first_pod = starting.iter().filter_map(|p| *p.metadata.creation_timestamp).min();
        // Pods much younger than their ReplicaSet were added to it, not rolled out with it.
        let added = began.zip(first_pod).is_some_and(|(set, pod)| pod.duration_since(set).as_secs() > deadline);
        let age =
            |at: Option<Timestamp>| at.map(|at| format!(" for {}", say::span(self.view.age(at)))).unwrap_or_default();
        let (reason, text, at) = if self.old_pods() > 0 {
            let text = format!(
                "a rolling update (rollout) of {unit}{revision} is in progress{}: {updated} of {wanted} updated, {}, within its deadline of {deadline} s",
                age(began),
                self.numbers()
            );
            (Reason::RolloutInProgress, text, began)
        } else if added {
            let what = if self.scaled_up() { "a scale-up" } else { "the replacement of pods" };
            (Reason::ScaleInProgress, format!("{what} of {unit} is in progress: {}", self.numbers()), first_pod)
        } else {
            let text = format!(
                "the rollout of {unit}{revision} is in progress{}: {}, the pods are starting",
                age(began),
                self.numbers()
            );
            (Reason::RolloutInProgress, text, began)
        };
        let mut finding = Finding::new(reason, unit.clone(), text)
            .role(Role::Expected)
            .since(at.or(since))
            .because("its status", self.status_evidence())
            .action("wait, and look again", Some(say::watch(unit)), "none");
        if let Some(condition) = self.deployment.status.condition("Progressing") {
            let says = format!("Progressing={} {}: {}", condition.status, condition.reason, condition.message);
            finding = finding.because("the controller reports progress", evidence::object(unit, says));
        }
        finding.pods = starting.iter().map(|p| pod_ref(p)).collect();
        finding
    }

    fn scaled_up(&self) -> bool {
        self.view.events_of(&self.unit).any(|e| e.reason == "ScalingReplicaSet" && e.text().starts_with("Scaled up"))
    }

    /// No pod of the new revision gets ready while the old one serves.
    fn change_broke(&self) -> Option<Finding> {
        let (_, newest) = self.revisions.first()?;
        let diff = revision_diff(self.view, self.deployment)?;
        let new: Vec<&Pod> = self.of(newest).collect();
        let old_serves = self.revisions.iter().skip(1).flat_map(|(_, set)| self.of(set)).any(Pod::is_ready);
        let broken =
            !new.is_empty() && new.iter().all(|p| !p.is_ready()) && new.iter().any(|p| !is_starting(self.view, p));
        if !broken || !old_serves {
            return None;
        }
        Some(self.broken(&diff, &new))
    }

    fn broken(&self, diff: &Diff, new: &[&Pod]) -> Finding {
        let unit = &self.unit;
        let deadline = self.stuck_words().map(|words| format!(" ({words})")).unwrap_or_default();
        let text = format!(
            "revision {} of {unit} does not become ready while revision {} still serves{deadline}: {}",
            diff.new,
            diff.old,
            diff.summary()
        );
        let undo = format!("{} rollout undo {}", say::kubectl(unit), unit.slash());
        let mut finding = Finding::new(Reason::ChangeBroke, unit.clone(), text)
            .confidence(Confidence::Medium)
            .since(diff.at)
            .because("how the revisions stand", self.status_evidence())
            .because(
                format!("revision {} against {}", diff.new, diff.old),
                evidence::object(unit, format!("spec.template: {}", diff.summary())),
            )
            .rules_out(
                format!("what both revisions use (cluster, dependencies): pods of revision {} are ready", diff.old),
                self.status_evidence(),
            )
            .action(format!("go back to revision {}", diff.old), Some(undo), "low: replaces the new pods")
            .check(say::watch(unit));
        finding.pods = new.iter().map(|p| pod_ref(p)).collect();
        finding
    }

    fn stuck_words(&self) -> Option<String> {
        let condition =
            self.deployment.status.condition("Progressing").filter(|c| c.reason == "ProgressDeadlineExceeded")?;
        let deadline = self.deployment.spec.progress_deadline_seconds.unwrap_or(DEADLINE);
        Some(format!("{}, deadline {deadline} s", condition.reason))
    }

    fn stuck(&self) -> Option<Finding> {
        let words = self.stuck_words()?;
        let condition = self.deployment.status.condition("Progressing")?;
        let text = format!("the rollout of {} makes no progress ({words}): {}", self.unit, self.numbers());
        let says = format!("Progressing=False {}: {}", condition.reason, condition.message);
        Some(
            Finding::new(Reason::RolloutStuck, self.unit.clone(), text)
                .confidence(Confidence::Medium)
                .since(*condition.last_transition_time)
                .because("the controller gave up waiting", evidence::object(&self.unit, says))
                .because("its status", self.status_evidence())
                .action("see what its newest pods wait for", Some(say::describe(&self.unit)), "none")
                .check(say::watch(&self.unit)),
        )
    }

    /// Fewer replicas than wanted, and nothing here says why.
    fn unavailable(&self) -> Option<Finding> {
        let (ready, wanted) = (self.ready(), self.wanted());
        if ready >= wanted {
            return None;
        }
        let text = format!("{} has {ready} of {wanted} replicas ready", self.unit);
        let since = change::onset(self.view, &self.unit)
            .or_else(|| {
                self.deployment
                    .status
                    .condition("Available")
                    .filter(|c| !c.is_true())
                    .and_then(|c| *c.last_transition_time)
            })
            .or_else(|| self.view.events_of(&self.unit).filter_map(Event::last).max());
        Some(
            Finding::new(Reason::ReplicasUnavailable, self.unit.clone(), text)
                .confidence(Confidence::Low)
                .since(since)
                .because("its status", self.status_evidence())
                .action("see what its pods wait for", Some(say::describe(&self.unit)), "none")
                .check(say::watch(&self.unit)),
        )
    }
}

#[cfg(test)]
mod tests;

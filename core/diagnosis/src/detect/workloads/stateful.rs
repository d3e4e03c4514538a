//! StatefulSets: the ordinal that holds back the rest, updates that stop or are held on purpose, zero replicas.
//!
//! Start at [`detect`]. Must stay silent where pods could not be read, and about an ordinal that is no slower to become
//! ready than its siblings were. Why a pod is not ready is said by the detectors of pods, whose findings belong to the
//! set as their unit. Rules of the controller: <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/>.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Pod, ReplicaSet, StatefulSet};
use crate::view::View;

use crate::detect::say;

/// Seconds that a pod may take to become ready before it counts as stuck, when no sibling shows that it needs more.
pub(super) const PATIENCE: i64 = 120;

/// A sibling's start counts as the normal one up to so many seconds; beyond that it lost its readiness in between.
pub(super) const START_CAP: i64 = 15 * 60;

/// Label of a pod that names the revision of its template.
pub(super) const REVISION: &str = "controller-revision-hash";

/// Judges every StatefulSet, and the ReplicaSets that no Deployment owns.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let sets = view.stateful_sets.iter().flat_map(|set| judge(view, set));
    sets.chain(view.replica_sets.iter().filter_map(bare)).collect()
}

fn judge(view: &View, set: &StatefulSet) -> Vec<Finding> {
    let entity = say::of_meta(Kind::StatefulSet, &set.metadata);
    if set.metadata.deletion_timestamp.is_some() {
        return Vec::new();
    }
    if set.spec.replicas() == 0 {
        return vec![at_zero(&entity)];
    }
    let mut findings: Vec<Finding> = super::stateful_names::headless(view, set, &entity).into_iter().collect();
    if view.saw(&Kind::Pod, entity.ns()) {
        let state = State::new(view, set, entity);
        findings.extend(match state.first_unready() {
            Some(ordinal) => state.unready(ordinal),
            None => state.held(),
        });
    }
    findings
}

fn bare(set: &ReplicaSet) -> Option<Finding> {
    let orphan = set.metadata.controller().is_none() && set.metadata.deletion_timestamp.is_none();
    (orphan && set.spec.replicas() == 0).then(|| at_zero(&say::of_meta(Kind::ReplicaSet, &set.metadata)))
}

fn at_zero(entity: &EntityRef) -> Finding {
    let says = "spec.replicas=0";
    let claim = format!("{entity} is scaled to zero (spec.replicas is 0), so it has no pods");
    Finding::new(Reason::ScaledToZero, entity.clone(), claim)
        .role(Role::Expected)
        .because(says, evidence::object(entity, says))
        .action(
            "scale it up when it should run",
            Some(format!("{} scale {} --replicas=1", say::kubectl(entity), entity.slash())),
            "low: starts pods",
        )
        .check(say::watch(entity))
}

/// A set with its pods by ordinal.
pub(super) struct State<'a> {
    pub(super) view: &'a View,
    pub(super) set: &'a StatefulSet,
    pub(super) entity: EntityRef,
    pub(super) pods: BTreeMap<i64, &'a Pod>,
}

impl<'a> State<'a> {
    fn new(view: &'a View, set: &'a StatefulSet, entity: EntityRef) -> Self {
        let ordinal = |p: &Pod| p.metadata.name.strip_prefix(&entity.name)?.strip_prefix('-')?.parse().ok();
        let pods = view.pods_of(&entity).into_iter().filter_map(|p| Some((ordinal(p)?, p))).collect();
        Self { view, set, entity, pods }
    }

    fn wanted(&self) -> std::ops::Range<i64> {
        let start = self.set.spec.ordinals.start;
        start..start.saturating_add(self.set.spec.replicas())
    }

    /// The lowest ordinal that does not serve. Ends at the latest one past the pods that exist.
    fn first_unready(&self) -> Option<i64> {
        self.wanted().find(|ordinal| !self.pods.get(ordinal).is_some_and(|p| serves(p)))
    }

    pub(super) fn pod_name(&self, ordinal: i64) -> String {
        format!("{}-{ordinal}", self.entity.name)
    }

    fn pod_ref(&self, ordinal: i64) -> EntityRef {
        EntityRef::new(Kind::Pod, self.entity.ns(), self.pod_name(ordinal))
    }

    pub(super) fn ready(&self) -> usize {
        self.pods.iter().filter(|(o, p)| self.wanted().contains(o) && serves(p)).count()
    }

    pub(super) fn in_order(&self) -> bool {
        self.set.spec.pod_management_policy != "Parallel"
    }

    pub(super) fn on_delete(&self) -> bool {
        self.set.spec.update_strategy.r#type == "OnDelete"
    }

    pub(super) fn partition(&self) -> i64 {
        self.set.spec.update_strategy.rolling_update.as_ref().and_then(|r| r.partition).unwrap_or(0)
    }

    /// The revision that an update under way replaces, and the new one.
    pub(super) fn update(&self) -> Option<(&'a str, &'a str)> {
        let (old, new) = (self.set.status.current_revision.as_str(), self.set.status.update_revision.as_str());
        (!old.is_empty() && !new.is_empty() && old != new).then_some((old, new))
    }

    /// Since when an ordinal does not serve; for one without a pod, since when the controller could have made it.
    fn unready_since(&self, ordinal: i64) -> Option<Timestamp> {
        if let Some(pod) = self.pods.get(&ordinal) {
            let ready = pod.condition("Ready").and_then(|c| *c.last_transition_time);
            return pod.metadata.deletion_timestamp.or(ready).or(*pod.metadata.creation_timestamp);
        }
        let before = self.pods.get(&(ordinal - 1)).and_then(|p| *p.condition("Ready")?.last_transition_time);
        let deleted = self.view.last_event(&self.entity, &["SuccessfulDelete"]).and_then(crate::kube::Event::last);
        [before, deleted, *self.set.metadata.creation_timestamp].into_iter().flatten().max()
    }

    /// How long a start may take: as long as the slowest ready sibling's did.
    fn patience(&self) -> i64 {
        let took = self.pods.values().filter(|p| serves(p)).filter_map(|p| {
            let ready = p.condition("Ready")?.last_transition_time.as_ref().copied()?;
            Some(ready.duration_since((*p.metadata.creation_timestamp)?).as_secs())
        });
        took.filter(|s| *s <= START_CAP).max().unwrap_or(0).max(PATIENCE)
    }

    fn unready(&self, ordinal: i64) -> Option<Finding> {
        let pod = self.pods.get(&ordinal).copied();
        let since = self.unready_since(ordinal);
        let refused = pod.is_none() && self.view.last_event(&self.entity, &["FailedCreate"]).is_some();
        if !refused && since.is_none_or(|at| self.view.age(at) <= self.patience()) {
            return self.under_way(ordinal, pod);
        }
        let hash = pod.and_then(|p| p.metadata.labels.get(REVISION)).map_or("", String::as_str);
        let newest = self.set.status.update_revision.as_str();
        let outdated = !hash.is_empty() && !newest.is_empty() && hash != newest && ordinal >= self.partition();
        let finding = match self.update() {
            Some((old, new)) if hash == new => self.stopped_update(ordinal, old, new),
            _ if outdated && self.in_order() && !self.on_delete() => self.left_behind(ordinal, hash, newest),
            _ => self.blocked(ordinal),
        };
        Some(self.explained(finding.since(since), ordinal))
    }

    /// A pod that is no slower than others were. One that was restarted is no start: its own detectors speak of it.
    fn under_way(&self, ordinal: i64, pod: Option<&Pod>) -> Option<Finding> {
        let restarted = pod.is_some_and(|p| p.status.container_statuses.iter().any(|s| s.restart_count > 0));
        let fresh =
            pod.is_none_or(|p| p.metadata.creation_timestamp.is_some_and(|t| self.view.age(t) <= self.patience()));
        if restarted || !fresh {
            return None;
        }
        let numbers = format!("{} of {} pods are ready", self.ready(), self.set.spec.replicas());
        let (reason, what) = match self.update() {
            Some((old, new)) => (Reason::RolloutInProgress, format!("is being updated from revision {old} to {new}")),
            None => (Reason::ScaleInProgress, "is being brought up".to_owned()),
        };
        let claim = format!("{} {what}: {numbers}, {} is on its way", self.entity, self.pod_name(ordinal));
        Some(
            Finding::new(reason, self.entity.clone(), claim)
                .role(Role::Expected)
                .since(self.unready_since(ordinal))
                .because(numbers.clone(), evidence::object(&self.entity, format!("status: {numbers}"))),
        )
    }

    /// How the pod of an ordinal is, in the kubelet's words where it has some.
    pub(super) fn condition_of(&self, ordinal: i64) -> String {
        let Some(pod) = self.pods.get(&ordinal) else { return "does not exist".to_owned() };
        if pod.metadata.deletion_timestamp.is_some() {
            return "is terminating and not gone".to_owned();
        }
        let waits = pod.containers().find_map(|(_, status, _)| status?.state.waiting.as_ref());
        match waits {
            Some(waits) if !waits.reason.is_empty() => format!("is not ready ({})", waits.reason),
            _ if pod.status.phase == "Running" => "runs and is not ready".to_owned(),
            _ => format!("is not ready ({})", pod.status.phase),
        }
    }

    /// Higher ordinals that have no pod: a few names, and how many.
    fn not_created(&self, ordinal: i64) -> Option<String> {
        let end = self.wanted().end;
        let above = self.pods.range(ordinal + 1..end.max(ordinal + 1)).count();
        let lacking = end.saturating_sub(ordinal + 1).saturating_sub(i64::try_from(above).unwrap_or(i64::MAX));
        let names = (ordinal + 1..end).filter(|o| !self.pods.contains_key(o)).take(3).map(|o| self.pod_name(o));
        let names = names.collect::<Vec<_>>().join(", ");
        match lacking {
            ..=0 => None,
            1..=3 => Some(names),
            _ => Some(format!("{names} and {} more", lacking - 3)),
        }
    }

    fn blocked(&self, ordinal: i64) -> Finding {
        let (pod, state) = (self.pod_name(ordinal), self.condition_of(ordinal));
        let of = format!("{} of {} pods are ready", self.ready(), self.set.spec.replicas());
        let Some(held) = self.not_created(ordinal).filter(|_| self.in_order()) else {
            let claim = format!("{pod} of {} {state}; {of}", self.entity);
            return Finding::new(Reason::ReplicasUnavailable, self.entity.clone(), claim).confidence(Confidence::Low);
        };
        let claim = format!(
            "{pod} of {} {state} and holds back {held}, which the controller does not create before (OrderedReady); {of}",
            self.entity
        );
        Finding::new(Reason::StatefulBlocked, self.entity.clone(), claim)
    }

    /// Evidence, and what else would explain it. The pod itself is not pointed at: its findings belong to the set.
    fn explained(&self, mut finding: Finding, ordinal: i64) -> Finding {
        let pod = self.pod_ref(ordinal);
        let status = &self.set.status;
        let numbers = format!(
            "replicas={} readyReplicas={} currentRevision={} updateRevision={}",
            self.set.spec.replicas(),
            status.ready_replicas,
            status.current_revision,
            status.update_revision
        );
        finding = finding.because("what the controller counts", evidence::object(&self.entity, numbers));
        finding = match self.pods.get(&ordinal) {
            Some(_) => {
                finding.pods.insert(pod.clone());
                let state = self.condition_of(ordinal);
                finding.because(format!("{} {state}", pod.name), evidence::object(&pod, state))
            }
            None => finding.because(format!("{} does not exist", pod.name), evidence::absence(&pod)),
        };
        for (claim, class) in self.claims(ordinal) {
            finding = self.claim(finding.points_at(claim.clone()), &claim, class);
        }
        if let Some(node) = self.pods.get(&ordinal).and_then(|p| super::daemons::troubled_node(self.view, p)) {
            finding = finding.points_at(node);
        }
        if let Some(event) = self.view.last_event(&self.entity, &["FailedCreate"]) {
            finding = finding.because(event.text().to_owned(), evidence::event(event));
        }
        let shows = if self.pods.contains_key(&ordinal) { say::describe(&pod) } else { say::describe(&self.entity) };
        finding.action(format!("see what {} waits for", pod.name), Some(shows), "none").check(say::watch(&self.entity))
    }

    /// The claims of an ordinal, with the class that the template names.
    fn claims(&self, ordinal: i64) -> impl Iterator<Item = (EntityRef, Option<EntityRef>)> {
        self.set.spec.volume_claim_templates.iter().map(move |template| {
            let name = format!("{}-{}", template.metadata.name, self.pod_name(ordinal));
            let class = template.spec.storage_class_name.as_ref().filter(|c| !c.is_empty());
            let class = class.map(|c| EntityRef::new(Kind::StorageClass, "", c.clone()));
            (EntityRef::new(Kind::PersistentVolumeClaim, self.entity.ns(), name), class)
        })
    }

    /// A claim that is not bound; the object to blame when its class does not exist.
    fn claim(&self, mut finding: Finding, claim: &EntityRef, class: Option<EntityRef>) -> Finding {
        let phase = self.view.claims.get(claim.ns(), &claim.name).map(|c| c.status.phase.clone()).unwrap_or_default();
        if phase.is_empty() || phase == "Bound" {
            return finding;
        }
        let says = format!("status.phase={phase}");
        finding.claim = format!("{}; its claim {} is {phase}", finding.claim, claim.name);
        finding = finding.because(format!("{} is not bound", claim.name), evidence::object(claim, says));
        let Some(class) = class.filter(|c| self.view.absent(c)) else { return finding };
        finding.claim = format!("{}, because {class} does not exist", finding.claim);
        finding
            .points_at(class.clone())
            .because(format!("{class} does not exist"), evidence::absence(&class))
            .blame(class.clone())
            .action(
                format!("create {class}, or delete {} after the claim template names a class that exists", claim.name),
                Some("kubectl get storageclasses".to_owned()),
                "none",
            )
            .check(say::get(claim))
    }
}

/// Whether a pod serves: ready and not on its way out.
pub(super) fn serves(pod: &Pod) -> bool {
    pod.is_ready() && pod.metadata.deletion_timestamp.is_none()
}

#[cfg(test)]
mod tests;

//! StatefulSets: the ordinal that holds back the rest, the Service that gives its pods names, updates that are held or stuck.
//!
//! Start at [`detect`]. Why an ordinal is not ready is told by the detectors of pods and claims; here it is only
//! named, with the claims that would explain it.

use super::say;
use super::starting::is_starting;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Pod, StatefulSet};
use crate::view::View;
use crate::view::relate::pod_ref;

/// The label by which a pod names its revision.
const REVISION: &str = "controller-revision-hash";

struct Set<'a> {
    view: &'a View,
    own: &'a StatefulSet,
    unit: EntityRef,
    pods: Vec<&'a Pod>,
}

/// What each StatefulSet is doing.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let running = view.stateful_sets.iter().filter(|s| s.spec.replicas() > 0);
    running
        .flat_map(|set| {
            let unit = say::of_meta(Kind::StatefulSet, &set.metadata);
            let set = Set { view, own: set, pods: say::live_pods(view, &unit), unit };
            [set.nameless(), set.state()].into_iter().flatten()
        })
        .collect()
}

impl<'a> Set<'a> {
    fn wanted(&self) -> i64 {
        self.own.spec.replicas()
    }

    fn ready(&self) -> i64 {
        if self.view.saw(&Kind::Pod, self.unit.ns()) {
            i64::try_from(self.pods.iter().filter(|p| p.is_ready()).count()).unwrap_or(i64::MAX)
        } else {
            self.own.status.ready_replicas
        }
    }

    fn says(&self) -> Evidence {
        let s = &self.own.status;
        let text = format!(
            "spec.replicas={} status: replicas={} readyReplicas={} updatedReplicas={} currentRevision={} updateRevision={}",
            self.wanted(),
            s.replicas,
            s.ready_replicas,
            s.updated_replicas,
            s.current_revision,
            s.update_revision
        );
        evidence::object(&self.unit, text)
    }

    fn pod(&self, ordinal: i64) -> Option<&'a Pod> {
        let name = format!("{}-{ordinal}", self.unit.name);
        self.pods.iter().copied().find(|p| p.metadata.name == name)
    }

    /// The governing Service is named and not there: the pods have no names of their own.
    fn nameless(&self) -> Option<Finding> {
        let name = &self.own.spec.service_name;
        let service = EntityRef::new(Kind::Service, self.unit.ns(), name.clone());
        if name.is_empty() || !self.view.absent(&service) {
            return None;
        }
        let text = format!(
            "{} names the headless Service {name}, which does not exist (not found), so its pods have no DNS names",
            self.unit
        );
        let running = self.pods.iter().any(|p| !p.is_ready() && has_started(p));
        let told = self.logs_name(name);
        let finding = Finding::new(Reason::MissingReference, self.unit.clone(), text)
            .blame(service.clone())
            .because("it is not there", evidence::absence(&service))
            .because("who names it", evidence::object(&self.unit, format!("spec.serviceName={name}")));
        if !running && !told {
            return Some(finding.role(Role::Context).confidence(Confidence::Low));
        }
        let create =
            format!("{} create service clusterip {name} --clusterip=None --tcp=PORT", say::kubectl(&self.unit));
        Some(
            finding
                .confidence(if told { Confidence::High } else { Confidence::Medium })
                .since(super::change::onset(self.view, &self.unit))
                .action(
                    format!("create the headless Service {name} with the set's selector and ports"),
                    Some(create),
                    "low",
                )
                .check(say::watch(&self.unit)),
        )
    }

    /// Whether a log of the namespace speaks of a name.
    fn logs_name(&self, name: &str) -> bool {
        let digests =
            self.view.logs().filter(|(of, ..)| of.namespace == self.unit.ns()).filter_map(|(.., l)| l.as_ref().ok());
        digests
            .flat_map(|d| d.templates.iter().map(|t| &t.first).chain(&d.tail))
            .any(|line| line.level.is_error() && line.text.contains(name))
    }

    fn state(&self) -> Option<Finding> {
        let updating = !self.own.status.update_revision.is_empty()
            && self.own.status.update_revision != self.own.status.current_revision;
        let failing: Vec<&Pod> =
            self.pods.iter().copied().filter(|p| !p.is_ready() && !is_starting(self.view, p)).collect();
        if self.ready() >= self.wanted() {
            return updating.then(|| self.held());
        }
        if updating && let Some(stuck) = self.stuck_update(&failing) {
            return Some(stuck);
        }
        if failing.is_empty() && self.pods.iter().any(|p| !p.is_ready()) {
            return Some(self.under_way());
        }
        self.blocked()
    }

    /// An update whose pods are all ready: held by a partition, by `OnDelete`, or about to go on.
    fn held(&self) -> Finding {
        let status = &self.own.status;
        let strategy = &self.own.spec.update_strategy;
        let partition = strategy.rolling_update.as_ref().and_then(|r| r.partition).unwrap_or(0);
        let done = status.updated_replicas;
        let (reason, text) = if strategy.r#type == "OnDelete" {
            (
                Reason::Paused,
                format!(
                    "the update of {} waits for its pods to be deleted (OnDelete): {done} of {} updated",
                    self.unit,
                    self.wanted()
                ),
            )
        } else if partition > 0 {
            let text = format!(
                "the update of {} is held at partition {partition} on purpose: {done} of {} updated, all {} ready",
                self.unit,
                self.wanted(),
                self.ready()
            );
            (Reason::Paused, text)
        } else {
            (
                Reason::RolloutInProgress,
                format!(
                    "a rolling update (rollout) of {} is in progress: {done} of {} updated, all ready",
                    self.unit,
                    self.wanted()
                ),
            )
        };
        Finding::new(reason, self.unit.clone(), text)
            .role(Role::Expected)
            .because("its own status", self.says())
            .because(
                "its update strategy",
                evidence::object(
                    &self.unit,
                    format!("spec.updateStrategy: type={} partition={partition}", strategy.r#type),
                ),
            )
    }

    fn under_way(&self) -> Finding {
        let text = format!(
            "the rollout of {} is in progress: {} of {} ready, the next pod is starting",
            self.unit,
            self.ready(),
            self.wanted()
        );
        Finding::new(Reason::RolloutInProgress, self.unit.clone(), text)
            .role(Role::Expected)
            .because("its own status", self.says())
            .action("wait, and look again", Some(say::watch(&self.unit)), "none")
    }

    fn stuck_update(&self, failing: &[&Pod]) -> Option<Finding> {
        let revision = &self.own.status.update_revision;
        let pod = failing.iter().find(|p| p.metadata.labels.get(REVISION) == Some(revision))?;
        let text = format!(
            "the update of {} stops at {}: it does not become ready, and {} of {} pods are updated",
            self.unit,
            pod.metadata.name,
            self.own.status.updated_replicas,
            self.wanted()
        );
        let undo = format!("{} rollout undo {}", say::kubectl(&self.unit), self.unit.slash());
        let mut finding = Finding::new(Reason::RolloutStuck, self.unit.clone(), text)
            .confidence(Confidence::Medium)
            .since(super::change::onset(self.view, &self.unit))
            .because("its own status", self.says())
            .because(
                "the pod it waits for",
                evidence::object(&pod_ref(pod), format!("Ready=False, {REVISION}={revision}")),
            )
            .action("go back, then delete the pod that does not start", Some(undo), "low: replaces the pods")
            .check(say::watch(&self.unit));
        finding.pods.insert(pod_ref(pod));
        Some(finding)
    }

    /// The first ordinal that is not ready, and what it holds back.
    fn blocked(&self) -> Option<Finding> {
        let first = (0..self.wanted()).find(|n| self.pod(*n).is_none_or(|p| !p.is_ready()))?;
        let name = format!("{}-{first}", self.unit.name);
        let pod = self.pod(first);
        let ordered = self.own.spec.pod_management_policy != "Parallel";
        let held = (first + 1..self.wanted()).filter(|n| self.pod(*n).is_none()).count();
        let ending = self.view.pods.get(self.unit.ns(), &name).filter(|p| p.metadata.deletion_timestamp.is_some());
        let state = match (pod, ending) {
            (Some(_), _) => "is not ready",
            (None, Some(_)) => "is still terminating",
            (None, None) => "does not exist",
        };
        let (reason, text) = if ordered && held > 0 {
            let text = format!(
                "{name} {state} and holds back {} of {} (OrderedReady): {} of {} ready",
                say::count(i64::try_from(held).unwrap_or(0), "more pod"),
                self.unit,
                self.ready(),
                self.wanted()
            );
            (Reason::StatefulBlocked, text)
        } else {
            (
                Reason::ReplicasUnavailable,
                format!("{} has {} of {} replicas ready: {name} {state}", self.unit, self.ready(), self.wanted()),
            )
        };
        let subject = EntityRef::new(Kind::Pod, self.unit.ns(), name);
        let mut finding = Finding::new(reason, self.unit.clone(), text)
            .confidence(Confidence::Low)
            .since(super::change::onset(self.view, &self.unit))
            .because("its own status", self.says())
            .action(
                "see what it waits for",
                Some(say::describe(if pod.is_some() { &subject } else { &self.unit })),
                "none",
            )
            .check(say::watch(&self.unit));
        for claim in pod.into_iter().flat_map(|p| self.unbound(p)) {
            finding = finding.points_at(claim);
        }
        finding.pods.extend(pod.map(pod_ref));
        Some(super::nodes::explained_by(self.view, pod.into_iter().chain(ending), finding))
    }

    fn unbound(&self, pod: &Pod) -> Vec<EntityRef> {
        let named = pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        let bound = |c: &EntityRef| self.view.claims.get(c.ns(), &c.name).is_some_and(|c| c.status.phase == "Bound");
        named
            .map(|v| EntityRef::new(Kind::PersistentVolumeClaim, self.unit.ns(), v.claim_name.clone()))
            .filter(|c| !bound(c))
            .collect()
    }
}

/// Whether a container of the pod runs or ran: its trouble lies in what it does, not in how it is made.
fn has_started(pod: &Pod) -> bool {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    statuses.into_iter().any(|s| s.state.running.is_some() || s.last_state.terminated.is_some())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::testkit::Scene;

    const SET: &str = "
kind: StatefulSet
metadata: {name: kafka}
spec: {replicas: 3, serviceName: SERVICE, podManagementPolicy: OrderedReady, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: PARTITION}}}
status: {updatedReplicas: 1, currentRevision: a, updateRevision: UPDATE}
---
kind: Service
metadata: {name: kafka}
spec: {clusterIP: None}
---
kind: PersistentVolumeClaim
metadata: {name: data-kafka-1}
status: {phase: Pending}
";

    fn scene(service: &str, partition: &str, update: &str, pods: &[&str]) -> Vec<String> {
        let mut text = SET.replace("SERVICE", service).replace("PARTITION", partition).replace("UPDATE", update);
        for (n, pod) in pods.iter().enumerate() {
            let (state, age) = pod.split_once(' ').unwrap_or((pod, "2h"));
            let (ready, status) = match state {
                "ready" => ("True", "running: {}"),
                "pending" => ("False", "waiting: {reason: ''}"),
                "broken" => ("False", "waiting: {reason: ImagePullBackOff}"),
                _ => ("False", "running: {}"),
            };
            write!(
                text,
                "---
kind: Pod
metadata: {{name: kafka-{n}, creationTimestamp: AGO({age}), labels: {{controller-revision-hash: {update}}}, ownerReferences: [{{kind: StatefulSet, name: kafka, controller: true}}]}}
spec: {{volumes: [{{name: data, persistentVolumeClaim: {{claimName: data-kafka-{n}}}}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: '{ready}', lastTransitionTime: AGO({age})}}], containerStatuses: [{{name: c, state: {{{status}}}}}]}}
"
            ).unwrap();
        }
        let found = detect(&Scene::default().yaml(&text).view());
        found
            .iter()
            .map(|f| {
                format!(
                    "{:?} {:?} {}",
                    f.reason,
                    f.role,
                    f.points_at.iter().map(|e| e.name.as_str()).collect::<String>()
                )
            })
            .collect()
    }

    #[rstest::rstest]
    #[case::serving("kafka", "0", "a", &["ready"; 3], &[])]
    #[case::ordinal_waits_for_its_claim("kafka", "0", "a", &["ready", "pending"], &["StatefulBlocked Failing data-kafka-1"])]
    #[case::no_service("gone", "0", "a", &["running"], &["MissingReference Failing ", "StatefulBlocked Failing data-kafka-0"])]
    #[case::no_service_but_works("gone", "0", "a", &["ready"; 3], &["MissingReference Context "])]
    #[case::empty_service_name("''", "0", "a", &["ready"; 3], &[])]
    #[case::partition("kafka", "2", "b", &["ready"; 3], &["Paused Expected "])]
    #[case::update_stuck("kafka", "0", "b", &["ready", "ready", "broken"], &["RolloutStuck Failing "])]
    #[case::starting("kafka", "0", "a", &["ready", "running 20s"], &["RolloutInProgress Expected "])]
    fn sets(
        #[case] service: &str,
        #[case] partition: &str,
        #[case] update: &str,
        #[case] pods: &[&str],
        #[case] expected: &[&str],
    ) {
        assert_eq!(scene(service, partition, update, pods), expected);
    }
}

//! Claims that are not bound, and why: no such class, no default class, provisioning failed, no volume that fits.
//!
//! Waiting is not failing: a claim of a `WaitForFirstConsumer` class waits for its first pod, local volumes
//! (`no-provisioner`) included. What happens to bound volumes is in [`super::volumes`]. Start at [`detect`].

use std::collections::BTreeMap;

use super::binding;
use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{PersistentVolumeClaim, Pod, StorageClass};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Binding and provisioning take this long (seconds) when all is well.
const BINDING: i64 = 60;

/// After this long (seconds) without a volume or a word of failure, the provisioner does not answer.
const PROVISIONING: i64 = 300;

/// Marks the class that is meant when a claim names none.
/// <https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass>
const DEFAULT_CLASS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// The provisioner of classes whose volumes are made by hand.
pub(super) const BY_HAND: &str = "kubernetes.io/no-provisioner";

/// Words of a provisioner that speak of what the claim asks for rather than of its class.
const CLAIM_WORDS: [&str; 5] = ["access mode", "accessmode", "capabilit", "multi_node", "requested size"];

/// Every claim that waits for a volume.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let waits = |c: &&PersistentVolumeClaim| c.status.phase == "Pending" && c.metadata.deletion_timestamp.is_none();
    let pending: Vec<&PersistentVolumeClaim> = view.claims.iter().filter(waits).collect();
    if pending.is_empty() {
        return Vec::new();
    }
    let users = users(view);
    let finding = |claim: &PersistentVolumeClaim| {
        let key = (claim.metadata.namespace.as_str(), claim.metadata.name.clone());
        Pending { view, claim, of: of(claim), pods: users.get(&key).map(Vec::as_slice).unwrap_or_default() }.explain()
    };
    pending.into_iter().filter_map(finding).collect()
}

/// The reference to a claim.
pub(super) fn of(claim: &PersistentVolumeClaim) -> EntityRef {
    say::of_meta(Kind::PersistentVolumeClaim, &claim.metadata)
}

/// The claims that a pod mounts; a generic ephemeral volume has the claim `POD-VOLUME`.
pub(super) fn mounted(pod: &Pod) -> impl Iterator<Item = String> {
    pod.spec.volumes.iter().filter_map(|v| {
        let ephemeral = || v.ephemeral.is_some().then(|| format!("{}-{}", pod.metadata.name, v.name));
        v.persistent_volume_claim.as_ref().map(|c| c.claim_name.clone()).or_else(ephemeral)
    })
}

fn users(view: &View) -> BTreeMap<(&str, String), Vec<&Pod>> {
    let mut users: BTreeMap<(&str, String), Vec<&Pod>> = BTreeMap::new();
    for pod in view.pods.iter().filter(|p| say::is_live(p)) {
        for claim in mounted(pod) {
            users.entry((pod.metadata.namespace.as_str(), claim)).or_default().push(pod);
        }
    }
    users
}

/// One claim without a volume.
struct Pending<'a> {
    view: &'a View,
    claim: &'a PersistentVolumeClaim,
    of: EntityRef,
    pods: &'a [&'a Pod],
}

impl Pending<'_> {
    fn explain(&self) -> Option<Finding> {
        if !self.claim.spec.volume_name.is_empty() {
            return binding::named_volume(self.view, self.claim).map(|f| self.told(f));
        }
        let found = match self.claim.spec.storage_class_name.as_deref() {
            None => self.no_default()?,
            Some("") => self.unmatched("no class")?,
            Some(name) => match self.view.storage_classes.get("", name) {
                Some(class) => return self.with_class(class),
                None => self.no_class(name)?,
            },
        };
        Some(self.told(found))
    }

    /// What every finding about a pending claim carries.
    fn told(&self, finding: Finding) -> Finding {
        let mut finding = finding.since(*self.claim.metadata.creation_timestamp);
        if let Some(pod) = self.pods.first() {
            let unit = self.view.unit(&pod_ref(pod));
            let proof = evidence::object(&pod_ref(pod), format!("spec.volumes: claim {}", self.of.name));
            finding = finding.because(format!("{unit} mounts it"), proof);
        }
        finding.check(say::get(&self.of))
    }

    fn age(&self) -> i64 {
        self.claim.metadata.creation_timestamp.map_or(i64::MAX, |at| self.view.age(at))
    }

    fn no_class(&self, name: &str) -> Option<Finding> {
        let class = EntityRef::new(Kind::StorageClass, "", name);
        let event = self.view.last_event(&self.of, &["ProvisioningFailed"]);
        let told = event.filter(|e| e.text().contains(&format!("{name:?} not found")));
        // A class without an object is allowed: it pairs claims with volumes made by hand.
        if binding::offered(self.view, name) || !(self.view.absent(&class) || told.is_some()) {
            return None;
        }
        let names: Vec<&str> = self.view.storage_classes.iter().map(|c| c.metadata.name.as_str()).collect();
        let near =
            nearest(name, names.iter().copied()).map(|n| format!("; the nearest name is {n}")).unwrap_or_default();
        let claim = format!("{} asks for {class}, which does not exist{near}", self.of);
        let mut finding = Finding::new(Reason::ClaimUnbindable, self.of.clone(), claim)
            .blame(class.clone())
            .because("the claim names it", evidence::object(&self.of, format!("spec.storageClassName={name}")));
        if self.view.absent(&class) {
            let asked = evidence::absence(&class);
            finding = finding
                .because("it was not found", asked.clone())
                .rules_out("a provisioner that fails: only a class names one, so none was asked", asked);
        }
        if let Some(event) = told {
            finding = finding.because("the controller says so", evidence::event(event));
        }
        let known = if names.is_empty() { "none".to_owned() } else { say::some(&names, 4) };
        Some(finding.action(
            format!("create StorageClass {name}, or make the claim again with one that exists ({known})"),
            Some(say::list(&Kind::StorageClass, &self.of)),
            "low: the claim holds no data yet",
        ))
    }

    fn no_default(&self) -> Option<Finding> {
        let is_default = |c: &StorageClass| {
            DEFAULT_CLASS.iter().any(|k| c.metadata.annotations.get(*k).is_some_and(|v| v == "true"))
        };
        let event = self.view.last_event(&self.of, &["FailedBinding"]);
        let none = self.view.saw(&Kind::StorageClass, "") && !self.view.storage_classes.iter().any(is_default);
        let told = event.is_some_and(|e| e.text().contains("no storage class is set"));
        if !(none || told) || self.age() < BINDING {
            return None;
        }
        let claim = format!("{} names no StorageClass, and the cluster has no default one", self.of);
        let mut finding = Finding::new(Reason::ClaimUnbindable, self.of.clone(), claim)
            .because("the claim names none", evidence::object(&self.of, "spec.storageClassName is not set"));
        if none {
            let names = say::some(self.view.storage_classes.iter().map(|c| &c.metadata.name), 4);
            let proof = evidence::object(
                &self.of,
                format!("StorageClasses: {names}; none is annotated {}=true", DEFAULT_CLASS[0]),
            );
            finding = finding
                .because("no class is the default one", proof.clone())
                .rules_out("a provisioner that fails: without a class none was asked", proof);
        }
        if let Some(event) = event {
            finding = finding.because("the controller says so", evidence::event(event));
        }
        let first = self.view.storage_classes.iter().next().map_or("NAME", |c| c.metadata.name.as_str());
        let command = format!(
            "kubectl patch storageclass {first} -p '{{\"metadata\":{{\"annotations\":{{\"{}\":\"true\"}}}}}}'",
            DEFAULT_CLASS[0]
        );
        Some(finding.action(
            "make the claim again with a class, or make one the default",
            Some(command),
            "low: new claims without a class get it",
        ))
    }

    fn unmatched(&self, class: &str) -> Option<Finding> {
        if self.age() < BINDING || !self.view.saw(&Kind::PersistentVolume, "") {
            return None;
        }
        Some(binding::no_match(self.view, self.claim, class))
    }

    fn with_class(&self, class: &StorageClass) -> Option<Finding> {
        let by_hand = class.provisioner == BY_HAND;
        let failed = self.view.last_event(&self.of, &["ProvisioningFailed"]);
        if let Some(event) = failed.filter(|_| !by_hand) {
            return Some(self.told(self.failed(class, event)));
        }
        if class.volume_binding_mode == "WaitForFirstConsumer" {
            return self.waits(class);
        }
        if by_hand {
            return self.unmatched(&format!("StorageClass {}", class.metadata.name)).map(|f| self.told(f));
        }
        self.unanswered(class)
    }

    fn failed(&self, class: &StorageClass, event: &crate::kube::Event) -> Finding {
        let text = event.text().to_lowercase();
        let asked = CLAIM_WORDS.iter().any(|w| text.contains(w));
        let blame = if asked { self.of.clone() } else { say::of_meta(Kind::StorageClass, &class.metadata) };
        let claim = format!("the volume of {} cannot be provisioned: {}", self.of, say::clause(event.text()));
        let parameters = say::labels(&class.parameters);
        let of_class = say::of_meta(Kind::StorageClass, &class.metadata);
        let seen = evidence::object(&of_class, format!("provisioner={} parameters: {parameters}", class.provisioner));
        Finding::new(Reason::ClaimUnbindable, self.of.clone(), claim)
            .blame(blame.clone())
            .because(format!("the provisioner says so, {} times", event.times()), evidence::event(event))
            .because(format!("StorageClass {}", class.metadata.name), seen)
            .rules_out(
                "an absent class: it exists",
                evidence::object(&of_class, format!("metadata.name={}", class.metadata.name)),
            )
            .action(
                "correct what the message names; a class has to be deleted and created again",
                Some(say::get(&blame)),
                "low: bound volumes keep working",
            )
    }

    /// An external provisioner that neither makes the volume nor says why.
    fn unanswered(&self, class: &StorageClass) -> Option<Finding> {
        let event = self.view.last_event(&self.of, &["ExternalProvisioning"])?;
        if self.age() < PROVISIONING {
            return None;
        }
        let of = say::of_meta(Kind::StorageClass, &class.metadata);
        let claim = format!(
            "provisioner {} has made no volume for {} in {}",
            class.provisioner,
            self.of,
            say::span(self.age())
        );
        let finding = Finding::new(Reason::ClaimUnbindable, self.of.clone(), claim)
            .blame(of.clone())
            .confidence(Confidence::Medium)
            .because("it is waited for", evidence::event(event))
            .because(format!("{of} names it"), evidence::object(&of, format!("provisioner={}", class.provisioner)))
            .action(
                "see whether the provisioner runs, and its log",
                Some("kubectl get pods -A | grep -i -e csi -e provisioner".to_owned()),
                "none",
            );
        Some(self.told(finding))
    }

    /// The class binds when the first pod has a node. No pod: all is as it should be.
    fn waits(&self, class: &StorageClass) -> Option<Finding> {
        let mode = evidence::object(
            &say::of_meta(Kind::StorageClass, &class.metadata),
            "volumeBindingMode=WaitForFirstConsumer",
        );
        if self.pods.is_empty() {
            let claim = format!(
                "{} waits for its first consumer, as its class {} wants (WaitForFirstConsumer): no pod mounts it yet",
                self.of, class.metadata.name
            );
            let finding = Finding::new(Reason::WaitingForConsumer, self.of.clone(), claim)
                .role(Role::Expected)
                .because("its class", mode);
            let event = self.view.last_event(&self.of, &["WaitForFirstConsumer"]);
            let finding =
                event.map_or(finding.clone(), |e| finding.because("the controller says so", evidence::event(e)));
            return Some(finding.since(*self.claim.metadata.creation_timestamp));
        }
        let stuck = self.pods.iter().find(|p| p.spec.node_name.is_empty())?;
        let event = self.view.last_event(&pod_ref(stuck), &["FailedScheduling"]);
        if event.is_some_and(|e| e.text().contains("didn't find available persistent volumes to bind")) {
            return self.unmatched(&format!("StorageClass {}", class.metadata.name)).map(|f| self.told(f));
        }
        if self.age() < BINDING || event.is_none() {
            return self.unanswered(class);
        }
        let unit = self.view.unit(&pod_ref(stuck));
        let claim = format!("{} waits for a pod of {unit} that no node takes", self.of);
        let mut finding = Finding::new(Reason::ClaimPending, self.of.clone(), claim)
            .blame(unit.clone())
            .points_at(unit.clone())
            .confidence(Confidence::Low)
            .because("its class binds with the first pod", mode);
        if let Some(event) = event {
            finding = finding.because("the scheduler says why", evidence::event(event));
        }
        Some(self.told(finding.action("see why no node takes the pod", Some(say::describe(&pod_ref(stuck))), "none")))
    }
}

#[cfg(test)]
mod tests;

//! Claims that do not get a volume, volumes that cannot be used again, resizes that fail.
//!
//! Start at [`detect`]. A claim that waits for its first pod, as its class wants, is no trouble; attach and mount
//! failures are told where the pod's events are read.

use super::nearest::nearest;
use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Event, PersistentVolume, PersistentVolumeClaim, StorageClass};
use crate::quantity;
use crate::view::View;
use crate::view::relate::pod_ref;

/// A provisioner answers within this many seconds, or something is wrong with it.
const PROVISIONING: i64 = 300;

/// A claim this young (seconds) is merely new.
const NEW: i64 = 60;

/// The provisioner of classes whose volumes are made by hand.
const BY_HAND: &str = "kubernetes.io/no-provisioner";

/// Where the scheduler writes the node for which a late-binding claim is to be provisioned.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Words of provisioners about what the claim asks for, which is the claim's to mend.
const OWN_WISHES: &[&str] = &[
    "access mode",
    "accessMode",
    "AccessModes",
    "MULTI_NODE",
    "ReadWriteMany",
    "volume size",
    "out of range",
    "too small",
];

/// Event reasons of a claim, decisive ones.
const FAILED: &[&str] = &["ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ClaimMisbound", "ClaimLost"];

/// What each claim is waiting for.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.claims.iter().filter_map(|claim| of_claim(view, claim)).collect()
}

struct Case<'a> {
    view: &'a View,
    claim: &'a PersistentVolumeClaim,
    entity: EntityRef,
    event: Option<&'a Event>,
}

fn of_claim(view: &View, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let entity = say::of_meta(Kind::PersistentVolumeClaim, &claim.metadata);
    let event = view.last_event(&entity, FAILED);
    let case = Case { view, claim, entity, event };
    match claim.status.phase.as_str() {
        "Pending" => case.pending(),
        "Lost" => Some(case.lost()),
        _ => case.resize(),
    }
}

impl Case<'_> {
    fn size(&self) -> String {
        self.claim.spec.resources.requests.get("storage").cloned().unwrap_or_else(|| "?".to_owned())
    }

    fn class(&self) -> Option<&StorageClass> {
        self.view.storage_classes.get("", self.claim.spec.storage_class_name.as_deref().unwrap_or_default())
    }

    /// Live pods that mount the claim.
    fn consumers(&self) -> Vec<EntityRef> {
        let name = &self.claim.metadata.name;
        let uses = |p: &&crate::kube::Pod| {
            p.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref()).any(|v| v.claim_name == *name)
        };
        self.view.pods.within(self.entity.ns()).filter(|p| say::is_live(p)).filter(uses).map(pod_ref).collect()
    }

    fn says(&self) -> evidence::Evidence {
        let class =
            self.claim.spec.storage_class_name.as_deref().map_or_else(|| "(none)".to_owned(), |c| format!("{c:?}"));
        let text = format!(
            "status.phase={} spec: storageClassName={class} accessModes={} storage={} volumeName={}",
            self.claim.status.phase,
            self.claim.spec.access_modes.join(","),
            self.size(),
            self.claim.spec.volume_name
        );
        evidence::object(&self.entity, text)
    }

    fn finding(&self, reason: Reason, text: String) -> Finding {
        let since = (*self.claim.metadata.creation_timestamp).or(self.event.and_then(Event::first));
        let mut finding =
            Finding::new(reason, self.entity.clone(), text).since(since).because("the claim", self.says());
        if let Some(event) = self.event {
            finding =
                finding.because(format!("{}: {}", event.reason, say::clause(event.text())), evidence::event(event));
        }
        finding
    }

    fn check(&self, finding: Finding) -> Finding {
        finding.check(say::get(&self.entity))
    }

    fn pending(&self) -> Option<Finding> {
        let young = self.claim.metadata.creation_timestamp.is_some_and(|at| self.view.age(at) < NEW);
        if young && self.event.is_none() {
            return None;
        }
        self.released()
            .or_else(|| self.class_missing())
            .or_else(|| self.provisioning_failed())
            .or_else(|| self.waits())
            .or_else(|| self.no_class())
            .or_else(|| self.no_volume())
            .or_else(|| self.slow())
    }

    /// The volume that is meant still belongs to an earlier claim.
    fn released(&self) -> Option<Finding> {
        let spec = &self.claim.spec;
        let held = |v: &&PersistentVolume| {
            let by_name = v.metadata.name == spec.volume_name;
            let same = v.spec.claim_ref.as_ref().is_some_and(|r| {
                r.namespace == self.entity.ns()
                    && r.name == self.entity.name
                    && r.uid != self.claim.metadata.uid
                    && !r.uid.is_empty()
            });
            same || (by_name
                && v.spec
                    .claim_ref
                    .as_ref()
                    .is_some_and(|r| r.name != self.entity.name || r.namespace != self.entity.ns()))
        };
        let volume = self.view.volumes.iter().find(held)?;
        let entity = say::of_meta(Kind::PersistentVolume, &volume.metadata);
        let holder = volume.spec.claim_ref.as_ref().map(|r| format!("{}/{}", r.namespace, r.name)).unwrap_or_default();
        let phase = &volume.status.phase;
        let text = format!(
            "volume {} is {phase} and its claimRef still names an earlier claim {holder}, so claim {} cannot bind to it (bound to a different claim)",
            entity.name, self.entity.name
        );
        let clear = format!(
            "kubectl patch pv {} --type json -p '[{{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}}]'",
            entity.name
        );
        let finding = self
            .finding(Reason::ClaimUnbindable, text)
            .blame(entity.clone())
            .because("the volume", evidence::object(&entity, format!("status.phase={phase} spec.claimRef={holder}")))
            .action(
                "if its data may be used again, remove the old claimRef from the volume",
                Some(clear),
                "medium: gives the old data to the new claim",
            );
        Some(self.check(finding))
    }

    /// The named class does not exist, and no volume carries its name either.
    fn class_missing(&self) -> Option<Finding> {
        let name = self.claim.spec.storage_class_name.as_deref().filter(|n| !n.is_empty())?;
        let class = EntityRef::new(Kind::StorageClass, "", name);
        let told = self.event.is_some_and(|e| e.text().contains("storageclass") && e.text().contains("not found"));
        let by_hand = self.view.volumes.iter().any(|v| v.spec.storage_class_name == name);
        if !(self.view.absent(&class) || (told && self.view.meta(&class).is_none())) || by_hand {
            return None;
        }
        let near = nearest(name, self.view.storage_classes.iter().map(|c| c.metadata.name.as_str()));
        let all = say::some(self.view.storage_classes.iter().map(|c| &c.metadata.name), 5);
        let hint = near.map(|n| format!(", the nearest is {n}")).unwrap_or_default();
        let exist = if all.is_empty() { String::new() } else { format!(" (there is {all}{hint})") };
        let text = format!("claim {} asks for StorageClass {name}, which is not found{exist}", self.entity.name);
        let mut finding = self.finding(Reason::ClaimUnbindable, text).blame(class.clone());
        if self.view.absent(&class) {
            finding = finding.because("no such class", evidence::absence(&class));
        }
        let finding = finding
            .rules_out("nodes and room: without a volume the scheduler looks at no node", self.says())
            .action(
                format!("create StorageClass {name}, or make the claim anew with one that exists (a claim's class cannot be changed)"),
                Some("kubectl get storageclass".to_owned()),
                "medium: a new claim starts empty",
            );
        Some(self.check(finding))
    }

    fn provisioning_failed(&self) -> Option<Finding> {
        let event = self
            .event
            .filter(|e| matches!(e.reason.as_str(), "ProvisioningFailed" | "VolumeMismatch" | "ClaimMisbound"))?;
        let words = say::clause(event.text());
        if event.reason != "ProvisioningFailed" {
            let text = format!("claim {} cannot bind: {words}", self.entity.name);
            let finding = self.finding(Reason::ClaimUnbindable, text).action(
                "make claim and volume agree",
                Some(say::describe(&self.entity)),
                "none",
            );
            return Some(self.check(finding));
        }
        let class = self.class().map(|c| say::of_meta(Kind::StorageClass, &c.metadata));
        let named = class.as_ref().map(|c| format!(" of StorageClass {}", c.name)).unwrap_or_default();
        let text = format!("the provisioner{named} makes no volume for claim {}: {words}", self.entity.name);
        let finding = self.finding(Reason::ClaimUnbindable, text);
        // What the claim itself asks for (mode, size) is the claim's to mend; anything else is the class's.
        let own = OWN_WISHES.iter().any(|w| words.contains(w));
        let finding = match class {
            Some(class) if !own => {
                let show = format!("{} -o yaml", say::get(&class));
                finding.blame(class).action(
                    "correct the parameters of the class (it must be made anew), or its provisioner",
                    Some(show),
                    "low",
                )
            }
            _ => finding.action(
                "ask for what the provisioner can make",
                Some(say::describe(&self.entity)),
                "medium: a new claim starts empty",
            ),
        };
        Some(self.check(finding))
    }

    /// A late-binding class: the claim waits for its first pod, as it should.
    fn waits(&self) -> Option<Finding> {
        let class = self.class()?;
        if class.volume_binding_mode != "WaitForFirstConsumer"
            || self.claim.metadata.annotations.contains_key(SELECTED_NODE)
        {
            return None;
        }
        let consumers = self.consumers();
        let placed = |p: &EntityRef| self.view.pods.get(p.ns(), &p.name).is_some_and(|p| !p.spec.node_name.is_empty());
        let unplaced = self.view.events_of(&self.entity).last().is_some_and(|e| e.reason == "WaitForPodScheduled");
        if consumers.iter().any(placed) && !unplaced {
            return None;
        }
        let by_hand = if class.provisioner == BY_HAND { ", its volumes are made by hand" } else { "" };
        let who = if consumers.is_empty() {
            "no pod uses it yet".to_owned()
        } else {
            format!("its pods have no node yet: {}", say::some(&consumers, 3))
        };
        let text = format!(
            "claim {} waits for its first consumer, as StorageClass {} wants (WaitForFirstConsumer{by_hand}): {who}",
            self.entity.name, class.metadata.name
        );
        Some(self.finding(Reason::WaitingForConsumer, text).role(Role::Expected))
    }

    fn no_class(&self) -> Option<Finding> {
        if self.claim.spec.storage_class_name.is_some() || !self.view.saw(&Kind::StorageClass, "") {
            return None;
        }
        let default = |c: &&StorageClass| {
            c.metadata.annotations.iter().any(|(k, v)| k.ends_with("is-default-class") && v == "true")
        };
        if self.view.storage_classes.iter().any(|c| default(&c)) {
            return None;
        }
        let all = say::some(self.view.storage_classes.iter().map(|c| &c.metadata.name), 5);
        let exist = if all.is_empty() { "there is no class at all".to_owned() } else { format!("there is {all}") };
        let text = format!(
            "claim {} names no StorageClass and the cluster has no default StorageClass ({exist})",
            self.entity.name
        );
        let finding = self.finding(Reason::ClaimUnbindable, text).action(
            "make the claim anew with a storageClassName, or mark a class as the default",
            Some("kubectl patch storageclass NAME -p '{\"metadata\":{\"annotations\":{\"storageclass.kubernetes.io/is-default-class\":\"true\"}}}'".to_owned()),
            "low: new claims get that class",
        );
        Some(self.check(finding))
    }

    /// No provisioner makes the volume, and none of those that exist fits.
    fn no_volume(&self) -> Option<Finding> {
        let name = self.claim.spec.storage_class_name.as_deref().unwrap_or_default();
        let by_hand = match self.class() {
            Some(class) => class.provisioner == BY_HAND,
            None => name.is_empty() || self.view.saw(&Kind::StorageClass, ""),
        };
        if !by_hand || !self.view.saw(&Kind::PersistentVolume, "") {
            return None;
        }
        let of_class: Vec<&PersistentVolume> =
            self.view.volumes.iter().filter(|v| v.spec.storage_class_name == name).collect();
        let why: Vec<String> = of_class.iter().map(|v| format!("{}: {}", v.metadata.name, self.misfit(v))).collect();
        let seen = if why.is_empty() { "there is none of its class".to_owned() } else { say::some(&why, 3) };
        let text = format!(
            "no volume fits claim {} ({} {}, class {name:?}): {seen}",
            self.entity.name,
            self.size(),
            self.claim.spec.access_modes.join(",")
        );
        let finding = self.finding(Reason::ClaimUnbindable, text).action(
            "make a volume that fits, or change what the claim asks for",
            Some("kubectl get pv".to_owned()),
            "low",
        );
        Some(self.check(finding))
    }

    fn misfit(&self, volume: &PersistentVolume) -> String {
        let number = |text: Option<&String>| text.and_then(|t| quantity::parse(t)).unwrap_or(0.0);
        let has = volume.spec.capacity.get("storage");
        let wanted = self.claim.spec.resources.requests.get("storage");
        let mode = self.claim.spec.access_modes.iter().find(|m| !volume.spec.access_modes.contains(m));
        if volume.status.phase != "Available" {
            format!("is {}", volume.status.phase)
        } else if number(has) < number(wanted) {
            format!("has only {}", has.map_or("?", String::as_str))
        } else if let Some(mode) = mode {
            format!("does not allow {mode}")
        } else {
            "does not match its selector or volume mode".to_owned()
        }
    }

    /// A provisioner was asked and has not answered.
    fn slow(&self) -> Option<Finding> {
        let class = self.class()?;
        let asked = self.view.last_event(&self.entity, &["ExternalProvisioning", "Provisioning"]);
        let age =
            asked.and_then(Event::first).or(*self.claim.metadata.creation_timestamp).map_or(0, |at| self.view.age(at));
        if age < PROVISIONING {
            return None;
        }
        let entity = say::of_meta(Kind::StorageClass, &class.metadata);
        let text = format!(
            "provisioner {} of StorageClass {} has not made a volume for claim {} in {}",
            class.provisioner,
            entity.name,
            self.entity.name,
            say::span(age)
        );
        let mut finding = self.finding(Reason::ClaimUnbindable, text).blame(entity).confidence(Confidence::Medium);
        if let Some(event) = asked {
            finding = finding.because("it was asked", evidence::event(event));
        }
        Some(self.check(finding.action(
            format!("see whether the provisioner {} runs", class.provisioner),
            Some("kubectl get pods -A".to_owned()),
            "none",
        )))
    }

    fn lost(&self) -> Finding {
        let name = self.claim.spec.volume_name.clone();
        let volume = EntityRef::new(Kind::PersistentVolume, "", name.clone());
        let text = format!("claim {} is Lost: its volume {name} does not exist any more", self.entity.name);
        let finding = self.finding(Reason::VolumeUnavailable, text).blame(volume.clone());
        let finding = if self.view.absent(&volume) {
            finding.because("no such volume", evidence::absence(&volume))
        } else {
            finding
        };
        self.check(finding.action(
            "restore the volume from a backup, and make the claim anew",
            Some(say::describe(&self.entity)),
            "high: the data may be gone",
        ))
    }

    fn resize(&self) -> Option<Finding> {
        let event = self.view.last_event(&self.entity, &["VolumeResizeFailed", "FileSystemResizeFailed"])?;
        let number = |t: Option<&String>| t.and_then(|t| quantity::parse(t)).unwrap_or(0.0);
        let done = number(self.claim.status.capacity.get("storage"))
            >= number(self.claim.spec.resources.requests.get("storage"));
        let has = self.claim.status.capacity.get("storage").map_or("?", String::as_str);
        let text = format!(
            "claim {} cannot be resized from {has} to {}: {}",
            self.entity.name,
            self.size(),
            say::clause(event.text())
        );
        let finding = Finding::new(Reason::VolumeUnavailable, self.entity.clone(), text)
            .since(event.first())
            .because("the resizer's words", evidence::event(event));
        (!done).then(|| {
            self.check(finding.action("see what the resizer needs", Some(say::describe(&self.entity)), "none"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const CLASSES: &str = "
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
---
kind: StorageClass
metadata: {name: slow}
provisioner: ebs.csi.aws.com
volumeBindingMode: Immediate
---
kind: StorageClass
metadata: {name: local}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: Immediate
";

    fn scene(spec: &str, phase: &str, event: &str, more: &str) -> Vec<Finding> {
        let event = event.split_once(": ").map_or_else(String::new, |(reason, message)| {
            format!("---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: PersistentVolumeClaim, namespace: shop, name: data}}\nreason: {reason}\nmessage: '{message}'\nfirstTimestamp: AGO(20m)\nlastTimestamp: AGO(10s)\n")
        });
        let text = format!(
            "{CLASSES}---
kind: PersistentVolumeClaim
metadata: {{name: data, uid: new, creationTimestamp: AGO(30m)}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 50Gi}}}}, {spec}}}
status: {{phase: {phase}, capacity: {{storage: 10Gi}}}}
{event}{more}"
        );
        detect(&Scene::default().yaml(&text).view())
    }

    const RELEASED: &str = "---\nkind: PersistentVolume\nmetadata: {name: nfs-1}\nspec: {claimRef: {namespace: shop, name: data, uid: old}}\nstatus: {phase: Released}";
    const SMALL: &str = "---\nkind: PersistentVolume\nmetadata: {name: disk-1}\nspec: {storageClassName: local, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]}\nstatus: {phase: Available}";
    const CONSUMER: &str = "---\nkind: Pod\nmetadata: {name: p}\nspec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}\nstatus: {phase: Pending}";

    #[rstest::rstest]
    #[case::class_missing(
        "storageClassName: fast-ssd",
        "Pending",
        "ProvisioningFailed: storageclass.storage.k8s.io \"fast-ssd\" not found",
        "",
        "ClaimUnbindable Failing StorageClass fast-ssd | fast-ssd, not found"
    )]
    #[case::no_default(
        "volumeMode: Filesystem",
        "Pending",
        "FailedBinding: no persistent volumes available for this claim and no storage class is set",
        "",
        "ClaimUnbindable Failing PersistentVolumeClaim shop/data | no default StorageClass, gp3"
    )]
    #[case::bad_parameter(
        "storageClassName: slow",
        "Pending",
        "ProvisioningFailed: invalid AWS VolumeType \"st11\"",
        "",
        "ClaimUnbindable Failing StorageClass slow | st11"
    )]
    #[case::mode(
        "storageClassName: slow",
        "Pending",
        "ProvisioningFailed: volume does not support access mode ReadWriteMany",
        "",
        "ClaimUnbindable Failing PersistentVolumeClaim shop/data | ReadWriteMany"
    )]
    #[case::released(
        "storageClassName: ''",
        "Pending",
        "FailedBinding: volume \"nfs-1\" already bound to a different claim.",
        RELEASED,
        "ClaimUnbindable Failing PersistentVolume nfs-1 | Released, claimRef"
    )]
    #[case::too_small(
        "storageClassName: local",
        "Pending",
        "",
        SMALL,
        "ClaimUnbindable Failing PersistentVolumeClaim shop/data | has only 10Gi"
    )]
    #[case::no_consumer(
        "storageClassName: gp3",
        "Pending",
        "",
        "",
        "WaitingForConsumer Expected PersistentVolumeClaim shop/data | WaitForFirstConsumer"
    )]
    #[case::provisioner_silent(
        "storageClassName: gp3",
        "Pending",
        "",
        CONSUMER,
        "ClaimUnbindable Failing StorageClass gp3 | ebs.csi.aws.com"
    )]
    #[case::lost("volumeName: pv-9", "Lost", "", "", "VolumeUnavailable Failing PersistentVolume pv-9 | pv-9")]
    #[case::resize(
        "storageClassName: gp3",
        "Bound",
        "VolumeResizeFailed: too many modifications",
        "",
        "VolumeUnavailable Failing PersistentVolumeClaim shop/data | 10Gi to 50Gi"
    )]
    #[case::bound("storageClassName: gp3", "Bound", "", "", "")]
    fn claims(
        #[case] spec: &str,
        #[case] phase: &str,
        #[case] event: &str,
        #[case] more: &str,
        #[case] expected: &str,
    ) {
        let found = scene(spec, phase, event, more);
        let Some((head, words)) = expected.split_once(" | ") else {
            assert!(found.is_empty(), "{found:?}");
            return;
        };
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            format!("{:?} {:?} {}", found[0].reason, found[0].role, found[0].blame[0]),
            head,
            "{}",
            found[0].claim
        );
        for word in words.split(", ") {
            assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
        }
    }
}

//! Bound volumes that cannot be used: attached elsewhere, in another zone, lost, not enlarged.
//!
//! The subject is the claim, so that whatever waits for it is explained by it; who has to change is said by the blame.

use std::collections::{BTreeMap, BTreeSet};

use super::claims;
use crate::detect::nodes::health;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Event, Map, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A volume moves to another node within about this long (seconds) in an ordinary rollout.
const MOVING: i64 = 120;

/// The scheduler's words for a volume that no candidate node can reach.
const CONFLICT: &str = "volume node affinity conflict";

/// Every volume that is bound and cannot be used.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        view.claims.iter().filter_map(|c| lost(c).or_else(|| not_enlarged(view, c))).collect();
    let waiting = |p: &&Pod| say::is_live(p) && !p.is_ready() && claims::mounted(p).next().is_some();
    for pod in view.pods.iter().filter(waiting) {
        found.extend(attached_elsewhere(view, pod));
        found.extend(out_of_reach(view, pod));
    }
    found
}

fn lost(claim: &PersistentVolumeClaim) -> Option<Finding> {
    (claim.status.phase == "Lost").then_some(())?;
    let of = claims::of(claim);
    let words = format!("{of} is Lost: its volume {} is gone", claim.spec.volume_name);
    let seen = evidence::object(&of, format!("status.phase=Lost spec.volumeName={}", claim.spec.volume_name));
    Some(
        Finding::new(Reason::VolumeUnavailable, of.clone(), words)
            .because("its phase", seen)
            .action(
                "restore the volume from a backup and make the claim again",
                Some(say::describe(&of)),
                "high: the data of the claim is not reachable",
            )
            .check(say::get(&of)),
    )
}

fn not_enlarged(view: &View, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let of = claims::of(claim);
    let size = |map: &Map| map.get("storage").and_then(|q| crate::quantity::parse(q));
    let (asked, has) = (size(&claim.spec.resources.requests)?, size(&claim.status.capacity)?);
    if asked <= has {
        return None;
    }
    let sizes = format!("{} of {}", crate::quantity::bytes(has), crate::quantity::bytes(asked));
    if let Some(event) = view.last_event(&of, &["VolumeResizeFailed", "FileSystemResizeFailed"]) {
        let words = format!("{of} cannot be enlarged ({sizes}): {}", say::clause(event.text()));
        return Some(
            Finding::new(Reason::ResizeFailed, of.clone(), words)
                .because("the resizer says so", evidence::event(event))
                .since(event.first())
                .action("correct what the message names", Some(say::describe(&of)), "none")
                .check(say::get(&of)),
        );
    }
    let waits = claim.status.conditions.iter().find(|c| c.r#type == "FileSystemResizePending" && c.is_true())?;
    let words = format!("{of} is enlarged once a pod mounts it again ({sizes}): {}", say::clause(&waits.message));
    let seen = evidence::object(&of, "status.conditions[FileSystemResizePending]: status=True");
    Some(Finding::new(Reason::ResizeFailed, of, words).role(Role::Context).because("its condition", seen))
}

/// The claim that a volume serves.
fn claim_of(view: &View, volume: &str) -> Option<EntityRef> {
    let holder = view.volumes.get("", volume).and_then(|v| v.spec.claim_ref.as_ref());
    let by_volume = holder.map(|h| EntityRef::new(Kind::PersistentVolumeClaim, &h.namespace, h.name.clone()));
    by_volume.or_else(|| view.claims.iter().find(|c| c.spec.volume_name == volume).map(claims::of))
}

fn attached_elsewhere(view: &View, pod: &Pod) -> Option<Finding> {
    let event = view.events_of(&pod_ref(pod)).filter(|e| e.text().contains("Multi-Attach error")).last()?;
    if event.first().is_some_and(|at| view.age(at) < MOVING) {
        return None;
    }
    let volume = say::between(event.text(), "for volume ", '"', '"')?;
    let unit = view.unit(&pod_ref(pod));
    let claim = claim_of(view, volume).unwrap_or_else(|| EntityRef::new(Kind::PersistentVolume, "", volume));
    let holder = holder(view, pod, &claim);
    let words = format!(
        "{claim} is attached to another node, so that no pod of {unit} can start there: {}",
        say::clause(event.text())
    );
    let mut finding = Finding::new(Reason::VolumeUnavailable, claim.clone(), words)
        .blame(unit.clone())
        .because("the attach controller says so", evidence::event(event))
        .since(event.first());
    if let Some(holder) = holder {
        let seen =
            evidence::object(&pod_ref(holder), format!("spec.nodeName={} claim {}", holder.spec.node_name, claim.name));
        finding = finding.because(format!("Pod {} holds it on {}", holder.metadata.name, holder.spec.node_name), seen);
        let node = view.nodes.get("", &holder.spec.node_name);
        if let Some(node) = node.filter(|n| health::unready(view, n).is_some()) {
            finding = finding.points_at(say::of_meta(Kind::Node, &node.metadata));
        }
    }
    let assigned = evidence::object(&pod_ref(pod), format!("spec.nodeName={}", pod.spec.node_name));
    finding = finding.rules_out("scheduling: the new pod has a node", assigned);
    if let Some(found) = view.claims.get(claim.ns(), &claim.name) {
        let modes = found.spec.access_modes.join(",");
        finding = finding.because(
            format!("its access mode is {modes}"),
            evidence::object(&claim, format!("spec.accessModes={modes}")),
        );
    }
    Some(let_go(finding, &unit))
}

fn holder<'a>(view: &'a View, pod: &'a Pod, claim: &'a EntityRef) -> Option<&'a Pod> {
    let holds = |p: &&Pod| {
        p.metadata.name != pod.metadata.name
            && !matches!(p.status.phase.as_str(), "Succeeded" | "Failed")
            && !p.spec.node_name.is_empty()
            && p.spec.node_name != pod.spec.node_name
            && claims::mounted(p).any(|name| name == claim.name)
    };
    view.pods.within(claim.ns()).find(holds)
}

fn let_go(finding: Finding, unit: &EntityRef) -> Finding {
    let (text, command) = match unit.kind {
        Kind::Deployment => (
            "replace pods one after the other: the volume serves one node at a time",
            format!(
                "{} patch {} -p '{{\"spec\":{{\"strategy\":{{\"type\":\"Recreate\",\"rollingUpdate\":null}}}}}}'",
                say::kubectl(unit),
                unit.slash()
            ),
        ),
        _ => ("end the pod that holds the volume, or wait until it is detached", say::describe(unit)),
    };
    finding.action(text, Some(command), "medium: the old pod ends before the new one serves").check(say::watch(unit))
}

fn out_of_reach(view: &View, pod: &Pod) -> Option<Finding> {
    let event = view.last_event(&pod_ref(pod), &["FailedScheduling"]).filter(|e| e.text().contains(CONFLICT))?;
    if !pod.spec.node_name.is_empty() {
        return None;
    }
    let volumes = claims::mounted(pod).filter_map(|name| {
        let claim = view.claims.get(&pod.metadata.namespace, &name)?;
        let volume = view.volumes.get("", &claim.spec.volume_name)?;
        Some((claim, volume, places(volume))).filter(|(.., places)| !places.is_empty())
    });
    // The volume whose place the pod's own selector excludes, else the first that is bound to a place.
    let (claim, volume, places) = volumes.max_by_key(|(.., places)| excluded(pod, places).is_some())?;
    Some(conflict(view, pod, event, claim, volume, &places))
}

fn conflict(
    view: &View,
    pod: &Pod,
    event: &Event,
    claim: &PersistentVolumeClaim,
    volume: &PersistentVolume,
    places: &Places,
) -> Finding {
    let of = claims::of(claim);
    let unit = view.unit(&pod_ref(pod));
    let where_it_is =
        say::some(places.iter().map(|(k, v)| format!("{k}={}", v.iter().cloned().collect::<Vec<_>>().join("|"))), 3);
    let bound = evidence::object(
        &say::of_meta(Kind::PersistentVolume, &volume.metadata),
        format!("spec.nodeAffinity: {where_it_is}"),
    );
    let says = |f: Finding| {
        f.because("the scheduler says so", evidence::event(event))
            .because("the volume is bound to its place", bound)
            .since(event.first())
    };
    if let Some((key, value)) = excluded(pod, places) {
        let words =
            format!("the volume of {of} is in {where_it_is}, the pods of {unit} ask for {key}={value}: {CONFLICT}");
        let asks = evidence::object(&pod_ref(pod), format!("spec.nodeSelector: {key}={value}"));
        return says(Finding::new(Reason::VolumeUnavailable, of, words).blame(unit.clone()))
            .because("the pod asks for another place", asks)
            .action("let the pods go where the volume is", Some(say::edit(&unit)), "low: restarts the pods")
            .check(say::watch(&unit));
    }
    let words = format!("the volume of {of} is in {where_it_is}, where no node takes the pods of {unit}: {CONFLICT}");
    let mut finding = says(Finding::new(Reason::VolumeUnavailable, of.clone(), words)).confidence(Confidence::Medium);
    for node in view.nodes.iter().filter(|n| holds(places, n)) {
        let of_node = say::of_meta(Kind::Node, &node.metadata);
        if node.spec.unschedulable || health::unready(view, node).is_some() {
            finding = finding.points_at(of_node.clone());
        }
        finding = finding.because(
            format!("{of_node} is there"),
            evidence::object(&of_node, format!("labels: {where_it_is} unschedulable={}", node.spec.unschedulable)),
        );
    }
    finding
        .action(
            "give that place a node that takes the pods",
            Some(format!("kubectl get nodes -L {}", places.keys().next().map_or("", String::as_str))),
            "none",
        )
        .check(say::watch(&unit))
}

/// Where a volume can be reached: values by label of nodes.
type Places = BTreeMap<String, BTreeSet<String>>;

fn places(volume: &PersistentVolume) -> Places {
    let mut places = Places::new();
    let terms = volume.spec.node_affinity.as_ref().and_then(|a| a.pointer("/required/nodeSelectorTerms")?.as_array());
    for expression in terms.into_iter().flatten().filter_map(|t| t["matchExpressions"].as_array()).flatten() {
        if expression["operator"] == "In"
            && let (Some(key), Some(values)) = (expression["key"].as_str(), expression["values"].as_array())
        {
            places
                .entry(key.to_owned())
                .or_default()
                .extend(values.iter().filter_map(|v| v.as_str()).map(str::to_owned));
        }
    }
    places
}

/// The label of the pod's node selector that excludes every place of the volume.
fn excluded<'a>(pod: &'a Pod, places: &Places) -> Option<(&'a String, &'a String)> {
    pod.spec.node_selector.iter().find(|(key, value)| places.get(*key).is_some_and(|values| !values.contains(*value)))
}

fn holds(places: &Places, node: &Node) -> bool {
    places.iter().all(|(key, values)| node.metadata.labels.get(key).is_some_and(|v| values.contains(v)))
}

#[cfg(test)]
mod tests;

//! Who used up a node's memory, as the kubelet's evictions tell.
//!
//! Start at [`hog`]. Names a workload only when one of its containers took a large part of the node and far more than
//! it asked for: whoever is evicted for using a little is a victim.

use crate::entity::{EntityRef, Kind};
use crate::kube::{Event, Node};
use crate::quantity;
use crate::view::View;
use crate::view::relate::pod_ref;

/// The part of a node's memory from which on one container is the reason that it ran out.
const PART: f64 = 0.5;

/// Using less than this many times its request is what a request is for.
const TIMES: f64 = 4.0;

/// The workload that used up a node's memory, and how much it used.
pub(super) fn hog(view: &View, node: &Node) -> Option<(EntityRef, String)> {
    let room = quantity::parse(node.status.allocatable.get("memory")?)?;
    let told = view.pods.iter().filter(|p| p.status.reason == "Evicted" && p.spec.node_name == node.metadata.name);
    let by_pods = told.map(|p| (pod_ref(p), p.status.message.as_str()));
    let recent =
        view.events().iter().filter(|e| e.reason == "Evicted" && e.last().is_some_and(|at| view.in_window(at)));
    let by_events = recent.filter_map(|e| on_node(view, node, e).map(|pod| (pod, e.text())));
    let used = by_pods.chain(by_events).filter_map(|(pod, text)| usage(text, room).map(|bytes| (pod, bytes)));
    let (pod, bytes) = used.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((view.unit(&pod), quantity::bytes(bytes)))
}

/// The pod of an eviction, when it may have been on the node: an evicted pod that is gone tells no other.
fn on_node(view: &View, node: &Node, event: &Event) -> Option<EntityRef> {
    let about = &event.involved_object;
    let pod = EntityRef::new(Kind::Pod, &about.namespace, about.name.clone());
    let host = event.source.host == node.metadata.name;
    let seen = view.pods.get(pod.ns(), &pod.name).is_some_and(|p| p.spec.node_name == node.metadata.name);
    (host || seen).then_some(pod)
}

/// Bytes that a container was using, when that is the reason: `Container loader was using 22187312Ki, request is 64Mi`.
fn usage(text: &str, room: f64) -> Option<f64> {
    let (_, rest) = text.split_once("low on resource: memory")?.1.split_once(" was using ")?;
    let (used, rest) = rest.split_once(", request is ")?;
    let used = quantity::parse(used)?;
    let request = quantity::parse(rest.split([',', ' ']).next()?)?;
    (used > room * PART && used > request * TIMES).then_some(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    #[rstest::rstest]
    #[case::hog(
        "Container loader was using 22187312Ki, request is 64Mi, has larger consumption of memory",
        Some("Pod shop/etl 21.2 GiB")
    )]
    #[case::victim("Container web was using 143212Ki, request is 0, has larger consumption of memory", None)]
    #[case::asked_for_it("Container db was using 22187312Ki, request is 20Gi, has larger consumption of memory", None)]
    #[case::nothing_told("", None)]
    fn hogs(#[case] told: &str, #[case] expected: Option<&str>) {
        let text = format!(
            "
kind: Node
metadata: {{name: n1}}
status: {{allocatable: {{memory: 24581692Ki}}}}
---
kind: Pod
metadata: {{name: etl}}
spec: {{nodeName: n1}}
status: {{phase: Failed, reason: Evicted, message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61220Ki. {told}'}}
"
        );
        let view = Scene::default().yaml(&text).view();
        let found = hog(&view, view.nodes.get("", "n1").unwrap()).map(|(unit, used)| format!("{unit} {used}"));
        assert_eq!(found.as_deref(), expected);
    }
}

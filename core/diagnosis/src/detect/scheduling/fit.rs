//! A pod against the nodes that were seen: what each node would say to it.
//!
//! Start at [`Fit::new`]. Knows selector, required node affinity, taints, cordon and allocatable; what other pods
//! take away is left to the scheduler's own words, because pods of other namespaces may not have been read.

use crate::kube::{Container, Node, PodSpec, SelectorRequirement, Taint, Toleration};
use crate::quantity;

/// Taints that the node controller puts on nodes in trouble:
/// <https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-not-ready>.
const TROUBLE_TAINTS: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.cloudprovider.kubernetes.io/uninitialized",
];

/// The taint of a cordon.
pub(crate) const CORDON_TAINT: &str = "node.kubernetes.io/unschedulable";

/// What one node says to a pod.
pub(crate) struct Fit<'a> {
    pub(crate) node: &'a Node,
    /// Selector and required node affinity match.
    pub(crate) selected: bool,
    /// The taints that keep the pod away.
    pub(crate) taints: Vec<&'a Taint>,
}

impl<'a> Fit<'a> {
    /// Holds a pod against a node.
    pub(crate) fn new(spec: &PodSpec, node: &'a Node) -> Self {
        let repels = |t: &&Taint| t.effect != "PreferNoSchedule" && !spec.tolerations.iter().any(|o| tolerates(o, t));
        Self { node, selected: selects(spec, node), taints: node.spec.taints.iter().filter(repels).collect() }
    }

    /// The node is cordoned.
    pub(crate) fn cordoned(&self) -> bool {
        self.node.spec.unschedulable || self.taints.iter().any(|t| t.key == CORDON_TAINT)
    }

    /// The node is in trouble: a taint of the node controller keeps the pod away.
    pub(crate) fn troubled(&self) -> Option<&'a Taint> {
        self.taints.iter().find(|t| TROUBLE_TAINTS.contains(&t.key.as_str())).copied()
    }

    /// A taint that somebody put there.
    pub(crate) fn repelled(&self) -> Option<&'a Taint> {
        let chosen = |t: &&&Taint| t.key != CORDON_TAINT && !TROUBLE_TAINTS.contains(&t.key.as_str());
        self.taints.iter().find(chosen).copied()
    }

    /// Nothing but resources, ports and other pods can keep the pod away.
    pub(crate) fn open(&self) -> bool {
        self.selected && self.taints.is_empty() && !self.cordoned()
    }

    /// How much of a resource pods may have there.
    pub(crate) fn allocatable(&self, resource: &str) -> f64 {
        self.node.status.allocatable.get(resource).and_then(|q| quantity::parse(q)).unwrap_or(0.0)
    }
}

/// Whether a taint is one that the node controller sets.
pub(crate) fn is_trouble(key: &str) -> bool {
    TROUBLE_TAINTS.contains(&key)
}

/// Whether a toleration covers a taint.
pub(super) fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.is_empty() || toleration.effect == taint.effect;
    let key = toleration.key == taint.key || (toleration.key.is_empty() && toleration.operator == "Exists");
    let value = toleration.operator == "Exists" || toleration.value == taint.value;
    effect && key && value
}

fn selects(spec: &PodSpec, node: &Node) -> bool {
    let labels = &node.metadata.labels;
    let by_selector = spec.node_selector.iter().all(|(k, v)| labels.get(k) == Some(v));
    by_selector && matches_terms(&node_terms(spec), node)
}

/// The terms of required node affinity, any of which is enough; empty when there is none.
pub(super) fn node_terms(spec: &PodSpec) -> Vec<Vec<SelectorRequirement>> {
    let affinity = spec.affinity.as_deref();
    let path = "/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    terms(affinity.and_then(|a| a.pointer(path)))
}

/// Reads `nodeSelectorTerms`, which pods and volumes share.
pub(super) fn terms(value: Option<&serde_json::Value>) -> Vec<Vec<SelectorRequirement>> {
    let list = value.and_then(|v| v.as_array()).map(Vec::as_slice).unwrap_or_default();
    let read = |term: &serde_json::Value| {
        let expressions = term.get("matchExpressions").cloned().unwrap_or_default();
        serde_json::from_value(expressions).unwrap_or_default()
    };
    list.iter().map(read).collect()
}

/// Whether a node satisfies one of the terms. `Gt` and `Lt` are taken as satisfied: they are rare, and a guess here
/// would only add nodes to look at.
pub(super) fn matches_terms(terms: &[Vec<SelectorRequirement>], node: &Node) -> bool {
    let labels = &node.metadata.labels;
    let one = |e: &SelectorRequirement| {
        let value = labels.get(&e.key);
        match e.operator.as_str() {
            "In" => value.is_some_and(|v| e.values.contains(v)),
            "NotIn" => !value.is_some_and(|v| e.values.contains(v)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => true,
        }
    };
    terms.is_empty() || terms.iter().any(|term| term.iter().all(one))
}

/// What a pod asks for, in the resource's unit: containers and sidecars together, or the largest init container.
pub(super) fn request(spec: &PodSpec, resource: &str) -> f64 {
    let of = |c: &Container| {
        let text = c.resources.requests.get(resource).or_else(|| c.resources.limits.get(resource));
        text.and_then(|q| quantity::parse(q)).unwrap_or(0.0)
    };
    let sidecars: f64 = spec.init_containers.iter().filter(|c| c.restart_policy == "Always").map(of).sum();
    let main: f64 = spec.containers.iter().map(of).sum::<f64>() + sidecars;
    let init = spec.init_containers.iter().filter(|c| c.restart_policy != "Always").map(of).fold(0.0, f64::max);
    main.max(init)
}

/// What a pod asks for, as it is written where one container asks alone.
pub(super) fn request_text(spec: &PodSpec, resource: &str) -> String {
    let asking: Vec<&String> = spec
        .containers
        .iter()
        .chain(&spec.init_containers)
        .filter_map(|c| c.resources.requests.get(resource).or_else(|| c.resources.limits.get(resource)))
        .collect();
    match asking.as_slice() {
        [one] => (*one).clone(),
        _ => amount(resource, request(spec, resource)),
    }
}

/// An amount of a resource as a reader says it.
pub(super) fn amount(resource: &str, value: f64) -> String {
    match resource {
        "memory" | "ephemeral-storage" => quantity::bytes(value),
        _ if resource.starts_with("hugepages-") => quantity::bytes(value),
        "cpu" if value.fract() != 0.0 => format!("{:.0}m", value * 1000.0),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    #[rstest::rstest]
    #[case::plain("{nodeSelector: {pool: a}}", true, 1)]
    #[case::other_pool("{nodeSelector: {pool: b}}", false, 1)]
    #[case::tolerated("{tolerations: [{key: gpu, operator: Exists}]}", true, 0)]
    #[case::other_value("{tolerations: [{key: gpu, operator: Equal, value: 'no'}]}", true, 1)]
    #[case::everything("{tolerations: [{operator: Exists}]}", true, 0)]
    #[case::affinity(
        "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [b, c]}]}]}}}}",
        false,
        1
    )]
    fn nodes_answer(#[case] spec: &str, #[case] selected: bool, #[case] taints: usize) {
        let scene = format!(
            "
kind: Node
metadata: {{name: n1, labels: {{pool: a}}}}
spec: {{taints: [{{key: gpu, value: 'yes', effect: NoSchedule}}, {{key: soft, effect: PreferNoSchedule}}]}}
---
kind: Pod
metadata: {{name: p}}
spec: {spec}
"
        );
        let view = Scene::default().yaml(&scene).view();
        let node = view.nodes.get("", "n1").unwrap();
        let fit = Fit::new(&view.pods.get("shop", "p").unwrap().spec, node);
        assert_eq!((fit.selected, fit.taints.len()), (selected, taints));
    }
}

//! The scheduler's message, taken apart: how many nodes refused the pod and why.
//!
//! Start at [`parse`]. Messages are those of kube-scheduler's plugins, 1.20 to 1.34
//! (<https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins>); what is not known is kept as it is.

/// Why some nodes refuse a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Predicate {
    /// Not enough of a resource is left: `Insufficient memory`.
    Insufficient(String),
    /// A taint that the pod does not tolerate.
    Taint {
        /// Its key.
        key: String,
        /// Its value, often empty.
        value: String,
    },
    /// Node selector or node affinity.
    Selector,
    /// Pod anti-affinity, the pod's own or that of others.
    AntiAffinity,
    /// Pod affinity.
    PodAffinity,
    /// Topology spread constraints.
    Spread,
    /// A host port is taken.
    HostPort,
    /// The node is cordoned.
    Cordoned,
    /// The pod's volume cannot be used from the node.
    VolumeAffinity,
    /// A claim that the pod names does not exist.
    ClaimMissing(String),
    /// A claim of the pod is not bound.
    ClaimsUnbound,
    /// No volume is left for a claim that binds late.
    NoVolume,
    /// The node has its maximum of pods.
    TooManyPods,
    /// The node has its maximum of volumes.
    TooManyVolumes,
    /// Anything else, in the scheduler's words.
    Other(String),
}

/// A number of nodes and why they refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// How many nodes; none when the reason concerns the pod as a whole.
    pub(super) nodes: Option<u64>,
    /// Why.
    pub(super) why: Predicate,
}

/// Takes a message of `FailedScheduling` or `PodScheduled=False` apart.
pub(super) fn parse(message: &str) -> Vec<Refusal> {
    let body = message.split(" preemption: ").next().unwrap_or(message);
    let body = body.split_once("nodes are available: ").map_or(body, |(_, rest)| rest);
    pieces(body.trim().trim_end_matches('.')).iter().map(|piece| refusal(piece)).collect()
}

/// Splits at commas, except before the second half of the old wording `had taint {a: b}, that the pod didn't tolerate`.
fn pieces(body: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for piece in body.split(", ").filter(|p| !p.is_empty()) {
        match out.last_mut() {
            Some(last) if piece.starts_with("that the pod") => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => out.push(piece.to_owned()),
        }
    }
    out
}

fn refusal(piece: &str) -> Refusal {
    let (number, rest) = piece.split_once(' ').unwrap_or(("", piece));
    match number.parse() {
        Ok(nodes) => Refusal { nodes: Some(nodes), why: predicate(rest) },
        Err(_) => Refusal { nodes: None, why: predicate(piece) },
    }
}

/// Words of each plugin, the most telling first.
const WORDS: &[(&str, Predicate)] = &[
    ("anti-affinity", Predicate::AntiAffinity),
    ("node affinity/selector", Predicate::Selector),
    ("match node selector", Predicate::Selector),
    ("volume node affinity conflict", Predicate::VolumeAffinity),
    ("no available volume zone", Predicate::VolumeAffinity),
    ("pod affinity", Predicate::PodAffinity),
    ("topology spread constraints", Predicate::Spread),
    ("free ports", Predicate::HostPort),
    ("were unschedulable", Predicate::Cordoned),
    ("unbound immediate PersistentVolumeClaims", Predicate::ClaimsUnbound),
    ("available persistent volumes to bind", Predicate::NoVolume),
    ("VolumeBinding", Predicate::ClaimsUnbound),
    ("Too many pods", Predicate::TooManyPods),
    ("exceed max volume count", Predicate::TooManyVolumes),
];

fn predicate(text: &str) -> Predicate {
    if let Some(resource) = text.strip_prefix("Insufficient ") {
        return Predicate::Insufficient(resource.trim().to_owned());
    }
    if text.contains("taint") {
        let inner = text.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inner, _)| inner);
        let (key, value) = inner.split_once(':').unwrap_or((inner, ""));
        return Predicate::Taint { key: key.trim().to_owned(), value: value.trim().to_owned() };
    }
    if text.contains("persistentvolumeclaim") && text.contains("not found") {
        let name = text.split('"').nth(1).unwrap_or_default();
        return Predicate::ClaimMissing(name.to_owned());
    }
    let known = WORDS.iter().find(|(words, _)| text.contains(words)).map(|(_, why)| why.clone());
    known.unwrap_or_else(|| Predicate::Other(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Predicate as P;
    use super::*;

    fn taint(key: &str, value: &str) -> P {
        P::Taint { key: key.into(), value: value.into() }
    }

    #[rstest::rstest]
    #[case::real(
        "0/5 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {kwok: true}, 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/5 nodes are available: 1 No preemption victims found for incoming pod.",
        vec![(Some(1), P::Insufficient("memory".into())), (Some(1), taint("kwok", "true")), (Some(3), P::Selector)])]
    #[case::old_taint("0/2 nodes are available: 2 node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate.",
        vec![(Some(2), taint("node.kubernetes.io/not-ready", ""))])]
    #[case::unbound("0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
        vec![(None, P::ClaimsUnbound)])]
    #[case::missing("0/5 nodes are available: persistentvolumeclaim \"sim-datasets\" not found.",
        vec![(None, P::ClaimMissing("sim-datasets".into()))])]
    #[case::many("0/9 nodes are available: 1 Too many pods, 2 node(s) didn't match pod anti-affinity rules, 1 node(s) were unschedulable, 2 node(s) had volume node affinity conflict, 2 node(s) didn't have free ports for the requested pod ports, 1 node(s) didn't match pod topology spread constraints.",
        vec![(Some(1), P::TooManyPods), (Some(2), P::AntiAffinity), (Some(1), P::Cordoned), (Some(2), P::VolumeAffinity), (Some(2), P::HostPort), (Some(1), P::Spread)])]
    #[case::unknown("no nodes available to schedule pods", vec![(None, P::Other("no nodes available to schedule pods".into()))])]
    #[case::empty("", vec![])]
    fn messages(#[case] message: &str, #[case] expected: Vec<(Option<u64>, Predicate)>) {
        let got: Vec<_> = parse(message).into_iter().map(|r| (r.nodes, r.why)).collect();
        assert_eq!(got, expected);
    }
}

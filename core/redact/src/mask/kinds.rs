//! The words that placeholders begin with: a closed list, so that a placeholder is known by its form.

/// For what is of no other kind.
pub(super) const OTHER: &str = "name";
/// For host names.
pub(super) const HOST: &str = "host";
/// For addresses.
pub(super) const ADDRESS: &str = "ip";

/// Kinds in small letters, and the word for each.
const PREFIXES: &[(&str, &str)] = &[
    ("pod", "pod"),
    ("deployment", "deploy"),
    ("replicaset", "rs"),
    ("statefulset", "sts"),
    ("daemonset", "ds"),
    ("job", "job"),
    ("cronjob", "cronjob"),
    ("namespace", "ns"),
    ("node", "node"),
    ("service", "svc"),
    ("ingress", "ing"),
    ("configmap", "cm"),
    ("secret", "secret"),
    ("persistentvolumeclaim", "pvc"),
    ("persistentvolume", "pv"),
    ("serviceaccount", "sa"),
    ("container", "container"),
    ("cluster", "cluster"),
    ("redis", "redis"),
    ("host", HOST),
    ("address", ADDRESS),
    ("name", OTHER),
];

/// The word for a kind.
pub(super) fn prefix(kind: &str) -> &'static str {
    PREFIXES.iter().find(|(name, _)| kind.eq_ignore_ascii_case(name)).map_or(OTHER, |(_, prefix)| prefix)
}

/// The word as it is written here, in any case.
pub(super) fn known(word: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(_, prefix)| word.eq_ignore_ascii_case(prefix)).map(|(_, prefix)| *prefix)
}

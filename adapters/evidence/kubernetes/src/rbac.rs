//! The rules that let the engine read what it reads, as they go into a ClusterRole.
//!
//! Must never grant more than reading, nor anything of a subresource but logs. RBAC cannot tell names of keys from values: who
//! may list Secrets may read them. The rule about them stands alone, so that it can be left out; what is lost is told in
//! `could not see`. Start at [`rules`].

use std::collections::{BTreeMap, BTreeSet};

use midwatch_diagnosis::entity::Kind;
use serde::Serialize;

/// One rule: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRule {
    /// The API groups; empty text is the core group.
    pub api_groups: Vec<String>,
    /// The resources, by plural.
    pub resources: Vec<String>,
    /// What may be done with them.
    pub verbs: Vec<&'static str>,
}

/// The rules for reading these kinds and logs: one for each group, then Secrets, then logs.
pub fn rules(kinds: &BTreeSet<Kind>) -> Vec<PolicyRule> {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    // Custom kinds have no group that is known here.
    for kind in kinds.iter().filter(|kind| !matches!(kind, Kind::Other(_) | Kind::Secret)) {
        groups.entry(kind.group()).or_default().insert(kind.plural());
    }
    let rule = |group: &str, resources: Vec<String>, verbs: &[&'static str]| PolicyRule {
        api_groups: vec![group.to_owned()],
        resources,
        verbs: verbs.to_vec(),
    };
    let lists = groups.into_iter().map(|(group, plurals)| rule(group, plurals.into_iter().collect(), &["get", "list"]));
    // As a table without values, which is a list: nothing ever gets one.
    let secrets = kinds.contains(&Kind::Secret).then(|| rule("", vec![Kind::Secret.plural()], &["list"]));
    let logs = rule("", vec!["pods/log".to_owned()], &["get"]);
    lists.chain(secrets).chain([logs]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_for_each_group_and_secrets_alone() {
        let kinds = [Kind::Pod, Kind::Secret, Kind::Deployment, Kind::Node, Kind::Other("Robot".to_owned())];
        let rules = serde_json::to_value(rules(&kinds.into_iter().collect())).unwrap();
        let expected = serde_json::json!([
            {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]},
            {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        ]);
        assert_eq!(rules, expected);
    }
}

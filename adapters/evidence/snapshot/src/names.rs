//! What a file's name says of the kinds in it: `pods`, `replication-controllers`, `get-deploy`, `all`.
//!
//! Must never be trusted against the content: a name is a hint for items that carry no kind and for lists that are
//! empty. Start at [`kinds_in`].

use midwatch_diagnosis::entity::Kind;

/// What `kubectl get all` lists.
const ALL: &[Kind] = &[
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

/// Words of file names that say nothing of kinds.
const FILLERS: &[&str] = &["get", "kubectl", "k8s", "kube", "list", "dump", "namespaces", "output", "out"];

/// No name of the API has more words: `horizontal-pod-autoscalers`.
const WORDS: usize = 4;

/// The extension in lower case, and the name without it.
pub(crate) fn split(name: &str) -> (&str, String) {
    match name.rsplit_once('.') {
        Some((stem, ext)) if !stem.is_empty() => (stem, ext.to_ascii_lowercase()),
        _ => (name, String::new()),
    }
}

/// The kinds that the stem of a file name speaks of, in order, without repetition.
pub(crate) fn kinds_in(stem: &str) -> Vec<Kind> {
    let words: Vec<&str> = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if let Some(kind) = Kind::parse(&words.concat()) {
        return vec![kind];
    }
    if matches!(words.as_slice(), [] | [_, _, _, _, _, _, _, _, ..]) {
        return Vec::new();
    }
    if words.contains(&"all") && words.iter().all(|w| *w == "all" || FILLERS.contains(w)) {
        return ALL.to_vec();
    }
    by_word(&words)
}

fn by_word(words: &[&str]) -> Vec<Kind> {
    let mut found = Vec::new();
    let mut doubtful = Vec::new();
    let mut strangers = false;
    let mut rest = words;
    while let Some((word, tail)) = rest.split_first() {
        let longest = (1..=WORDS.min(rest.len())).rev().find_map(|n| Some((n, Kind::parse(&rest[..n].concat())?)));
        if let Some((n, kind)) = longest {
            // `no`, `sa`, `ns` are words of other languages and of people's names, too.
            if n == 1 && word.len() <= 2 {
                doubtful.push(kind);
            } else {
                found.push(kind);
            }
            rest = &rest[n..];
        } else {
            strangers |= !FILLERS.contains(word);
            rest = tail;
        }
    }
    if !strangers {
        found.append(&mut doubtful);
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_give_them() {
        for (stem, kinds) in [
            ("pods", vec![Kind::Pod]),
            ("replication-controllers", vec![Kind::ReplicationController]),
            ("persistent_volume_claims", vec![Kind::PersistentVolumeClaim]),
            ("get-deploy", vec![Kind::Deployment]),
            ("deployments.apps", vec![Kind::Deployment]),
            ("svc", vec![Kind::Service]),
            ("shop-pods", vec![Kind::Pod]),
            ("get-po-svc", vec![Kind::Pod, Kind::Service]),
            ("ns-shop", vec![]),
            ("no", vec![Kind::Node]),
            ("everything", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(kinds_in(stem), kinds, "{stem}");
        }
        assert!(kinds_in("get-all").contains(&Kind::CronJob));
    }

    #[test]
    fn extensions() {
        assert_eq!(split("pods.JSON"), ("pods", "json".to_owned()));
        assert_eq!(split("a.b.yaml"), ("a.b", "yaml".to_owned()));
        assert_eq!(split("README"), ("README", String::new()));
        assert_eq!(split(".json"), (".json", String::new()));
    }
}

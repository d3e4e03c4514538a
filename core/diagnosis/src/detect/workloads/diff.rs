//! What differs between two pod templates, in lines a person reads. Values that look secret are never printed.
//!
//! Start at [`templates`].

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::say;
use crate::kube::{Container, EnvVar, Map, PodSpec, PodTemplate, Probe, Volume};

/// Parts of variable names whose values are not shown.
const SECRET_NAMES: &[&str] =
    &["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CRED", "AUTH", "DSN", "PRIVATE", "CERT", "SALT", "COOKIE", "SESSION"];

/// Longer values are not shown: they are documents, and may hold anything.
const VALUE_CAP: usize = 120;

/// The annotation that `kubectl rollout restart` writes.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// The label by which the Deployment controller tells revisions apart; it always differs.
const HASH: &str = "pod-template-hash";

/// Lines that say what became of the old template in the new one. Empty when nothing that matters differs.
pub(crate) fn templates(old: &PodTemplate, new: &PodTemplate) -> Vec<String> {
    let mut lines = Vec::new();
    let many = new.spec.containers.len() + new.spec.init_containers.len() > 1;
    containers(&old.spec.init_containers, &new.spec.init_containers, many, &mut lines);
    containers(&old.spec.containers, &new.spec.containers, many, &mut lines);
    pod(&old.spec, &new.spec, &mut lines);
    let strip = |m: &Map| m.iter().filter(|(k, _)| *k != HASH).map(|(k, v)| (k.clone(), v.clone())).collect::<Map>();
    maps("label", &strip(&old.metadata.labels), &strip(&new.metadata.labels), "", &mut lines);
    if old.metadata.annotations.get(RESTARTED) != new.metadata.annotations.get(RESTARTED) {
        lines.push("pods restarted by kubectl rollout restart".to_owned());
    }
    lines
}

fn containers(old: &[Container], new: &[Container], many: bool, lines: &mut Vec<String>) {
    for container in old.iter().filter(|c| !new.iter().any(|n| n.name == c.name)) {
        lines.push(format!("container {} removed", container.name));
    }
    for container in new {
        match old.iter().find(|c| c.name == container.name) {
            Some(before) => {
                let whose = if many { format!(" of container {}", container.name) } else { String::new() };
                one_container(before, container, &whose, lines);
            }
            None => lines.push(format!("container {} added (image {})", container.name, container.image)),
        }
    }
}

fn one_container(old: &Container, new: &Container, whose: &str, lines: &mut Vec<String>) {
    let mut field = |name: &str, before: String, after: String| lines.extend(changed(name, &before, &after, whose));
    field("image", old.image.clone(), new.image.clone());
    field("command", old.command.join(" "), new.command.join(" "));
    field("args", old.args.join(" "), new.args.join(" "));
    field("working directory", old.working_dir.clone(), new.working_dir.clone());
    field("liveness probe", probe(old.liveness_probe.as_ref()), probe(new.liveness_probe.as_ref()));
    field("readiness probe", probe(old.readiness_probe.as_ref()), probe(new.readiness_probe.as_ref()));
    field("startup probe", probe(old.startup_probe.as_ref()), probe(new.startup_probe.as_ref()));
    field("ports", ports(old), ports(new));
    field("envFrom", env_from(old), env_from(new));
    field("mounts", mounts(old), mounts(new));
    field("security context", format!("{:?}", old.security_context), format!("{:?}", new.security_context));
    maps("request", &old.resources.requests, &new.resources.requests, whose, lines);
    maps("limit", &old.resources.limits, &new.resources.limits, whose, lines);
    env(&old.env, &new.env, whose, lines);
}

/// One line for a field, or none: added, removed, or changed with both values where they may be shown.
fn changed(name: &str, before: &str, after: &str, whose: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let bulky = name == "security context" || before.len() > VALUE_CAP || after.len() > VALUE_CAP;
    Some(match (before, after) {
        _ if bulky || is_secret("", before) || is_secret("", after) => format!("{name}{whose} changed"),
        ("", after) => format!("{name}{whose} added: {after}"),
        (before, "") => format!("{name}{whose} removed (was {before})"),
        (before, after) => format!("{name}{whose} changed from {before} to {after}"),
    })
}

fn env(old: &[EnvVar], new: &[EnvVar], whose: &str, lines: &mut Vec<String>) {
    let index = |list: &[EnvVar]| list.iter().map(|v| (v.name.clone(), v.clone())).collect::<BTreeMap<_, _>>();
    let (old, new) = (index(old), index(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(_), None) => lines.push(format!("env {name}{whose} removed")),
            (None, Some(v)) => lines.push(format!(
                "env {name}{whose} added{}",
                shown(name, v).map(|v| format!(": {v}")).unwrap_or_default()
            )),
            (Some(a), Some(b)) if a != b => lines.push(match (shown(name, a), shown(name, b)) {
                (Some(a), Some(b)) => format!("env {name}{whose} changed from {a} to {b}"),
                _ => format!("env {name}{whose} changed"),
            }),
            _ => {}
        }
    }
}

/// A variable's value or reference, where it may be shown.
fn shown(name: &str, var: &EnvVar) -> Option<String> {
    let source = var.value_from.as_ref();
    if let Some(key) = source.and_then(|s| s.config_map_key_ref.as_ref()) {
        return Some(format!("key {} of ConfigMap {}", key.key, key.name));
    }
    if let Some(key) = source.and_then(|s| s.secret_key_ref.as_ref()) {
        return Some(format!("key {} of Secret {}", key.key, key.name));
    }
    let value = var.value.as_deref().unwrap_or_default();
    (!is_secret(name, value) && value.len() <= VALUE_CAP)
        .then(|| if value.is_empty() { "an empty value".to_owned() } else { value.to_owned() })
}

/// Whether a value is not to be shown: its name says so, or it is a URL with a password.
fn is_secret(name: &str, value: &str) -> bool {
    let upper = name.to_uppercase();
    let credentials =
        value.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|h| h.contains('@')));
    credentials || SECRET_NAMES.iter().any(|part| upper.contains(part)) || value.contains("BEGIN ")
}

fn probe(probe: Option<&Probe>) -> String {
    probe.map_or_else(String::new, |p| {
        format!(
            "{} every {} s, {} failures, after {} s",
            p.describe(),
            p.period(),
            p.failures(),
            p.initial_delay_seconds
        )
    })
}

fn ports(container: &Container) -> String {
    container
        .ports
        .iter()
        .map(|p| format!("{}{}{}", p.name, if p.name.is_empty() { "" } else { ":" }, p.container_port))
        .collect::<Vec<_>>()
        .join(",")
}

fn env_from(container: &Container) -> String {
    let name = |e: &crate::kube::EnvFrom| {
        let map = e.config_map_ref.as_ref().map(|r| format!("ConfigMap {}", r.name));
        map.or_else(|| e.secret_ref.as_ref().map(|r| format!("Secret {}", r.name)))
    };
    container.env_from.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

fn mounts(container: &Container) -> String {
    // Every pod mounts its token; only the others tell revisions apart.
    let own = container.volume_mounts.iter().filter(|m| !m.mount_path.starts_with("/var/run/secrets/kubernetes.io"));
    own.map(|m| m.mount_path.as_str()).collect::<Vec<_>>().join(", ")
}

fn pod(old: &PodSpec, new: &PodSpec, lines: &mut Vec<String>) {
    let runtime = |s: &PodSpec| s.runtime_class_name.clone().unwrap_or_default();
    let names = |s: &PodSpec| s.image_pull_secrets.iter().map(|n| n.name.clone()).collect::<Vec<_>>().join(", ");
    let volumes = |s: &PodSpec| s.volumes.iter().filter_map(volume).collect::<Vec<_>>().join(", ");
    let fields = [
        ("service account", old.service_account_name.clone(), new.service_account_name.clone()),
        ("priority class", old.priority_class_name.clone(), new.priority_class_name.clone()),
        ("runtime class", runtime(old), runtime(new)),
        ("image pull secrets", names(old), names(new)),
        ("volumes", volumes(old), volumes(new)),
        ("node selector", say::labels(&old.node_selector), say::labels(&new.node_selector)),
        ("DNS policy", old.dns_policy.clone(), new.dns_policy.clone()),
    ];
    for (name, before, after) in fields {
        lines.extend(changed(name, &before, &after, ""));
    }
    let flags = [
        ("affinity", old.affinity != new.affinity),
        ("tolerations", old.tolerations != new.tolerations),
        ("pod security context", old.security_context != new.security_context),
        ("host network", old.host_network != new.host_network),
        ("topology spread", old.topology_spread_constraints != new.topology_spread_constraints),
    ];
    lines.extend(flags.iter().filter(|(_, differs)| *differs).map(|(name, _)| format!("{name} changed")));
}

fn volume(volume: &Volume) -> Option<String> {
    let map = volume.config_map.as_ref().map(|v| format!("ConfigMap {}", v.name));
    let secret = || volume.secret.as_ref().map(|v| format!("Secret {}", v.secret_name));
    let claim = || volume.persistent_volume_claim.as_ref().map(|v| format!("claim {}", v.claim_name));
    map.or_else(secret).or_else(claim)
}

fn maps(what: &str, old: &Map, new: &Map, whose: &str, lines: &mut Vec<String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let get = |map: &Map| map.get(key).cloned().unwrap_or_default();
        lines.extend(changed(&format!("{what} {key}"), &get(old), &get(new), whose));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(container: &str) -> PodTemplate {
        let text = format!("spec: {{containers: [{{name: api, {container}}}]}}");
        serde_saphyr::from_str(&text).unwrap()
    }

    #[rstest::rstest]
    #[case::removed("image: a:1, env: [{name: DATABASE_URL, value: x}]", "image: a:2", &["image changed from a:1 to a:2", "env DATABASE_URL removed"])]
    #[case::secret("env: [{name: DB_PASSWORD, value: hunter2}]", "env: [{name: DB_PASSWORD, value: hunter3}]", &["env DB_PASSWORD changed"])]
    #[case::credentials("env: [{name: URL, value: 'pg://u:p@h/d'}]", "env: [{name: URL, value: 'pg://u:q@h/d'}]", &["env URL changed"])]
    #[case::memory("resources: {limits: {memory: 64Mi}}", "resources: {limits: {memory: 32Mi}}", &["limit memory changed from 64Mi to 32Mi"])]
    #[case::same("image: a:1", "image: a:1", &[])]
    fn differences(#[case] old: &str, #[case] new: &str, #[case] expected: &[&str]) {
        assert_eq!(templates(&template(old), &template(new)), expected);
    }
}

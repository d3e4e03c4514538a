//! Objects that a workload names and that do not exist.
//!
//! Start at [`named`] (everything a pod spec names) and [`detect`]. Must stay silent where the kind was not read:
//! forbidden is not missing. Optional references and what the cluster makes by itself are no trouble.

use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Container, Pod, PodSpec, ProjectedSource, Volume};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Objects that the control plane writes into every namespace.
const PROVIDED: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// Priority classes of every cluster: <https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/>.
const BUILT_IN: &[&str] = &["system-cluster-critical", "system-node-critical", "default"];

/// One object that a pod spec names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) entity: EntityRef,
    /// A key of it that is named, too.
    pub(crate) key: Option<String>,
    /// The pod starts without it.
    pub(crate) optional: bool,
    /// How it is named: `env DATABASE_URL`, `volume data`.
    pub(crate) by: String,
}

/// Everything that a pod spec names, in the order of the spec.
pub(crate) fn named(spec: &PodSpec, namespace: &str) -> Vec<Named> {
    let mut out = Vec::new();
    for container in spec.init_containers.iter().chain(&spec.containers) {
        container_names(container, namespace, &mut out);
    }
    for volume in &spec.volumes {
        volume_names(volume, namespace, &mut out);
    }
    let one = |kind: Kind, name: &str, optional: bool, by: &str| Named {
        entity: EntityRef::new(kind, namespace, name),
        key: None,
        optional,
        by: by.to_owned(),
    };
    if !spec.service_account_name.is_empty() {
        out.push(one(Kind::ServiceAccount, &spec.service_account_name, false, "serviceAccountName"));
    }
    if !BUILT_IN.contains(&spec.priority_class_name.as_str()) && !spec.priority_class_name.is_empty() {
        out.push(one(Kind::PriorityClass, &spec.priority_class_name, false, "priorityClassName"));
    }
    if let Some(name) = spec.runtime_class_name.as_deref().filter(|n| !n.is_empty()) {
        out.push(one(Kind::RuntimeClass, name, false, "runtimeClassName"));
    }
    out.extend(spec.image_pull_secrets.iter().map(|s| one(Kind::Secret, &s.name, false, "imagePullSecrets")));
    out.retain(|n| !n.entity.name.is_empty() && !PROVIDED.contains(&n.entity.name.as_str()));
    out
}

fn container_names(container: &Container, namespace: &str, out: &mut Vec<Named>) {
    for var in &container.env {
        let Some(source) = &var.value_from else { continue };
        let refs = [(Kind::ConfigMap, &source.config_map_key_ref), (Kind::Secret, &source.secret_key_ref)];
        for (kind, key) in refs {
            let Some(key) = key else { continue };
            let entity = EntityRef::new(kind, namespace, key.name.clone());
            out.push(Named {
                entity,
                key: Some(key.key.clone()),
                optional: key.optional,
                by: format!("env {}", var.name),
            });
        }
    }
    for from in &container.env_from {
        for (kind, name) in [(Kind::ConfigMap, &from.config_map_ref), (Kind::Secret, &from.secret_ref)] {
            let Some(name) = name else { continue };
            let entity = EntityRef::new(kind, namespace, name.name.clone());
            out.push(Named { entity, key: None, optional: name.optional, by: "envFrom".to_owned() });
        }
    }
}

fn volume_names(volume: &Volume, namespace: &str, out: &mut Vec<Named>) {
    let mut push = |kind: Kind, name: &str, optional: bool| {
        let entity = EntityRef::new(kind, namespace, name);
        out.push(Named { entity, key: None, optional, by: format!("volume {}", volume.name) });
    };
    if let Some(v) = &volume.config_map {
        push(Kind::ConfigMap, &v.name, v.optional);
    }
    if let Some(v) = &volume.secret {
        push(Kind::Secret, &v.secret_name, v.optional);
    }
    if let Some(v) = &volume.persistent_volume_claim {
        push(Kind::PersistentVolumeClaim, &v.claim_name, false);
    }
    let sources = volume.projected.iter().flat_map(|p| &p.sources);
    for ProjectedSource { config_map, secret } in sources {
        if let Some(v) = config_map {
            push(Kind::ConfigMap, &v.name, v.optional);
        }
        if let Some(v) = secret {
            push(Kind::Secret, &v.name, v.optional);
        }
    }
}

/// Missing objects of workloads: trouble when a pod is down, worth knowing otherwise.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in say::units(view) {
        let Some(spec) = say::spec_of(view, &unit) else { continue };
        let mut told = std::collections::BTreeSet::new();
        for one in named(spec, unit.ns()).into_iter().filter(|n| !n.optional) {
            if told.insert((one.entity.clone(), one.key.clone())) {
                found.extend(missing(view, &unit, &one));
            }
        }
    }
    found
}

fn missing(view: &View, unit: &EntityRef, one: &Named) -> Option<Finding> {
    let Named { entity, by, .. } = one;
    if !view.absent(entity) {
        return missing_key(view, unit, one);
    }
    let near = near_name(view, entity);
    let hint = near.as_ref().map(|n| format!(" ({n} exists)")).unwrap_or_default();
    let text = format!("{unit} names {entity} ({by}), which is not found{hint}");
    let finding = Finding::new(Reason::MissingReference, unit.clone(), text)
        .blame(entity.clone())
        .because("it is not there", evidence::absence(entity))
        .because("who names it", evidence::object(unit, format!("{by}: {}", entity.name)))
        .action(
            format!("create {entity}, or name one that exists{hint}"),
            Some(say::list(&entity.kind, unit)),
            "low: pods start",
        )
        .check(say::watch(unit));
    weigh(view, unit, entity, finding)
}

fn missing_key(view: &View, unit: &EntityRef, one: &Named) -> Option<Finding> {
    let (key, entity) = (one.key.as_ref()?, &one.entity);
    let keys: Vec<&str> = match entity.kind {
        Kind::ConfigMap => {
            let map = view.config_maps.get(entity.ns(), &entity.name)?;
            map.data.keys().chain(map.binary_data.iter()).map(String::as_str).collect()
        }
        Kind::Secret => {
            let secret = view.secrets.get(entity.ns(), &entity.name)?;
            secret.data.iter().chain(secret.string_data.iter()).map(String::as_str).collect()
        }
        _ => return None,
    };
    // Metadata-only reads show no keys at all; that is not the same as a missing key.
    if keys.is_empty() || keys.contains(&key.as_str()) {
        return None;
    }
    let near = nearest(key, keys.iter().copied()).map(|n| format!(", nearest {n}")).unwrap_or_default();
    let text = format!("{unit} names key {key} of {entity} ({}), which has no such key{near}", one.by);
    let says = format!("keys: {}", say::some(&keys, 10));
    let finding = Finding::new(Reason::MissingKey, unit.clone(), text)
        .blame(entity.clone())
        .because("the keys it has", evidence::object(entity, says))
        .action(
            format!("add key {key} to {entity}, or name one that exists"),
            Some(say::describe(entity)),
            "low: pods start",
        )
        .check(say::watch(unit));
    weigh(view, unit, entity, finding)
}

/// A missing object is trouble only for pods that are down for it: pods that started have all that they need.
fn weigh(view: &View, unit: &EntityRef, entity: &EntityRef, finding: Finding) -> Option<Finding> {
    let held =
        say::live_pods(view, unit).into_iter().filter(|p| !p.is_ready() && holds(view, p, entity)).collect::<Vec<_>>();
    let none = matches!(entity.kind, Kind::ServiceAccount | Kind::PriorityClass | Kind::RuntimeClass);
    if held.is_empty() && none && say::live_pods(view, unit).is_empty() {
        // Without these the API server makes no pod at all, and says so: see `admission`.
        return None;
    }
    if held.is_empty() {
        let mut context = finding.role(Role::Context).confidence(Confidence::Low);
        context.actions.clear();
        return Some(context);
    }
    let since = held.iter().filter_map(|p| *p.metadata.creation_timestamp).min();
    let mut finding = finding.since(since);
    finding.pods = held.into_iter().map(pod_ref).collect();
    Some(finding)
}

/// Words of registries that want to know who asks.
const UNAUTHORISED: &[&str] =
    &["401", "403", "unauthorized", "authentication required", "denied", "authorization failed"];

/// Whether a pod is held back where this kind of object is needed: before its containers run, or at the image.
fn holds(view: &View, pod: &Pod, entity: &EntityRef) -> bool {
    let waits = |reasons: &[&str]| {
        let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
        statuses.filter_map(|s| s.state.waiting.as_ref()).any(|w| reasons.contains(&w.reason.as_str()))
    };
    match entity.kind {
        Kind::ConfigMap | Kind::Secret if waits(&["ImagePullBackOff", "ErrImagePull"]) => pulls_with(view, pod, entity),
        Kind::ConfigMap | Kind::Secret => {
            waits(&["CreateContainerConfigError", "ContainerCreating", "PodInitializing"])
        }
        _ => pod.status.phase == "Pending" || pod.status.phase.is_empty(),
    }
}

/// A missing pull Secret matters only where the registry refused for want of a login.
fn pulls_with(view: &View, pod: &Pod, secret: &EntityRef) -> bool {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let waiting = statuses.filter_map(|s| s.state.waiting.as_ref()).map(|w| w.message.as_str());
    let entity = pod_ref(pod);
    let mut words = waiting.chain(view.events_of(&entity).filter(|e| e.is_warning()).map(crate::kube::Event::text));
    let named = secret.kind == Kind::Secret && pod.spec.image_pull_secrets.iter().any(|s| s.name == secret.name);
    named && words.any(|text| UNAUTHORISED.iter().any(|w| text.contains(w)))
}

fn near_name(view: &View, entity: &EntityRef) -> Option<String> {
    let names = view.names(&entity.kind);
    let here = names.iter().filter(|n| n.namespace == entity.namespace).map(|n| n.name.as_str());
    nearest(&entity.name, here).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ReadFailure;
    use crate::testkit::Scene;

    fn scene(spec: &str, waiting: &str) -> Scene {
        let ready = if waiting.is_empty() { "True" } else { "False" };
        let state = match waiting.split_once(' ') {
            Some((reason, message)) => format!("waiting: {{reason: {reason}, message: '{message}'}}"),
            None if waiting.is_empty() => "running: {}".to_owned(),
            None => format!("waiting: {{reason: {waiting}}}"),
        };
        Scene::default().yaml(&format!(
            "
kind: Pod
metadata: {{name: api}}
spec: {{{spec}}}
status: {{phase: Pending, conditions: [{{type: Ready, status: '{ready}'}}], containerStatuses: [{{name: c, state: {{{state}}}}}]}}
---
kind: Secret
metadata: {{name: db-credentials}}
data: {{username: ''}}
---
kind: ConfigMap
metadata: {{name: rates-config}}
data: {{A: b}}
"
        ))
    }

    const MAP: &str = "containers: [{name: c, envFrom: [{configMapRef: {name: rates-api-config}}]}]";
    const KEY: &str =
        "containers: [{name: c, env: [{name: P, valueFrom: {secretKeyRef: {name: db-credentials, key: password}}}]}]";

    #[rstest::rstest]
    #[case::map(MAP, "CreateContainerConfigError", &["MissingReference Failing ConfigMap shop/rates-api-config"])]
    #[case::key(KEY, "CreateContainerConfigError", &["MissingKey Failing Secret shop/db-credentials"])]
    #[case::running(MAP, "", &["MissingReference Context ConfigMap shop/rates-api-config"])]
    #[case::other_trouble(MAP, "CrashLoopBackOff", &["MissingReference Context ConfigMap shop/rates-api-config"])]
    #[case::pull("imagePullSecrets: [{name: ghcr}]", "ImagePullBackOff 401 Unauthorized", &["MissingReference Failing Secret shop/ghcr"])]
    #[case::no_such_tag("imagePullSecrets: [{name: ghcr}]", "ImagePullBackOff not found", &["MissingReference Context Secret shop/ghcr"])]
    #[case::optional("containers: [{name: c, envFrom: [{configMapRef: {name: none, optional: true}}]}]", "CrashLoopBackOff", &[])]
    #[case::provided("volumes: [{name: v, configMap: {name: kube-root-ca.crt}}]", "ContainerCreating", &[])]
    #[case::present("containers: [{name: c, envFrom: [{configMapRef: {name: rates-config}}]}]", "CreateContainerConfigError", &[])]
    fn names(#[case] spec: &str, #[case] waiting: &str, #[case] expected: &[&str]) {
        let found = detect(&scene(spec, waiting).view());
        let got: Vec<String> = found.iter().map(|f| format!("{:?} {:?} {}", f.reason, f.role, f.blame[0])).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn forbidden_is_not_missing() {
        let view = scene(MAP, "CreateContainerConfigError")
            .unseen(Kind::ConfigMap, ReadFailure::Forbidden("no".into()))
            .view();
        assert!(detect(&view).is_empty());
    }
}

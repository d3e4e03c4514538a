//! Alerts to entities, by their labels. Label names are those of kube-state-metrics, node-exporter and the usual
//! application rules: <https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics>.

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::scope::Scope;
use midwatch_diagnosis::view::View;

use super::names;

/// Labels that name an object of a kind, the most telling first. `job` and `instance` are the scrape's own and
/// name the exporter, not what the alert is about.
const LABELS: &[(&str, Kind)] = &[
    ("deployment", Kind::Deployment),
    ("statefulset", Kind::StatefulSet),
    ("daemonset", Kind::DaemonSet),
    ("job_name", Kind::Job),
    ("cronjob", Kind::CronJob),
    ("replicaset", Kind::ReplicaSet),
    ("horizontalpodautoscaler", Kind::HorizontalPodAutoscaler),
    ("hpa", Kind::HorizontalPodAutoscaler),
    ("poddisruptionbudget", Kind::PodDisruptionBudget),
    ("persistentvolumeclaim", Kind::PersistentVolumeClaim),
    ("persistentvolume", Kind::PersistentVolume),
    ("resourcequota", Kind::ResourceQuota),
    ("ingress", Kind::Ingress),
    ("pod", Kind::Pod),
    ("pod_name", Kind::Pod),
    ("node", Kind::Node),
];

/// Labels of application rules that name a workload or Service by one of its names.
const LOOSE: &[&str] = &[
    "workload",
    "service",
    "app",
    "app_kubernetes_io_name",
    "service_name",
    "application",
    "component",
    "exported_service",
    "exported_job",
    "destination_service_name",
    "container",
];

/// Adds what the alerts of a scope are about to its targets. An alert without an object leaves its namespace.
pub(super) fn targets(view: &View, scope: &mut Scope) {
    for index in 0..scope.alerts.len() {
        let found = of_alert(view, &scope.alerts[index]);
        scope.targets.extend(found.targets);
        scope.gone.extend(found.gone);
    }
    scope.gone.sort();
    scope.gone.dedup();
}

#[derive(Default)]
struct Found {
    targets: Vec<EntityRef>,
    gone: Vec<EntityRef>,
}

fn of_alert(view: &View, alert: &Alert) -> Found {
    let namespace = alert.label("namespace").or(alert.label("exported_namespace")).unwrap_or_default();
    let mut found = Found::default();
    for (label, kind) in LABELS {
        let Some(name) = alert.label(label) else { continue };
        // With an object of the namespace at hand the node is only where it runs.
        if *kind == Kind::Node && !(found.targets.is_empty() && found.gone.is_empty()) {
            continue;
        }
        let entity = EntityRef::new(kind.clone(), namespace, name);
        if view.meta(&entity).is_some() {
            found.targets.push(view.unit(&entity));
        } else if let Some(unit) = names::unit_of_gone(view, &entity) {
            found.targets.push(unit);
            found.gone.push(entity);
        } else {
            found.gone.push(entity);
        }
    }
    if found.targets.is_empty() {
        found.targets.extend(loose(view, alert, namespace));
    }
    if found.targets.is_empty() && found.gone.is_empty() {
        found.targets.extend(node_of_instance(view, alert));
    }
    found
}

fn loose(view: &View, alert: &Alert, namespace: &str) -> Option<EntityRef> {
    LOOSE.iter().filter_map(|l| alert.label(l)).find_map(|name| names::exact(view, name, namespace).into_iter().next())
}

/// node-exporter's alerts name the node by `instance`, with or without a port.
fn node_of_instance(view: &View, alert: &Alert) -> Option<EntityRef> {
    let instance = alert.label("nodename").or(alert.label("instance"))?;
    let host = instance.rsplit_once(':').map_or(instance, |(host, _)| host);
    let entity = EntityRef::new(Kind::Node, "", host);
    view.meta(&entity).is_some().then_some(entity)
}

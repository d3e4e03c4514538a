//! Alerts to entities, by their labels. Label names are those of kube-state-metrics, node-exporter and the usual
//! application rules: <https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics>.

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::scope::Scope;
use midwatch_diagnosis::view::View;

use super::{names, told};

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
        scope.unseen.extend(found.unseen);
    }
    for named in [&mut scope.gone, &mut scope.unseen] {
        named.sort();
        named.dedup();
    }
}

#[derive(Default)]
struct Found {
    targets: Vec<EntityRef>,
    gone: Vec<EntityRef>,
    unseen: Vec<EntityRef>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.gone.is_empty() && self.unseen.is_empty()
    }

    /// Takes what a label names. Only a list that was read whole shows that the object does not exist.
    fn take(&mut self, view: &View, entity: EntityRef) {
        let known = view.meta(&entity).is_some() || !view.pods_of(&entity).is_empty();
        let unit = if known { Some(view.unit(&entity)) } else { names::unit_of_gone(view, &entity) };
        if view.absent(&entity) {
            self.gone.push(entity);
        } else if unit.is_none() {
            self.unseen.push(entity);
        }
        self.targets.extend(unit);
    }
}

fn of_alert(view: &View, alert: &Alert) -> Found {
    let namespace = alert.label("namespace").or(alert.label("exported_namespace")).unwrap_or_default();
    let mut found = Found::default();
    for (label, kind) in LABELS {
        let Some(name) = alert.label(label) else { continue };
        // With an object of the namespace at hand the node is only where it runs.
        if *kind == Kind::Node && !found.is_empty() {
            continue;
        }
        found.take(view, EntityRef::new(kind.clone(), namespace, name));
    }
    if found.targets.is_empty() {
        found.targets.extend(loose(view, alert, namespace));
    }
    // Everywhere a word may be anyone's name; in its own namespace it is what the alert is about.
    if found.is_empty() && !namespace.is_empty() {
        found.targets.extend(told::values(alert).flat_map(|value| names::exact(view, value, namespace)));
    }
    if found.is_empty() {
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use midwatch_diagnosis::kube::Object;
    use midwatch_diagnosis::probe::{Probe, ReadFailure};
    use midwatch_diagnosis::view::{Collected, Content};
    use rstest::rstest;

    use super::*;

    /// A namespace whose pods were read, with one pod of a StatefulSet; CronJobs were read and there are none; nothing
    /// else was read.
    fn view() -> View {
        let owners = serde_json::json!([{"kind": "StatefulSet", "name": "db", "controller": true}]);
        let pod = serde_json::json!({"metadata": {"name": "db-0", "namespace": "shop", "ownerReferences": owners}});
        let pods = vec![Object::decode(&Kind::Pod, pod).unwrap()];
        let read = |kind: &Kind| match kind {
            Kind::Pod => Ok(Content::Objects(pods.clone())),
            Kind::CronJob => Ok(Content::Objects(Vec::new())),
            _ => Err(ReadFailure::NotRecorded),
        };
        let one = |kind: &Kind| Collected {
            probe: Probe::Objects { kind: kind.clone(), namespace: None },
            result: read(kind),
            gaps: Vec::new(),
        };
        View::new(Kind::KNOWN.iter().map(one).collect(), None, SignedDuration::from_hours(1))
    }

    #[test]
    fn a_value_that_is_told_names_what_has_that_name_in_the_namespace() {
        let annotations = [("values".to_owned(), "shop prod-eu db-0 warning".to_owned())].into();
        let mut alert = Alert { annotations, firing: true, ..Alert::default() };
        assert!(of_alert(&view(), &alert).is_empty(), "without a namespace a word names nothing");
        alert.labels.insert("namespace".to_owned(), "shop".to_owned());
        let found = of_alert(&view(), &alert);
        assert_eq!(found.targets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["StatefulSet shop/db"]);
        alert.labels.insert("namespace".to_owned(), "other".to_owned());
        assert!(of_alert(&view(), &alert).is_empty());
    }

    #[rstest]
    #[case::not_read("horizontalpodautoscaler", "web", "", "", "HorizontalPodAutoscaler shop/web")]
    #[case::not_there("cronjob", "sweep", "", "CronJob shop/sweep", "")]
    #[case::told_by_its_pods("statefulset", "db", "StatefulSet shop/db", "", "")]
    #[case::pod_that_is_gone("pod", "db-1", "StatefulSet shop/db", "Pod shop/db-1", "")]
    fn only_a_list_shows_absence(
        #[case] label: &str,
        #[case] name: &str,
        #[case] targets: &str,
        #[case] gone: &str,
        #[case] unseen: &str,
    ) {
        let labels = [("namespace", "shop"), (label, name)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let alert = Alert { labels: labels.into(), firing: true, ..Alert::default() };
        let found = of_alert(&view(), &alert);
        let told = |list: &[EntityRef]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!([told(&found.targets), told(&found.gone), told(&found.unseen)], [targets, gone, unseen]);
    }
}

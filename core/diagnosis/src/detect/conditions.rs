//! Conditions of objects without a detector of their own: custom resources, APIServices, namespaces that are ending.
//!
//! Start at [`detect`]. Which status of a condition is trouble is a table; of types that are not in it nothing is
//! concluded. A resource that is being changed right now is not in trouble.

use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{ApiService, Condition, Custom, Namespace};
use crate::view::View;

/// Conditions of which `False` is trouble, as the API conventions and common controllers use them:
/// <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties>.
const GOOD: &[&str] = &[
    "Ready",
    "Available",
    "Healthy",
    "Synced",
    "Reconciled",
    "Established",
    "Accepted",
    "Programmed",
    "ResolvedRefs",
    "Succeeded",
    "Installed",
    "Valid",
    "Bound",
    "Connected",
    "NamesAccepted",
];

/// Conditions of which `True` is trouble.
const BAD: &[&str] = &[
    "Degraded",
    "Stalled",
    "Failed",
    "Failure",
    "Error",
    "Unhealthy",
    "Invalid",
    "Expired",
    "NonStructuralSchema",
    "DeletionFailed",
];

/// A condition may be bad for this long (seconds) while its controller works.
const WORKING: i64 = 120;

/// A namespace that is deleted is gone within this many seconds.
const ENDING: i64 = 300;

/// Reasons that say that a controller is at it.
const AT_IT: &[&str] = &["Progressing", "Pending", "InProgress", "Issuing", "Creating", "Reconciling", "DoesNotExist"];

/// Bad conditions.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let custom = view.custom.iter().filter_map(|(entity, object)| of_custom(view, entity, object));
    let apis = view.api_services.iter().filter_map(|api| of_api(view, api));
    let ending = view.namespaces.iter().filter_map(|ns| of_namespace(view, ns));
    custom.chain(apis).chain(ending).collect()
}

fn says(entity: &EntityRef, condition: &Condition) -> Evidence {
    let text =
        format!("{}={} {}: {}", condition.r#type, condition.status, condition.reason, say::clause(&condition.message));
    evidence::object(entity, text)
}

fn is_bad(condition: &Condition) -> bool {
    let kind = condition.r#type.as_str();
    (GOOD.contains(&kind) && condition.status == "False") || (BAD.contains(&kind) && condition.status == "True")
}

fn of_custom(view: &View, entity: &EntityRef, object: &Custom) -> Option<Finding> {
    let bad: Vec<&Condition> = object.conditions().iter().filter(|c| is_bad(c)).collect();
    let Some(worst) = bad.iter().max_by_key(|c| c.message.len()) else { return unknown(entity, object) };
    let since = *worst.last_transition_time;
    let age = since.map_or(i64::MAX, |at| view.age(at));
    let at_it = AT_IT.contains(&worst.reason.as_str());
    if age < WORKING || (at_it && age < ENDING) || object.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let text =
        format!("{entity} says {}={} ({}): {}", worst.r#type, worst.status, worst.reason, say::clause(&worst.message));
    let owned = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job]
        .into_iter()
        .flat_map(|kind| view.names(&kind));
    let mine = owned.filter(|unit| view.owners(unit).contains(entity));
    let finding = Finding::new(Reason::ConditionBad, entity.clone(), text)
        .since(since)
        .because("its own condition", says(entity, worst))
        .action("see what its controller says", Some(say::describe(entity)), "none")
        .check(say::get(entity));
    // A resource that makes workloads is only as well as they are.
    Some(mine.fold(finding, Finding::points_at))
}

/// Conditions outside the table: said, not judged.
fn unknown(entity: &EntityRef, object: &Custom) -> Option<Finding> {
    let known = |c: &Condition| GOOD.contains(&c.r#type.as_str()) || BAD.contains(&c.r#type.as_str());
    let odd = object.conditions().iter().find(|c| !known(c) && c.status == "False" && !c.message.is_empty())?;
    let text = format!("{entity} says {}={} ({}), which may or may not be trouble", odd.r#type, odd.status, odd.reason);
    Some(
        Finding::new(Reason::ConditionBad, entity.clone(), text)
            .role(Role::Context)
            .confidence(Confidence::Low)
            .since(*odd.last_transition_time)
            .because("its own condition", says(entity, odd)),
    )
}

fn of_api(view: &View, api: &ApiService) -> Option<Finding> {
    let down = api.status.conditions.iter().find(|c| c.r#type == "Available" && c.status == "False")?;
    let entity = say::of_meta(Kind::APIService, &api.metadata);
    if down.last_transition_time.is_some_and(|at| view.age(at) < WORKING) {
        return None;
    }
    let text = format!(
        "the aggregated API {} is not available ({}): {}",
        entity.name,
        down.reason,
        say::clause(&down.message)
    );
    let mut finding = Finding::new(Reason::ApiServiceDown, entity.clone(), text)
        .since(*down.last_transition_time)
        .because("its own condition", says(&entity, down))
        .action("see why the Service behind it does not answer", Some(say::describe(&entity)), "none")
        .check(say::get(&entity));
    if let Some(service) = &api.spec.service {
        let target = EntityRef::new(Kind::Service, &service.namespace, service.name.clone());
        if view.absent(&target) {
            finding = finding.because("the Service behind it does not exist", evidence::absence(&target));
        }
        for behind in view.behind(&target) {
            finding = finding.points_at(behind);
        }
    }
    Some(finding)
}

fn of_namespace(view: &View, namespace: &Namespace) -> Option<Finding> {
    if namespace.status.phase != "Terminating" {
        return None;
    }
    let entity = say::of_meta(Kind::Namespace, &namespace.metadata);
    let since = *namespace.metadata.deletion_timestamp;
    let stuck = since.is_some_and(|at| view.age(at) > ENDING);
    let told: Vec<&Condition> = namespace.status.conditions.iter().filter(|c| c.is_true()).collect();
    let why = say::some(told.iter().map(|c| say::clause(&c.message)), 3);
    let state = if stuck { "is stuck while terminating" } else { "is being deleted" };
    let text = if why.is_empty() { format!("{entity} {state}") } else { format!("{entity} {state}: {why}") };
    let mut finding = Finding::new(Reason::NamespaceTerminating, entity.clone(), text)
        .role(if stuck { Role::Failing } else { Role::Expected })
        .since(since)
        .because("its phase", evidence::object(&entity, "status.phase=Terminating"))
        .action(
            "remove what holds it: see the finalizers and APIs that its conditions name",
            Some(say::describe(&entity)),
            "none",
        )
        .check(say::get(&entity));
    for condition in told {
        finding = finding.because(condition.reason.clone(), says(&entity, condition));
    }
    // An aggregated API that does not answer keeps namespaces from being emptied.
    for api in view
        .api_services
        .iter()
        .filter(|a| a.status.conditions.iter().any(|c| c.r#type == "Available" && c.status == "False"))
    {
        finding = finding.points_at(say::of_meta(Kind::APIService, &api.metadata));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(object: &str) -> Vec<String> {
        detect(&Scene::default().yaml(object).view())
            .iter()
            .map(|f| format!("{:?} {:?} {}", f.reason, f.role, f.subject))
            .collect()
    }

    fn custom(condition: &str) -> String {
        format!("\nkind: Certificate\nmetadata: {{name: web}}\nstatus: {{conditions: [{{{condition}}}]}}\n")
    }

    #[rstest::rstest]
    #[case::ready(&custom("type: Ready, status: 'True'"), &[])]
    #[case::not_ready(&custom("type: Ready, status: 'False', reason: Failed, message: acme 403, lastTransitionTime: AGO(20m)"), &["ConditionBad Failing Certificate shop/web"])]
    #[case::at_it(&custom("type: Ready, status: 'False', reason: Issuing, lastTransitionTime: AGO(4m)"), &[])]
    #[case::just_now(&custom("type: Ready, status: 'False', reason: Failed, lastTransitionTime: AGO(10s)"), &[])]
    #[case::degraded(&custom("type: Degraded, status: 'True', reason: Quorum"), &["ConditionBad Failing Certificate shop/web"])]
    #[case::not_degraded(&custom("type: Degraded, status: 'False'"), &[])]
    #[case::unknown(&custom("type: Upgradeable, status: 'False', message: pinned"), &["ConditionBad Context Certificate shop/web"])]
    #[case::api("
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {service: {name: metrics-server, namespace: kube-system}}
status: {conditions: [{type: Available, status: 'False', reason: MissingEndpoints, lastTransitionTime: AGO(20m)}]}
", &["ApiServiceDown Failing APIService v1beta1.metrics.k8s.io"])]
    #[case::namespace("\nkind: Namespace\nmetadata: {name: old, deletionTimestamp: AGO(1h)}\nstatus: {phase: Terminating}\n", &["NamespaceTerminating Failing Namespace old"])]
    #[case::just_deleted("\nkind: Namespace\nmetadata: {name: old, deletionTimestamp: AGO(5s)}\nstatus: {phase: Terminating}\n", &["NamespaceTerminating Expected Namespace old"])]
    fn states(#[case] object: &str, #[case] expected: &[&str]) {
        assert_eq!(scene(object), expected);
    }
}

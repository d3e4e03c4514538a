//! Services that lead nowhere: a selector that matches nothing, pods that are not ready, ports that nobody serves,
//! addresses that never come.
//!
//! Start at [`detect`]. Headless, selector-less and ExternalName Services have no endpoints by design; a Service whose
//! workload has zero replicas is as intended until something needs it.

use super::nearest::likeness;
use super::ports;
use super::say;
use super::starting::is_starting;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Map, Pod, Service};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A load balancer is made within this many seconds by every cloud.
const BALANCER: i64 = 300;

/// What each Service leads to.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let mut found: Vec<Finding> = view.services.iter().filter_map(|s| of_service(view, s)).collect();
    found.extend(view.services.iter().filter_map(|s| balancer(view, s)));
    found
}

/// Whether a Service has pods of its own to lead to.
pub(super) fn routes(service: &Service) -> bool {
    service.spec.r#type != "ExternalName" && !service.spec.selector.is_empty()
}

/// Whether a Service that should lead to pods leads to none that is ready. Pods that merely start do not count as trouble.
pub(super) fn is_down(view: &View, service: &Service) -> bool {
    let pods = say::selected(view, service);
    let seen = view.saw(&Kind::Pod, &service.metadata.namespace);
    let live = || pods.iter().filter(|p| say::is_live(p));
    seen && routes(service)
        && !service.spec.publish_not_ready_addresses
        && !live().any(|p| p.is_ready())
        && (live().count() == 0 || live().any(|p| !is_starting(view, p)))
}

fn of_service(view: &View, service: &Service) -> Option<Finding> {
    let entity = say::of_meta(Kind::Service, &service.metadata);
    if service.spec.r#type == "ExternalName" {
        let host = &service.spec.external_name;
        let text = format!("{entity} is an ExternalName for {host}, so it has no endpoints by design");
        let says = evidence::object(&entity, format!("spec.type=ExternalName externalName={host}"));
        return Some(Finding::new(Reason::Serving, entity, text).role(Role::Healthy).because("its type", says));
    }
    if !routes(service) || !view.saw(&Kind::Pod, entity.ns()) {
        return None;
    }
    let pods: Vec<&Pod> = say::selected(view, service).into_iter().filter(|p| say::is_live(p)).collect();
    if pods.is_empty() {
        return no_pods(view, service, entity);
    }
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    if ready == 0 {
        return is_down(view, service).then(|| unready(view, service, entity, &pods));
    }
    if let Some(mismatch) = ports::mismatch(view, service, &entity, &pods) {
        return Some(mismatch);
    }
    let text = format!("{entity} leads to {ready} of {} ready", say::count(pods.len() as u64, "pod"));
    let says = evidence::object(
        &entity,
        format!("spec.selector: {}; {ready} ready pods match", say::labels(&service.spec.selector)),
    );
    Some(Finding::new(Reason::Serving, entity, text).role(Role::Healthy).because("its selector", says))
}

/// What a Service selects, as evidence.
fn says(service: &Service, entity: &EntityRef) -> Evidence {
    evidence::object(entity, format!("spec.selector: {}", say::labels(&service.spec.selector)))
}

/// The selector matches no live pod: the workload has none, or the labels are wrong.
fn no_pods(view: &View, service: &Service, entity: EntityRef) -> Option<Finding> {
    let behind = view.behind_service(service);
    if behind.is_empty() {
        return Some(no_match(view, service, entity));
    }
    let zero = |unit: &EntityRef| wanted(view, unit) == Some(0);
    let names = say::some(&behind, 3);
    if behind.iter().all(zero) {
        let text = format!("{entity} has no endpoints because {names} is scaled to zero replicas");
        let finding = Finding::new(Reason::NoReadyEndpoints, entity.clone(), text).role(Role::Expected);
        return Some(point(finding.because("whom it selects", says(service, &entity)), &behind));
    }
    // Runs of Jobs come and go; a Service in front of them is empty in between.
    if behind.iter().all(|u| matches!(u.kind, Kind::Job | Kind::CronJob | Kind::Pod)) {
        return None;
    }
    let text = format!("{entity} has no ready endpoints: {names} has no pods");
    let finding =
        Finding::new(Reason::NoReadyEndpoints, entity.clone(), text).because("whom it selects", says(service, &entity));
    Some(point(blame_behind(finding, &behind), &behind))
}

fn wanted(view: &View, unit: &EntityRef) -> Option<i64> {
    match unit.kind {
        Kind::Deployment => view.deployments.get(unit.ns(), &unit.name).map(|d| d.spec.replicas()),
        Kind::StatefulSet => view.stateful_sets.get(unit.ns(), &unit.name).map(|d| d.spec.replicas()),
        _ => None,
    }
}

fn point(finding: Finding, behind: &std::collections::BTreeSet<EntityRef>) -> Finding {
    behind.iter().cloned().fold(finding, Finding::points_at)
}

fn blame_behind(mut finding: Finding, behind: &std::collections::BTreeSet<EntityRef>) -> Finding {
    if let Some(first) = behind.first() {
        let (show, entity) = (say::describe(first), finding.subject.clone());
        finding.blame = behind.iter().cloned().collect();
        finding = finding.action("see what its pods wait for", Some(show), "none").check(endpoints(&entity));
    }
    finding
}

fn endpoints(entity: &EntityRef) -> String {
    format!("{} get endpointslices -l kubernetes.io/service-name={}", say::kubectl(entity), entity.name)
}

fn unready(view: &View, service: &Service, entity: EntityRef, pods: &[&Pod]) -> Finding {
    let behind = view.behind_service(service);
    let text = format!(
        "{entity} has no ready endpoints: none of the {} it selects is ready",
        say::count(pods.len() as u64, "pod")
    );
    let since = pods.iter().filter_map(|p| p.condition("Ready").and_then(|c| *c.last_transition_time)).max();
    let finding = Finding::new(Reason::NoReadyEndpoints, entity.clone(), text)
        .since(since)
        .because("whom it selects", says(service, &entity))
        .because("one of them", evidence::object(&pod_ref(pods[0]), "Ready=False"))
        .rules_out("its selector: it matches pods", says(service, &entity));
    let finding = super::nodes::explained_by(view, pods.iter().copied(), finding);
    point(blame_behind(finding, &behind), &behind)
}

/// Labels that somebody may have meant, with the workload or pod that carries them.
struct Candidate {
    who: EntityRef,
    differs: String,
    score: f64,
}

fn no_match(view: &View, service: &Service, entity: EntityRef) -> Finding {
    let selector = say::labels(&service.spec.selector);
    let near = candidate(view, service);
    let headless = service.spec.cluster_ip == "None";
    let hint = near.as_ref().map(|c| format!("; {} has {}", c.who, c.differs)).unwrap_or_default();
    let text = format!("the selector {selector} of {entity} matches no pod (selector or label is wrong){hint}");
    let finding = Finding::new(Reason::SelectorMatchesNothing, entity.clone(), text)
        .because("what it selects", says(service, &entity))
        .action(
            "correct the selector of the Service, or the labels of the pod template",
            Some(say::edit(&entity)),
            "low: traffic flows at once",
        )
        .check(endpoints(&entity));
    match near {
        Some(candidate) if !headless => {
            let carries = evidence::object(&candidate.who, format!("pod labels: {}", candidate.differs));
            finding
                .because("the nearest labels", carries.clone())
                .rules_out(format!("{}: its pods are not what fails, no traffic reaches them", candidate.who), carries)
        }
        // A leftover that nothing resembles may be meant for pods that do not exist yet.
        _ => finding.role(Role::Context).confidence(Confidence::Low),
    }
}

/// The workload or bare pod of the namespace whose labels are nearest to the selector.
fn candidate(view: &View, service: &Service) -> Option<Candidate> {
    let ns = service.metadata.namespace.as_str();
    let bare =
        view.pods.within(ns).filter(|p| p.metadata.controller().is_none()).map(|p| (pod_ref(p), &p.metadata.labels));
    let all = view.templates(ns).chain(bare);
    let scored = all.filter_map(|(who, labels)| resemblance(service, who, labels));
    scored.max_by(|a, b| a.score.total_cmp(&b.score).then_with(|| b.who.cmp(&a.who)))
}

fn resemblance(service: &Service, who: EntityRef, labels: &Map) -> Option<Candidate> {
    let mut score =
        if who.name == service.metadata.name { 1.0 } else { likeness(&who.name, &service.metadata.name) / 2.0 };
    let mut differs = Vec::new();
    for (key, value) in &service.spec.selector {
        match labels.get(key) {
            Some(has) if has == value => score += 1.0,
            Some(has) => {
                score += likeness(value, has);
                differs.push(format!("{key}={has}"));
            }
            None => {
                let other = labels.iter().find(|(_, v)| *v == value);
                score += if other.is_some() { 0.8 } else { 0.0 };
                differs.push(other.map_or_else(|| format!("no label {key}"), |(k, v)| format!("{k}={v}")));
            }
        }
    }
    (score >= 0.7).then(|| Candidate { who, differs: differs.join(", "), score })
}

fn balancer(view: &View, service: &Service) -> Option<Finding> {
    let pending = service.spec.r#type == "LoadBalancer" && service.status.load_balancer.ingress.is_empty();
    let age = service.metadata.creation_timestamp.map(|at| view.age(at))?;
    if !pending || age < BALANCER {
        return None;
    }
    let entity = say::of_meta(Kind::Service, &service.metadata);
    let event = view.last_event(
        &entity,
        &["SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "FailedBuildModel", "AllocationFailed"],
    );
    let why = event.map_or_else(
        || "no controller has answered (pending: the cluster may have none for load balancers)".to_owned(),
        |e| say::clause(e.text()),
    );
    let text = format!("{entity} of type LoadBalancer has no external address after {}: {why}", say::span(age));
    let says = evidence::object(&entity, "spec.type=LoadBalancer status.loadBalancer.ingress=[]");
    let mut finding = Finding::new(Reason::LoadBalancerPending, entity.clone(), text)
        .since(*service.metadata.creation_timestamp)
        .because("no address", says.clone())
        .action(
            "see whether a load-balancer controller runs, and what it says; or use another type",
            Some(say::describe(&entity)),
            "none",
        )
        .check(say::get(&entity));
    if let Some(event) = event {
        finding = finding.because("the controller's words", evidence::event(event));
    }
    if say::selected(view, service).iter().any(|p| p.is_ready()) {
        finding = finding.rules_out("its pods: they are ready, inside the cluster the Service works", says);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::testkit::Scene;

    fn scene(service: &str, replicas: i64, pods: &[(&str, &str)], log: &str) -> Vec<Finding> {
        let mut text = format!(
            "
kind: Service
metadata: {{name: api, creationTimestamp: AGO(1h)}}
spec: {{{service}}}
---
kind: Deployment
metadata: {{name: api}}
spec: {{replicas: {replicas}, template: {{metadata: {{labels: {{app: api}}}}}}}}
"
        );
        for (n, (ready, container)) in pods.iter().enumerate() {
            write!(
                text,
                "---
kind: Pod
metadata: {{name: api-{n}, creationTimestamp: AGO(40m), labels: {{app: api}}, ownerReferences: [{{kind: Deployment, name: api, controller: true}}]}}
spec: {{containers: [{{name: c, {container}}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: '{ready}'}}]}}
"
            ).unwrap();
        }
        detect(&Scene::default().yaml(&text).log("api-0/c", log).view())
    }

    const HTTP: &str = "ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {path: /, port: 8080}}";

    #[rstest::rstest]
    #[case::serves("selector: {app: api}, ports: [{port: 80, targetPort: 8080}]", 1, &[("True", HTTP)], "", "Serving Healthy | 1 of 1 pod")]
    #[case::typo("selector: {app: apl}, ports: [{port: 80}]", 1, &[("True", HTTP)], "", "SelectorMatchesNothing Failing | app=apl, app=api")]
    #[case::nothing_like_it("selector: {app: legacy-mail-gateway}, clusterIP: None", 1, &[("True", HTTP)], "", "SelectorMatchesNothing Context | legacy")]
    #[case::unready("selector: {app: api}", 1, &[("False", HTTP)], "", "NoReadyEndpoints Failing | none of the 1 pod")]
    #[case::zero("selector: {app: api}", 0, &[], "", "NoReadyEndpoints Expected | scaled to zero")]
    #[case::no_pods("selector: {app: api}", 2, &[], "", "NoReadyEndpoints Failing | has no pods")]
    #[case::target_port("selector: {app: api}, ports: [{port: 80, targetPort: 8000}]", 1, &[("True", HTTP)], "", "PortMismatch Failing | 8000, 8080")]
    #[case::named_port("selector: {app: api}, ports: [{port: 80, targetPort: web}]", 1, &[("True", HTTP)], "", "PortMismatch Failing | web, http")]
    #[case::undeclared_but_listening("selector: {app: api}, ports: [{port: 9090, targetPort: 9090}]", 1, &[("True", HTTP)], "metrics listening on :9090\n", "Serving Healthy | ready")]
    #[case::one_of_two_declared("selector: {app: api}, ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 9090}]", 1, &[("True", HTTP)], "", "Serving Healthy | ready")]
    #[case::nothing_declared("selector: {app: api}, ports: [{port: 80, targetPort: 3000}]", 1, &[("True", "image: a")], "", "Serving Healthy | ready")]
    #[case::external("type: ExternalName, externalName: geo.example.com", 1, &[("True", HTTP)], "", "Serving Healthy | ExternalName")]
    #[case::without_selector("ports: [{port: 80}]", 1, &[("True", HTTP)], "", "")]
    #[case::balancer("type: LoadBalancer", 1, &[("True", HTTP)], "", "LoadBalancerPending Failing | LoadBalancer, no external address")]
    fn services(
        #[case] service: &str,
        #[case] replicas: i64,
        #[case] pods: &[(&str, &str)],
        #[case] log: &str,
        #[case] expected: &str,
    ) {
        let found = scene(service, replicas, pods, log);
        let Some((head, words)) = expected.split_once(" | ") else {
            assert!(found.is_empty(), "{found:?}");
            return;
        };
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(format!("{:?} {:?}", found[0].reason, found[0].role), head, "{}", found[0].claim);
        for word in words.split(", ") {
            assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
        }
    }
}

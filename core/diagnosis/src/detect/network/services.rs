//! Services that lead nowhere: a selector that matches nothing, pods that are not ready, an address that never comes.
//!
//! Must stay silent about Services that have no endpoints of their own by design: headless, `ExternalName`, kept by
//! hand, or of a workload that is starting. Ports are in [`super::service_ports`]. Start at [`detect`].

use std::collections::BTreeSet;

use super::service_ports;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Deployment, Map, Pod, Service};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Clouds give an address within about two minutes; after this long (seconds) none is coming by itself.
const ADDRESS_PATIENCE: i64 = 300;

/// A pod without failures that is younger than this (seconds) is starting.
const STARTING: i64 = 120;

/// Labels at least this alike (see [`alike`]; 1 is the selector itself) are what the selector may have meant.
const NEAR: f64 = 0.6;

/// At most so many pods are compared with a selector that matches nothing.
const COMPARED: usize = 200;

/// Every Service that cannot do its work, and those that only look so.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.services.iter().flat_map(|service| of_service(view, service)).collect()
}

pub(super) fn of_service(view: &View, service: &Service) -> Vec<Finding> {
    if service.spec.r#type == "ExternalName" {
        return vec![external(service)];
    }
    let mut found: Vec<Finding> = pending_address(view, service).into_iter().collect();
    if service.spec.selector.is_empty() {
        found.extend(kept_by_hand(view, service));
    } else if view.saw(&Kind::Pod, &service.metadata.namespace) {
        found.extend(with_selector(view, service));
    }
    found
}

fn with_selector(view: &View, service: &Service) -> Vec<Finding> {
    let headless = service.spec.cluster_ip == "None";
    let pods: Vec<&Pod> = say::selected(view, service).into_iter().filter(|p| say::is_live(p)).collect();
    let behind = view.behind_service(service);
    if pods.is_empty() && behind.is_empty() {
        return nothing_selected(view, service, headless).into_iter().collect();
    }
    if headless || service.spec.publish_not_ready_addresses {
        return Vec::new();
    }
    let ports = service_ports::mismatches(view, service, &pods);
    if !ports.is_empty() || pods.iter().any(|p| p.is_ready()) || ready_endpoints(view, service).is_some_and(|n| n > 0) {
        return ports;
    }
    none_ready(view, service, &pods, &behind).into_iter().collect()
}

/// Ready endpoints as the API lists them; none when neither form was seen.
pub(super) fn ready_endpoints(view: &View, service: &Service) -> Option<usize> {
    let (ns, name) = (service.metadata.namespace.as_str(), &service.metadata.name);
    let slices =
        view.endpoint_slices.within(ns).filter(|s| s.metadata.labels.get("kubernetes.io/service-name") == Some(name));
    let mut of_slices =
        slices.map(|s| s.endpoints.iter().filter(|e| e.conditions.ready.unwrap_or(true)).count()).peekable();
    if of_slices.peek().is_some() {
        return Some(of_slices.sum());
    }
    view.endpoints.get(ns, name).map(|e| e.subsets.iter().map(|s| s.addresses.len()).sum())
}

/// An alias: there is nothing behind it that could be ready.
fn external(service: &Service) -> Finding {
    let of = say::of_meta(Kind::Service, &service.metadata);
    let host = &service.spec.external_name;
    let claim = format!("{of} is of type ExternalName, an alias of {host}: it has no endpoints by design");
    let proof = evidence::object(&of, format!("spec.type=ExternalName spec.externalName={host}"));
    Finding::new(Reason::Serving, of, claim).role(Role::Healthy).because("its type says so", proof)
}

fn kept_by_hand(view: &View, service: &Service) -> Option<Finding> {
    let count = ready_endpoints(view, service).filter(|n| *n > 0)?;
    let of = say::of_meta(Kind::Service, &service.metadata);
    let claim = format!(
        "{of} is kept without a selector; {} maintained by hand or by a controller",
        say::count(count as u64, "endpoint")
    );
    let proof = evidence::object(&of, format!("spec.selector is empty, {count} ready endpoints"));
    Some(Finding::new(Reason::Serving, of, claim).role(Role::Healthy).because("its endpoints are listed", proof))
}

fn pending_address(view: &View, service: &Service) -> Option<Finding> {
    let born = (*service.metadata.creation_timestamp)?;
    let waits = service.spec.r#type == "LoadBalancer" && service.status.load_balancer.ingress.is_empty();
    if !waits || view.age(born) < ADDRESS_PATIENCE || service.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let of = say::of_meta(Kind::Service, &service.metadata);
    let failed = view.last_event(&of, &["SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "AllocationFailed"]);
    let class = service.spec.load_balancer_class.as_ref().map(|c| format!(" (class {c})")).unwrap_or_default();
    let why = failed.map_or_else(
        || format!("no load balancer controller{class} has given it an address in {}", say::span(view.age(born))),
        |event| say::clause(event.text()),
    );
    let seen = evidence::object(&of, "spec.type=LoadBalancer status.loadBalancer={}");
    let mut finding = Finding::new(
        Reason::LoadBalancerPending,
        of.clone(),
        format!("the external address of {of} is pending: {why}"),
    )
    .because("its load balancer status is empty", seen)
    .since(Some(born));
    if let Some(event) = failed {
        finding = finding.because("the controller says why", evidence::event(event));
    } else if view.last_event(&of, &["EnsuringLoadBalancer"]).is_none() && view.saw(&Kind::Event, of.ns()) {
        let none = evidence::object(&of, "no event EnsuringLoadBalancer in the window");
        finding = finding.because("no controller has said that it works on it", none);
    }
    if let Some(count) = ready_endpoints(view, service).filter(|n| *n > 0) {
        let proof = evidence::object(&of, format!("{count} ready endpoints"));
        finding = finding.rules_out(
            format!("the pods: {} ready, inside the cluster it works", say::count(count as u64, "endpoint")),
            proof,
        );
    }
    Some(
        finding
            .action("see whether a load balancer controller runs, and what it says", Some(say::describe(&of)), "none")
            .check(say::get(&of))
            .action(
                "without one, reach it by its node port",
                Some(format!("{} get {} -o jsonpath='{{.spec.ports[*].nodePort}}'", say::kubectl(&of), of.slash())),
                "none",
            ),
    )
}

/// What a selector may have meant, and which label differs.
struct Meant {
    unit: EntityRef,
    carries: Map,
}

fn nothing_selected(view: &View, service: &Service, headless: bool) -> Option<Finding> {
    let of = say::of_meta(Kind::Service, &service.metadata);
    let meant = meant(view, service);
    let routed = routes_to(view, &of);
    if headless && meant.is_none() {
        return None;
    }
    let selector = say::labels(&service.spec.selector);
    let tail = meant
        .as_ref()
        .map(|m| format!("; the pods of {} carry {}", m.unit, say::labels(&m.carries)))
        .unwrap_or_default();
    let claim = format!("{of} selects {selector}, which no pod carries{tail}");
    // A Service that nobody is known to use may be a left-over: a fact, and a cause only for whoever calls it.
    let role = if meant.is_some() || routed.is_some() { Role::Failing } else { Role::Context };
    let edited = service.metadata.edited_at().and_then(|m| *m.time);
    let mut finding = Finding::new(Reason::SelectorMatchesNothing, of.clone(), claim)
        .role(role)
        .because("its selector", evidence::object(&of, format!("spec.selector: {selector}")))
        .since(edited.or(*service.metadata.creation_timestamp));
    if let Some(meant) = &meant {
        let labels = say::labels(&meant.carries);
        finding = finding.because(
            format!("{} is most like it", meant.unit),
            evidence::object(&meant.unit, format!("labels of its pods: {labels}")),
        );
        let pods = say::live_pods(view, &meant.unit);
        let ready = pods.iter().filter(|p| p.is_ready()).count();
        if let Some(pod) = pods.first().filter(|_| ready > 0) {
            let proof = evidence::object(&pod_ref(pod), "status.conditions[Ready]: status=True");
            finding =
                finding.rules_out(format!("the pods of {}: {ready} of {} are ready", meant.unit, pods.len()), proof);
        }
        finding = finding.action(
            "select the labels that the pods carry",
            Some(patch(service, meant)),
            "low: traffic flows to those pods at once",
        );
    } else {
        finding = finding.action("select labels that pods carry, or remove the Service", Some(say::edit(&of)), "low");
    }
    if let Some(ingress) = routed {
        finding = finding.because(
            format!("{ingress} sends traffic to it"),
            evidence::object(&ingress, format!("backend.service.name={}", of.name)),
        );
    }
    Some(finding.check(endpoints_command(&of)))
}

fn routes_to(view: &View, service: &EntityRef) -> Option<EntityRef> {
    let names = |i: &&crate::kube::Ingress| super::ingress::backends(i).any(|b| b.name == service.name);
    view.ingresses.within(service.ns()).find(names).map(|i| say::of_meta(Kind::Ingress, &i.metadata))
}

/// The command that shows what a Service leads to.
pub(super) fn endpoints_command(of: &EntityRef) -> String {
    format!("{} get endpointslices -l kubernetes.io/service-name={}", say::kubectl(of), of.name)
}

fn patch(service: &Service, meant: &Meant) -> String {
    let of = say::of_meta(Kind::Service, &service.metadata);
    let gone = service.spec.selector.keys().filter(|k| !meant.carries.contains_key(*k)).map(|k| format!("{k:?}:null"));
    let set = meant.carries.iter().map(|(k, v)| format!("{k:?}:{v:?}"));
    let fields: Vec<String> = gone.chain(set).collect();
    format!("{} patch {} -p '{{\"spec\":{{\"selector\":{{{}}}}}}}'", say::kubectl(&of), of.slash(), fields.join(","))
}

fn meant(view: &View, service: &Service) -> Option<Meant> {
    let selector = &service.spec.selector;
    let ns = service.metadata.namespace.as_str();
    let pods = view.pods.within(ns).filter(|p| say::is_live(p)).take(COMPARED);
    let candidates = view.templates(ns).chain(pods.map(|p| (view.unit(&pod_ref(p)), &p.metadata.labels)));
    let mut best: Option<(f64, Meant)> = None;
    for (unit, labels) in candidates {
        // A workload of the Service's own name is meant even when its labels look different.
        let bonus = if unit.name == service.metadata.name { 0.7 } else { 0.0 };
        let score = alike(selector, labels) + bonus;
        if score >= NEAR && best.as_ref().is_none_or(|(b, _)| score > *b) {
            best = Some((score, Meant { unit, carries: carried(selector, labels) }));
        }
    }
    best.map(|(_, meant)| meant).filter(|m| !m.carries.is_empty())
}

/// How much labels are like a selector: equal terms count fully, near values and equal values under another key less.
fn alike(selector: &Map, labels: &Map) -> f64 {
    let term = |(key, value): (&String, &String)| match labels.get(key) {
        Some(other) if other == value => 1.0,
        Some(other) => 0.9 * crate::detect::nearest::likeness(value, other),
        None if labels.values().any(|v| v == value) => 0.8,
        None => 0.0,
    };
    let sum: f64 = selector.iter().map(term).sum();
    sum / f64::from(u32::try_from(selector.len().max(1)).unwrap_or(u32::MAX))
}

/// The labels that answer to a selector's terms: of the same key, else of the same value.
fn carried(selector: &Map, labels: &Map) -> Map {
    let answer = |(key, value): (&String, &String)| {
        labels
            .get_key_value(key)
            .or_else(|| labels.iter().find(|(_, v)| *v == value))
            .map(|(k, v)| (k.clone(), v.clone()))
    };
    selector.iter().filter_map(answer).collect()
}

fn none_ready(view: &View, service: &Service, pods: &[&Pod], behind: &BTreeSet<EntityRef>) -> Option<Finding> {
    let of = say::of_meta(Kind::Service, &service.metadata);
    if service.metadata.creation_timestamp.is_some_and(|at| view.age(at) < STARTING) || starting(view, pods, behind) {
        return None;
    }
    let units = say::some(behind, 3);
    let (claim, proof) = if pods.is_empty() {
        (format!("{of} has no endpoints: {units} has no pods"), "it selects no pod".to_owned())
    } else {
        let many = pods.len() as u64;
        (
            format!("{of} has no ready endpoints: none of {} of {units} is ready", say::count(many, "pod")),
            say::some(pods.iter().map(|p| &p.metadata.name), 3),
        )
    };
    let intended = pods.is_empty() && behind.iter().all(|unit| wants_none(view, unit));
    let turned = pods.iter().filter_map(|p| *p.condition("Ready")?.last_transition_time).max();
    let mut finding = Finding::new(Reason::NoReadyEndpoints, of.clone(), claim)
        .role(if intended { Role::Expected } else { Role::Failing })
        // It says nothing of the cause: alone it leaves the question open.
        .confidence(Confidence::Low)
        .because(proof, evidence::object(&of, format!("spec.selector: {}", say::labels(&service.spec.selector))))
        .since(turned);
    finding.points_at.extend(behind.iter().cloned());
    let shows = behind.first().map(say::describe);
    Some(finding.action("mend the workload behind it", shows, "none").check(endpoints_command(&of)))
}

fn wants_none(view: &View, unit: &EntityRef) -> bool {
    let (ns, name) = (unit.ns(), unit.name.as_str());
    match unit.kind {
        Kind::Deployment => view.deployments.get(ns, name).is_some_and(|d| d.spec.replicas() == 0),
        Kind::StatefulSet => view.stateful_sets.get(ns, name).is_some_and(|d| d.spec.replicas() == 0),
        Kind::Job | Kind::CronJob => true,
        _ => false,
    }
}

/// Whether pods are on their way: nothing has failed, and they are young or their rollout is within its deadline.
fn starting(view: &View, pods: &[&Pod], behind: &BTreeSet<EntityRef>) -> bool {
    let young = |pod: &Pod| pod.metadata.creation_timestamp.is_some_and(|at| view.age(at) < STARTING);
    let rolling = behind.iter().all(|u| view.deployments.get(u.ns(), &u.name).is_some_and(is_rolling));
    if pods.is_empty() {
        return rolling
            && behind.iter().filter_map(|u| *view.meta(u)?.creation_timestamp).any(|at| view.age(at) < STARTING);
    }
    pods.iter().all(|p| is_clean(p)) && (rolling || pods.iter().all(|p| young(p)))
}

/// `NewReplicaSetAvailable` is the reason of a rollout that is complete.
fn is_rolling(deployment: &Deployment) -> bool {
    deployment.status.condition("Progressing").is_some_and(|c| c.is_true() && c.reason != "NewReplicaSetAvailable")
}

fn is_clean(pod: &Pod) -> bool {
    let assigned = !pod.spec.node_name.is_empty();
    assigned
        && pod.containers().all(|(_, status, _)| {
            status.is_none_or(|s| {
                let waits = s
                    .state
                    .waiting
                    .as_ref()
                    .is_some_and(|w| !matches!(w.reason.as_str(), "ContainerCreating" | "PodInitializing"));
                s.restart_count == 0 && !waits
            })
        })
}

#[cfg(test)]
mod tests;

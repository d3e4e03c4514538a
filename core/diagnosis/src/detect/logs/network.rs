//! Connections that fail: to which Service, on which port, and what lies between.
//!
//! Start at [`explain`]. The caller only sees the symptom, so what is called is pointed at; the caller itself is blamed
//! when it asks for a port or a name that does not exist.

use std::collections::BTreeSet;

use crate::entity::{EntityRef, Kind};
use crate::evidence::object;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{IntOrString, Pod, Service, ServicePort};
use crate::logs::Signature;
use crate::view::relate::pod_ref;

use super::cause::Told;
use super::names::{TELLING_PORTS, correct, in_cluster, unresolved};
use super::origin::origin;
use crate::detect::network::policies::{Direction, Peer, blocking, limiting};
use crate::detect::pods::container::Case;
use crate::detect::say;

/// Names and connections.
pub(super) fn explain(told: &Told<'_>) -> Option<Finding> {
    let how = match told.hit.signature {
        Signature::NameNotResolved => return Some(unresolved(told)),
        Signature::ConnectionRefused => "is refused (connection refused) by",
        Signature::ConnectionTimedOut => "gets no answer in time (connection timed out) from",
        Signature::ConnectionReset => "has its connection reset by",
        Signature::NoRoute => "has no route to",
        Signature::UpstreamUnavailable => "gets errors from",
        Signature::TooManyConnections => "is refused, for too many connections, by",
        // Redis at its maxmemory: the words are the server's, the line is the client's.
        Signature::OutOfMemory if told.hit.last.text.contains("OOM command not allowed") => "is refused writes by",
        _ => return None,
    };
    Some(connection(told, how))
}

fn connection(told: &Told<'_>, how: &str) -> Finding {
    let case = &told.case;
    let Some(host) = told.hit.values.host.as_deref() else { return unnamed(told, how) };
    let port = told.hit.values.port;
    let peer = port.map_or_else(|| host.to_owned(), |p| format!("{host}:{p}"));
    if is_local(host, case.pod) {
        return local(told, how, &peer);
    }
    let Some(service) = service_of(case, host) else { return other(told, how, host, &peer) };
    match port.filter(|p| !has_port(service, *p)) {
        Some(port) => wrong_port(told, how, &peer, service, port),
        None => called(told, how, &peer, service),
    }
}

/// The log does not name the peer; the settings may, or the only data store of the namespace is meant.
fn unnamed(told: &Told<'_>, how: &str) -> Finding {
    let case = &told.case;
    let others =
        || case.view.services.within(case.ns()).filter(|s| !case.view.behind_service(s).contains(&case.unit()));
    let entity = |s: &Service| EntityRef::new(Kind::Service, case.ns(), s.metadata.name.clone());
    let named: Vec<EntityRef> = others().filter(|s| origin(case, &s.metadata.name).is_some()).map(entity).collect();
    let stores = || others().filter(|s| s.spec.ports.iter().any(|p| TELLING_PORTS.contains(&p.port))).map(entity);
    let likely: Vec<EntityRef> = if named.is_empty() { stores().collect() } else { Vec::new() };
    let list = named.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let hint = if list.is_empty() { String::new() } else { format!(" (its settings name {list})") };
    let claim = format!("{} {how} a peer that its log does not name{hint}: \"{}\"", case.who(), told.quote());
    let mut finding = told.finding(Reason::LogCause, claim).confidence(told.confidence.min(Confidence::Medium));
    let peers: Vec<EntityRef> = named.into_iter().chain(likely).collect();
    if let ([peer], true) = (peers.as_slice(), speaks_for_the_server(told)) {
        let behind = case.view.services.get(peer.ns(), &peer.name).map(|s| case.view.behind_service(s));
        finding.blame = behind.filter(|b| !b.is_empty()).map_or(vec![peer.clone()], |b| b.into_iter().collect());
    }
    finding.points_at.extend(peers);
    if matches!(told.hit.signature, Signature::ConnectionTimedOut | Signature::NoRoute) {
        finding.points_at.extend(limiting(case.view, case.pod, Direction::Egress));
    }
    told.done(finding)
}

/// Whether the words are a server's own refusal, handed on by its client: the server is what must change.
fn speaks_for_the_server(told: &Told<'_>) -> bool {
    let misconfigured = told.hit.values.name.as_deref() == Some("MISCONF");
    misconfigured || matches!(told.hit.signature, Signature::OutOfMemory | Signature::TooManyConnections)
}

/// The Service is called on a port that it has; what stands behind it is to explain.
fn called(told: &Told<'_>, how: &str, peer: &str, service: &Service) -> Finding {
    let case = &told.case;
    let entity = say::of_meta(Kind::Service, &service.metadata);
    let behind = case.view.behind_service(service);
    let claim = format!("{} {how} {peer} ({entity})", case.who());
    let mut finding = told.finding(Reason::LogCause, claim).points_at(entity.clone());
    finding.blame = if behind.is_empty() { vec![entity.clone()] } else { behind.iter().cloned().collect() };
    // A call to itself through its own Service blames nobody else.
    if behind.contains(&case.unit()) {
        finding.blame = vec![case.unit()];
    }
    finding.points_at.extend(behind.iter().filter(|b| **b != case.unit()).cloned());
    if matches!(told.hit.signature, Signature::ConnectionTimedOut | Signature::NoRoute) {
        finding.points_at.extend(in_the_way(case, service, told.hit.values.port));
    }
    let ports: Vec<String> = service.spec.ports.iter().map(|p| p.port.to_string()).collect();
    let says = object(&entity, format!("spec.ports: {}", ports.join(", ")));
    finding = finding
        .rules_out(format!("the name and the port: {entity} exists and has port {}", ports.join(", ")), says)
        .action(
            format!("see what stands behind {entity}"),
            Some(format!(
                "kubectl -n {} get endpoints {} && kubectl -n {} get pods",
                entity.ns(),
                entity.name,
                entity.ns()
            )),
            "none",
        );
    told.done(finding)
}

/// The policies that keep the caller from the pods behind a Service; without a port in the log, at any of its ports.
fn in_the_way(case: &Case<'_>, service: &Service, port: Option<u16>) -> BTreeSet<EntityRef> {
    let called = |p: &&ServicePort| port.is_none_or(|port| p.port == i64::from(port));
    let ports: Vec<&ServicePort> = service.spec.ports.iter().filter(called).collect();
    let mut found = BTreeSet::new();
    let mut targets = case.view.selected_pods(service).peekable();
    if targets.peek().is_none() || ports.is_empty() {
        found.extend(limiting(case.view, case.pod, Direction::Egress));
    }
    for pod in targets {
        if ports.is_empty() {
            found.extend(limiting(case.view, pod, Direction::Ingress));
        }
        for port in &ports {
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            found.extend(blocking(case.view, case.pod, Peer::Pod(pod), (target(port, pod), protocol)));
        }
    }
    found
}

/// The port of a pod to which a Service sends what comes in at one of its own.
fn target(port: &ServicePort, pod: &Pod) -> i64 {
    match &port.target_port {
        IntOrString::Int(0) => port.port,
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let declared = pod.spec.containers.iter().flat_map(|c| &c.ports).find(|p| p.name == *name);
            declared.map_or(port.port, |p| p.container_port)
        }
    }
}

fn wrong_port(told: &Told<'_>, how: &str, peer: &str, service: &Service, port: u16) -> Finding {
    let case = &told.case;
    let entity = say::of_meta(Kind::Service, &service.metadata);
    let ports: Vec<String> = service.spec.ports.iter().map(|p| p.port.to_string()).collect();
    let source = origin(case, &port.to_string());
    let from = source.as_ref().map(|o| format!("; the port comes from {}", o.text)).unwrap_or_default();
    let has = if ports.len() == 1 { "its port is" } else { "its ports are" };
    let list = ports.join(", ");
    let claim = format!("{} {how} {peer}: {entity} has no port {port}, {has} {list}{from}", case.who());
    let says = object(&entity, format!("spec.ports: {list}"));
    let finding = told.finding(Reason::WrongValue, claim).because(format!("the ports of {entity}"), says);
    let wanted =
        service.spec.ports.iter().map(|p| p.port).min_by_key(|p| (p - i64::from(port)).abs()).unwrap_or_default();
    told.done(match source {
        Some(o) => correct(case, finding.blame(o.object.clone()), &o, &port.to_string(), &wanted.to_string()),
        None => finding
            .action(format!("call port {wanted}"), Some(case.edit()), "low: replaces the pods")
            .check(case.watch()),
    })
}

/// The peer is another container of the pod, or the container itself.
fn local(told: &Told<'_>, how: &str, peer: &str) -> Finding {
    let case = &told.case;
    let port = told.hit.values.port.map(i64::from);
    let serves = |c: &&crate::kube::Container| c.ports.iter().any(|p| Some(p.container_port) == port);
    let other = case.pod.spec.containers.iter().filter(|c| c.name != case.spec.name).find(serves);
    let whose = match other {
        Some(c) => format!(", container {} of the same pod", c.name),
        None => ": nothing in the pod listens there".to_owned(),
    };
    let source = port.and_then(|p| origin(case, &p.to_string())).or_else(|| origin(case, "localhost"));
    let from = source.as_ref().map(|o| format!("; it comes from {}", o.text)).unwrap_or_default();
    let claim = format!("{} {how} {peer}{whose}{from}", case.who());
    let mut finding = told.finding(Reason::LogCause, claim);
    if let (None, Some(o)) = (other, source) {
        finding = correct(case, finding.blame(o.object.clone()), &o, peer, "the Service that is meant");
    }
    told.done(finding)
}

/// Neither a Service nor local: a pod, or a host outside.
fn other(told: &Told<'_>, how: &str, host: &str, peer: &str) -> Finding {
    let case = &told.case;
    if let Some(pod) = case.view.pods.iter().find(|p| !host.is_empty() && p.status.pod_ip == host) {
        let target = pod_ref(pod);
        let unit = case.view.unit(&target);
        let claim = format!("{} {how} {peer} (a pod of {unit})", case.who());
        let mut finding = told.finding(Reason::LogCause, claim).points_at(target).points_at(unit.clone()).blame(unit);
        finding.points_at.extend(match told.hit.values.port {
            Some(port) => blocking(case.view, case.pod, Peer::Pod(pod), (i64::from(port), "TCP")),
            None => limiting(case.view, pod, Direction::Ingress),
        });
        return told.done(finding);
    }
    if let Some((name, ns)) = in_cluster(case, host) {
        let target = EntityRef::new(Kind::Service, ns, name);
        let claim = format!("{} {how} {peer}: \"{}\"", case.who(), told.quote());
        return told.done(told.finding(Reason::LogCause, claim).points_at(target));
    }
    let source = origin(case, host);
    let from = source.as_ref().map(|o| format!("; the address comes from {}", o.text)).unwrap_or_default();
    let claim = format!("{} {how} {peer}, which is outside the cluster{from}", case.who());
    let mut finding = told.finding(Reason::LogCause, claim);
    let address = host.parse().map_or(Peer::Anywhere, Peer::Ip);
    finding.points_at.extend(match told.hit.values.port {
        Some(port) => blocking(case.view, case.pod, address, (i64::from(port), "TCP")),
        None => limiting(case.view, case.pod, Direction::Egress),
    });
    if let Some(o) = source {
        finding = correct(case, finding, &o, host, "the right address, if this one is wrong");
    }
    told.done(finding)
}

/// The Service that a host name or a cluster address means.
pub(super) fn service_of<'a>(case: &Case<'a>, host: &str) -> Option<&'a Service> {
    let by_address = || case.view.services.iter().find(|s| s.spec.cluster_ip == host);
    let by_endpoint = || {
        let slices = case.view.endpoint_slices.iter();
        let slice = slices.into_iter().find(|s| s.endpoints.iter().any(|e| e.addresses.iter().any(|a| a == host)))?;
        let name = slice.metadata.labels.get("kubernetes.io/service-name")?;
        case.view.services.get(&slice.metadata.namespace, name)
    };
    let by_name = in_cluster(case, host).and_then(|(name, ns)| case.view.services.get(ns, name));
    by_name.or_else(by_address).or_else(by_endpoint)
}

/// Whether a Service can be called on a port: a headless one on any, as its names lead to the pods.
fn has_port(service: &Service, port: u16) -> bool {
    let spec = &service.spec;
    spec.cluster_ip == "None" || spec.ports.is_empty() || spec.ports.iter().any(|p| p.port == i64::from(port))
}

fn is_local(host: &str, pod: &Pod) -> bool {
    matches!(host, "localhost" | "::1" | "0.0.0.0")
        || host.starts_with("127.")
        || (!host.is_empty() && host == pod.status.pod_ip)
}

#[cfg(test)]
mod tests;

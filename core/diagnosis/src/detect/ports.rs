//! The ports of a Service against those of its pods: declared, probed, and named in what the process logs.
//!
//! Start at [`mismatch`]. A declared port is documentation: a target that nobody declares is trouble only when no
//! other port of the Service fits either and nothing says that the process listens there.

use std::collections::BTreeSet;

use super::say;
use crate::entity::EntityRef;
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Container, IntOrString, Pod, Probe, Service, ServicePort};
use crate::logs::LogLine;
use crate::probe::ContainerRef;
use crate::view::View;
use crate::view::relate::pod_ref;

/// Where a Service sends what comes to one of its ports: to a named port, or to a number.
enum Target<'a> {
    Name(&'a str),
    Number(i64),
}

fn target(port: &ServicePort) -> Target<'_> {
    match &port.target_port {
        IntOrString::String(name) => name.parse().map_or(Target::Name(name), Target::Number),
        IntOrString::Int(0) => Target::Number(port.port),
        IntOrString::Int(n) => Target::Number(*n),
    }
}

fn containers<'a>(pods: &[&'a Pod]) -> Vec<&'a Container> {
    let sidecars = |p: &'a Pod| p.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    pods.iter().flat_map(|p| p.spec.containers.iter().chain(sidecars(p))).collect()
}

/// The port of a Service that leads to nothing, if one does.
pub(super) fn mismatch(view: &View, service: &Service, entity: &EntityRef, pods: &[&Pod]) -> Option<Finding> {
    let all = containers(pods);
    unknown_name(service, entity, pods, &all).or_else(|| unknown_number(view, service, entity, pods, &all))
}

fn protocol(text: &str) -> &str {
    if text.is_empty() { "TCP" } else { text }
}

fn declared(all: &[&Container]) -> String {
    let show = |c: &Container| {
        let port = |p: &crate::kube::ContainerPort| {
            if p.name.is_empty() { p.container_port.to_string() } else { format!("{} ({})", p.name, p.container_port) }
        };
        c.ports.iter().map(port).collect::<Vec<_>>()
    };
    let ports: BTreeSet<String> = all.iter().flat_map(|c| show(c)).collect();
    say::some(ports, 5)
}

fn unknown_name(service: &Service, entity: &EntityRef, pods: &[&Pod], all: &[&Container]) -> Option<Finding> {
    let (port, name) = service.spec.ports.iter().find_map(|port| match target(port) {
        Target::Name(name) if !all.iter().any(|c| c.ports.iter().any(|p| p.name == name)) => Some((port, name)),
        _ => None,
    })?;
    let has = declared(all);
    let names = if has.is_empty() { "they name none".to_owned() } else { format!("they have {has}") };
    let text = format!(
        "{entity} sends port {} to the named port {name} (targetPort), which no container of its pods has: {names}",
        port.port
    );
    Some(finding(entity, pods, text, port, &has))
}

fn finding(entity: &EntityRef, pods: &[&Pod], text: String, port: &ServicePort, has: &str) -> Finding {
    let wrong = evidence::object(entity, format!("spec.ports: port={} targetPort={}", port.port, port.target_port));
    let slices = format!("{} get endpointslices -l kubernetes.io/service-name={}", say::kubectl(entity), entity.name);
    Finding::new(Reason::PortMismatch, entity.clone(), text)
        .because("where it sends traffic", wrong)
        .because(
            "what its pods declare",
            evidence::object(&pod_ref(pods[0]), format!("spec.containers[].ports: {has}")),
        )
        .rules_out("its pods: they are ready", evidence::object(&pod_ref(pods[0]), "Ready=True"))
        .action(
            "set targetPort to a port that the process serves",
            Some(say::edit(entity)),
            "low: traffic flows at once",
        )
        .check(slices)
}

/// All numeric targets are unknown: to the declared ports, to the probes and to the log.
fn unknown_number(
    view: &View,
    service: &Service,
    entity: &EntityRef,
    pods: &[&Pod],
    all: &[&Container],
) -> Option<Finding> {
    let numbers: Vec<(&ServicePort, i64)> = service
        .spec
        .ports
        .iter()
        .filter_map(|p| match target(p) {
            Target::Number(n) => Some((p, n)),
            Target::Name(_) => None,
        })
        .collect();
    let (port, wanted) = *numbers.first()?;
    if numbers.len() < service.spec.ports.len() {
        return None;
    }
    let known: BTreeSet<i64> = all.iter().flat_map(|c| &c.ports).map(|p| p.container_port).collect();
    let probed: BTreeSet<i64> = all.iter().flat_map(|c| probed(c)).collect();
    let heard = listening(view, pods);
    let serves = |n: i64| known.contains(&n) || probed.contains(&n) || heard.iter().any(|(p, _)| *p == n);
    if numbers.iter().any(|(_, n)| serves(*n)) {
        return other_protocol(service, entity, pods, all);
    }
    let says = heard.first().filter(|(p, _)| *p != wanted);
    // With nothing declared, only a probe together with the log proves that the process is elsewhere.
    if known.is_empty() && says.is_none() {
        return None;
    }
    let has = if known.is_empty() { say::some(&probed, 5) } else { declared(all) };
    let what = match says {
        Some((heard, _)) => format!("its process listens on {heard}"),
        None => format!("its pods serve {has}"),
    };
    let text = format!("{entity} sends port {} to targetPort {wanted}, where nothing listens: {what}", port.port);
    let finding = finding(entity, pods, text, port, &has);
    Some(match says {
        Some((_, point)) => finding.because("the process says where it listens", point.clone()),
        None if probed.is_empty() => finding.confidence(Confidence::Medium),
        None => finding,
    })
}

/// The number fits and the protocol does not.
fn other_protocol(service: &Service, entity: &EntityRef, pods: &[&Pod], all: &[&Container]) -> Option<Finding> {
    let wrong = service.spec.ports.iter().find_map(|port| {
        let Target::Number(n) = target(port) else { return None };
        let same: Vec<&str> = all
            .iter()
            .flat_map(|c| &c.ports)
            .filter(|p| p.container_port == n)
            .map(|p| protocol(&p.protocol))
            .collect();
        let other = same.first().filter(|_| !same.contains(&protocol(&port.protocol)))?;
        Some((port, n, *other))
    });
    let (port, n, other) = wrong?;
    let text = format!("{entity} sends {} to port {n}, which its pods serve over {other}", protocol(&port.protocol));
    Some(finding(entity, pods, text, port, &declared(all)).confidence(Confidence::Medium))
}

fn probed(container: &Container) -> Vec<i64> {
    let probes = [&container.readiness_probe, &container.liveness_probe, &container.startup_probe];
    let port = |p: &Probe| {
        let port = p
            .http_get
            .as_ref()
            .map(|g| &g.port)
            .or(p.tcp_socket.as_ref().map(|t| &t.port))
            .or(p.grpc.as_ref().map(|g| &g.port));
        match port {
            Some(IntOrString::Int(n)) => Some(*n),
            Some(IntOrString::String(name)) => {
                container.ports.iter().find(|p| p.name == *name).map(|p| p.container_port)
            }
            None => None,
        }
    };
    probes.into_iter().flatten().filter_map(port).collect()
}

/// Ports that the logs of some pods say they listen on.
fn listening(view: &View, pods: &[&Pod]) -> Vec<(i64, crate::evidence::Evidence)> {
    let mut found = Vec::new();
    for pod in pods {
        for container in &pod.spec.containers {
            let of = ContainerRef {
                namespace: pod.metadata.namespace.clone(),
                pod: pod.metadata.name.clone(),
                container: container.name.clone(),
            };
            let Some(Ok(digest)) = view.log(&of, false) else { continue };
            let lines = digest.tail.iter().chain(digest.templates.iter().map(|t| &t.first)).chain(&digest.last_success);
            found.extend(lines.filter_map(|line| port_in(line).map(|p| (p, evidence::log(&of, false, line)))));
        }
    }
    found
}

/// The port of a line such as `listening on :8080`, `Listening on http://0.0.0.0:8080` or `started on port 8080`.
fn port_in(line: &LogLine) -> Option<i64> {
    let text = line.text.to_lowercase();
    if line.level.is_error()
        || !["listening", "listen on", "serving on", "started on port", "running on"].iter().any(|w| text.contains(w))
    {
        return None;
    }
    let after_colon = text.rsplit(':').next().map(leading_number);
    let after_word =
        text.split("port").nth(1).map(|rest| leading_number(rest.trim_start_matches([' ', ':', '=', '(', 's', '"'])));
    [after_word, after_colon].into_iter().flatten().flatten().find(|n| (1..=65_535).contains(n))
}

fn leading_number(text: &str) -> Option<i64> {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

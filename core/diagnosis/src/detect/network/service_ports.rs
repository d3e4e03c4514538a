//! Target ports: whether a Service sends traffic to a port that its pods serve.
//!
//! A declared container port is documentation, the process decides: a number that nothing declares is called wrong only
//! when something else (a declared port, a log that says where it listens) contradicts it and nothing speaks for it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::Kind;
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Container, IntOrString, Pod, Probe, Service, ServicePort};
use crate::logs::{LogDigest, LogLine};
use crate::probe::ContainerRef;
use crate::view::View;
use crate::view::relate::pod_ref;

/// Target ports of a Service that none of its pods serves.
pub(super) fn mismatches(view: &View, service: &Service, pods: &[&Pod]) -> Vec<Finding> {
    let Some(pod) = pods.iter().find(|p| p.is_ready()).or(pods.first()).copied() else { return Vec::new() };
    let of_port = |(index, port): (usize, &ServicePort)| match &port.target_port {
        IntOrString::String(name) => named(service, index, port, name, pods, pod),
        // Whether a process of an unready pod would listen is not known yet.
        IntOrString::Int(number) if pod.is_ready() => numbered(view, service, index, port, *number, pods, pod),
        IntOrString::Int(_) => None,
    };
    service.spec.ports.iter().enumerate().filter_map(of_port).collect()
}

/// Containers that run beside each other: the main ones and sidecars.
fn serving(pod: &Pod) -> impl Iterator<Item = &Container> {
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    pod.spec.containers.iter().chain(sidecars)
}

fn protocol(text: &str) -> &str {
    if text.is_empty() { "TCP" } else { text }
}

fn named(service: &Service, index: usize, port: &ServicePort, name: &str, pods: &[&Pod], pod: &Pod) -> Option<Finding> {
    let wanted = protocol(&port.protocol);
    let has = |p: &&Pod| serving(p).flat_map(|c| &c.ports).any(|d| d.name == name && protocol(&d.protocol) == wanted);
    if pods.iter().any(has) {
        return None;
    }
    let of = say::of_meta(Kind::Service, &service.metadata);
    let declared: Vec<_> = serving(pod).flat_map(|c| &c.ports).collect();
    let other = declared.iter().find(|d| d.name == name).map(|d| protocol(&d.protocol));
    let shown: Vec<String> = declared
        .iter()
        .map(|d| format!("{} ({})", if d.name.is_empty() { "unnamed" } else { &d.name }, d.container_port))
        .collect();
    let they =
        if shown.is_empty() { "they name none".to_owned() } else { format!("they call {}", say::some(&shown, 4)) };
    let claim = match other {
        Some(other) => format!("{of} sends {wanted} to the port named {name}, which its pods declare for {other} only"),
        None => format!("the targetPort of {of} is the port name {name}, which no container of its pods has; {they}"),
    };
    let names: Vec<&str> = declared.iter().map(|d| d.name.as_str()).filter(|n| !n.is_empty()).collect();
    let instead = if other.is_some() { None } else { only(&names).or_else(|| nearest(name, names.iter().copied())) };
    let finding = Finding::new(Reason::PortMismatch, of, claim);
    let finding = finding.because(
        "its pods declare",
        evidence::object(&pod_ref(pod), format!("spec.containers[*].ports: {}", shown.join(", "))),
    );
    Some(finished(finding, service, index, name, pods, instead.map(|n| format!("{n:?}"))))
}

fn only<'a>(names: &[&'a str]) -> Option<&'a str> {
    let set: BTreeSet<&&str> = names.iter().collect();
    (set.len() == 1).then(|| names[0])
}

/// What speaks for the ports that a pod serves.
struct Served<'a> {
    declared: BTreeSet<i64>,
    probed: BTreeSet<i64>,
    logged: Vec<(i64, ContainerRef, &'a LogLine)>,
}

fn numbered(
    view: &View,
    service: &Service,
    index: usize,
    port: &ServicePort,
    number: i64,
    pods: &[&Pod],
    pod: &Pod,
) -> Option<Finding> {
    let target = if number == 0 { port.port } else { number };
    let mentioned = |p: &&Pod| {
        serving(p).any(|c| mentions(c, target)) || p.metadata.annotations.values().any(|v| *v == target.to_string())
    };
    let declared_by_any = pods.iter().any(|p| serving(p).flat_map(|c| &c.ports).any(|d| d.container_port == target));
    let served = served(view, pod);
    if served.probed.contains(&target) || served.logged.iter().any(|(n, ..)| *n == target) || pods.iter().any(mentioned)
    {
        return None;
    }
    let logged: BTreeSet<i64> = served.logged.iter().map(|(n, ..)| *n).collect();
    let (role, confidence) = judge(&served, declared_by_any, service.spec.ports.len())?;
    let truth = [&logged, &served.probed, &served.declared]
        .into_iter()
        .find(|set| !set.is_empty())
        .cloned()
        .unwrap_or_default();
    let of = say::of_meta(Kind::Service, &service.metadata);
    let claim = format!("{of} sends traffic to targetPort {target}, but its pods serve port {}", say::some(&truth, 3));
    let mut finding = Finding::new(Reason::PortMismatch, of, claim).role(role).confidence(confidence);
    for (what, set) in [("declare", &served.declared), ("are ready by a probe of", &served.probed)] {
        if !set.is_empty() {
            let proof = evidence::object(&pod_ref(pod), format!("container ports: {}", say::some(set, 5)));
            finding = finding.because(format!("its pods {what} port {}", say::some(set, 5)), proof);
        }
    }
    if let Some((_, of, line)) = served.logged.first() {
        finding = finding.because("the process says where it listens", evidence::log(of, false, line));
    }
    let instead = (truth.len() == 1).then(|| say::some(&truth, 1));
    Some(finished(finding, service, index, &target.to_string(), pods, instead))
}

/// How much weight a number has that nothing speaks for; none when nothing contradicts it either.
fn judge(served: &Served<'_>, declared: bool, ports: usize) -> Option<(Role, Confidence)> {
    let logged = !served.logged.is_empty();
    match (declared, served.declared.is_empty()) {
        // The pods declare it. A log that names another port may speak of a second listener, so it only counts
        // once somebody is refused at the Service.
        (true, _) => logged.then_some((Role::Context, Confidence::Medium)),
        (false, false) if ports == 1 && (logged || !served.probed.is_empty()) => {
            Some((Role::Failing, Confidence::High))
        }
        (false, false) => Some((Role::Failing, Confidence::Medium)),
        (false, true) if logged => Some((Role::Failing, Confidence::Medium)),
        (false, true) => (!served.probed.is_empty()).then_some((Role::Context, Confidence::Medium)),
    }
}

/// Whether a container's own configuration names the number: `--metrics-addr=:9090`, `PORT=9090`.
fn mentions(container: &Container, port: i64) -> bool {
    let number = port.to_string();
    let words =
        container.command.iter().chain(&container.args).chain(container.env.iter().filter_map(|e| e.value.as_ref()));
    words.into_iter().any(|text| text.split(|c: char| !c.is_ascii_digit()).any(|part| part == number))
}

fn served<'a>(view: &'a View, pod: &Pod) -> Served<'a> {
    let mut served = Served { declared: BTreeSet::new(), probed: BTreeSet::new(), logged: Vec::new() };
    for container in serving(pod) {
        served.declared.extend(container.ports.iter().map(|p| p.container_port));
        let probes = [&container.readiness_probe, &container.liveness_probe];
        served.probed.extend(probes.into_iter().flatten().filter_map(|p| probed(p, container)));
        let of = ContainerRef {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: container.name.clone(),
        };
        if let Some(Ok(digest)) = view.log(&of, false) {
            served.logged.extend(listens(digest).map(|(port, line)| (port, of.clone(), line)));
        }
    }
    served
}

fn probed(probe: &Probe, container: &Container) -> Option<i64> {
    let http = probe.http_get.as_ref().filter(|g| g.host.is_empty()).map(|g| &g.port);
    let port = http.or(probe.tcp_socket.as_ref().map(|t| &t.port)).or(probe.grpc.as_ref().map(|g| &g.port))?;
    match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => container.ports.iter().find(|p| p.name == *name).map(|p| p.container_port),
    }
}

/// Lines in which a process says where it listens, with the port.
fn listens(digest: &LogDigest) -> impl Iterator<Item = (i64, &LogLine)> {
    static SAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:listen\w*|serving|started|running|bound)\b[^\n]{0,60}?(?:\bport(?:\(s\))?[ =:]+|:)(\d{2,5})\b",
        )
        .ok()
    });
    let kept = digest.last_success.iter().chain(&digest.tail).chain(digest.templates.iter().map(|t| &t.first));
    kept.filter_map(|line| {
        let found = SAYS.as_ref()?.captures(&line.text)?;
        Some((found[1].parse().ok()?, line))
    })
}

fn finished(
    finding: Finding,
    service: &Service,
    index: usize,
    wrong: &str,
    pods: &[&Pod],
    instead: Option<String>,
) -> Finding {
    let of = finding.subject.clone();
    let edited = service.metadata.edited_at().and_then(|m| *m.time);
    let mut finding =
        finding.because("its port", seen(service, index, wrong)).since(edited.or(*service.metadata.creation_timestamp));
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    if let Some(pod) = pods.iter().find(|p| p.is_ready()) {
        let proof = evidence::object(&pod_ref(pod), "status.conditions[Ready]: status=True");
        finding = finding
            .rules_out(format!("its pods and their labels: {ready} of {} it selects are ready", pods.len()), proof);
    }
    let (text, command) = match instead {
        Some(value) => {
            let patch =
                format!("[{{\"op\":\"replace\",\"path\":\"/spec/ports/{index}/targetPort\",\"value\":{value}}}]");
            (
                format!("send traffic to {value} instead"),
                format!("{} patch {} --type=json -p '{patch}'", say::kubectl(&of), of.slash()),
            )
        }
        None => ("set the targetPort to one that the pods serve".to_owned(), say::edit(&of)),
    };
    finding
        .action(text, Some(command), "low: traffic of the Service goes there at once")
        .check(super::services::endpoints_command(&of))
}

fn seen(service: &Service, index: usize, wrong: &str) -> Evidence {
    let port = service.spec.ports.get(index).map_or(0, |p| p.port);
    let of = say::of_meta(Kind::Service, &service.metadata);
    evidence::object(&of, format!("spec.ports[{index}]: port={port} targetPort={wrong}"))
}

#[cfg(test)]
mod tests;

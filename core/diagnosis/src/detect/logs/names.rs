//! Names that do not resolve: a Service that is not there, a name written wrong, or name service itself.
//!
//! Start at [`unresolved`]. "There is no such Service" is only said where the Services of the namespace were read.

use crate::entity::{EntityRef, Kind};
use crate::evidence::absence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::Service;
use crate::view::relate::split_service_host;

use super::cause::Told;
use super::origin::{Origin, origin};
use crate::detect::nearest::{likeness, nearest};
use crate::detect::network::policies::blocking_names;
use crate::detect::pods::container::Case;

/// Ports that tell what serves there (IANA: PostgreSQL, MySQL, Redis, MongoDB, Kafka, AMQP, Elasticsearch, memcached, SQL
/// Server, ZooKeeper): the only Service with such a port is meant, however it is named.
pub(super) const TELLING_PORTS: [i64; 10] = [5432, 3306, 6379, 27017, 9092, 5672, 9200, 11211, 1433, 2181];

/// Why a name does not resolve.
pub(super) fn unresolved(told: &Told<'_>) -> Finding {
    let Some(host) = host_of(told) else {
        let claim = format!("{} cannot resolve a host name: \"{}\"", told.case.who(), told.quote());
        return told.done(told.finding(Reason::LogCause, claim).points_at(coredns()));
    };
    let case = &told.case;
    let Some((name, ns)) = in_cluster(case, host) else { return external(told, host) };
    let target = EntityRef::new(Kind::Service, ns, name);
    match case.view.services.get(ns, name) {
        Some(service) => name_service(told, host, &target, service),
        None if case.view.absent(&target) => absent(told, host, &target),
        None => {
            let claim = format!("{} cannot resolve host \"{host}\"", case.who());
            told.done(told.finding(Reason::LogCause, claim).points_at(target).confidence(Confidence::Medium))
        }
    }
}

/// The host that does not resolve. Node's errors carry it in a field of its own too: of `{"code":"ENOTFOUND","errno":..}`
/// the word after the code is the next field's name.
fn host_of<'a>(told: &Told<'a>) -> Option<&'a str> {
    let host = told.hit.values.host.as_deref()?;
    if !matches!(host, "errno" | "code" | "syscall" | "hostname" | "message") {
        return Some(host);
    }
    let text = told.hit.last.text.as_str();
    let after = ["ENOTFOUND ", "EAI_AGAIN "].iter().find_map(|w| Some(text.split_once(w)?.1))?;
    after.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'))).next().filter(|h| !h.is_empty())
}

/// The Service and namespace that a host means, when it is a name of the cluster. `example.com` is not one: its second
/// part is no namespace, nor nearly one.
pub(super) fn in_cluster<'a>(case: &'a Case<'_>, host: &'a str) -> Option<(&'a str, &'a str)> {
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    // A pod of a StatefulSet has a name of its own below its headless Service: `db-0.db.shop.svc`, in short `db-0.db`.
    match parts[..] {
        [_, service, ns, "svc", ..] => return Some((service, ns)),
        [_, service] if case.view.services.get(case.ns(), service).is_some() => return Some((service, case.ns())),
        _ => {}
    }
    let (name, ns) = split_service_host(host, case.ns())?;
    let known = || {
        case.view.namespaces.get("", ns).is_some() || case.view.services.within(ns).next().is_some() || ns == case.ns()
    };
    let nearly =
        || likeness(ns, case.ns()) > 0.0 || case.view.namespaces.iter().any(|n| likeness(ns, &n.metadata.name) > 0.0);
    (parts.len() != 2 || known() || nearly()).then_some((name, ns))
}

/// The host is the name of a Service that does not exist.
fn absent(told: &Told<'_>, host: &str, target: &EntityRef) -> Finding {
    let case = &told.case;
    let (name, ns) = (target.name.as_str(), target.ns());
    let names: Vec<&str> = case.view.services.within(ns).map(|s| s.metadata.name.as_str()).collect();
    let elsewhere = case.view.services.iter().find(|s| s.metadata.name == name);
    let source = origin(case, host).or_else(|| origin(case, name));
    let near = near_service(case, name, ns, told.hit.values.port.map(i64::from));
    let other = match (near, elsewhere) {
        (Some(near), _) => Some(format!("there is \"{near}\"")),
        (None, Some(s)) => Some(format!("there is one in namespace {}", s.metadata.namespace)),
        (None, None) => None,
    };
    let hint = other.as_ref().map(|o| format!(" ({o})")).unwrap_or_default();
    let from = source.as_ref().map(|o| format!("; the name comes from {}", o.text)).unwrap_or_default();
    let claim =
        format!("{} cannot resolve host \"{host}\": there is no Service {name} in {ns}{hint}{from}", case.who());
    let reason = if other.is_some() { Reason::WrongValue } else { Reason::MissingReference };
    let mut finding = told.finding(reason, claim).because(format!("{target} does not exist{hint}"), absence(target));
    let wanted = match (near, elsewhere) {
        (Some(near), _) => near.to_owned(),
        (None, Some(s)) => format!("{name}.{}", s.metadata.namespace),
        (None, None) => name.to_owned(),
    };
    finding = match source {
        Some(origin) if other.is_some() => correct(case, finding.blame(origin.object.clone()), &origin, host, &wanted),
        Some(origin) => correct(case, finding.blame(target.clone()), &origin, host, "<a Service that exists>"),
        None if other.is_some() => finding
            .action(format!("use host {wanted}"), Some(case.edit()), "low: replaces the pods")
            .check(case.watch()),
        None => finding.blame(target.clone()),
    };
    if other.is_none() {
        let name = crate::shell::word(name);
        let expose = format!("kubectl -n {ns} create service clusterip {name} --tcp=<port>");
        finding = finding
            .action(format!("or create {target}"), Some(expose), "low")
            .check(format!("kubectl -n {ns} get endpoints {name}"));
    }
    if !names.is_empty() {
        let says = crate::evidence::object(target, format!("services in {ns}: {}", names.join(", ")));
        finding = finding.because(format!("the Services of {ns}"), says);
    }
    told.done(finding.rules_out("name service as a whole: this name cannot resolve", absence(target)))
}

/// The Service that a wrong name may mean: one with the same port before others, never the caller's own.
pub(super) fn near_service<'a>(case: &Case<'a>, name: &str, ns: &'a str, port: Option<i64>) -> Option<&'a str> {
    let unit = case.unit();
    let others = || case.view.services.within(ns).filter(|s| !case.view.behind_service(s).contains(&unit));
    let same_port: Vec<&str> = others()
        .filter(|s| port.is_some_and(|p| s.spec.ports.iter().any(|sp| sp.port == p)))
        .map(|s| s.metadata.name.as_str())
        .collect();
    let only = || {
        same_port.first().copied().filter(|_| same_port.len() == 1 && port.is_some_and(|p| TELLING_PORTS.contains(&p)))
    };
    let all = || nearest(name, others().map(|s| s.metadata.name.as_str()));
    nearest(name, same_port.iter().copied()).or_else(only).or_else(all)
}

/// Adds where the wrong value is written and how to correct it.
pub(super) fn correct(case: &Case<'_>, finding: Finding, origin: &Origin, wrong: &str, right: &str) -> Finding {
    let command = format!("kubectl -n {} edit {}", origin.object.ns(), origin.object.slash());
    let finding = finding
        .because(format!("\"{wrong}\" comes from {}", origin.text), origin.evidence.clone())
        .action(
            format!("in {}, write {right} instead of {wrong}", origin.text),
            Some(command),
            "low: replaces the pods",
        )
        .check(case.watch());
    if origin.object.kind == Kind::ConfigMap {
        let restart = format!("{} rollout restart {}", case.kubectl(), case.unit().slash());
        return finding
            .action("then restart the pods, which read it at their start", Some(restart), "low: restarts the pods")
            .check(case.watch());
    }
    finding
}

/// The Service exists, so the name should resolve: the pod does not ask, or cannot reach, the cluster's name service.
fn name_service(told: &Told<'_>, host: &str, target: &EntityRef, service: &Service) -> Finding {
    let case = &told.case;
    let spec = &case.pod.spec;
    let says = crate::evidence::object(target, format!("spec.clusterIP={}", service.spec.cluster_ip));
    let node_resolver = spec.dns_policy == "Default" || (spec.host_network && spec.dns_policy == "ClusterFirst");
    if node_resolver {
        let claim = format!(
            "{} cannot resolve host \"{host}\": its dnsPolicy {} asks the node's name server, which does not know Services of the cluster",
            case.who(),
            spec.dns_policy
        );
        let dns = case.says(format!("spec.dnsPolicy={} spec.hostNetwork={}", spec.dns_policy, spec.host_network));
        let wanted = if spec.host_network { "ClusterFirstWithHostNet" } else { "ClusterFirst" };
        let finding = told
            .finding(Reason::WrongValue, claim)
            .because("where it asks for names", dns)
            .rules_out(format!("the name: {target} exists"), says)
            .action(format!("set dnsPolicy {wanted}"), Some(case.edit()), "low: replaces the pods")
            .check(case.watch());
        return told.done(finding);
    }
    if service.spec.cluster_ip == "None" && !case.view.selected_pods(service).any(crate::kube::Pod::is_ready) {
        return no_address(told, host, target, service);
    }
    let claim = format!(
        "{} cannot resolve host \"{host}\", although {target} exists: name service (DNS) does not answer it",
        case.who()
    );
    let mut finding = told
        .finding(Reason::LogCause, claim)
        .points_at(coredns())
        .points_at(EntityRef::new(Kind::Service, "kube-system", "kube-dns"))
        .confidence(Confidence::Medium)
        .rules_out(format!("the name: {target} exists"), says);
    for policy in blocking_names(case.view, case.pod) {
        finding = finding.points_at(policy);
    }
    let dns = "kubectl -n kube-system get pods -l k8s-app=kube-dns".to_owned();
    told.done(finding.action("look at the cluster's name service", Some(dns), "none"))
}

/// A headless Service without a ready pod: its name has no address, by design.
fn no_address(told: &Told<'_>, host: &str, target: &EntityRef, service: &Service) -> Finding {
    let case = &told.case;
    let behind = case.view.behind_service(service);
    let claim = format!(
        "{} cannot resolve host \"{host}\": {target} is headless and has no ready pod, so its name has no address",
        case.who()
    );
    let says = crate::evidence::object(target, "spec.clusterIP=None, no ready pod selected");
    let mut finding = told
        .finding(Reason::LogCause, claim)
        .because("why the name has no address", says.clone())
        .points_at(target.clone());
    finding.blame = if behind.is_empty() { vec![target.clone()] } else { behind.iter().cloned().collect() };
    finding.points_at.extend(behind);
    let look = format!("kubectl -n {} get endpoints {}", target.ns(), target.name);
    told.done(
        finding.rules_out("name service as a whole: a headless Service without pods resolves to nothing", says).action(
            format!("see why {target} has no ready pod"),
            Some(look),
            "none",
        ),
    )
}

fn external(told: &Told<'_>, host: &str) -> Finding {
    let case = &told.case;
    let source = origin(case, host);
    let from = source.as_ref().map(|o| format!("; the name comes from {}", o.text)).unwrap_or_default();
    let claim = format!("{} cannot resolve host \"{host}\", a name outside the cluster{from}", case.who());
    let mut finding = told.finding(Reason::LogCause, claim).points_at(coredns());
    finding = match source {
        Some(origin) => {
            correct(case, finding.blame(origin.object.clone()), &origin, host, "the right name, if this one is wrong")
        }
        None => finding,
    };
    for policy in blocking_names(case.view, case.pod) {
        finding = finding.points_at(policy);
    }
    told.done(finding.action("see whether the name resolves elsewhere", Some(format!("nslookup {host}")), "none"))
}

/// The cluster's name service, as every common installation names it.
fn coredns() -> EntityRef {
    EntityRef::new(Kind::Deployment, "kube-system", "coredns")
}

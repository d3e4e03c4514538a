//! Ingresses: backends that do not exist or do not answer, certificates and classes that are not there.
//!
//! "It does not exist" is said only of kinds that were read where the Ingress lives.

use std::collections::BTreeSet;

use super::services;
use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Ingress, IngressServiceBackend, Pod, Service};
use crate::view::View;

/// The type that the API gives Secrets with a certificate. <https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets>
const TLS: &str = "kubernetes.io/tls";

/// Marks the class that is meant when an Ingress names none.
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// How a class was named before `spec.ingressClassName`.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// Everything that keeps an Ingress from leading anywhere.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.ingresses.iter().flat_map(|ingress| of_ingress(view, ingress)).collect()
}

fn of_ingress(view: &View, ingress: &Ingress) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for (at, backend) in routes(ingress) {
        if told.insert((&backend.name, backend.port.number, &backend.port.name)) {
            found.extend(of_backend(view, ingress, &at, backend));
        }
    }
    let secrets: BTreeSet<&String> =
        ingress.spec.tls.iter().map(|t| &t.secret_name).filter(|n| !n.is_empty()).collect();
    found.extend(secrets.into_iter().filter_map(|name| certificate(view, ingress, name)));
    found.extend(class(view, ingress));
    found
}

/// The Services behind an Ingress.
pub(super) fn backends(ingress: &Ingress) -> impl Iterator<Item = &IngressServiceBackend> {
    routes(ingress).into_iter().map(|(_, backend)| backend)
}

/// Each route as `host/path`, with the Service it leads to.
fn routes(ingress: &Ingress) -> Vec<(String, &IngressServiceBackend)> {
    let default = ingress
        .spec
        .default_backend
        .as_ref()
        .and_then(|b| b.service.as_ref())
        .map(|s| ("the default backend".to_owned(), s));
    let rules = ingress.spec.rules.iter().flat_map(|rule| {
        rule.http.paths.iter().filter_map(|path| {
            let host = if rule.host.is_empty() { "*" } else { &rule.host };
            Some((format!("{host}{}", path.path), path.backend.service.as_ref()?))
        })
    });
    default.into_iter().chain(rules).collect()
}

fn of_backend(view: &View, ingress: &Ingress, at: &str, backend: &IngressServiceBackend) -> Option<Finding> {
    let target = EntityRef::new(Kind::Service, &ingress.metadata.namespace, backend.name.clone());
    let Some(service) = view.services.get(target.ns(), &target.name) else {
        return view.absent(&target).then(|| missing(view, ingress, at, &target));
    };
    let port = &backend.port;
    // An ExternalName Service need not list ports.
    let has = service
        .spec
        .ports
        .iter()
        .any(|p| if port.name.is_empty() { p.port == port.number } else { p.name == port.name });
    if !has && service.spec.r#type != "ExternalName" {
        return Some(no_port(ingress, at, backend, service));
    }
    down(view, ingress, at, service)
}

fn missing(view: &View, ingress: &Ingress, at: &str, target: &EntityRef) -> Finding {
    let of = say::of_meta(Kind::Ingress, &ingress.metadata);
    let near = nearest(&target.name, view.services.within(target.ns()).map(|s| s.metadata.name.as_str()));
    let hint = near.map(|n| format!("; the nearest name there is {n}")).unwrap_or_default();
    let claim = format!("{of} sends {at} to {target}, which does not exist{hint}");
    let mut finding = Finding::new(Reason::BackendMissing, of.clone(), claim)
        .because("the route", evidence::object(&of, format!("{at} -> service {}", target.name)))
        .because(format!("{target} was not found"), evidence::absence(target))
        .since(changed(ingress));
    if let Some(name) = near {
        let near = EntityRef::new(Kind::Service, target.ns(), name);
        finding = finding.because(format!("{near} exists"), evidence::object(&near, format!("metadata.name={name}")));
    }
    finding
        .action(
            "name a Service that exists, or create this one",
            Some(say::edit(&of)),
            "low: changes where the route leads",
        )
        .check(say::describe(&of))
}

fn no_port(ingress: &Ingress, at: &str, backend: &IngressServiceBackend, service: &Service) -> Finding {
    let of = say::of_meta(Kind::Ingress, &ingress.metadata);
    let target = say::of_meta(Kind::Service, &service.metadata);
    let wanted = if backend.port.name.is_empty() { backend.port.number.to_string() } else { backend.port.name.clone() };
    let named = |p: &crate::kube::ServicePort| {
        if p.name.is_empty() { p.port.to_string() } else { format!("{} ({})", p.port, p.name) }
    };
    let ports = say::some(service.spec.ports.iter().map(named), 4);
    let claim = format!("{of} sends {at} to port {wanted} of {target}, which has only port {ports}");
    Finding::new(Reason::BackendMissing, of.clone(), claim)
        .because("the route", evidence::object(&of, format!("{at} -> service {} port {wanted}", target.name)))
        .because("the ports of the Service", evidence::object(&target, format!("spec.ports: {ports}")))
        .since(changed(ingress))
        .action(
            "send the route to a port that the Service has",
            Some(say::edit(&of)),
            "low: changes where the route leads",
        )
        .check(say::describe(&of))
}

/// The Service is there and cannot answer: what explains the Service explains this.
fn down(view: &View, ingress: &Ingress, at: &str, service: &Service) -> Option<Finding> {
    if service.spec.selector.is_empty() || !view.saw(&Kind::Pod, &service.metadata.namespace) {
        return None;
    }
    let pods: Vec<&Pod> = say::selected(view, service).into_iter().filter(|p| say::is_live(p)).collect();
    let trouble = services::of_service(view, service).into_iter().find(|f| {
        // A wrong port of several may be another than the one of the route.
        let port = f.reason == Reason::PortMismatch && service.spec.ports.len() == 1;
        port || matches!(f.reason, Reason::NoReadyEndpoints | Reason::SelectorMatchesNothing)
    })?;
    let of = say::of_meta(Kind::Ingress, &ingress.metadata);
    let target = say::of_meta(Kind::Service, &service.metadata);
    let claim = format!("{of} sends {at} to {target}, which cannot answer");
    Some(
        Finding::new(Reason::BackendDown, of.clone(), claim)
            .role(trouble.role)
            .blame(target.clone())
            .points_at(target.clone())
            .confidence(Confidence::Low)
            .because("the route", evidence::object(&of, format!("{at} -> service {}", target.name)))
            .because(trouble.claim, evidence::object(&target, format!("{} live pods selected", pods.len())))
            .since(trouble.since)
            .action("mend the Service behind it", Some(say::describe(&target)), "none")
            .check(services::endpoints_command(&target)),
    )
}

fn changed(ingress: &Ingress) -> Option<jiff::Timestamp> {
    ingress.metadata.edited_at().and_then(|m| *m.time).or(*ingress.metadata.creation_timestamp)
}

fn certificate(view: &View, ingress: &Ingress, name: &str) -> Option<Finding> {
    let of = say::of_meta(Kind::Ingress, &ingress.metadata);
    let secret = EntityRef::new(Kind::Secret, of.ns(), name);
    let hosts: BTreeSet<&String> =
        ingress.spec.tls.iter().filter(|t| t.secret_name == name).flat_map(|t| &t.hosts).collect();
    let hosts = if hosts.is_empty() { "its hosts".to_owned() } else { say::some(hosts, 3) };
    let named = evidence::object(&of, format!("spec.tls: hosts {hosts}, secretName={name}"));
    if let Some(found) = view.secrets.get(secret.ns(), name) {
        return wrong_type(&of, &secret, found, named);
    }
    if !view.absent(&secret) {
        return None;
    }
    let near =
        nearest(name, view.secrets.within(of.ns()).filter(|s| s.r#type == TLS).map(|s| s.metadata.name.as_str()));
    let hint = near.map(|n| format!("; the nearest of type {TLS} is {n}")).unwrap_or_default();
    let claim = format!("{of} names TLS {secret} for {hosts}, which does not exist{hint}");
    let create = format!("{} create secret tls {name} --cert=tls.crt --key=tls.key", say::kubectl(&of));
    Some(
        Finding::new(Reason::MissingReference, of.clone(), claim)
            .blame(secret.clone())
            .because("the Ingress names it", named)
            .because("it was not found", evidence::absence(&secret))
            .since(changed(ingress))
            .action(
                "create the Secret, or name one that exists; until then clients get the controller's own certificate",
                Some(create),
                "none",
            )
            .check(say::get(&secret)),
    )
}

fn wrong_type(
    of: &EntityRef,
    secret: &EntityRef,
    found: &crate::kube::Secret,
    named: evidence::Evidence,
) -> Option<Finding> {
    let keys = ["tls.crt", "tls.key"];
    let lacks: Vec<&str> = keys.into_iter().filter(|k| !found.data.contains(*k)).collect();
    // Controllers read the two keys whatever the type; a recording without keys says nothing of them.
    if found.r#type == TLS || found.data.is_empty() || lacks.is_empty() {
        return None;
    }
    let claim =
        format!("{of} names TLS {secret}, which is of type {} and has no {}", found.r#type, say::some(&lacks, 2));
    Some(
        Finding::new(Reason::MissingKey, of.clone(), claim)
            .blame(secret.clone())
            .because("the Ingress names it", named)
            .because(
                "its type and keys",
                evidence::object(secret, format!("type={} keys={}", found.r#type, say::some(found.data.iter(), 5))),
            )
            .action("replace it by a Secret made with `kubectl create secret tls`", Some(say::describe(secret)), "low")
            .check(say::get(secret)),
    )
}

/// A class that no controller knows: nobody serves the Ingress. With a default class, or an old annotation, somebody does.
fn class(view: &View, ingress: &Ingress) -> Option<Finding> {
    let of = say::of_meta(Kind::Ingress, &ingress.metadata);
    if !view.saw(&Kind::IngressClass, "") || ingress.metadata.annotations.contains_key(OLD_CLASS) {
        return None;
    }
    let served = !ingress.status.load_balancer.ingress.is_empty();
    let defaults =
        view.ingress_classes.iter().any(|c| c.metadata.annotations.get(DEFAULT_CLASS).is_some_and(|v| v == "true"));
    let known: Vec<&str> = view.ingress_classes.iter().map(|c| c.metadata.name.as_str()).collect();
    let finding = match &ingress.spec.ingress_class_name {
        Some(name) if !known.contains(&name.as_str()) => {
            let class = EntityRef::new(Kind::IngressClass, "", name.clone());
            let near =
                nearest(name, known.iter().copied()).map(|n| format!("; the nearest is {n}")).unwrap_or_default();
            let claim = format!("{of} names {class}, which does not exist{near}");
            Finding::new(Reason::MissingReference, of.clone(), claim)
                .because("it was not found", evidence::absence(&class))
        }
        None if !defaults && !served && !known.is_empty() => {
            let claim = format!("{of} names no class, and no IngressClass is the default one");
            let seen =
                evidence::object(&of, format!("spec.ingressClassName is not set; classes: {}", say::some(&known, 4)));
            Finding::new(Reason::MissingReference, of.clone(), claim).because("no controller takes it up", seen)
        }
        _ => return None,
    };
    let status =
        evidence::object(&of, if served { "status.loadBalancer is set" } else { "status.loadBalancer is empty" });
    Some(
        finding
            .confidence(if served { Confidence::Medium } else { Confidence::High })
            .because("its status", status)
            .since(changed(ingress))
            .action(
                "name a class that a controller serves",
                Some(say::edit(&of)),
                "low: that controller takes the routes up",
            )
            .check(say::get(&of)),
    )
}

#[cfg(test)]
mod tests;

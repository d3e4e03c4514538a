//! Ingresses: a class that does not exist, backends that do not exist or cannot answer, certificates that are missing.
//!
//! Start at [`detect`]. A class is missed only where classes were read; a backend that merely starts is not down.

use std::collections::BTreeSet;

use super::nearest::nearest;
use super::say;
use super::services::is_down;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Ingress, IngressBackend, IngressServiceBackend, Service};
use crate::view::View;

/// The annotation that named the class before `spec.ingressClassName`.
const CLASS: &str = "kubernetes.io/ingress.class";

/// The type of Secrets that hold a certificate.
const TLS: &str = "kubernetes.io/tls";

/// What each Ingress leads to.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.ingresses.iter().flat_map(|ingress| of_ingress(view, ingress)).collect()
}

fn of_ingress(view: &View, ingress: &Ingress) -> Vec<Finding> {
    let entity = say::of_meta(Kind::Ingress, &ingress.metadata);
    let mut found: Vec<Finding> = class(view, ingress, &entity).into_iter().collect();
    let mut told = BTreeSet::new();
    for (route, backend) in backends(ingress) {
        let key = (backend.name.clone(), backend.port.number, backend.port.name.clone());
        if told.insert(key) {
            found.extend(of_backend(view, &entity, &route, backend));
        }
    }
    let names: BTreeSet<&str> =
        ingress.spec.tls.iter().map(|t| t.secret_name.as_str()).filter(|n| !n.is_empty()).collect();
    found.extend(names.into_iter().filter_map(|name| certificate(view, &entity, name)));
    found
}

/// Every backend with the route to it: `portal.example.com/reports`.
fn backends(ingress: &Ingress) -> impl Iterator<Item = (String, &IngressServiceBackend)> {
    let named = |route: String, b: &'_ IngressBackend| b.service.is_some().then_some(route);
    let default = ingress.spec.default_backend.iter().map(|b| ("its default backend".to_owned(), b));
    let paths = ingress
        .spec
        .rules
        .iter()
        .flat_map(|r| r.http.paths.iter().map(move |p| (format!("{}{}", r.host, p.path), &p.backend)));
    default.chain(paths).filter_map(move |(route, backend)| {
        let service = backend.service.as_ref()?;
        named(route, backend).map(|route| (route, service))
    })
}

fn class(view: &View, ingress: &Ingress, entity: &EntityRef) -> Option<Finding> {
    let name =
        ingress.spec.ingress_class_name.as_deref().or(ingress.metadata.annotations.get(CLASS).map(String::as_str))?;
    let class = EntityRef::new(Kind::IngressClass, "", name);
    if !view.absent(&class) || view.ingress_classes.is_empty() {
        return None;
    }
    let names: Vec<&str> = view.ingress_classes.iter().map(|c| c.metadata.name.as_str()).collect();
    let near = nearest(name, names.iter().copied()).map(|n| format!(", the nearest is {n}")).unwrap_or_default();
    let text = format!(
        "{entity} names IngressClass {name}, which is not found (there is {}{near}), so no controller serves it",
        say::some(names, 4)
    );
    Some(
        Finding::new(Reason::MissingReference, entity.clone(), text)
            .because("no such class", evidence::absence(&class))
            .because("who names it", evidence::object(entity, format!("ingressClassName={name}")))
            .action("name a class that exists", Some(say::edit(entity)), "low: the route is served")
            .check(say::get(entity)),
    )
}

fn of_backend(view: &View, entity: &EntityRef, route: &str, backend: &IngressServiceBackend) -> Option<Finding> {
    let service = EntityRef::new(Kind::Service, entity.ns(), backend.name.clone());
    let Some(found) = view.services.get(service.ns(), &service.name) else {
        return view.absent(&service).then(|| missing(view, entity, route, &service));
    };
    let number = backend.port.number;
    let fits = |p: &crate::kube::ServicePort| if number > 0 { p.port == number } else { p.name == backend.port.name };
    if !found.spec.ports.is_empty()
        && !found.spec.ports.iter().any(fits)
        && (number > 0 || !backend.port.name.is_empty())
    {
        return Some(no_such_port(entity, route, backend, found));
    }
    is_down(view, found).then(|| down(entity, route, &service))
}

fn missing(view: &View, entity: &EntityRef, route: &str, service: &EntityRef) -> Finding {
    let near = nearest(&service.name, view.services.within(entity.ns()).map(|s| s.metadata.name.as_str()));
    let hint = near.map(|n| format!(" ({n} exists)")).unwrap_or_default();
    let text = format!("{entity} routes {route} to Service {}, which does not exist (not found){hint}", service.name);
    Finding::new(Reason::BackendMissing, entity.clone(), text)
        .points_at(service.clone())
        .because("no such Service", evidence::absence(service))
        .because("the route", evidence::object(entity, format!("{route} -> {}", service.name)))
        .action(
            format!("route to a Service that exists{hint}, or create it"),
            Some(say::edit(entity)),
            "low: the route is served",
        )
        .check(say::describe(entity))
}

fn no_such_port(entity: &EntityRef, route: &str, backend: &IngressServiceBackend, service: &Service) -> Finding {
    let wanted = if backend.port.number > 0 { backend.port.number.to_string() } else { backend.port.name.clone() };
    let show = |p: &crate::kube::ServicePort| {
        if p.name.is_empty() { p.port.to_string() } else { format!("{} ({})", p.port, p.name) }
    };
    let has = say::some(service.spec.ports.iter().map(show), 5);
    let text =
        format!("{entity} routes {route} to port {wanted} of Service {}, which has only port {has}", backend.name);
    let target = say::of_meta(Kind::Service, &service.metadata);
    Finding::new(Reason::BackendMissing, entity.clone(), text)
        .because("the route", evidence::object(entity, format!("{route} -> {}:{wanted}", backend.name)))
        .because("the ports that exist", evidence::object(&target, format!("spec.ports: {has}")))
        .action(
            format!("route to a port that the Service has ({has})"),
            Some(say::edit(entity)),
            "low: the route is served",
        )
        .check(say::describe(entity))
}

fn down(entity: &EntityRef, route: &str, service: &EntityRef) -> Finding {
    let text = format!("{entity} routes {route} to Service {}, which has no ready endpoints", service.name);
    Finding::new(Reason::BackendDown, entity.clone(), text)
        .blame(service.clone())
        .points_at(service.clone())
        .because("the route", evidence::object(entity, format!("{route} -> {}", service.name)))
        .because("nobody answers there", evidence::object(service, "no ready pod matches its selector"))
        .action("see why the Service has no endpoints", Some(say::describe(service)), "none")
        .check(say::describe(entity))
}

fn certificate(view: &View, entity: &EntityRef, name: &str) -> Option<Finding> {
    let secret = EntityRef::new(Kind::Secret, entity.ns(), name);
    if view.absent(&secret) {
        let near = nearest(name, view.secrets.within(entity.ns()).map(|s| s.metadata.name.as_str()));
        let hint = near.map(|n| format!(" ({n} exists)")).unwrap_or_default();
        let text = format!(
            "{entity} names TLS Secret {name}, which does not exist (not found){hint}, so clients get another certificate"
        );
        return Some(
            Finding::new(Reason::MissingReference, entity.clone(), text)
                .blame(secret.clone())
                .points_at(EntityRef::new(Kind::Other("Certificate".to_owned()), entity.ns(), name))
                .because("no such Secret", evidence::absence(&secret))
                .because("who names it", evidence::object(entity, format!("spec.tls[].secretName={name}")))
                .action(
                    "create the Secret, or have its certificate issued",
                    Some(say::list(&Kind::Secret, entity)),
                    "low",
                )
                .check(say::get(&secret)),
        );
    }
    let found = view.secrets.get(entity.ns(), name)?;
    let whole = found.data.is_empty() || (found.data.contains("tls.crt") && found.data.contains("tls.key"));
    if whole && (found.r#type == TLS || found.r#type.is_empty() || !found.data.is_empty()) {
        return None;
    }
    let keys = say::some(found.data.iter(), 5);
    let text = format!(
        "{entity} names Secret {name} for TLS, which holds no certificate (type {}, keys {keys})",
        found.r#type
    );
    Some(
        Finding::new(Reason::MissingKey, entity.clone(), text)
            .blame(secret.clone())
            .confidence(if whole { Confidence::Medium } else { Confidence::High })
            .because("what it holds", evidence::object(&secret, format!("type={} keys={keys}", found.r#type)))
            .action("put tls.crt and tls.key into it, or name the right Secret", Some(say::describe(&secret)), "low")
            .check(say::describe(entity)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ReadFailure;
    use crate::testkit::Scene;

    fn scene(spec: &str) -> Scene {
        Scene::default().yaml(&format!(
            "
kind: Ingress
metadata: {{name: web}}
spec: {{{spec}}}
---
kind: IngressClass
metadata: {{name: nginx}}
---
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}
---
kind: Service
metadata: {{name: idle}}
spec: {{selector: {{app: idle}}, ports: [{{port: 80}}]}}
---
kind: Pod
metadata: {{name: web-1, labels: {{app: web}}}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
---
kind: Secret
metadata: {{name: web-tls}}
type: kubernetes.io/tls
data: {{tls.crt: '', tls.key: ''}}
---
kind: Secret
metadata: {{name: plain}}
type: Opaque
data: {{password: ''}}
"
        ))
    }

    fn route(service: &str, port: &str) -> String {
        format!(
            "rules: [{{host: shop.example.com, http: {{paths: [{{path: /pay, backend: {{service: {{name: {service}, port: {{{port}}}}}}}}}]}}}}]"
        )
    }

    #[rstest::rstest]
    #[case::serves(&route("web", "number: 80"), "")]
    #[case::by_name(&route("web", "name: http"), "")]
    #[case::no_service(&route("webb", "number: 80"), "BackendMissing Ingress shop/web | webb, does not exist, web exists")]
    #[case::no_port(&route("web", "number: 8080"), "BackendMissing Ingress shop/web | port 8080, only port 80")]
    #[case::down(&route("idle", "number: 80"), "BackendDown Service shop/idle | idle, no ready endpoints")]
    #[case::class("ingressClassName: ngnix", "MissingReference Ingress shop/web | ngnix, nearest is nginx")]
    #[case::known_class("ingressClassName: nginx", "")]
    #[case::no_secret(
        "tls: [{secretName: web-cert}]",
        "MissingReference Secret shop/web-cert | web-cert, does not exist"
    )]
    #[case::wrong_secret("tls: [{secretName: plain}]", "MissingKey Secret shop/plain | Opaque")]
    #[case::certificate("tls: [{secretName: web-tls}]", "")]
    fn routes(#[case] spec: &str, #[case] expected: &str) {
        let found = detect(&scene(spec).view());
        let Some((head, words)) = expected.split_once(" | ") else {
            assert!(found.is_empty(), "{found:?}");
            return;
        };
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(format!("{:?} {}", found[0].reason, found[0].blame[0]), head);
        for word in words.split(", ") {
            assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
        }
    }

    #[test]
    fn what_was_not_read_is_not_missing() {
        let spec = format!("{}, tls: [{{secretName: none}}], ingressClassName: none", route("none", "number: 80"));
        let forbidden = || ReadFailure::Forbidden("no".into());
        let view = scene(&spec)
            .unseen(Kind::Service, forbidden())
            .unseen(Kind::Secret, forbidden())
            .unseen(Kind::IngressClass, forbidden())
            .view();
        assert!(detect(&view).is_empty());
    }
}

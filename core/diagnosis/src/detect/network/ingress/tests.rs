//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const REST: &str = "
kind: Service
metadata: {name: reports-api}
spec: {ports: [{port: 80, name: http}]}
---
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: x.example}
---
kind: Service
metadata: {name: empty}
spec: {ports: [{port: 80}], selector: {app: gone}}
---
kind: Secret
metadata: {name: web-tls}
type: kubernetes.io/tls
data: {tls.crt: '', tls.key: ''}
---
kind: Secret
metadata: {name: opaque}
type: Opaque
data: {cert.pem: ''}
---
kind: IngressClass
metadata: {name: nginx}
---
";

fn to(service: &str, port: &str) -> String {
    format!(
        "{{ingressClassName: nginx, rules: [{{host: a.example, http: {{paths: [{{path: /r, backend: {{service: {{name: {service}, port: {{{port}}}}}}}}}]}}}}]}}"
    )
}

#[rstest::rstest]
#[case::no_service(&to("report-api", "number: 80"), Some("BackendMissing Failing [Ingress shop/web]: Ingress shop/web sends a.example/r to Service shop/report-api, which does not exist; the nearest name there is reports-api"))]
#[case::no_port(&to("reports-api", "number: 8080"), Some("BackendMissing Failing [Ingress shop/web]: Ingress shop/web sends a.example/r to port 8080 of Service shop/reports-api, which has only port 80 (http)"))]
#[case::no_pods(&to("empty", "number: 80"), Some("BackendDown Failing [Service shop/empty]: Ingress shop/web sends a.example/r to Service shop/empty, which cannot answer"))]
#[case::no_secret(
    "{ingressClassName: nginx, tls: [{hosts: [a.example], secretName: web-tsl}]}",
    Some(
        "MissingReference Failing [Secret shop/web-tsl]: Ingress shop/web names TLS Secret shop/web-tsl for a.example, which does not exist; the nearest of type kubernetes.io/tls is web-tls"
    )
)]
#[case::wrong_secret(
    "{ingressClassName: nginx, tls: [{hosts: [a.example], secretName: opaque}]}",
    Some(
        "MissingKey Failing [Secret shop/opaque]: Ingress shop/web names TLS Secret shop/opaque, which is of type Opaque and has no tls.crt, tls.key"
    )
)]
#[case::no_class(
    "{ingressClassName: ngnix}",
    Some(
        "MissingReference Failing [Ingress shop/web]: Ingress shop/web names IngressClass ngnix, which does not exist; the nearest is nginx"
    )
)]
#[case::no_class_named(
    "{}",
    Some(
        "MissingReference Failing [Ingress shop/web]: Ingress shop/web names no class, and no IngressClass is the default one"
    )
)]
#[case::by_number(&to("reports-api", "number: 80"), None)]
#[case::by_name(&to("reports-api", "name: http"), None)]
#[case::alias(&to("alias", "number: 443"), None)]
#[case::secret_there("{ingressClassName: nginx, tls: [{secretName: web-tls}, {hosts: [b.example]}]}", None)]
fn ingresses(#[case] spec: &str, #[case] expected: Option<&str>) {
    let view = Scene::default().yaml(&format!("{REST}kind: Ingress\nmetadata: {{name: web}}\nspec: {spec}")).view();
    let got: Vec<String> = detect(&view)
        .iter()
        .map(|f| format!("{:?} {:?} [{}]: {}", f.reason, f.role, say::some(&f.blame, 9), f.claim))
        .collect();
    assert_eq!(got.first().map(String::as_str), expected);
    assert!(got.len() < 2, "{got:?}");
}

#[rstest::rstest]
#[case::default_class(
    "kind: IngressClass\nmetadata: {name: traefik, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}",
    "{name: web}"
)]
#[case::old_annotation(
    "kind: IngressClass\nmetadata: {name: traefik}",
    "{name: web, annotations: {kubernetes.io/ingress.class: nginx}}"
)]
fn somebody_serves_it(#[case] class: &str, #[case] meta: &str) {
    let view = Scene::default().yaml(&format!("{class}\n---\nkind: Ingress\nmetadata: {meta}")).view();
    assert_eq!(detect(&view), []);
}

#[test]
fn what_was_not_read_is_not_missing() {
    let scene = Scene::default()
        .yaml(&format!("kind: Ingress\nmetadata: {{name: web}}\nspec: {}", to("report-api", "number: 80")));
    let unread = || crate::probe::ReadFailure::Forbidden(String::new());
    let view = scene.unseen(Kind::Service, unread()).unseen(Kind::IngressClass, unread()).view();
    assert_eq!(detect(&view), []);
}

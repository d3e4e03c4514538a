//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

fn found(container: &str, ports: &str, log: &str) -> Vec<String> {
    let scene = Scene::default().yaml(&format!(
        "kind: Pod\nmetadata: {{name: a, labels: {{app: a}}}}\nspec: {{nodeName: n1, containers: [{{name: c, {container}}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}\n---\nkind: Service\nmetadata: {{name: a}}\nspec: {{selector: {{app: a}}, ports: [{ports}]}}"
    ));
    let view = scene.log("a/c", log).view();
    let service = view.services.get("shop", "a").unwrap();
    let pods = say::selected(&view, service);
    mismatches(&view, service, &pods).iter().map(|f| format!("{:?} {}", f.role, f.claim)).collect()
}

const HTTP: &str = "ports: [{name: http, containerPort: 8080}]";

#[rstest::rstest]
#[case::name_missing(
    HTTP,
    "{port: 80, targetPort: web}",
    "",
    Some(
        "Failing the targetPort of Service shop/a is the port name web, which no container of its pods has; they call http (8080)"
    )
)]
#[case::other_protocol(
    HTTP,
    "{port: 80, targetPort: http, protocol: UDP}",
    "",
    Some("Failing Service shop/a sends UDP to the port named http, which its pods declare for TCP only")
)]
#[case::number_not_declared(
    HTTP,
    "{port: 80, targetPort: 8000}",
    "",
    Some("Failing Service shop/a sends traffic to targetPort 8000, but its pods serve port 8080")
)]
#[case::port_stands_for_target(
    HTTP,
    "{port: 80}",
    "",
    Some("Failing Service shop/a sends traffic to targetPort 80, but its pods serve port 8080")
)]
#[case::log_contradicts(
    "image: x",
    "{port: 80, targetPort: 8000}",
    "listening on :8080",
    Some("Failing Service shop/a sends traffic to targetPort 8000, but its pods serve port 8080")
)]
#[case::tomcat_contradicts(
    "image: x",
    "{port: 80, targetPort: 8000}",
    "INFO Tomcat started on port(s): 8080 (http)",
    Some("Failing Service shop/a sends traffic to targetPort 8000, but its pods serve port 8080")
)]
#[case::declared_but_elsewhere(
    HTTP,
    "{port: 80, targetPort: 8080}",
    "listening on 0.0.0.0:9090",
    Some("Context Service shop/a sends traffic to targetPort 8080, but its pods serve port 9090")
)]
#[case::named_and_there(HTTP, "{port: 80, targetPort: http}", "", None)]
#[case::declared(HTTP, "{port: 80, targetPort: 8080}", "", None)]
#[case::nothing_declared("image: x", "{port: 80, targetPort: 8000}", "", None)]
#[case::log_agrees(HTTP, "{port: 80, targetPort: 8000}", "metrics listening on :8000", None)]
#[case::argument_agrees("args: ['--metrics-addr=:9090'], ports: [{containerPort: 8080}]", "{port: 9090}", "", None)]
#[case::variable_agrees("env: [{name: PORT, value: '9090'}], ports: [{containerPort: 8080}]", "{port: 9090}", "", None)]
#[case::probe_agrees(
    "readinessProbe: {tcpSocket: {port: 9090}}, ports: [{containerPort: 8080}]",
    "{port: 9090}",
    "",
    None
)]
fn target_ports(#[case] container: &str, #[case] ports: &str, #[case] log: &str, #[case] expected: Option<&str>) {
    let got = found(container, ports, log);
    assert_eq!(got.first().map(String::as_str), expected, "{got:?}");
}

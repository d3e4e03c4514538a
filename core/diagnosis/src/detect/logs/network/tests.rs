//! Which policies a connection that gets no answer points at: those that forbid it, none that allows the port.

use crate::detect::logs::cause::detect;
use crate::testkit::Scene;

const AROUND: &str = "
kind: Pod
metadata: {name: api, labels: {app: api}}
spec: {nodeName: n1, containers: [{name: api, image: 'api:1'}]}
status: {phase: Running, startTime: AGO(40m), containerStatuses: [{name: api, ready: false, state: {running: {startedAt: AGO(30m)}}}]}
---
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: db, ports: [{name: pg, containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.9.9}
---
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.0.0.5, selector: {app: db}, ports: [{port: 15432, targetPort: pg}]}
---
kind: NetworkPolicy
metadata: {name: p}
spec: ";

const SERVICE: &str = "10.0.0.5:15432";
const POD: &str = "10.0.9.9:5432";
const OUTSIDE: &str = "192.0.2.7:443";

#[rstest::rstest]
#[case::all_egress(SERVICE, "{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress]}", true)]
#[case::port_of_the_pods(
    SERVICE,
    "{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]}",
    false
)]
#[case::port_of_the_service(
    SERVICE,
    "{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress], egress: [{ports: [{port: 15432}]}]}",
    true
)]
#[case::ingress_by_name(SERVICE, "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]}", false)]
#[case::ingress_of_others(
    SERVICE,
    "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: batch}}}]}]}",
    true
)]
#[case::ingress_of_the_caller(
    SERVICE,
    "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}",
    false
)]
#[case::pod_denied(POD, "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}", true)]
#[case::pod_allowed(POD, "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}", false)]
#[case::outside_denied(
    OUTSIDE,
    "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}",
    true
)]
#[case::outside_allowed(
    OUTSIDE,
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 443}]}]}",
    false
)]
fn policies(#[case] peer: &str, #[case] policy: &str, #[case] pointed_at: bool) {
    let log = format!("ERROR dial tcp {peer}: i/o timeout\n").repeat(4);
    let found = detect(&Scene::default().yaml(&format!("{AROUND}{policy}")).log("api/api", &log).view());
    assert_eq!(found.len(), 1, "{found:?}");
    let points = found[0].points_at.iter().any(|e| e.to_string() == "NetworkPolicy shop/p");
    assert_eq!(points, pointed_at, "{found:?}");
}

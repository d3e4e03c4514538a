//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const API: &str = "
---
kind: Deployment
metadata: {name: api, creationTimestamp: AGO(9h)}
spec: {template: {metadata: {labels: {app: api}}}}
---
kind: Pod
metadata: {name: api-0, labels: {app: api}, creationTimestamp: AGO(2h), ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, conditions: [{type: Ready, status: READY}], containerStatuses: [{name: c, restartCount: RESTARTS}]}
---
kind: Deployment
metadata: {name: idle}
spec: {replicas: 0, template: {metadata: {labels: {app: idle}}}}
---
kind: Deployment
metadata: {name: refused, creationTimestamp: AGO(9h)}
spec: {replicas: 2, template: {metadata: {labels: {app: refused}}}}
---
kind: Endpoints
metadata: {name: leader}
---
kind: Endpoints
metadata: {name: manual}
subsets: [{addresses: [{ip: 192.0.2.1}]}]
";

#[rstest::rstest]
#[case::typo(
    "x",
    "selector: {app: apii}",
    Some(
        "SelectorMatchesNothing Failing: Service shop/x selects app=apii, which no pod carries; the pods of Deployment shop/api carry app=api"
    )
)]
#[case::other_key(
    "x",
    "selector: {name: api}",
    Some(
        "SelectorMatchesNothing Failing: Service shop/x selects name=api, which no pod carries; the pods of Deployment shop/api carry app=api"
    )
)]
#[case::own_name(
    "api",
    "selector: {app: backend}",
    Some(
        "SelectorMatchesNothing Failing: Service shop/api selects app=backend, which no pod carries; the pods of Deployment shop/api carry app=api"
    )
)]
#[case::left_over(
    "x",
    "selector: {app: something-else}",
    Some("SelectorMatchesNothing Context: Service shop/x selects app=something-else, which no pod carries")
)]
#[case::unready(
    "x",
    "selector: {app: api}",
    Some(
        "NoReadyEndpoints Failing: Service shop/x has no ready endpoints: none of 1 pod of Deployment shop/api is ready"
    )
)]
#[case::no_pods(
    "x",
    "selector: {app: refused}",
    Some("NoReadyEndpoints Failing: Service shop/x has no endpoints: Deployment shop/refused has no pods")
)]
#[case::scaled_to_zero(
    "x",
    "selector: {app: idle}",
    Some("NoReadyEndpoints Expected: Service shop/x has no endpoints: Deployment shop/idle has no pods")
)]
#[case::no_address(
    "x",
    "selector: {app: api}, type: LoadBalancer, publishNotReadyAddresses: true",
    Some(
        "LoadBalancerPending Failing: the external address of Service shop/x is pending: no load balancer controller has given it an address in 3 h"
    )
)]
#[case::alias(
    "x",
    "type: ExternalName, externalName: db.example",
    Some(
        "Serving Healthy: Service shop/x is of type ExternalName, an alias of db.example: it has no endpoints by design"
    )
)]
#[case::by_hand(
    "manual",
    "ports: [{port: 80}]",
    Some(
        "Serving Healthy: Service shop/manual is kept without a selector; 1 endpoint maintained by hand or by a controller"
    )
)]
#[case::leader_election("leader", "ports: [{port: 80}]", None)]
#[case::headless("x", "selector: {app: api}, clusterIP: None", None)]
#[case::headless_left_over("x", "selector: {app: something-else}, clusterIP: None", None)]
#[case::publishes_unready("x", "selector: {app: api}, publishNotReadyAddresses: true", None)]
fn services(#[case] name: &str, #[case] spec: &str, #[case] expected: Option<&str>) {
    let api = API.replace("READY", "'False'").replace("RESTARTS", "2");
    let service = format!("kind: Service\nmetadata: {{name: {name}, creationTimestamp: AGO(3h)}}\nspec: {{{spec}}}");
    let found = detect(&Scene::default().yaml(&format!("{service}{api}")).view());
    let got: Vec<String> = found.iter().map(|f| format!("{:?} {:?}: {}", f.reason, f.role, f.claim)).collect();
    assert!(got.len() < 2 && got.first().map(String::as_str) == expected, "{got:#?}");
}

#[rstest::rstest]
#[case::ready("'True'", "0", "AGO(2h)", 0)]
#[case::young_and_clean("'False'", "0", "AGO(60s)", 0)]
#[case::young_and_crashing("'False'", "3", "AGO(60s)", 1)]
#[case::old_and_unready("'False'", "0", "AGO(2h)", 1)]
fn pods_that_start_are_no_trouble(
    #[case] ready: &str,
    #[case] restarts: &str,
    #[case] born: &str,
    #[case] expected: usize,
) {
    let api = API.replace("READY", ready).replace("RESTARTS", restarts).replace("AGO(2h)", born);
    let service = "kind: Service\nmetadata: {name: x, creationTimestamp: AGO(3h)}\nspec: {selector: {app: api}}";
    assert_eq!(detect(&Scene::default().yaml(&format!("{service}{api}")).view()).len(), expected);
}

#[rstest::rstest]
#[case::young("AGO(2m)", "{}")]
#[case::has_address("AGO(2h)", "{loadBalancer: {ingress: [{ip: 203.0.113.1}]}}")]
fn an_address_on_its_way(#[case] born: &str, #[case] status: &str) {
    let text = format!(
        "kind: Service\nmetadata: {{name: x, creationTimestamp: {born}}}\nspec: {{type: LoadBalancer}}\nstatus: {status}"
    );
    assert_eq!(detect(&Scene::default().yaml(&text).view()), []);
}

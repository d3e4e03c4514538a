//! Each relation from both of its ends.

use super::*;
use crate::testkit::Scene;

const SHOP: &str = "
kind: Deployment
metadata: {name: api}
spec: {template: {metadata: {labels: {app: api}}, spec: {serviceAccountName: api-sa, containers: [{name: a, env: [{name: DB, value: 'db:5432'}], envFrom: [{configMapRef: {name: cfg}}]}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}}}
---
kind: Pod
metadata: {name: api-1, labels: {app: api}, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {nodeName: n1, containers: [{name: a}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}
---
kind: ConfigMap
metadata: {name: cfg}
---
kind: Service
metadata: {name: api}
spec: {selector: {app: api}}
---
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: shop.example, http: {paths: [{path: /, backend: {service: {name: api}}}]}}]}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}}
---
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
---
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec: {scaleTargetRef: {kind: Deployment, name: api}}
---
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {volumeName: pv-1, storageClassName: fast}
---
kind: Node
metadata: {name: n1}
";

fn told(kind: Kind, name: &str) -> Vec<String> {
    let view = Scene::default().yaml(SHOP).view();
    let told = |edge: Edge| {
        let missing = if edge.seen { "" } else { " (not seen)" };
        format!("{} {}{missing}", edge.relation, edge.to)
    };
    neighbours(&view, &EntityRef::new(kind, "shop", name)).into_iter().map(told).collect()
}

#[rstest::rstest]
#[case::workload(Kind::Deployment, "api", &[
    "calls StatefulSet shop/db", "is reached by Service shop/api", "is reached by Ingress shop/web",
    "is scaled by HorizontalPodAutoscaler shop/api", "names PersistentVolumeClaim shop/data", "names ConfigMap shop/cfg",
    "names ServiceAccount shop/api-sa (not seen)", "owns Pod shop/api-1", "runs on Node n1",
])]
#[case::pod(Kind::Pod, "api-1", &[
    "calls StatefulSet shop/db", "is owned by Deployment shop/api", "is reached by Service shop/api",
    "is reached by Ingress shop/web", "is scaled by HorizontalPodAutoscaler shop/api",
    "names PersistentVolumeClaim shop/data", "runs on Node n1",
])]
#[case::service(Kind::Service, "db", &["is called by Deployment shop/api", "leads to StatefulSet shop/db"])]
#[case::ingress(Kind::Ingress, "web", &["leads to Service shop/api"])]
#[case::callee(Kind::StatefulSet, "db", &["is called by Deployment shop/api", "is reached by Service shop/db"])]
#[case::settings(Kind::ConfigMap, "cfg", &["is named by Deployment shop/api"])]
#[case::node(Kind::Node, "n1", &["runs Pod shop/api-1"])]
#[case::claim(Kind::PersistentVolumeClaim, "data", &[
    "is bound to PersistentVolume pv-1 (not seen)", "is mounted by Pod shop/api-1", "names StorageClass fast (not seen)",
])]
#[case::autoscaler(Kind::HorizontalPodAutoscaler, "api", &["scales Deployment shop/api"])]
#[case::unknown(Kind::Pod, "absent", &[])]
fn relations_are_told_from_both_ends(#[case] kind: Kind, #[case] name: &str, #[case] wanted: &[&str]) {
    assert_eq!(told(kind, name), wanted);
}

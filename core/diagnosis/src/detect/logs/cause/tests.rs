//! Cases and their look-alikes.

use super::*;
use crate::finding::Role;
use crate::testkit::Scene;

/// What surrounds the complaining pod.
const AROUND: &str = "
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.0.0.5, selector: {app: db}, ports: [{port: 5432}]}
---
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
---
kind: ConfigMap
metadata: {name: api-config}
data: {CACHE_HOST: cachee, REGION: eu}
---
kind: Service
metadata: {name: cache}
spec: {ports: [{port: 6379}]}
---
kind: Secret
metadata: {name: db-credentials, creationTimestamp: AGO(50h), managedFields: [{manager: kubectl-edit, operation: Update, time: AGO(20m)}]}
data: {password: ''}
---
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Egress]}
---
kind: Role
metadata: {name: api}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
---
kind: RoleBinding
metadata: {name: api}
roleRef: {kind: Role, name: api}
subjects: [{kind: ServiceAccount, name: api, namespace: shop}]
";

fn scene(status: &str, text: &str) -> View {
    let pod = format!(
        "
kind: Pod
metadata: {{name: api, labels: {{app: api}}}}
spec:
  nodeName: n1
  restartPolicy: Always
  serviceAccountName: api
  containers:
  - name: api
    image: api:1
    env: [{{name: DB_HOST, value: dbb}}, {{name: DB_PORT, value: '5433'}}, {{name: DATABSE_URL, value: x}}, {{name: DB_PASSWORD, valueFrom: {{secretKeyRef: {{name: db-credentials, key: password}}}}}}]
    envFrom: [{{configMapRef: {{name: api-config}}}}]
    volumeMounts: [{{name: data, mountPath: /data}}, {{name: cfg, mountPath: /etc/app}}]
  - name: proxy
    ports: [{{containerPort: 8080}}]
  volumes: [{{name: data, persistentVolumeClaim: {{claimName: api-data}}}}, {{name: cfg, configMap: {{name: api-config}}}}]
status: {{phase: Running, startTime: AGO(40m), containerStatuses: [{{name: api, {status}}}]}}
---{AROUND}"
    );
    Scene::default().yaml(&pod).log("api/api", text).view()
}

const CRASH: &str = "restartCount: 6, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, startedAt: AGO(62s), finishedAt: AGO(60s)}}";
const UNREADY: &str = "ready: false, state: {running: {startedAt: AGO(30m)}}";
const READY: &str = "ready: true, state: {running: {startedAt: AGO(30m)}}";
const YOUNG: &str = "ready: false, state: {running: {startedAt: AGO(20s)}}";

#[rstest::rstest]
#[case::typo_in_env(
    "FATAL dial tcp: lookup dbb on 10.0.0.10:53: no such host",
    Reason::WrongValue,
    "Pod shop/api",
    "there is no Service dbb in shop (there is \"db\"); the name comes from env DB_HOST=dbb"
)]
#[case::typo_in_config_map(
    "FATAL dial tcp: lookup cachee on 10.0.0.10:53: no such host",
    Reason::WrongValue,
    "ConfigMap shop/api-config",
    "key CACHE_HOST of ConfigMap shop/api-config"
)]
#[case::no_such_service(
    "FATAL dial tcp: lookup ledger on 10.0.0.10:53: no such host",
    Reason::MissingReference,
    "Service shop/ledger",
    "there is no Service ledger in shop"
)]
#[case::pod_of_a_missing_headless_service(
    "FATAL dial tcp: lookup mq-0.mq-nodes.shop.svc.cluster.local on 10.0.0.10:53: no such host",
    Reason::MissingReference,
    "Service shop/mq-nodes",
    "there is no Service mq-nodes in shop"
)]
#[case::outside(
    "FATAL dial tcp: lookup api.stripe.example on 10.0.0.10:53: no such host",
    Reason::LogCause,
    "Pod shop/api",
    "outside the cluster"
)]
#[case::refused(
    "FATAL dial tcp 10.0.0.5:5432: connect: connection refused",
    Reason::LogCause,
    "StatefulSet shop/db",
    "(Service shop/db)"
)]
#[case::wrong_port(
    "FATAL dial tcp 10.0.0.5:5433: connect: connection refused",
    Reason::WrongValue,
    "Pod shop/api",
    "has no port 5433, its port is 5432; the port comes from env DB_PORT=5433"
)]
#[case::wrong_password(
    "FATAL password authentication failed for user \"shop\"",
    Reason::LogCause,
    "Secret shop/db-credentials",
    "env DB_PASSWORD from key password"
)]
#[case::forbidden(
    "FATAL pods is forbidden: User \"system:serviceaccount:shop:api\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
    Reason::RbacDenied,
    "Role shop/api",
    "cannot list pods"
)]
#[case::missing_setting(
    "FATAL required environment variable DATABASE_URL is not set",
    Reason::LogCause,
    "Pod shop/api",
    "does not set (it sets DATABSE_URL)"
)]
#[case::missing_file(
    "FATAL open /etc/app/app.yml: no such file or directory",
    Reason::MissingKey,
    "ConfigMap shop/api-config",
    "has no key \"app.yml\" (it has CACHE_HOST, REGION)"
)]
#[case::disk_full(
    "FATAL write /data/wal: [Errno 28] No space left on device: '/data/wal'",
    Reason::DiskFull,
    "PersistentVolumeClaim shop/api-data",
    "is full"
)]
#[case::port_in_use(
    "FATAL listen tcp :8080: bind: address already in use",
    Reason::LogCause,
    "Pod shop/api",
    "container proxy of the same pod"
)]
#[case::java_heap(
    "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
    Reason::LogCause,
    "Pod shop/api",
    "Java heap space"
)]
#[case::unknown("FATAL the flux capacitor is cold", Reason::ExitsByItself, "Pod shop/api", "flux capacitor is cold")]
fn crashes(#[case] text: &str, #[case] reason: Reason, #[case] blame: &str, #[case] says: &str) {
    let found = detect(&scene(CRASH, &format!("INFO starting\n{text}\n")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].claim.contains(says), "{}", found[0].claim);
    assert_eq!((found[0].reason, found[0].blame[0].to_string().as_str()), (reason, blame), "{}", found[0].claim);
    assert!(found[0].role == Role::Failing && !found[0].proof.is_empty() && !found[0].actions.is_empty());
}

const REFUSED: &str = "ERROR dial tcp 10.0.0.5:5432: connect: connection refused\n";

#[rstest::rstest]
#[case::not_ready(UNREADY, REFUSED.repeat(2), true)]
#[case::ready_but_loud(READY, REFUSED.repeat(30), true)]
#[case::ready_and_once(READY, format!("{REFUSED}INFO served 200\n"), false)]
#[case::retried_and_connected(UNREADY, format!("{}INFO connected to database\n", REFUSED.repeat(3)), false)]
#[case::long_ago(UNREADY, format!("{}{}", REFUSED.repeat(3), "INFO tick\n".repeat(60)), false)]
#[case::still_starting(YOUNG, REFUSED.repeat(3), false)]
#[case::no_errors(READY, "INFO done, 0 errors\n".repeat(9), false)]
fn running(#[case] status: &str, #[case] text: String, #[case] counts: bool) {
    let found = detect(&scene(status, &text));
    assert_eq!(found.len(), usize::from(counts), "{found:?}");
    assert!(found.iter().all(|f| f.points_at.iter().any(|e| e.to_string() == "Service shop/db")));
}

#[test]
fn an_unknown_error_that_repeats_counts_only_while_not_ready() {
    let text = "ERROR subscribe failed: no assignment for consumer 7\n".repeat(5);
    let found = detect(&scene(UNREADY, &text));
    assert!(found[0].claim.contains("its log repeats") && found[0].claim.contains("no assignment"), "{found:?}");
    assert!(detect(&scene(READY, &text)).is_empty() && detect(&scene(YOUNG, &text)).is_empty());
}

#[test]
fn a_secret_that_changed_after_the_start_is_stale_and_time_outs_point_at_policies() {
    let text = "ERROR password authentication failed for user \"shop\"\n".repeat(4);
    let found = detect(&scene(UNREADY, &text));
    assert!(found[0].claim.contains("stale"), "{}", found[0].claim);
    let found = detect(&scene(UNREADY, &"ERROR dial tcp 10.0.0.5:5432: i/o timeout\n".repeat(4)));
    assert!(found[0].points_at.iter().any(|e| e.to_string() == "NetworkPolicy shop/deny"), "{found:?}");
}

//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

fn scene(have: i64, message: &str, more: &str) -> Vec<Finding> {
    let text = format!(
        "
kind: Deployment
metadata: {{name: api}}
spec: {{replicas: 4}}
---
kind: ReplicaSet
metadata: {{name: api-1, ownerReferences: [{{kind: Deployment, name: api, controller: true}}]}}
spec: {{replicas: 4}}
status: {{replicas: {have}}}
---
kind: Event
metadata: {{name: e1}}
involvedObject: {{kind: ReplicaSet, namespace: shop, name: api-1}}
type: Warning
reason: FailedCreate
firstTimestamp: AGO(20m)
lastTimestamp: AGO(2m)
count: 9
message: '(combined from similar events): Error creating: {message}'
{more}"
    );
    detect(&Scene::default().yaml(&text).view())
}

const QUOTA: &str = r#"pods "api-1-x" is forbidden: exceeded quota: team-quota, requested: pods=1,requests.memory=100Mi, used: pods=2,requests.memory=200Mi, limited: pods=10,requests.memory=256Mi"#;
const NO_SERVICE: &str = r#"Internal error occurred: failed calling webhook "w.acme.io": failed to call webhook: Post "https://hook.policy.svc:443/v?timeout=10s": service "hook" not found"#;
const NO_ENDPOINTS: &str = r#"Internal error occurred: failed calling webhook "w.acme.io": failed to call webhook: Post "https://hook.policy.svc:443/v?timeout=10s": no endpoints available for service "hook""#;
const HOOK: &str = "---
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks: [{name: w.acme.io, failurePolicy: Fail, clientConfig: {service: {name: hook, namespace: policy}}}]";

#[rstest::rstest]
#[case::quota(2, QUOTA, "", "QuotaExceeded ResourceQuota shop/team-quota Failing | 256Mi, requests.memory, 2 of 4")]
#[case::quota_raised(4, QUOTA, "", "QuotaExceeded ResourceQuota shop/team-quota Over | over")]
#[case::limits(
    0,
    r#"pods "a" is forbidden: maximum memory usage per Container is 128Mi, but limit is 256Mi"#,
    "---\nkind: LimitRange\nmetadata: {name: bounds}\nspec: {limits: [{type: Container, max: {memory: 128Mi}}]}",
    "LimitRangeViolated LimitRange shop/bounds Failing | 128Mi, 256Mi"
)]
#[case::security(
    0,
    r#"pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true"#,
    "",
    "PodSecurityDenied Deployment shop/api Failing | restricted, runAsNonRoot"
)]
#[case::webhook_gone(
    0,
    NO_SERVICE,
    HOOK,
    "WebhookDown ValidatingWebhookConfiguration policy Failing | hook, not found, w.acme.io"
)]
#[case::webhook_idle(0, NO_ENDPOINTS, HOOK, "WebhookDown ValidatingWebhookConfiguration policy Failing | no endpoints")]
#[case::webhook_workload(
    0,
    NO_ENDPOINTS,
    "---
kind: Service
metadata: {name: hook, namespace: policy}
spec: {selector: {app: hook}}
---
kind: Deployment
metadata: {name: hook, namespace: policy}
spec: {replicas: 0, template: {metadata: {labels: {app: hook}}}}",
    "WebhookDown Deployment policy/hook Failing | no endpoints"
)]
#[case::account(
    0,
    r#"pods "a" is forbidden: error looking up service account shop/bot: serviceaccount "bot" not found"#,
    "",
    "MissingReference ServiceAccount shop/bot Failing | bot, not found"
)]
fn refused_pods(#[case] have: i64, #[case] message: &str, #[case] more: &str, #[case] expected: &str) {
    let found = scene(have, message, more);
    assert_eq!(found.len(), 1, "{found:?}");
    let (head, words) = expected.split_once(" | ").unwrap();
    assert_eq!(format!("{:?} {} {:?}", found[0].reason, found[0].blame[0], found[0].role), head);
    for word in words.split(", ") {
        assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
    }
}

#[test]
fn a_quota_that_refuses_nobody_is_silent() {
    let text = "
kind: ResourceQuota
metadata: {name: team-quota}
status: {hard: {requests.memory: 256Mi}, used: {requests.memory: 250Mi}}
";
    assert!(detect(&Scene::default().yaml(text).view()).is_empty());
}

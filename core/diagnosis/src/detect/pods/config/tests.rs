//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

fn view(words: &str) -> View {
    let yaml = format!(
        "
kind: Pod
metadata: {{name: a}}
spec: {{containers: [{{name: a}}]}}
status: {{containerStatuses: [{{name: a, state: {{waiting: {{reason: CreateContainerConfigError, message: {words:?}}}}}}}]}}
---
kind: ConfigMap
metadata: {{name: rates-config}}
data: {{PORT: '1', RATES_URL: http://x}}
---
kind: Secret
metadata: {{name: db}}
data: {{username: '', passwd: ''}}
"
    );
    Scene::default().yaml(&yaml).view()
}

#[rstest::rstest]
#[case(
    "configmap \"rates-api-config\" not found",
    Reason::MissingReference,
    "ConfigMap shop/rates-api-config",
    "does not exist (there is \"rates-config\")"
)]
#[case(
    "secret \"tokens\" not found",
    Reason::MissingReference,
    "Secret shop/tokens",
    "Secret shop/tokens does not exist"
)]
#[case(
    "couldn't find key password in Secret shop/db",
    Reason::MissingKey,
    "Secret shop/db",
    "has no key \"password\" (it has passwd, username), the nearest is \"passwd\""
)]
#[case(
    "couldn't find key RATE_URL in ConfigMap shop/rates-config",
    Reason::MissingKey,
    "ConfigMap shop/rates-config",
    "the nearest is \"RATES_URL\""
)]
#[case(
    "container has runAsNonRoot and image will run as root (pod: \"a_shop(1)\", container: a)",
    Reason::SecurityRefused,
    "Pod shop/a",
    "image will run as root"
)]
fn refusals(#[case] words: &str, #[case] reason: Reason, #[case] blame: &str, #[case] says: &str) {
    let found = detect(&view(words));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].reason, found[0].blame[0].to_string().as_str()), (reason, blame));
    assert!(found[0].claim.contains(says), "{}", found[0].claim);
    assert!(!found[0].actions.is_empty() && !found[0].proof.is_empty());
}

#[test]
fn optional_references_and_unseen_objects() {
    let optional = Scene::default().yaml(
        "
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, env: [{name: X, valueFrom: {configMapKeyRef: {name: none, key: k, optional: true}}}]}]}
status: {containerStatuses: [{name: a, ready: true, state: {running: {startedAt: AGO(1h)}}}]}
",
    );
    assert!(detect(&optional.view()).is_empty());
}

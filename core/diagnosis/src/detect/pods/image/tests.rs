//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

fn found(waiting: &str, failed: &str, more: &str) -> Vec<Finding> {
    let yaml = format!(
        "
kind: Pod
metadata: {{name: web, namespace: shop}}
spec: {{imagePullSecrets: [{{name: regcred}}], containers: [{{name: web, image: 'reg.acme.io/web:9'}}]}}
status: {{phase: Pending, containerStatuses: [{{name: web, state: {{waiting: {{reason: {waiting}, message: 'Back-off pulling image'}}}}}}]}}
---
kind: Event
metadata: {{name: e1}}
involvedObject: {{kind: Pod, namespace: shop, name: web, fieldPath: 'spec.containers{{web}}'}}
reason: Failed
type: Warning
message: '{failed}'
lastTimestamp: AGO(10s)
---
{more}"
    );
    detect(&Scene::default().yaml(&yaml).view())
}

const SECRET: &str = "kind: Secret\nmetadata: {name: regcred}";

#[rstest::rstest]
#[case(
    "ImagePullBackOff",
    "Failed to pull image \"reg.acme.io/web:9\": failed to resolve reference \"reg.acme.io/web:9\": reg.acme.io/web:9: not found",
    "does not have this tag",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "failed to do request: Head \"https://reg.acme.io/v2/\": dial tcp: lookup reg.acme.io on 10.0.0.1:53: no such host",
    "lookup reg.acme.io on 10.0.0.1:53: no such host",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "failed to do request: Head \"https://reg.acme.io/v2/\": dial tcp 10.1.2.3:443: i/o timeout",
    "i/o timeout",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "failed to resolve reference: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "x509",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope",
    "refuses the pull",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "failed to fetch anonymous token: unexpected status from GET request to https://x: 401 Unauthorized",
    "401 Unauthorized",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit",
    "rate limit",
    Reason::ImagePull
)]
#[case(
    "ErrImagePull",
    "failed to pull and unpack image: no match for platform in manifest: not found",
    "platform",
    Reason::ImagePull
)]
#[case(
    "InvalidImageName",
    "Failed to apply default image tag: couldn''t parse image name: invalid reference format",
    "not a valid image name",
    Reason::ImagePull
)]
#[case(
    "ErrImageNeverPull",
    "Container image \"reg.acme.io/web:9\" is not present with pull policy of Never",
    "imagePullPolicy Never",
    Reason::ImagePull
)]
fn causes(#[case] waiting: &str, #[case] failed: &str, #[case] says: &str, #[case] reason: Reason) {
    let found = found(waiting, failed, SECRET);
    assert_eq!(found.len(), 1);
    assert!(found[0].claim.contains(says), "{}", found[0].claim);
    assert_eq!((found[0].reason, found[0].blame[0].kind.clone()), (reason, Kind::Pod));
}

#[test]
fn a_missing_pull_secret_is_blamed_only_when_the_registry_refuses() {
    let refused = found("ErrImagePull", "failed to authorize: 403 Forbidden", "");
    assert_eq!(
        (refused[0].blame[0].to_string(), refused[0].reason),
        ("Secret shop/regcred".into(), Reason::MissingReference)
    );
    let no_tag = found("ErrImagePull", "reg.acme.io/web:9: not found", "");
    assert_eq!(no_tag[0].blame[0].to_string(), "Pod shop/web");
}

#[test]
fn pulls_that_are_under_way_are_silent() {
    assert!(found("ContainerCreating", "Pulling", SECRET).is_empty());
    assert!(found("PodInitializing", "Pulling", SECRET).is_empty());
}

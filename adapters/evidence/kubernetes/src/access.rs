//! Which permissions there are: one question for each thing that the engine reads, and the rule that is missing.
//!
//! The API server is asked about the one who asks; nothing is tried out. Start at [`Cluster::permissions`].

use futures::StreamExt as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{ReadFailure, rbac_rule};
use serde::Deserialize;
use serde_json::json;

use crate::call::{Ask, Caller};
use crate::cluster::Cluster;
use crate::failure::Failure;

/// Bytes of an answer.
const CAP: usize = 4 * 1024 * 1024;

/// Questions that are asked at once; the cluster's own bound may be lower.
const AT_ONCE: usize = 8;

/// One permission that reading needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionCheck {
    /// `list` or `get`.
    pub verb: &'static str,
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural: `pods`.
    pub resource: String,
    /// `log` of `pods/log`.
    pub subresource: Option<&'static str>,
    /// Where; none for all namespaces and for what has none.
    pub namespace: Option<String>,
    /// What the API server says, or why it did not.
    pub allowed: Result<bool, ReadFailure>,
    /// The rule that grants it, as it goes into a Role or ClusterRole.
    pub fix: String,
}

impl Cluster {
    /// Asks for every permission that reading these namespaces needs; for all namespaces when none are given.
    pub async fn permissions(&self, namespaces: &[String]) -> Vec<PermissionCheck> {
        let checks = needed(namespaces);
        futures::stream::iter(checks.into_iter().map(|check| self.answered(check))).buffered(AT_ONCE).collect().await
    }

    async fn answered(&self, mut check: PermissionCheck) -> PermissionCheck {
        let attributes = json!({
            "verb": check.verb,
            "group": check.group,
            "resource": check.resource,
            "subresource": check.subresource.unwrap_or_default(),
            "namespace": check.namespace.as_deref().unwrap_or_default(),
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let answer = ask::<AccessStatus>(self.caller(), "selfsubjectaccessreviews", &review).await;
        check.allowed = answer.map(|status| status.allowed);
        check
    }
}

/// What the engine reads: every kind it knows but leases, and logs.
fn needed(namespaces: &[String]) -> Vec<PermissionCheck> {
    let places: Vec<Option<String>> =
        if namespaces.is_empty() { vec![None] } else { namespaces.iter().cloned().map(Some).collect() };
    let mut checks = Vec::new();
    for kind in Kind::KNOWN.iter().filter(|k| !k.namespaced()) {
        checks.push(check("list", kind, None, None));
    }
    for place in places {
        for kind in Kind::KNOWN.iter().filter(|k| k.namespaced() && **k != Kind::Lease) {
            checks.push(check("list", kind, None, place.clone()));
        }
        checks.push(check("get", &Kind::Pod, Some("log"), place));
    }
    checks
}

fn check(
    verb: &'static str,
    kind: &Kind,
    subresource: Option<&'static str>,
    namespace: Option<String>,
) -> PermissionCheck {
    let resource = kind.plural();
    let whole = subresource.map_or_else(|| resource.clone(), |sub| format!("{resource}/{sub}"));
    let fix = rbac_rule(kind.group(), &whole, namespace.as_deref());
    let group = kind.group().to_owned();
    PermissionCheck { verb, group, resource, subresource, namespace, allowed: Ok(false), fix }
}

#[derive(Deserialize)]
struct AccessStatus {
    #[serde(default)]
    allowed: bool,
}

/// What one may do, as far as the API server can tell at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesStatus {
    #[serde(default)]
    resource_rules: Vec<Rule>,
    #[serde(default)]
    incomplete: bool,
}

/// One rule that applies to the one who asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    api_groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    resource_names: Vec<String>,
}

impl Rule {
    /// Whether it allows to list a resource.
    pub(crate) fn lists(&self, group: &str, plural: &str) -> bool {
        let holds = |all: &[String], one: &str| all.iter().any(|a| a == "*" || a == one);
        holds(&self.verbs, "list")
            && holds(&self.api_groups, group)
            && holds(&self.resources, plural)
            && self.resource_names.is_empty()
    }
}

/// The rules that apply to the one who asks; none when they cannot be told, as with authorisers other than RBAC.
pub(crate) async fn rules(caller: &Caller) -> Option<Vec<Rule>> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    });
    let status: RulesStatus = ask(caller, "selfsubjectrulesreviews", &review).await.ok()?;
    (!status.incomplete).then_some(status.resource_rules)
}

async fn ask<T: serde::de::DeserializeOwned>(
    caller: &Caller,
    plural: &str,
    review: &serde_json::Value,
) -> Result<T, ReadFailure> {
    #[derive(Deserialize)]
    struct Answer<T> {
        status: T,
    }
    let target = format!("/apis/authorization.k8s.io/v1/{plural}");
    let ask = Ask { post: Some(review.to_string().into_bytes()), ..Ask::json(target) };
    let page = caller.page(&ask, CAP).await.map_err(Failure::of_list)?;
    let answer: Result<Answer<T>, _> = serde_json::from_slice(&page.body);
    answer.map(|a| a.status).map_err(|e| ReadFailure::Unreadable(format!("the review is not readable: {e}")))
}

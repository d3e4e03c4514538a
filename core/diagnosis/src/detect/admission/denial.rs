//! The API server's refusal of a pod, taken apart: which rule, which object, which numbers.
//!
//! Start at [`parse`]. The wordings are those of the admission plugins of Kubernetes 1.24 to 1.34
//! (<https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/>). The name of the refused pod
//! is dropped, so that the refusals of one workload read the same.

use crate::detect::say::{between, clause};

/// Why a pod was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// A quota is used up; the resources that are over, with their numbers.
    Quota {
        /// The quota's name.
        name: String,
        /// What is over.
        over: Vec<Overrun>,
    },
    /// A quota wants requests or limits that the pod does not set.
    QuotaUnset {
        /// The quota's name.
        name: String,
        /// What it wants: `limits.memory for: worker`.
        wants: String,
    },
    /// A `LimitRange` forbids an amount: `maximum memory usage per Container is 128Mi, but limit is 256Mi`.
    LimitRange(String),
    /// Pod Security admission: the level and what violates it.
    PodSecurity {
        /// `restricted:latest`.
        level: String,
        /// What violates it.
        violations: String,
    },
    /// A webhook or policy said no.
    Denied {
        /// Its name.
        by: String,
        /// Its words.
        words: String,
    },
    /// A webhook did not answer, or not as it must.
    WebhookDown {
        /// Its name.
        webhook: String,
        /// Service and namespace behind it, when it has one.
        service: Option<(String, String)>,
        /// What went wrong.
        cause: String,
    },
    /// A `ServiceAccount` that does not exist.
    ServiceAccount(String),
    /// A `PriorityClass` that does not exist.
    PriorityClass(String),
    /// A `RuntimeClass` that does not exist.
    RuntimeClass(String),
    /// The namespace is being deleted.
    Terminating,
    /// Anything else, in the server's words.
    Other(String),
}

/// One resource of a quota that a request would take over its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overrun {
    pub(super) resource: String,
    pub(super) requested: String,
    pub(super) used: String,
    pub(super) limited: String,
}

/// Takes a `FailedCreate` message or a `ReplicaFailure` condition apart.
pub(super) fn parse(message: &str) -> Denial {
    let text = message.trim();
    webhook(text)
        .or_else(|| quota(text))
        .or_else(|| security(text))
        .or_else(|| missing(text))
        .or_else(|| limit_range(text))
        .unwrap_or_else(|| Denial::Other(clause(anonymous(text))))
}

/// The message without `Error creating: pods "x" is forbidden: `.
fn anonymous(text: &str) -> &str {
    text.split_once(" is forbidden: ")
        .or_else(|| text.split_once(" is invalid: "))
        .or_else(|| text.split_once("Error creating: "))
        .map_or(text, |(_, rest)| rest)
}

fn webhook(text: &str) -> Option<Denial> {
    if let Some(webhook) = between(text, "failed calling webhook ", '"', '"') {
        let host = text.split_once("://").map(|(_, rest)| rest.split(['/', ':', '?']).next().unwrap_or(rest));
        let service = host.and_then(|h| {
            let mut parts = h.split('.');
            let (name, namespace) = (parts.next()?, parts.next()?);
            (parts.next() == Some("svc")).then(|| (name.to_owned(), namespace.to_owned()))
        });
        let after = text.rsplit_once("\": ").map_or(text, |(_, cause)| cause);
        return Some(Denial::WebhookDown { webhook: webhook.to_owned(), service, cause: clause(after) });
    }
    if let Some((head, words)) = text.split_once(" denied the request") {
        let by = between(head, "admission webhook ", '"', '"')?;
        let words = clause(&words.trim_start_matches([':', ' ']).replace("\\n", " "));
        return Some(Denial::Denied { by: by.to_owned(), words: without_pod(&words) });
    }
    let (head, words) = text.split_once(" denied request: ")?;
    let by = between(head, "ValidatingAdmissionPolicy ", '\'', '\'')?;
    Some(Denial::Denied { by: format!("ValidatingAdmissionPolicy {by}"), words: clause(words) })
}

/// Policy engines name the pod; the claim must read the same for each.
fn without_pod(words: &str) -> String {
    let keep = |word: &&str| !word.starts_with("Pod/");
    words.split(' ').filter(keep).collect::<Vec<_>>().join(" ")
}

fn quota(text: &str) -> Option<Denial> {
    if let Some((_, rest)) = text.split_once("exceeded quota: ") {
        let (name, numbers) = rest.split_once(", requested: ")?;
        let (requested, numbers) = numbers.split_once(", used: ")?;
        let (used, limited) = numbers.split_once(", limited: ")?;
        let get = |list: &str, resource: &str| {
            list.split(',')
                .filter_map(|p| p.trim().split_once('='))
                .find(|(r, _)| *r == resource)
                .map(|(_, v)| v.to_owned())
        };
        let over = requested.split(',').filter_map(|p| p.trim().split_once('=')).map(|(resource, amount)| Overrun {
            resource: resource.to_owned(),
            requested: amount.to_owned(),
            used: get(used, resource).unwrap_or_default(),
            limited: get(limited, resource).unwrap_or_default(),
        });
        return Some(Denial::Quota { name: name.to_owned(), over: over.collect() });
    }
    let (_, rest) = text.split_once("failed quota: ")?;
    let (name, wants) = rest.split_once(": must specify ")?;
    Some(Denial::QuotaUnset { name: name.to_owned(), wants: clause(wants) })
}

fn security(text: &str) -> Option<Denial> {
    let (_, rest) = text.split_once("violates PodSecurity ")?;
    let level = rest.split('"').nth(1)?;
    let violations = rest.split_once("\": ").map_or("", |(_, v)| v);
    Some(Denial::PodSecurity { level: level.to_owned(), violations: clause(violations) })
}

fn missing(text: &str) -> Option<Denial> {
    if text.contains("erviceaccount \"") && text.contains("not found") {
        return between(text, "erviceaccount ", '"', '"').map(|n| Denial::ServiceAccount(n.to_owned()));
    }
    if let Some((_, rest)) = text.split_once("no PriorityClass with name ") {
        let name = rest.split(' ').next().unwrap_or(rest);
        return Some(Denial::PriorityClass(name.trim_matches('"').to_owned()));
    }
    if let Some(name) = between(text, "RuntimeClass ", '"', '"') {
        return Some(Denial::RuntimeClass(name.to_owned()));
    }
    let ends = text.contains("because it is being terminated") || text.contains("NamespaceTerminating");
    ends.then_some(Denial::Terminating)
}

fn limit_range(text: &str) -> Option<Denial> {
    let rule = [" usage per ", "max limit to request ratio per "].iter().any(|w| text.contains(w));
    rule.then(|| Denial::LimitRange(clause(anonymous(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(resource: &str, requested: &str, used: &str, limited: &str) -> Overrun {
        let [resource, requested, used, limited] = [resource, requested, used, limited].map(str::to_owned);
        Overrun { resource, requested, used, limited }
    }

    #[rstest::rstest]
    #[case::quota("Error creating: pods \"a-1\" is forbidden: exceeded quota: team-quota, requested: requests.memory=100Mi, used: requests.memory=200Mi, limited: requests.memory=256Mi",
        Denial::Quota { name: "team-quota".into(), over: vec![over("requests.memory", "100Mi", "200Mi", "256Mi")] })]
    #[case::unset("Error creating: pods \"a-1\" is forbidden: failed quota: compute: must specify limits.memory for: worker; requests.memory for: worker",
        Denial::QuotaUnset { name: "compute".into(), wants: "limits.memory for: worker; requests.memory for: worker".into() })]
    #[case::limit_range("Error creating: pods \"a-1\" is forbidden: maximum memory usage per Container is 128Mi, but limit is 256Mi",
        Denial::LimitRange("maximum memory usage per Container is 128Mi, but limit is 256Mi".into()))]
    #[case::no_endpoints("Error creating: Internal error occurred: failed calling webhook \"validation.gatekeeper.sh\": failed to call webhook: Post \"https://gk.gk-system.svc:443/v1/admit?timeout=3s\": no endpoints available for service \"gk\"",
        Denial::WebhookDown { webhook: "validation.gatekeeper.sh".into(), service: Some(("gk".into(), "gk-system".into())), cause: "no endpoints available for service \"gk\"".into() })]
    #[case::url_webhook("failed calling webhook \"w\": failed to call webhook: Post \"https://hooks.example.com/x\": context deadline exceeded",
        Denial::WebhookDown { webhook: "w".into(), service: None, cause: "context deadline exceeded".into() })]
    #[case::denied("Error creating: admission webhook \"validate.kyverno.svc-fail\" denied the request: \n\nresource Pod/lab/s-1 was blocked",
        Denial::Denied { by: "validate.kyverno.svc-fail".into(), words: "resource was blocked".into() })]
    #[case::account("Error creating: pods \"a\" is forbidden: error looking up service account certs/x: serviceaccount \"x\" not found", Denial::ServiceAccount("x".into()))]
    #[case::priority("Error creating: pods \"a\" is forbidden: no PriorityClass with name high was found", Denial::PriorityClass("high".into()))]
    #[case::runtime("Error creating: pods \"a\" is forbidden: pod rejected: RuntimeClass \"gvisor\" not found", Denial::RuntimeClass("gvisor".into()))]
    #[case::other("Error creating: Pod \"a\" is invalid: spec.containers[0].image: Required value", Denial::Other("spec.containers[0].image: Required value".into()))]
    fn refusals(#[case] message: &str, #[case] expected: Denial) {
        assert_eq!(parse(message), expected);
    }
}

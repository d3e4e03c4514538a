//! Admission webhooks that do not answer, as refused pods tell it. A webhook that fails open stands in nobody's way.
//!
//! Start at [`down`].

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason};
use crate::kube::WebhookConfiguration;
use crate::view::View;

/// A webhook that failed while a pod was created: blames the workload behind it when that is in trouble, the certificate's
/// trust or the name in its configuration otherwise.
pub(super) fn down(
    view: &View,
    unit: &EntityRef,
    webhook: &str,
    service: Option<(String, String)>,
    cause: &str,
    base: &dyn Fn(Reason, String) -> Finding,
) -> Finding {
    let config = configuration(view, webhook);
    let text = match &service {
        Some((name, ns)) => {
            format!(
                "the pods of {unit} are refused because webhook {webhook} (Service {ns}/{name}) cannot be called: {cause}"
            )
        }
        None => format!("the pods of {unit} are refused because webhook {webhook} cannot be called: {cause}"),
    };
    let mut finding = base(Reason::WebhookDown, text);
    if let Some((entity, says)) = &config {
        finding = finding.blame(entity.clone()).because("how it is called", evidence::object(entity, says.clone()));
    }
    let trust = cause.contains("x509") || cause.contains("certificate") || cause.contains("tls:");
    let Some((name, ns)) = service else { return with_actions(finding, config.map(|c| c.0), trust) };
    let backing = EntityRef::new(Kind::Service, &ns, name);
    if cause.contains("not found") && view.absent(&backing) {
        finding = finding.because("the Service does not exist", evidence::absence(&backing));
    } else if !trust {
        finding = match in_trouble(view, &backing) {
            Some(workload) => finding.blame(workload),
            None if config.is_none() => finding.blame(backing.clone()),
            None => finding,
        };
    }
    let finding = if trust { finding } else { finding.points_at(backing.clone()) };
    let finding = if finding.blame == [unit.clone()] { finding.blame(backing) } else { finding };
    with_actions(finding, config.map(|c| c.0), trust)
}

fn with_actions(finding: Finding, config: Option<EntityRef>, trust: bool) -> Finding {
    let edit = config.as_ref().map(say::edit);
    let subject = say::get(&finding.subject);
    let finding = if trust {
        finding
            .action("put the CA that signed the webhook's certificate into its caBundle", edit.clone(), "low")
            .check(subject)
    } else {
        let target = finding.blame.first().map(say::describe);
        finding.action("bring the webhook's Service back", target, "low").check(subject)
    };
    finding.action(
        "or let it fail open (failurePolicy: Ignore) until then",
        edit,
        "high: the policy is not enforced meanwhile",
    )
}

/// The configuration that registers a webhook, and how it is called.
fn configuration(view: &View, webhook: &str) -> Option<(EntityRef, String)> {
    let find = |kind: Kind, config: &WebhookConfiguration| {
        let hook = config.webhooks.iter().find(|w| w.name == webhook)?;
        let policy = if hook.failure_policy.is_empty() { "Fail" } else { &hook.failure_policy };
        Some((say::of_meta(kind, &config.metadata), format!("webhooks[{webhook}]: failurePolicy={policy}")))
    };
    let validating = view.validating_webhooks.iter().find_map(|c| find(Kind::ValidatingWebhookConfiguration, c));
    validating.or_else(|| view.mutating_webhooks.iter().find_map(|c| find(Kind::MutatingWebhookConfiguration, c)))
}

/// The workload behind a Service that has no ready pod.
fn in_trouble(view: &View, service: &EntityRef) -> Option<EntityRef> {
    let found = view.services.get(service.ns(), &service.name)?;
    let behind = view.behind_service(found);
    let idle = |unit: &&EntityRef| !say::live_pods(view, unit).iter().any(|p| p.is_ready());
    behind.iter().find(idle).cloned()
}

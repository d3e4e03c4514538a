//! The headless Service of a StatefulSet, which gives its pods their names.
//!
//! Start at [`headless`]. A missing one is nobody's trouble while nobody asks for the names: it is the cause only when a
//! log shows that names under it do not resolve, or when pods that use such names run and do not become ready.

use jiff::Timestamp;

use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Pod, StatefulSet};
use crate::logs::{Hit, LogDigest, LogLine, Signature};
use crate::shell::word;
use crate::view::View;

use crate::detect::nearest::nearest;
use crate::detect::say;

/// What programs write of a name that has no address: the answer code of RFC 1035, and resolver libraries' words.
const NO_NAME: &[&str] = &["nxdomain", "failed to resolve", "could not resolve", "no such host", "not known"];

/// The Service that `spec.serviceName` names, when it is not there. An empty name is allowed and means none.
pub(super) fn headless(view: &View, set: &StatefulSet, entity: &EntityRef) -> Option<Finding> {
    let service = EntityRef::new(Kind::Service, entity.ns(), set.spec.service_name.clone());
    if service.name.is_empty() || !view.absent(&service) {
        return None;
    }
    let names: Vec<&str> = view.services.within(entity.ns()).map(|s| s.metadata.name.as_str()).collect();
    let near = nearest(&service.name, names.iter().copied()).map(|n| format!(" (there is {n})")).unwrap_or_default();
    let line = unresolved(view, &service);
    let waiting = view.pods_of(entity).into_iter().find(|p| runs_unready(view, p) && mentions(view, p, &service.name));
    if line.is_none() && waiting.is_none() {
        let claim = format!("{service}, which {entity} names as its spec.serviceName, does not exist{near}");
        // About the Service: a set that fails for another reason must not be explained by it.
        return Some(facts(Finding::new(Reason::MissingReference, service.clone(), claim), set, entity, &service));
    }
    let claim = format!(
        "{service}, the headless Service that {entity} names as its spec.serviceName, does not exist{near}, so the names of its pods ({}-0.{}) do not resolve",
        entity.name, service.name
    );
    let mut finding = facts(Finding::new(Reason::MissingReference, entity.clone(), claim), set, entity, &service);
    finding.role = Role::Failing;
    if let Some((at, evidence)) = line {
        finding = finding
            .since(at)
            .because(format!("a name under {} does not resolve", service.name), evidence.clone())
            .rules_out("name service as a whole: a Service that is not there has no name", evidence);
    } else {
        finding = finding.confidence(Confidence::Medium);
    }
    if let Some(pod) = waiting {
        let about = crate::view::relate::pod_ref(pod);
        finding.pods.insert(about.clone());
        let says = "all containers run, Ready=False";
        finding = finding
            .because(format!("{} runs and is not ready", about.name), evidence::object(&about, says))
            .rules_out("image, node and volumes: the containers of its pods run", evidence::object(&about, says));
    }
    Some(repair(finding, set, entity, &service))
}

fn facts(finding: Finding, set: &StatefulSet, entity: &EntityRef, service: &EntityRef) -> Finding {
    finding
        .role(Role::Context)
        .blame(service.clone())
        .points_at(service.clone())
        .because("the name in the set", evidence::object(entity, format!("spec.serviceName={}", set.spec.service_name)))
        .because(format!("{service} is not there"), evidence::absence(service))
}

/// `spec.serviceName` cannot be changed, so the Service has to be made; `create` alone would select by its own name.
fn repair(finding: Finding, set: &StatefulSet, entity: &EntityRef, service: &EntityRef) -> Finding {
    let (kubectl, name) = (say::kubectl(entity), word(&service.name));
    let selector = say::labels(&set.spec.selector.match_labels);
    let make = format!(
        "{kubectl} create service clusterip {name} --clusterip=None && {kubectl} set selector service {name} {selector}"
    );
    finding
        .action(format!("create the headless {service}"), Some(make), "low: gives the pods their names")
        .check(format!("{kubectl} get endpoints {name}"))
}

/// A log line of the namespace that could not resolve a name under the Service, where it stands and since when.
fn unresolved(view: &View, service: &EntityRef) -> Option<(Option<Timestamp>, Evidence)> {
    view.logs().filter(|(of, _, _)| of.namespace == service.ns()).find_map(|(of, previous, log)| {
        let digest = log.as_ref().ok()?;
        let hit = digest.hits.iter().find(|h| h.signature == Signature::NameNotResolved && under(h, &service.name));
        let line = match hit {
            Some(hit) => (hit.first.at, &hit.last),
            None => worded(digest, &service.name)?,
        };
        Some((line.0, evidence::log(of, previous, line.1)))
    })
}

/// A line in the words of a name server, for programs whose own wording the log rules do not know.
fn worded<'a>(digest: &'a LogDigest, service: &str) -> Option<(Option<Timestamp>, &'a LogLine)> {
    let under = format!(".{service}.");
    let settled = digest.last_success.as_ref().map_or(0, |l| l.number);
    let says = |l: &LogLine| {
        let lower = l.text.to_lowercase();
        lower.contains(&under) && NO_NAME.iter().any(|w| lower.contains(w)) && l.number > settled
    };
    let template = digest.templates.iter().find(|t| says(&t.last)).map(|t| (t.first.at, &t.last));
    template.or_else(|| digest.tail.iter().rev().find(|l| says(l)).map(|l| (l.at, l)))
}

/// `db-0.db.shop.svc` and `db.shop.svc` are names under `db`.
fn under(hit: &Hit, service: &str) -> bool {
    hit.success_after.is_none()
        && hit.values.host.as_deref().is_some_and(|host| host.split('.').take(2).any(|label| label == service))
}

/// Every container runs, none was restarted, and the pod is older than a start takes.
fn runs_unready(view: &View, pod: &Pod) -> bool {
    let old = pod.metadata.creation_timestamp.is_none_or(|t| view.age(t) > super::stateful::PATIENCE);
    let statuses = &pod.status.container_statuses;
    let runs = !statuses.is_empty() && statuses.iter().all(|s| s.state.running.is_some() && s.restart_count == 0);
    old && runs && !pod.is_ready() && say::is_live(pod)
}

/// Whether a pod uses names under the Service: in its command, arguments or variables, or as its events tell. Without
/// that a probe that asks the wrong port would be laid at the door of a Service that nobody needs.
fn mentions(view: &View, pod: &Pod, service: &str) -> bool {
    let under = format!(".{service}");
    let uses = |text: &String| text.contains(&under) || text == service;
    let spec = pod
        .spec
        .containers
        .iter()
        .any(|c| c.command.iter().chain(&c.args).chain(c.env.iter().filter_map(|e| e.value.as_ref())).any(uses));
    spec || view.events_of(&crate::view::relate::pod_ref(pod)).any(|e| e.text().contains(&under))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testkit::Scene;

    const SET: &str = "kind: StatefulSet\nmetadata: {name: mq}\nspec: {replicas: 1, serviceName: mq-nodes, selector: {matchLabels: {app: mq}}}";
    const UNNAMED: &str = "kind: StatefulSet\nmetadata: {name: mq}\nspec: {replicas: 1, serviceName: ''}";
    const SERVICE: &str = "\n---\nkind: Service\nmetadata: {name: mq-nodes}\nspec: {clusterIP: None}";
    const UNHEALTHY: &str = "\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, namespace: shop, name: mq-0}\nreason: Unhealthy\nmessage: node mq@mq-0.mq-nodes.shop is not running\nlastTimestamp: AGO(1m)";
    const LINE: &str = "2026-11-22T11:50:00Z ERROR failed to resolve mq-0.mq-nodes.shop.svc.cluster.local: nxdomain\n";

    fn pod(ready: &str, state: &str) -> String {
        format!(
            "\n---\nkind: Pod\nmetadata: {{name: mq-0, ownerReferences: [{{kind: StatefulSet, name: mq, controller: true}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: '{ready}'}}], containerStatuses: [{{name: mq, state: {{{state}}}}}]}}"
        )
    }

    #[rstest]
    #[case::named_in_a_log(SET.to_owned() + &pod("True", "running: {}"), LINE, Some(Role::Failing))]
    #[case::runs_and_waits(SET.to_owned() + &pod("False", "running: {}") + UNHEALTHY, "", Some(Role::Failing))]
    #[case::runs_and_waits_for_something_else(SET.to_owned() + &pod("False", "running: {}"), "", Some(Role::Context))]
    #[case::other_trouble(SET.to_owned() + &pod("False", "waiting: {reason: ErrImagePull}"), "", Some(Role::Context))]
    #[case::nobody_asks(SET.to_owned() + &pod("True", "running: {}"), "", Some(Role::Context))]
    #[case::there(SET.to_owned() + SERVICE + &pod("False", "running: {}"), LINE, None)]
    #[case::no_name(UNNAMED.to_owned() + &pod("False", "running: {}"), "", None)]
    fn headless_services(#[case] yaml: String, #[case] log: &str, #[case] expected: Option<Role>) {
        let view = Scene::default().yaml(&yaml).log("mq-0/mq", log).view();
        let set = view.stateful_sets.get("shop", "mq").unwrap();
        let found = headless(&view, set, &EntityRef::new(Kind::StatefulSet, "shop", "mq"));
        assert_eq!(found.as_ref().map(|f| f.role), expected);
        if let Some(finding) = found {
            assert_eq!(finding.blame[0].to_string(), "Service shop/mq-nodes");
        }
    }
}

//! Pods that the API server refuses to create: quota, `LimitRange`, Pod Security, webhooks, names that do not exist.
//!
//! Start at [`detect`]. A refusal is current only while its owner lacks replicas; one that is over says so, and a
//! quota that is nearly full but refuses nobody is nobody's trouble.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::denial::{Denial, Overrun, parse};
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Condition, Event, LimitRange};
use crate::quantity;
use crate::view::View;

/// The ReplicaSet controller tries again at the latest after this many seconds (its back-off ends at 1,000 s).
const BACKOFF_MAX: i64 = 1200;

/// A refusal of the pods of one owner.
struct Refused {
    owner: EntityRef,
    unit: EntityRef,
    message: String,
    evidence: Evidence,
    since: Option<Timestamp>,
    current: bool,
}

/// Refusals of pods, the newest of each owner.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    refusals(view).into_values().filter_map(|r| finding(view, &r)).collect()
}

fn refusals(view: &View) -> BTreeMap<EntityRef, Refused> {
    let mut found: BTreeMap<EntityRef, Refused> = BTreeMap::new();
    for event in
        view.events().iter().filter(|e| e.reason == "FailedCreate" && e.last().is_none_or(|at| view.in_window(at)))
    {
        let about = &event.involved_object;
        let owner = EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone());
        // A CronJob's FailedCreate is about a Job object, not about pods.
        if owner.kind == Kind::CronJob || !owner.kind.is_workload() {
            continue;
        }
        let first = found.get(&owner).and_then(|r| r.since).into_iter().chain(event.first()).min();
        found.insert(owner.clone(), from_event(view, owner, event, first));
    }
    for (owner, condition) in conditions(view) {
        let since = *condition.last_transition_time;
        let refused = found.entry(owner.clone()).or_insert_with(|| Refused {
            unit: view.unit(&owner),
            evidence: evidence::object(&owner, format!("ReplicaFailure=True: {}", condition.message)),
            message: condition.message.clone(),
            owner,
            since,
            current: false,
        });
        refused.current = lacking(view, &refused.owner).is_none_or(|n| n > 0);
        refused.since = refused.since.into_iter().chain(since).min();
    }
    found
}

fn from_event(view: &View, owner: EntityRef, event: &Event, since: Option<Timestamp>) -> Refused {
    let recent = event.last().is_some_and(|at| view.age(at) <= BACKOFF_MAX);
    Refused {
        unit: view.unit(&owner),
        message: event.text().to_owned(),
        evidence: evidence::event(event),
        since,
        current: lacking(view, &owner).map_or(recent, |n| n > 0),
        owner,
    }
}

fn conditions(view: &View) -> impl Iterator<Item = (EntityRef, &Condition)> {
    view.replica_sets.iter().filter_map(|r| {
        let condition = r.status.condition("ReplicaFailure").filter(|c| c.is_true())?;
        Some((say::of_meta(Kind::ReplicaSet, &r.metadata), condition))
    })
}

/// How many pods the owner still lacks; none when it was not seen.
fn lacking(view: &View, owner: &EntityRef) -> Option<i64> {
    let (ns, name) = (owner.ns(), owner.name.as_str());
    match owner.kind {
        Kind::ReplicaSet => view.replica_sets.get(ns, name).map(|o| o.spec.replicas() - o.status.replicas),
        Kind::StatefulSet => view.stateful_sets.get(ns, name).map(|o| o.spec.replicas() - o.status.replicas),
        Kind::DaemonSet => view
            .daemon_sets
            .get(ns, name)
            .map(|o| o.status.desired_number_scheduled - o.status.current_number_scheduled),
        Kind::Job => view.jobs.get(ns, name).map(|o| {
            let over = o.spec.suspend
                || o.status.completion_time.is_some()
                || o.status.conditions.iter().any(Condition::is_true);
            if over { 0 } else { o.spec.completions.unwrap_or(1) - o.status.succeeded - o.status.active }
        }),
        _ => None,
    }
}

fn finding(view: &View, refused: &Refused) -> Option<Finding> {
    let wanted = wanted(view, &refused.owner);
    // An old ReplicaSet that is to have no pods any more is history without a lesson.
    if wanted == Some(0) {
        return None;
    }
    let unit = &refused.unit;
    let denial = parse(&refused.message);
    let lacks = lacking(view, &refused.owner).zip(wanted).filter(|(lacks, _)| *lacks > 0);
    let have = lacks.map(|(lacks, wanted)| format!(" ({} of {wanted} pods exist)", wanted - lacks)).unwrap_or_default();
    let base = |reason, text: String| {
        let tail = if refused.current { have.clone() } else { "; that is over, all its pods exist now".to_owned() };
        Finding::new(reason, unit.clone(), format!("{text}{tail}"))
    };
    let finding = by_denial(view, refused, denial, &base);
    let mut finding = finding
        .role(if refused.current { Role::Failing } else { Role::Over })
        .since(refused.since)
        .because("the API server's own words", refused.evidence.clone());
    if refused.current {
        finding = finding.rules_out(
            "nodes, image and the process: the pods were refused before they existed",
            refused.evidence.clone(),
        );
    } else {
        finding.actions.clear();
    }
    Some(finding)
}

fn wanted(view: &View, owner: &EntityRef) -> Option<i64> {
    let (ns, name) = (owner.ns(), owner.name.as_str());
    match owner.kind {
        Kind::ReplicaSet => view.replica_sets.get(ns, name).map(|o| o.spec.replicas()),
        Kind::StatefulSet => view.stateful_sets.get(ns, name).map(|o| o.spec.replicas()),
        Kind::DaemonSet => view.daemon_sets.get(ns, name).map(|o| o.status.desired_number_scheduled),
        Kind::Job => view.jobs.get(ns, name).map(|o| o.spec.completions.unwrap_or(1)),
        _ => None,
    }
}

fn by_denial(view: &View, refused: &Refused, denial: Denial, base: &dyn Fn(Reason, String) -> Finding) -> Finding {
    let unit = &refused.unit;
    let fix = |finding: Finding, text: String| {
        finding.action(text, Some(say::edit(unit)), "low: replaces the pods").check(say::get(unit))
    };
    match denial {
        Denial::Quota { name, over } => quota(view, unit, &name, &over, base),
        Denial::QuotaUnset { name, wants } => {
            let text = format!("ResourceQuota {name} refuses the pods of {unit}: they must specify {wants}");
            fix(
                base(Reason::QuotaExceeded, text),
                format!("set {wants} in the pod template, or defaults in a LimitRange"),
            )
        }
        Denial::LimitRange(rule) => limit_range(view, unit, &rule, base),
        Denial::PodSecurity { level, violations } => {
            let text = format!(
                "Pod Security level {level} of namespace {} refuses the pods of {unit}: {violations}",
                unit.ns()
            );
            fix(base(Reason::PodSecurityDenied, text), "set the securityContext that the level asks for".to_owned())
        }
        Denial::Denied { by, words } => {
            let text = format!("admission webhook or policy {by} denied the pods of {unit}: {words}");
            fix(base(Reason::AdmissionDenied, text), "make the pod template comply with the policy".to_owned())
        }
        Denial::WebhookDown { webhook, service, cause } => {
            super::webhooks::down(view, unit, &webhook, service, &cause, base)
        }
        Denial::ServiceAccount(name) => {
            missing(view, unit, EntityRef::new(Kind::ServiceAccount, unit.ns(), name), base)
        }
        Denial::PriorityClass(name) => missing(view, unit, EntityRef::new(Kind::PriorityClass, "", name), base),
        Denial::RuntimeClass(name) => missing(view, unit, EntityRef::new(Kind::RuntimeClass, "", name), base),
        Denial::Terminating => {
            let namespace = EntityRef::new(Kind::Namespace, "", unit.ns());
            let text = format!("namespace {} is being terminated and takes no new pods of {unit}", unit.ns());
            base(Reason::NamespaceTerminating, text).blame(namespace.clone()).points_at(namespace)
        }
        Denial::Other(words) => fix(
            base(Reason::CreateRefused, format!("the API server refuses the pods of {unit}: {words}")),
            "correct the pod template".to_owned(),
        ),
    }
}

fn quota(
    view: &View,
    unit: &EntityRef,
    name: &str,
    over: &[Overrun],
    base: &dyn Fn(Reason, String) -> Finding,
) -> Finding {
    let entity = EntityRef::new(Kind::ResourceQuota, unit.ns(), name);
    let exceeds = |o: &&Overrun| {
        let number = |text: &str| quantity::parse(text).unwrap_or(0.0);
        number(&o.requested) + number(&o.used) > number(&o.limited)
    };
    let mut guilty: Vec<&Overrun> = over.iter().filter(exceeds).collect();
    if guilty.is_empty() {
        guilty = over.iter().collect();
    }
    let sum =
        |o: &&Overrun| format!("{} requested {} + used {} > limited {}", o.resource, o.requested, o.used, o.limited);
    let numbers = say::some(guilty.iter().map(sum), 4);
    let mut finding = base(
        Reason::QuotaExceeded,
        format!("ResourceQuota {name} refuses the pods of {unit} (exceeded quota): {numbers}"),
    )
    .blame(entity.clone());
    if let Some(quota) = view.quotas.get(unit.ns(), name) {
        let now = guilty.iter().map(|o| {
            let get = |map: &crate::kube::Map| map.get(&o.resource).cloned().unwrap_or_else(|| "?".to_owned());
            format!("{} used {} of hard {}", o.resource, get(&quota.status.used), get(&quota.status.hard))
        });
        let says = say::some(now, 4);
        finding =
            finding.because(format!("the quota now: {says}"), evidence::object(&entity, format!("status: {says}")));
    }
    finding
        .action(
            format!("raise the quota {name}, if the namespace may have more"),
            Some(say::edit(&entity)),
            "low: allows more use",
        )
        .check(say::get(unit))
        .action(
            "or lower the requests, or the replicas, of what runs there",
            Some(format!("{} get pods", say::kubectl(unit))),
            "low: replaces the pods",
        )
}

fn limit_range(view: &View, unit: &EntityRef, rule: &str, base: &dyn Fn(Reason, String) -> Finding) -> Finding {
    let all: Vec<&LimitRange> = view.limit_ranges.within(unit.ns()).collect();
    let fits = |l: &&&LimitRange| {
        let bounds = l.spec.limits.iter().flat_map(|i| i.max.iter().chain(&i.min).chain(&i.max_limit_request_ratio));
        bounds
            .into_iter()
            .any(|(resource, value)| rule.contains(resource.as_str()) && rule.contains(&format!("is {value},")))
    };
    let guilty = all.iter().find(fits).or_else(|| all.first().filter(|_| all.len() == 1));
    let named = guilty.map_or_else(|| "a LimitRange".to_owned(), |l| format!("LimitRange {}", l.metadata.name));
    let finding = base(Reason::LimitRangeViolated, format!("{named} refuses the pods of {unit}: {rule}"));
    let finding = match guilty {
        Some(l) => {
            let entity = say::of_meta(Kind::LimitRange, &l.metadata);
            let edit = say::edit(&entity);
            finding.blame(entity).action(
                "change the LimitRange, if the namespace may have it",
                Some(edit),
                "low: allows more use",
            )
        }
        None => finding,
    };
    finding
        .action("or keep to its bounds in the pod template", Some(say::edit(unit)), "low: replaces the pods")
        .check(say::get(unit))
}

fn missing(view: &View, unit: &EntityRef, named: EntityRef, base: &dyn Fn(Reason, String) -> Finding) -> Finding {
    let known = view.names(&named.kind);
    let here = known.iter().filter(|n| n.namespace == named.namespace).map(|n| n.name.as_str());
    let hint = crate::detect::nearest::nearest(&named.name, here).map(|n| format!(" ({n} exists)")).unwrap_or_default();
    let text = format!("{unit} names {named}, which is not found{hint}, so its pods are refused");
    let list = say::list(&named.kind, unit);
    base(Reason::MissingReference, text)
        .blame(named.clone())
        .action(format!("create {named}, or name one that exists"), Some(list), "low")
        .check(say::get(unit))
}

#[cfg(test)]
mod tests;

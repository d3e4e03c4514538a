//! What could not be seen, why, and what would change that; and the reads that would decide an open question.

use std::collections::{BTreeMap, BTreeSet};

use crate::entity::{EntityRef, Kind};
use crate::probe::{Probe, ReadFailure, rbac_rule};
use crate::scope::Scope;
use crate::shell::word;
use crate::verdict::{Diagnosis, Verdict};
use crate::view::View;

use super::Gap;

/// Gaps listed one by one; further ones are counted.
const GAPS_CAP: usize = 25;

/// Objects that an alert names and nobody saw, told one by one.
const UNSEEN_CAP: usize = 3;

/// How much a read would have told; readers see the first gaps, and the rest may be cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Pods, logs and events: what fails, and in whose words.
    Decides,
    /// Workloads, nodes, what pods refer to, metrics.
    Tells,
    /// Everything else.
    Rounds,
}

impl Weight {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Pod | Kind::Event => Weight::Decides,
            Kind::Node | Kind::Service | Kind::ConfigMap | Kind::PersistentVolumeClaim => Weight::Tells,
            kind if kind.is_workload() => Weight::Tells,
            _ => Weight::Rounds,
        }
    }
}

/// Every read that failed, grouped by reason, with the fix; what would have told most comes first.
pub(super) fn could_not_see(view: &View, scope: &Scope) -> Vec<Gap> {
    let unknown = |name: &String| Gap {
        what: format!("`{name}`"),
        why: "nothing that was read is called so".to_owned(),
        fix: None,
    };
    let mut gaps: Vec<(Weight, Gap)> =
        view.unread().map(|(kind, ns, why)| (Weight::of(kind), object_gap(kind, ns, why))).collect();
    gaps.extend(view.logs().filter_map(|(of, previous, outcome)| {
        let why = outcome.as_ref().err().filter(|w| is_blindness(w))?;
        Some((Weight::Decides, of_log(&Probe::Log { of: of.clone(), previous, onset: None }, why)))
    }));
    let part = |text: &str| Gap { what: "part of an answer".to_owned(), why: text.to_owned(), fix: None };
    gaps.extend(view.gaps().map(|text| (Weight::Decides, part(text))));
    let metrics = unread_metrics(view).into_iter().chain(crate::metrics::usage::missing(view, scope));
    gaps.extend(metrics.map(|gap| (Weight::Tells, gap)));
    let mut gaps: Vec<Gap> = scope.unknown.iter().map(unknown).chain(fold(gaps)).collect();
    gaps.push(beyond_metrics(view));
    gaps
}

/// The reads of these kinds that failed, with the fix.
pub fn of_kinds(view: &View, kinds: &[Kind]) -> Vec<Gap> {
    let wanted = view.unread().filter(|(kind, ..)| kinds.contains(kind));
    fold(wanted.map(|(kind, ns, why)| (Weight::of(kind), object_gap(kind, ns, why))).collect())
}

/// A log that could not be read, with the fix.
pub fn of_log(probe: &Probe, why: &ReadFailure) -> Gap {
    Gap { what: probe.to_string(), why: why.to_string(), fix: log_fix(probe, why) }
}

/// Reads of metrics that failed; a source that is down fails all of them for the same reason.
fn unread_metrics(view: &View) -> Vec<Gap> {
    let mut by_reason: BTreeMap<String, Vec<Probe>> = BTreeMap::new();
    for (probe, why) in view.metrics().failures() {
        by_reason.entry(why.to_string()).or_default().push(probe);
    }
    let gap = |(why, probes): (String, Vec<Probe>)| {
        let first = probes.first()?;
        let more = if probes.len() > 1 { format!(" and {} more reads", probes.len() - 1) } else { String::new() };
        Some(Gap { what: format!("{first}{more}"), why, fix: Some(format!("try `{}`", first.command())) })
    };
    by_reason.into_iter().filter_map(gap).collect()
}

/// What metrics could tell and nobody read.
fn beyond_metrics(view: &View) -> Gap {
    let (what, why) = if view.metrics().has_source() {
        (
            "other metrics (latency, error rate of what is around)",
            "only the alert's expression and what containers use are read",
        )
    } else {
        ("metrics (latency, error rate, usage over time)", "no metrics source is configured")
    };
    Gap { what: what.to_owned(), why: why.to_owned(), fix: None }
}

/// A container that has no previous run, or has not started, hides nothing.
fn is_blindness(why: &ReadFailure) -> bool {
    !matches!(why, ReadFailure::NoPrevious | ReadFailure::NotStarted)
}

fn object_gap(kind: &Kind, ns: Option<&str>, why: &ReadFailure) -> Gap {
    let probe = Probe::Objects { kind: kind.clone(), namespace: ns.map(str::to_owned) };
    let fix = match why {
        ReadFailure::Forbidden(words) => Some(missing_rule(kind, ns, words)),
        ReadFailure::NotRecorded => Some(format!("record it with `{}`", probe.command())),
        ReadFailure::TimedOut(_) => Some(format!("try `{}`", probe.command())),
        ReadFailure::OutOfBudget => Some("raise investigation.max_reads or ask about less".to_owned()),
        _ => None,
    };
    Gap { what: probe.to_string(), why: why.to_string(), fix }
}

/// The rule that is missing. Of a custom kind only the server's words tell the group and the plural.
fn missing_rule(kind: &Kind, ns: Option<&str>, words: &str) -> String {
    let quoted = |after: &str| words.split_once(after).and_then(|(_, rest)| rest.split_once('"')).map(|(word, _)| word);
    match (kind, quoted("resource \""), quoted("in API group \"")) {
        (Kind::Other(_), Some(resource), Some(group)) => rbac_rule(group, resource, ns),
        _ => rbac_rule(kind.group(), &kind.plural(), ns),
    }
}

fn log_fix(probe: &Probe, why: &ReadFailure) -> Option<String> {
    match why {
        ReadFailure::Forbidden(_) => {
            Some(r#"grant: {apiGroups: [""], resources: ["pods/log"], verbs: ["get"]}"#.to_owned())
        }
        ReadFailure::NotRecorded | ReadFailure::TimedOut(_) => Some(format!("try `{}`", probe.command())),
        _ => None,
    }
}

/// Gaps of the same reason are told in one line; the list is bounded.
fn fold(gaps: Vec<(Weight, Gap)>) -> Vec<Gap> {
    let (unrecorded, mut rest): (Vec<_>, Vec<_>) =
        gaps.into_iter().partition(|(_, gap)| gap.why == ReadFailure::NotRecorded.to_string());
    let unrecorded: Vec<String> = unrecorded.into_iter().map(|(_, gap)| gap.what).collect();
    rest.sort();
    rest.dedup();
    let mut folded: Vec<Gap> = rest.into_iter().map(|(_, gap)| gap).collect();
    let more = folded.len().saturating_sub(GAPS_CAP);
    folded.truncate(GAPS_CAP);
    if more > 0 {
        folded.push(Gap {
            what: format!("{more} more reads"),
            why: "for reasons like those above".to_owned(),
            fix: None,
        });
    }
    if !unrecorded.is_empty() {
        let kept = unrecorded.len().min(GAPS_CAP);
        let rest =
            if unrecorded.len() > kept { format!(" and {} more", unrecorded.len() - kept) } else { String::new() };
        folded.push(Gap {
            what: format!("{}{rest}", unrecorded[..kept].join(", ")),
            why: ReadFailure::NotRecorded.to_string(),
            fix: Some("record them with `kubectl get KIND -n NAMESPACE -o json`".to_owned()),
        });
    }
    folded
}

/// Why the scope itself could not be read, in a clause.
pub(super) fn blindness(view: &View, scope: &Scope) -> String {
    let namespaces: BTreeSet<&str> = scope.namespaces.iter().map(String::as_str).collect();
    let mut reasons: Vec<String> = Vec::new();
    for ns in &namespaces {
        match view.coverage_of(&Kind::Pod, ns) {
            Some(Err(why)) => reasons.push(format!("pods in {ns} could not be read ({why})")),
            None => reasons.push(format!("namespace {ns} was not read")),
            Some(Ok(_)) => {}
        }
    }
    if reasons.is_empty() {
        reasons.extend(scope.unseen.iter().take(UNSEEN_CAP).map(|entity| unseen(view, entity)));
    }
    if reasons.is_empty() {
        reasons.extend(unread_log(view));
    }
    if reasons.is_empty() { "its pods could not be read".to_owned() } else { reasons.join("; ") }
}

/// The first log that was refused, with the count of the others.
fn unread_log(view: &View) -> Option<String> {
    let failed = |(of, previous, outcome): (&_, bool, &crate::view::LogOutcome)| {
        let why = outcome.as_ref().err().filter(|w| is_blindness(w))?;
        Some(format!("{} could not be read ({why})", Probe::Log { of: Clone::clone(of), previous, onset: None }))
    };
    let mut logs = view.logs().filter_map(failed);
    let first = logs.next()?;
    Some(match logs.count() {
        0 => first,
        1 => format!("{first}, nor 1 more log"),
        more => format!("{first}, nor {more} more logs"),
    })
}

/// Why an object that was asked about is not known to exist.
fn unseen(view: &View, entity: &EntityRef) -> String {
    let listed = Probe::Objects { kind: entity.kind.clone(), namespace: entity.namespace.clone() };
    match view.coverage_of(&entity.kind, entity.ns()) {
        Some(Err(why)) => format!("{listed} could not be read ({why})"),
        Some(Ok(_)) => format!("{listed} could not be read whole, and {entity} is not in what could"),
        None => format!("{listed} were not read"),
    }
}

/// The next reads, when the verdict is open: what would decide, most telling first.
pub(super) fn next_probes(view: &View, scope: &Scope, diagnosis: &Diagnosis) -> Vec<String> {
    if !matches!(diagnosis.verdict, Verdict::Inconclusive | Verdict::Blind) {
        return Vec::new();
    }
    let mut probes: Vec<String> = Vec::new();
    for ns in &scope.namespaces {
        if !view.saw(&Kind::Pod, ns) {
            probes.push(format!("kubectl -n {} get pods,events -o wide", word(ns)));
        }
    }
    for entity in scope.unseen.iter().take(UNSEEN_CAP) {
        let ns = entity.namespace.as_ref().map(|n| format!("-n {} ", word(n))).unwrap_or_default();
        probes.push(format!("kubectl {ns}get {} -o yaml", entity.slash()));
    }
    let unread = view.logs().filter(|(_, _, l)| l.as_ref().is_err_and(is_blindness));
    probes.extend(unread.take(3).map(|(of, previous, _)| crate::probe::log_command(of, previous)));
    for finding in diagnosis.incidents.iter().flat_map(|i| &i.roots).take(3) {
        let s = &finding.subject;
        let ns = s.namespace.as_ref().map(|n| format!("-n {} ", word(n))).unwrap_or_default();
        let kind = s.kind.as_str().to_lowercase();
        probes.push(format!("kubectl {ns}describe {} {}", word(&kind), word(&s.name)));
    }
    for target in scope.targets.iter().filter(|t| t.kind.is_workload()).take(3) {
        probes.push(format!("kubectl -n {} top pod --containers  # against the limits of {target}", word(target.ns())));
    }
    if scope.alerts.iter().any(|a| !a.name.is_empty()) && crate::metrics::alert::points(view, scope).is_empty() {
        probes.push("the alert's own expression over the last hour, in Prometheus".to_owned());
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(kind: Kind, ns: Option<&str>, words: &str) -> Option<String> {
        object_gap(&kind, ns, &ReadFailure::Forbidden(words.to_owned())).fix
    }

    #[test]
    fn the_missing_rule_is_told_word_for_word() {
        let pods = r#"pods is forbidden: User "system:serviceaccount:x:y" cannot list resource "pods" in API group "" in the namespace "shop""#;
        let rule = r#"grant in a Role in shop: {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}"#;
        assert_eq!(fix(Kind::Pod, Some("shop"), pods).as_deref(), Some(rule));
        let custom = r#"certificates.cert-manager.io is forbidden: User "x" cannot list resource "certificates" in API group "cert-manager.io" at the cluster scope"#;
        let rule = r#"grant in a ClusterRole: {apiGroups: ["cert-manager.io"], resources: ["certificates"], verbs: ["get", "list"]}"#;
        assert_eq!(fix(Kind::Other("Certificate".into()), None, custom).as_deref(), Some(rule));
    }

    #[test]
    fn what_would_have_told_most_is_named_first_and_never_cut() {
        let gap = |kind: &Kind| (Weight::of(kind), object_gap(kind, None, &ReadFailure::Forbidden("no".to_owned())));
        let other = |n: usize| gap(&Kind::Other(format!("Aaa{n:02}")));
        let mut gaps: Vec<(Weight, Gap)> = (0..30).map(other).collect();
        gaps.extend([gap(&Kind::StatefulSet), gap(&Kind::Pod)]);
        let told: Vec<String> = fold(gaps).into_iter().map(|gap| gap.what).collect();
        assert_eq!((told[0].as_str(), told[1].as_str()), ("pods", "statefulsets"), "{told:?}");
        assert_eq!(told[GAPS_CAP], "7 more reads");
    }

    #[test]
    fn a_kind_that_is_not_served_needs_no_fix() {
        let gap = object_gap(&Kind::HorizontalPodAutoscaler, Some("shop"), &ReadFailure::NotServed);
        assert_eq!((gap.fix, gap.why.as_str()), (None, "the API server does not serve this kind"));
    }
}

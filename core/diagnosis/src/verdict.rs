//! The verdict: what the findings amount to. Comes last, and prefers silence to a guess.
//!
//! Start at [`judge`]. The order: a cause that is conclusive; blindness where the scope itself could not be read;
//! an open question; what is expected; what is over; what is healthy on positive evidence.

use crate::alert::Alert;
use crate::entity::Kind;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::link::{self, Incident};
use crate::metrics;
use crate::probe::ReadFailure;
use crate::scope::{Reach, Scope};
use crate::view::View;

/// The six classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something fails and this is why.
    Cause,
    /// Nothing fails, and there is evidence of that.
    Healthy,
    /// The window shows a failure that is over.
    Recovered,
    /// What looks like trouble is intended or under way.
    Expected,
    /// What would decide could not be read.
    Blind,
    /// What was read does not decide.
    Inconclusive,
}

impl Verdict {
    /// Every class, in the order of reports.
    pub const ALL: [Verdict; 6] = [
        Verdict::Cause,
        Verdict::Healthy,
        Verdict::Recovered,
        Verdict::Expected,
        Verdict::Blind,
        Verdict::Inconclusive,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Cause => "cause",
            Verdict::Healthy => "healthy",
            Verdict::Recovered => "recovered",
            Verdict::Expected => "expected",
            Verdict::Blind => "blind",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// The verdict and what it stands on.
#[derive(Debug)]
pub struct Diagnosis {
    /// The class.
    pub verdict: Verdict,
    /// How sure.
    pub confidence: Confidence,
    /// Incidents, those of the scope first, then others of its namespaces. The first is what the report is about.
    pub incidents: Vec<Incident>,
    /// How many of the incidents touch the scope itself.
    pub in_scope: usize,
    /// What carries a verdict other than `cause`: what is over, expected or healthy.
    pub grounds: Vec<Finding>,
    /// Facts of the scope worth citing: changes before the onset.
    pub context: Vec<Finding>,
    /// What works in the scope.
    pub healthy: Vec<Finding>,
}

/// Judges findings (unmerged, as the detectors gave them) for a scope.
pub fn judge(view: &View, scope: &Scope, findings: Vec<Finding>) -> Diagnosis {
    let reach = scope.reach(view);
    let findings = link::merge(findings);
    let all = link::incidents(view, &findings);
    let (mut here, elsewhere): (Vec<Incident>, Vec<Incident>) = all.into_iter().partition(|i| reach.touches(view, i));
    here.sort_by_key(|i| std::cmp::Reverse(gravity(i)));
    let of_role = |role: Role| -> Vec<Finding> {
        findings.iter().filter(|f| f.role == role && reach.concerns(view, f)).cloned().collect()
    };
    let context = of_role(Role::Context);
    let mut healthy = of_role(Role::Healthy);
    if scope.targets.is_empty() && !scope.gone.is_empty() && !elsewhere.iter().any(|i| reach.near(i)) {
        // What is gone does not fail; that all is well where it was is as much as can be said of it.
        healthy = findings.iter().filter(|f| f.role == Role::Healthy && reach.beside(f)).cloned().collect();
    }
    let (mut conclusive, weak): (Vec<Incident>, Vec<Incident>) = here.into_iter().partition(is_conclusive);
    let mut elsewhere = elsewhere;
    if conclusive.is_empty() {
        // What was asked about answers with errors when what it calls is down, however well its own pods are.
        (conclusive, elsewhere) = elsewhere.into_iter().partition(|i| is_conclusive(i) && is_called(view, scope, i));
    }
    let base = Diagnosis {
        verdict: Verdict::Inconclusive,
        confidence: Confidence::Low,
        incidents: Vec::new(),
        in_scope: 0,
        grounds: Vec::new(),
        context,
        healthy,
    };
    if !conclusive.is_empty() {
        return cause(&reach, base, conclusive, elsewhere);
    }
    let base = Diagnosis { in_scope: weak.len(), incidents: weak, ..base };
    no_cause(view, scope, &reach, base, of_role(Role::Expected), of_role(Role::Over))
}

/// Other incidents of the namespace are told too once the scope has one: what is broken beside it matters to
/// whoever mends it. When the scope itself is fine they are not its cause, and stay out.
fn cause(reach: &Reach, base: Diagnosis, mut incidents: Vec<Incident>, elsewhere: Vec<Incident>) -> Diagnosis {
    let in_scope = incidents.len();
    let mut near: Vec<Incident> = elsewhere.into_iter().filter(|i| reach.near(i) && is_conclusive(i)).collect();
    near.sort_by_key(|i| std::cmp::Reverse(gravity(i)));
    incidents.extend(near);
    let confidence = incidents[0].roots.iter().map(|r| r.confidence).max().unwrap_or(Confidence::Low);
    Diagnosis { verdict: Verdict::Cause, confidence, incidents, in_scope, ..base }
}

fn no_cause(
    view: &View,
    scope: &Scope,
    reach: &Reach,
    base: Diagnosis,
    expected: Vec<Finding>,
    over: Vec<Finding>,
) -> Diagnosis {
    let under_way: Vec<Finding> =
        expected.iter().filter(|f| !reach.is_whole() || is_under_way(f.reason)).cloned().collect();
    let (verdict, confidence, grounds) = if is_blind(view, scope) || logs_refused(view, &base.incidents) {
        (Verdict::Blind, Confidence::High, Vec::new())
    } else if !base.incidents.is_empty() {
        (Verdict::Inconclusive, Confidence::Low, Vec::new())
    } else if !scope.unseen.is_empty() {
        // What was asked about was not read: that its neighbours are well says nothing of it.
        (Verdict::Blind, Confidence::High, Vec::new())
    } else if !under_way.is_empty() {
        (Verdict::Expected, Confidence::High, under_way)
    } else if !over.is_empty() {
        (Verdict::Recovered, Confidence::High, over)
    } else if works(view, scope, &base.healthy) {
        (Verdict::Healthy, Confidence::Medium, base.healthy.clone())
    } else if let Some(cleared) = cleared(view, scope, &base.healthy) {
        (Verdict::Recovered, Confidence::Medium, vec![cleared])
    } else {
        (Verdict::Inconclusive, Confidence::Low, Vec::new())
    };
    Diagnosis { verdict, confidence, grounds, ..base }
}

/// What is in motion, against what is merely switched off: only the first makes a whole namespace "expected".
fn is_under_way(reason: Reason) -> bool {
    matches!(reason, Reason::RolloutInProgress | Reason::ScaleInProgress | Reason::WaitingForConsumer)
}

/// Whether what would decide could not be read: pods of a namespace in scope, or the namespace itself.
fn is_blind(view: &View, scope: &Scope) -> bool {
    let unread = |ns: &String| !view.saw(&Kind::Pod, ns);
    let unheld = |why: &ReadFailure| matches!(why, ReadFailure::NotRecorded | ReadFailure::NotServed);
    let refused = view.unread().any(|(kind, _, why)| *kind == Kind::Pod && !unheld(why));
    if scope.namespaces.is_empty() { !view.saw(&Kind::Pod, "") || refused } else { scope.namespaces.iter().any(unread) }
}

/// Whether an incident is in a workload that the targets' settings name.
fn is_called(view: &View, scope: &Scope, incident: &Incident) -> bool {
    let units = scope.targets.iter().flat_map(|t| view.behind(t));
    let called: Vec<crate::entity::EntityRef> = units.flat_map(|u| view.callees(&u)).collect();
    incident.roots.iter().any(|r| called.contains(&view.unit(&r.subject)))
}

/// Whether an open question is open because the logs that would answer it could not be read.
fn logs_refused(view: &View, incidents: &[Incident]) -> bool {
    let pods: Vec<&crate::entity::EntityRef> =
        incidents.iter().flat_map(Incident::findings).flat_map(|f| &f.pods).collect();
    view.logs().any(|(of, _, log)| {
        let hides =
            matches!(log, Err(ReadFailure::Forbidden(_) | ReadFailure::TimedOut(_) | ReadFailure::Unreadable(_)));
        hides && pods.iter().any(|p| p.ns() == of.namespace && p.name == of.pod)
    })
}

/// Whether what was asked about is known to work: positive evidence of a workload, or an object of another kind that is
/// there and about which no detector has anything to say. An alert that measures what was not read (latency, errors)
/// is not cleared by pods being ready: their logs must have been read, and how fast or full something is no log tells.
fn works(view: &View, scope: &Scope, healthy: &[Finding]) -> bool {
    let passive = |t: &crate::entity::EntityRef| !t.kind.is_workload() && t.kind != Kind::Pod && view.meta(t).is_some();
    let quiet = !scope.targets.is_empty() && scope.targets.iter().all(passive);
    let measured = measured(scope);
    if measured.iter().any(|a| metrics::alert::still_returns(view, a)) {
        return false;
    }
    if !quiet && !measured.is_empty() {
        return measured.iter().all(|a| !a.is_about_pace()) && !healthy.is_empty() && logs_were_read(view, healthy);
    }
    quiet || !healthy.is_empty()
}

/// Alerts that measure what objects and events do not show.
fn measured(scope: &Scope) -> Vec<&Alert> {
    scope.alerts.iter().filter(|a| !a.is_of_cluster_state()).collect()
}

/// That alerts about pace are over: their own expressions say so, and the workloads are well.
fn cleared(view: &View, scope: &Scope, healthy: &[Finding]) -> Option<Finding> {
    let measured = measured(scope);
    let pace = !healthy.is_empty() && measured.iter().all(|a| a.is_about_pace());
    if pace { metrics::alert::cleared(view, scope, &measured) } else { None }
}

/// Whether the log of some pod of the workloads that work was read and says something: then it was looked for errors, too.
fn logs_were_read(view: &View, healthy: &[Finding]) -> bool {
    view.logs().any(|(of, previous, log)| {
        let spoke = !previous && log.as_ref().is_ok_and(|digest| digest.lines > 0);
        spoke && healthy.iter().flat_map(|f| &f.pods).any(|p| p.ns() == of.namespace && p.name == of.pod)
    })
}

/// What rests on low confidence leaves the question open.
fn is_conclusive(incident: &Incident) -> bool {
    incident.roots.iter().any(|r| r.confidence > Confidence::Low)
}

/// The order of incidents: sure before unsure, near a cause before a mere symptom, wide before narrow.
fn gravity(incident: &Incident) -> (Confidence, u8, usize, std::cmp::Reverse<Option<jiff::Timestamp>>) {
    let roots = &incident.roots;
    let confidence = roots.iter().map(|r| r.confidence).max().unwrap_or(Confidence::Low);
    let depth = roots.iter().map(|r| r.reason.depth()).max().unwrap_or(0);
    (confidence, depth, incident.effects.len(), std::cmp::Reverse(roots.iter().filter_map(|r| r.since).min()))
}

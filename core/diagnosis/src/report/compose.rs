//! From a diagnosis to a report: which sentence, in which order, on which evidence.
//!
//! Start at [`compose`]. Nothing is concluded here; what the verdict did not establish must not be said.

use crate::entity::EntityRef;
use crate::finding::{Finding, Point, Reason};
use crate::link::Incident;
use crate::metrics;
use crate::scope::Scope;
use crate::verdict::{Diagnosis, Verdict};
use crate::view::View;

use super::{
    Claim, CollectedData, EvidenceId, IncidentSummary, Ledger, Recommendation, Report, gaps, impact, timeline,
};

/// Effects told of one incident; the rest repeats them.
const EFFECTS_CAP: usize = 8;

/// Builds the report. `id` is the engine's hash of the input.
pub fn compose(view: &View, scope: &Scope, diagnosis: &Diagnosis, id: String) -> Report {
    let mut ledger = Ledger::default();
    let incidents: Vec<IncidentSummary> =
        diagnosis.incidents.iter().map(|i| summarise(view, i, &diagnosis.context, &mut ledger)).collect();
    let is_cause = diagnosis.verdict == Verdict::Cause;
    let first = incidents.first().filter(|_| is_cause);
    let mut why = match first {
        Some(incident) => incident.why.clone(),
        None => grounds(diagnosis, &mut ledger),
    };
    let use_of = metrics::usage::beside(view, scope, diagnosis);
    add(&mut why, metrics::alert::points(view, scope).iter().chain(&use_of.because), &mut ledger);
    let mut ruled_out = ruled_out(diagnosis, &mut ledger);
    add(&mut ruled_out, &use_of.against, &mut ledger);
    let affected = diagnosis.incidents.first().filter(|_| is_cause);
    let blast_radius = affected.map(|i| impact::blast_radius(view, i, &mut ledger)).unwrap_or_default();
    let timeline = timeline::timeline(scope, diagnosis, &mut ledger);
    Report {
        id,
        verdict: diagnosis.verdict,
        confidence: diagnosis.confidence,
        scope: scope.targets.clone(),
        question: scope.question.clone(),
        alert: scope.alerts.first().cloned(),
        alerts: scope.alerts.len(),
        root_entities: first.map(|i| i.root_entities.clone()).unwrap_or_default(),
        root_cause: first.map_or_else(|| sentence(view, scope, diagnosis), |i| i.root_cause.clone()),
        since: affected.and_then(|i| i.findings().filter_map(|f| f.since).min()),
        why,
        ruled_out,
        timeline,
        blast_radius,
        recommendations: recommendations(diagnosis),
        next_probes: gaps::next_probes(view, scope, diagnosis),
        could_not_see: gaps::could_not_see(view, scope),
        incidents: if is_cause && incidents.len() > 1 { incidents } else { Vec::new() },
        pod_config: affected.and_then(|i| impact::pod_config(view, i)),
        ledger,
        collected: collected(view),
        as_of: view.now(),
        model: None,
    }
}

fn summarise(view: &View, incident: &Incident, context: &[Finding], ledger: &mut Ledger) -> IncidentSummary {
    let root_cause = incident.roots.iter().map(|r| r.claim.clone()).collect::<Vec<_>>().join("; ");
    let mut why: Vec<Claim> = incident.roots.iter().flat_map(|r| root_claims(r, ledger)).collect();
    why.extend(changes(view, incident, context, ledger));
    why.extend(incident.effects.iter().take(EFFECTS_CAP).filter_map(|e| effect_claim(e, ledger)));
    IncidentSummary { verdict: Verdict::Cause, root_entities: incident.blame(), root_cause, why }
}

/// The root's own claim on all its evidence, then each reason on its own piece.
fn root_claims(root: &Finding, ledger: &mut Ledger) -> Vec<Claim> {
    let Some(head) = effect_claim(root, ledger) else { return Vec::new() };
    let reasons = root.proof.iter().map(|p| point_claim(p, ledger));
    std::iter::once(head).chain(reasons).collect()
}

/// A finding as one claim; its pods are counted where it has several.
fn effect_claim(finding: &Finding, ledger: &mut Ledger) -> Option<Claim> {
    let ids = cite(&finding.proof, ledger);
    let (first, rest) = ids.split_first()?;
    let pods = match finding.pods.len() {
        0 | 1 => String::new(),
        n => format!(" ({n} pods)"),
    };
    Some(Claim::new(format!("{}{pods}", finding.claim), *first).and(rest.iter().copied()))
}

fn point_claim(point: &Point, ledger: &mut Ledger) -> Claim {
    let id = ledger.cite(&point.evidence);
    Claim::new(point.text.clone(), id)
}

/// Adds what metrics say beside it, unless it was said.
fn add<'a>(claims: &mut Vec<Claim>, points: impl IntoIterator<Item = &'a Point>, ledger: &mut Ledger) {
    for point in points {
        if !claims.iter().any(|c| c.text == point.text) {
            claims.push(point_claim(point, ledger));
        }
    }
}

fn cite(points: &[Point], ledger: &mut Ledger) -> Vec<EvidenceId> {
    points.iter().map(|p| ledger.cite(&p.evidence)).collect()
}

/// Changes of the workloads of an incident: what was different when it began.
fn changes(view: &View, incident: &Incident, context: &[Finding], ledger: &mut Ledger) -> Vec<Claim> {
    let units: Vec<EntityRef> = incident.findings().map(|f| view.unit(&f.subject)).chain(incident.blame()).collect();
    let told: Vec<&str> = incident.findings().map(|f| f.claim.as_str()).collect();
    context
        .iter()
        .filter(|c| {
            c.reason == Reason::Changed && units.contains(&view.unit(&c.subject)) && !told.contains(&c.claim.as_str())
        })
        .filter_map(|c| effect_claim(c, ledger))
        .collect()
}

fn grounds(diagnosis: &Diagnosis, ledger: &mut Ledger) -> Vec<Claim> {
    let mut claims: Vec<Claim> = diagnosis.grounds.iter().flat_map(|f| root_claims(f, ledger)).collect();
    if diagnosis.verdict == Verdict::Inconclusive {
        claims.extend(diagnosis.incidents.iter().flat_map(Incident::findings).flat_map(|f| root_claims(f, ledger)));
    }
    let told: Vec<String> = claims.iter().map(|c| c.text.clone()).collect();
    let works = diagnosis.healthy.iter().filter(|f| !told.contains(&f.claim)).take(EFFECTS_CAP);
    claims.extend(works.filter_map(|f| effect_claim(f, ledger)).collect::<Vec<_>>());
    claims
}

/// What the roots exclude, then what the effects exclude; a claim of the report itself is never ruled out.
fn ruled_out(diagnosis: &Diagnosis, ledger: &mut Ledger) -> Vec<Claim> {
    let mut seen = std::collections::BTreeSet::new();
    let main = diagnosis.incidents.iter().take(diagnosis.in_scope.max(1)).flat_map(Incident::findings);
    let all = main.chain(&diagnosis.grounds).flat_map(|f| &f.ruled_out);
    // `the image: it was pulled` and `the image: it starts` exclude the same rival; the nearer to the root says it.
    let rival = |p: &Point| p.text.split_once(':').map_or_else(|| p.text.clone(), |(rival, _)| rival.to_owned());
    all.filter(|p| seen.insert(rival(p))).map(|p| point_claim(p, ledger)).collect()
}

fn recommendations(diagnosis: &Diagnosis) -> Vec<Recommendation> {
    let roots = diagnosis.incidents.iter().flat_map(|i| &i.roots);
    let mut actions: Vec<&crate::finding::Action> = Vec::new();
    for action in roots.chain(&diagnosis.grounds).flat_map(|f| &f.actions) {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
        .into_iter()
        .zip(1..)
        .map(|(a, priority)| Recommendation {
            priority,
            action: a.text.clone(),
            command: a.command.clone(),
            risk: a.risk.to_owned(),
            check: a.check.clone(),
        })
        .collect()
}

/// The verdict in a sentence, for every class but `cause`.
fn sentence(view: &View, scope: &Scope, diagnosis: &Diagnosis) -> String {
    let told = |findings: &[Finding]| findings.iter().take(3).map(|f| f.claim.clone()).collect::<Vec<_>>().join("; ");
    let gone = scope.gone.iter().map(|g| format!("; {g} does not exist any more")).collect::<Vec<_>>().concat();
    let asked = asked(scope);
    match diagnosis.verdict {
        Verdict::Cause | Verdict::Healthy => format!("Nothing is wrong now: {}{gone}", told(&diagnosis.grounds)),
        Verdict::Recovered => format!("It is over: {}{gone}", told(&diagnosis.grounds)),
        Verdict::Expected => format!("This is expected: {}{gone}", told(&diagnosis.grounds)),
        Verdict::Blind => format!("Cannot tell about {asked}: {}", gaps::blindness(view, scope)),
        Verdict::Inconclusive if scope.aimless => {
            "The alert names neither an object nor a namespace: nothing that was read is known to be what it speaks of"
                .to_owned()
        }
        Verdict::Inconclusive if diagnosis.incidents.is_empty() => {
            format!("What was read does not explain {asked}: no failure is visible in it{gone}")
        }
        Verdict::Inconclusive => {
            let weak: Vec<Finding> = diagnosis.incidents.iter().flat_map(|i| i.roots.clone()).collect();
            format!("Why is not visible in what was read: {}{gone}", told(&weak))
        }
    }
}

fn asked(scope: &Scope) -> String {
    let names: Vec<String> =
        scope.targets.iter().chain(&scope.gone).chain(&scope.unseen).map(ToString::to_string).collect();
    match (names.is_empty(), scope.namespaces.is_empty()) {
        (false, _) => names.join(", "),
        (true, false) => format!("namespace {}", scope.namespaces.iter().cloned().collect::<Vec<_>>().join(", ")),
        (true, true) => "the cluster".to_owned(),
    }
}

fn collected(view: &View) -> CollectedData {
    let events = view.events().iter().filter(|e| e.last().is_none_or(|at| view.in_window(at))).count();
    CollectedData {
        logs_lines: view.logs().filter_map(|(_, _, l)| l.as_ref().ok()).map(|l| l.lines).sum(),
        events_count: u64::try_from(events).unwrap_or(u64::MAX),
        time_range: Some((view.window_start(), view.now())),
    }
}

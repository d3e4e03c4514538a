//! Who else is hit: what stands before a workload, who calls it, and what fails in the same way elsewhere.
//!
//! Must never tell of a place that was not read, nor take another cluster for one that was. Start at [`answer`].

use std::collections::BTreeSet;

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::finding::Reason;
use midwatch_diagnosis::link::{Incident, incidents, merge};
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::target::{find, is_there};
use super::{events, say};
use crate::request::NoReport;

/// Rows of each table.
const ROWS: usize = 15;

/// Kinds whose absence leaves a hole in the answer.
const KINDS: &[Kind] = &[Kind::Pod, Kind::Service, Kind::Ingress, Kind::Event];

/// Tells who else is hit.
pub(super) async fn answer(reader: &mut Reader<'_>, place: Option<&str>) -> Result<Answer, NoReport> {
    let targets = match find(reader, None, Depth::Everything, is_there).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    let Some(place) = place.map(str::trim).filter(|place| !place.is_empty()) else {
        reader.also(BTreeSet::new(), Depth::Everything).await;
        return Ok(everywhere(reader, &targets));
    };
    if !reader.readable.iter().any(|ns| ns == place) {
        return Ok(elsewhere(reader, place, &targets));
    }
    reader.also(BTreeSet::from([place.to_owned()]), Depth::Everything).await;
    Ok(in_namespace(reader, place, &targets))
}

/// What stands before and behind the targets, and what fails beside them.
fn everywhere(reader: &Reader<'_>, targets: &[EntityRef]) -> Answer {
    let view = &reader.view;
    let found = failing(reader);
    let ours = reasons(view, targets, &found);
    let whom = if targets.is_empty() { events::place(reader) } else { say::names(targets) };
    let before = before(view, targets);
    let answer = if before.is_empty() {
        Answer::text(format!("No Service, Ingress or caller of {whom} was found in what was read."))
    } else {
        Answer::text(format!("Before {whom}, and calling it:"))
    };
    let answer = say::with_table(answer, &["What", "How it stands"], before.into_iter().take(ROWS).collect());
    let about = related(view, targets);
    let others: Vec<&Incident> = found.iter().filter(|i| !touches(view, i, &about)).collect();
    let answer = told(answer, &others, &ours, &read(reader));
    say::with_gaps(answer, &reader.gaps(KINDS))
}

/// What fails in one namespace.
fn in_namespace(reader: &Reader<'_>, place: &str, targets: &[EntityRef]) -> Answer {
    let view = &reader.view;
    let found = failing(reader);
    let ours = reasons(view, targets, &found);
    let about = related(view, targets);
    let in_place = found.iter().filter(|i| i.findings().any(|f| f.subject.ns() == place));
    let (own, there): (Vec<&Incident>, Vec<&Incident>) = in_place.partition(|i| touches(view, i, &about));
    let pods: Vec<_> = view.pods.within(place).filter(|p| !p.is_completed()).collect();
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    let head = format!(
        "Namespace {}: {ready} of {} ready as of {} UTC.{}",
        say::code(place),
        say::count(pods.len(), "pod"),
        say::when(view.now()),
        if own.is_empty() { "" } else { " What this thread is about is in it." }
    );
    say::with_gaps(
        told(Answer::text(head), &there, &ours, &format!("namespace {}", say::code(place))),
        &reader.gaps(KINDS),
    )
}

/// A place that is no namespace here.
fn elsewhere(reader: &Reader<'_>, place: &str, targets: &[EntityRef]) -> Answer {
    let source = reader.source();
    let here = source.split(|c: char| c.is_whitespace() || c == ',').any(|word| word.eq_ignore_ascii_case(place));
    if here {
        let there = say::some(reader.readable.iter().map(say::code), 10);
        return Answer::text(format!(
            "{} is this very cluster. Namespaces of it that can be read here: {there}. Ask about one of them.",
            say::code(place)
        ));
    }
    let what = targets.first().map_or_else(String::new, |t| format!(" {}", t.slash()));
    let space = targets.first().and_then(|t| t.namespace.as_ref()).map(|ns| format!(" -n {ns}")).unwrap_or_default();
    let ask = format!("investigate{what}{space} --cluster {place}");
    Answer::text(format!(
        "{} is no namespace that can be read here; this answer would be of {}. If it is another cluster, ask there: {}",
        say::code(place),
        say::code(source),
        say::code(ask)
    ))
}

/// What fails now, as the detectors see it; also what they cannot say the reason of without logs.
fn failing(reader: &Reader<'_>) -> Vec<Incident> {
    let findings = merge(reader.limits.detectors.detect(&reader.view));
    incidents(&reader.view, &findings)
}

/// The targets with what belongs to them.
fn related(view: &View, targets: &[EntityRef]) -> BTreeSet<EntityRef> {
    let behind = targets.iter().flat_map(|t| view.behind(t).into_iter().chain([t.clone(), view.unit(t)]));
    behind.collect()
}

fn touches(view: &View, incident: &Incident, about: &BTreeSet<EntityRef>) -> bool {
    let is_ours = |e: &EntityRef| about.contains(e) || about.contains(&view.unit(e));
    incident.roots.iter().any(|f| is_ours(&f.subject) || f.blame.iter().any(is_ours))
}

/// Why the targets fail: the signature that others are compared with.
fn reasons(view: &View, targets: &[EntityRef], found: &[Incident]) -> BTreeSet<Reason> {
    let about = related(view, targets);
    let ours = found.iter().filter(|i| !about.is_empty() && touches(view, i, &about));
    ours.flat_map(|i| &i.roots).map(|r| r.reason).collect()
}

/// Services, Ingresses and callers, with how they stand.
fn before(view: &View, targets: &[EntityRef]) -> Vec<Vec<String>> {
    let units: BTreeSet<EntityRef> = related(view, targets).into_iter().filter(|e| e.kind.is_workload()).collect();
    let mut services: BTreeSet<EntityRef> = BTreeSet::new();
    for unit in &units {
        let of = view.services_of(unit).into_iter();
        services.extend(of.map(|s| EntityRef::new(Kind::Service, unit.ns(), s.metadata.name.clone())));
    }
    let mut rows: Vec<Vec<String>> = services.iter().filter_map(|s| service(view, s)).collect();
    for ingress in view.ingresses.iter() {
        let ns = ingress.metadata.namespace.as_str();
        for rule in &ingress.spec.rules {
            for path in &rule.http.paths {
                let backend = path.backend.service.as_ref().map(|s| EntityRef::new(Kind::Service, ns, s.name.clone()));
                if backend.is_some_and(|b| services.contains(&b)) {
                    let place = say::line(&format!("serves {}{} from it", rule.host, path.path), say::CELL);
                    rows.push(vec![format!("Ingress {ns}/{}", ingress.metadata.name), place]);
                }
            }
        }
    }
    let all = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob];
    for caller in all.iter().flat_map(|kind| view.names(kind)).filter(|c| !units.contains(c)) {
        if view.callees(&caller).iter().any(|callee| units.contains(callee)) {
            let pods = view.pods_of(&caller);
            let ready = pods.iter().filter(|p| p.is_ready()).count();
            let stands = format!("its settings name it; {ready} of {} ready", say::count(pods.len(), "pod"));
            rows.push(vec![caller.to_string(), stands]);
        }
    }
    rows
}

fn service(view: &View, entity: &EntityRef) -> Option<Vec<String>> {
    let service = view.services.get(entity.ns(), &entity.name)?;
    let pods: Vec<_> = view.selected_pods(service).filter(|p| !p.is_completed()).collect();
    let ready = pods.iter().filter(|p| p.is_ready()).count();
    Some(vec![entity.to_string(), format!("{ready} of {} ready", say::count(pods.len(), "endpoint"))])
}

/// What else fails, those with the same signature first.
fn told(answer: Answer, others: &[&Incident], ours: &BTreeSet<Reason>, place: &str) -> Answer {
    let alike = |incident: &Incident| incident.roots.iter().any(|r| ours.contains(&r.reason));
    let mut rows: Vec<(bool, Vec<String>)> = others
        .iter()
        .filter_map(|incident| {
            let root = incident.roots.first()?;
            let shown = root.proof.first().map(|p| say::line(&p.evidence.command, say::CELL)).unwrap_or_default();
            let same = alike(incident);
            let mark = if same { "yes" } else { "no" };
            Some((!same, vec![say::line(&root.claim, say::CELL * 2), mark.to_owned(), shown]))
        })
        .collect();
    rows.sort();
    if rows.is_empty() {
        return answer.with_text(format!(
            "Nothing else fails in {place}, as far as objects and events tell; logs were not read."
        ));
    }
    let (all, same) = (rows.len(), rows.iter().filter(|(other, _)| !other).count());
    let more = if all > ROWS { format!("; the first {ROWS}") } else { String::new() };
    let head = format!("{} in {place}, {same} of them in the same way{more}:", say::count(all, "other failure"));
    let rows = rows.into_iter().take(ROWS).map(|(_, row)| row).collect();
    say::with_table(answer.with_text(head), &["What", "Same way", "To see it"], rows)
}

/// The places that were read.
fn read(reader: &Reader<'_>) -> String {
    if reader.namespaces.is_empty() {
        return format!("the {} that can be read", say::count(reader.readable.len(), "namespace"));
    }
    events::place(reader)
}

//! Now against then, as far as what is kept allows: revisions, pods, restarts, events, metrics.
//!
//! A cluster keeps no past states. Must never put a number under "then" that nothing recorded; what cannot be known is
//! said.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::When;
use midwatch_diagnosis::changes::rollouts;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::kube::Pod;
use midwatch_diagnosis::metrics::catalogue::of_pods;
use midwatch_diagnosis::metrics::{MetricQuery, Point, Purpose};
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::target::{find, is_there, pods};
use super::{changed, events, say, usage};
use crate::request::NoReport;

/// A report or a sample counts as "then" when it is this near to it.
const NEAR: SignedDuration = SignedDuration::from_mins(10);

/// Containers whose memory is compared.
const CONTAINERS: usize = 6;

/// The state of things that no cluster keeps.
const UNKNOWN: &str = "not kept";

/// Compares now with then.
pub(super) async fn answer(reader: &mut Reader<'_>, with: When) -> Result<Answer, NoReport> {
    let targets = match find(reader, None, Depth::Objects, is_there).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    let (now, then) = (reader.view.now(), reader.moment(with));
    if then >= now {
        return Ok(Answer::text(format!(
            "{} UTC is not in the past: it is {} UTC now.",
            say::when(then),
            say::when(now)
        )));
    }
    let queries = queries(reader, &targets, then);
    reader.read(queries.iter().cloned().map(Probe::Metric).collect()).await;
    Ok(compared(reader, &targets, then, &queries))
}

fn compared(reader: &Reader<'_>, targets: &[EntityRef], then: Timestamp, queries: &[MetricQuery]) -> Answer {
    let view = &reader.view;
    let whom = if targets.is_empty() { events::place(reader) } else { say::names(targets) };
    let head = format!(
        "{whom} now ({} UTC) against {} UTC, {} before:",
        say::when(view.now()),
        say::when(then),
        say::span(view.age(then))
    );
    let mut rows = Vec::new();
    for target in targets {
        rows.extend(revisions(view, target, then));
    }
    rows.extend(pods_then(view, targets, then));
    rows.extend(event_counts(reader, targets, then));
    rows.extend(memory(view, queries, then));
    let answer = say::with_table(Answer::text(head), &["What", "Then", "Now"], rows);
    let answer = reported(reader, then, answer);
    let found = changed::of(reader, targets, then);
    let answer = if found.is_empty() {
        answer.with_text("No change in between is known.")
    } else {
        changed::listed(answer.with_text(format!("{} in between:", say::count(found.len(), "change"))), &found)
    };
    let metrics = if reader.has_metrics() {
        ""
    } else {
        " No metrics source is configured, which would tell memory and CPU of then."
    };
    let answer = answer.with_text(format!(
        "What a cluster does not keep cannot be compared: whether pods were ready then, pods that are gone, and logs of gone pods. {}{metrics}",
        events::kept(view, then)
    ));
    let mut gaps = reader.gaps(&[Kind::Pod, Kind::Event, Kind::ReplicaSet, Kind::Deployment]);
    gaps.extend(usage::missing(view, queries));
    say::with_gaps(answer, &gaps)
}

fn revisions(view: &View, target: &EntityRef, then: Timestamp) -> Option<Vec<String>> {
    let all = rollouts(view, &view.unit(target));
    let now = all.first()?;
    let before = all.iter().find(|r| r.at.is_some_and(|at| at <= then));
    let before = before.map_or_else(|| UNKNOWN.to_owned(), |r| r.number.to_string());
    Some(vec![format!("revision of {}", view.unit(target)), before, now.number.to_string()])
}

/// Pods of now by whether they were there then, and what of their restarts is known to have come since.
fn pods_then(view: &View, targets: &[EntityRef], then: Timestamp) -> Vec<Vec<String>> {
    let all: Vec<&Pod> = if targets.is_empty() {
        view.pods.iter().collect()
    } else {
        targets.iter().flat_map(|t| pods(view, t)).collect()
    };
    if all.is_empty() {
        return Vec::new();
    }
    let live: Vec<&&Pod> = all.iter().filter(|p| !p.is_completed()).collect();
    let old = live.iter().filter(|p| p.metadata.creation_timestamp.is_some_and(|at| at <= then)).count();
    let ready = live.iter().filter(|p| p.is_ready()).count();
    let statuses = || live.iter().flat_map(|p| p.containers()).filter_map(|(_, status, _)| status);
    let ended = statuses().flat_map(|s| [&s.state, &s.last_state]).filter_map(|s| s.terminated.as_ref());
    let since = ended.filter(|t| t.finished_at.is_some_and(|at| at > then)).count();
    let restarts: i64 = statuses().map(|s| s.restart_count).sum();
    vec![
        vec!["pods".to_owned(), format!("{old} of those there now"), live.len().to_string()],
        vec!["pods ready".to_owned(), UNKNOWN.to_owned(), ready.to_string()],
        vec![
            "restarts, counted since each pod began".to_owned(),
            UNKNOWN.to_owned(),
            format!("{restarts}, at least {since} since then"),
        ],
    ]
}

/// Warnings in two windows of the same length, ending then and now. Repeats carry their first and their last time only, so
/// they are counted in the window of the last; a reason that began before "then" and went on is not known to be none then.
fn event_counts(reader: &Reader<'_>, targets: &[EntityRef], then: Timestamp) -> Vec<Vec<String>> {
    let view = &reader.view;
    let length = view.now().duration_since(then).min(view.now().duration_since(view.window_start()));
    let back = |to: Timestamp| to.saturating_sub(length).unwrap_or(Timestamp::MIN);
    let of = |to: Timestamp| events::groups(reader, targets, back(to), Some(to)).into_iter().filter(|g| g.warning);
    let count = |to: Timestamp| {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for group in of(to) {
            *counted.entry(say::line(&group.reason, say::CELL)).or_default() += group.count;
        }
        counted
    };
    let (past, now) = (count(then), count(view.now()));
    let oldest = view.events().iter().filter_map(midwatch_diagnosis::kube::Event::first).min();
    let kept = oldest.is_some_and(|at| at <= back(then));
    let lasting = |reason: &str| of(view.now()).any(|g| g.reason == reason && g.first.is_some_and(|at| at <= then));
    let reasons: std::collections::BTreeSet<&String> = past.keys().chain(now.keys()).collect();
    let value = |n: Option<&u64>| n.copied().unwrap_or(0).to_string();
    let row = |reason: &&String| {
        let past = match past.get(*reason) {
            None if !kept || lasting(reason) => UNKNOWN.to_owned(),
            n => value(n),
        };
        vec![format!("warnings {reason} last seen in {}", say::span(length.as_secs())), past, value(now.get(*reason))]
    };
    reasons.iter().map(row).collect()
}

fn queries(reader: &Reader<'_>, targets: &[EntityRef], then: Timestamp) -> Vec<MetricQuery> {
    if !reader.has_metrics() {
        return Vec::new();
    }
    let view = &reader.view;
    let from = then.saturating_sub(NEAR).unwrap_or(then);
    let mut by_namespace: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (namespace, pod) in usage::chosen(view, targets) {
        by_namespace.entry(namespace).or_default().push(pod);
    }
    let of = |(namespace, pods): (&String, &Vec<String>)| {
        of_pods(namespace, &pods.iter().map(String::as_str).collect(), from, view.now())
    };
    by_namespace.iter().flat_map(of).filter(|q| q.purpose == Purpose::Memory).collect()
}

fn memory(view: &View, queries: &[MetricQuery], then: Timestamp) -> Vec<Vec<String>> {
    let answers = queries.iter().filter_map(|q| view.metrics().answer(q));
    let row = |series: &midwatch_diagnosis::metrics::Series| {
        let label = |name: &str| series.labels.get(name).cloned().unwrap_or_default();
        let now = series.last().filter(|p| p.value.is_finite())?;
        let apart = |p: &&Point| p.at.duration_since(then).abs();
        let past = series.points.iter().filter(|p| p.value.is_finite()).min_by_key(apart).filter(|p| apart(p) <= NEAR);
        let say_value = |p: Point| usage::said(Purpose::Memory, p.value);
        let past = past.copied().map_or_else(|| UNKNOWN.to_owned(), say_value);
        let whose = say::line(&format!("memory of {}/{}", label("pod"), label("container")), say::CELL);
        Some(vec![whose, past, say_value(now)])
    };
    answers.flat_map(|a| &a.series).filter_map(row).take(CONTAINERS).collect()
}

/// What the report of the thread said, when it is of then.
fn reported(reader: &Reader<'_>, then: Timestamp, answer: Answer) -> Answer {
    let report = reader.context.report.as_ref();
    let near = report.filter(|r| r.as_of.duration_since(then).abs() <= NEAR);
    match near {
        Some(report) => answer.with_text(format!(
            "The report of {} UTC says of then: {}: {}.",
            say::when(report.as_of),
            report.verdict.as_str(),
            say::line(report.root_cause.trim_end_matches('.'), say::CELL * 2)
        )),
        None => answer,
    }
}

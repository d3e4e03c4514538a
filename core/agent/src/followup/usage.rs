//! Metrics of containers: memory, CPU throttling and restarts, as an investigation reads them.
//!
//! Must never take a metric without series for a zero.

use std::collections::BTreeMap;

use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::kube::Pod;
use midwatch_diagnosis::metrics::catalogue::{metric, of_pods};
use midwatch_diagnosis::metrics::{MetricQuery, Purpose, Series, number};
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::quantity;
use midwatch_diagnosis::report::Gap;
use midwatch_diagnosis::view::View;

use super::read::{Depth, Reader};
use super::target::{find, has_pods, pods};
use super::{events, say};
use crate::plan::suspicion;
use crate::request::NoReport;

/// Pods whose metrics are read.
const PODS: usize = 10;

/// Rows of the table.
const ROWS: usize = 20;

/// What is read, in the order of the table.
const PURPOSES: [Purpose; 3] = [Purpose::Memory, Purpose::Throttling, Purpose::Restarts];

/// Bars of a sparkline, from the lowest value to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Width of a sparkline.
const WIDTH: usize = 24;

/// Shows what the containers use.
pub(super) async fn answer(reader: &mut Reader<'_>, target: Option<&str>) -> Result<Answer, NoReport> {
    let targets = match find(reader, target, Depth::Workloads, has_pods).await? {
        Ok(targets) => targets,
        Err(instead) => return Ok(instead),
    };
    if !reader.has_metrics() {
        return Ok(Answer::text(
            "No metrics source is configured, so memory, CPU and restarts over time are not known. Set `prometheus.url` \
             in the configuration; `midwatch doctor` then checks it.",
        ));
    }
    let chosen = chosen(&reader.view, &targets);
    if chosen.is_empty() {
        return Ok(Answer::text(format!("{} has no pods to read metrics of.", events::place(reader))));
    }
    let queries = queries(&reader.view, &chosen);
    reader.read(queries.iter().cloned().map(Probe::Metric).collect()).await;

    let view = &reader.view;
    let whom = if targets.is_empty() { events::place(reader) } else { say::names(&targets) };
    let rows: Vec<Vec<String>> = rows(view, &chosen);
    let window = say::between(view.window_start(), view.now());
    let head = match rows.len() {
        0 => format!("No series of the containers of {whom} from {window} were found."),
        n if n > ROWS => format!("Metrics of {whom} from {window}; the first {ROWS} of {n} series:"),
        _ => format!("Metrics of {whom} from {window}:"),
    };
    let columns = ["Pod", "Container", "Metric", "Now", "Lowest", "Highest", "Limit", "Over the window"];
    let answer = say::with_table(Answer::text(head), &columns, rows.into_iter().take(ROWS).collect());
    let answer = say::with_commands(answer, queries.iter().map(MetricQuery::command), PURPOSES.len());
    Ok(say::with_gaps(answer, &missing(view, &queries)))
}

/// The pods that are read: what fails first.
pub(super) fn chosen(view: &View, targets: &[EntityRef]) -> Vec<(String, String)> {
    let mut found: Vec<&Pod> = if targets.is_empty() {
        view.pods.iter().collect()
    } else {
        targets.iter().flat_map(|t| pods(view, t)).collect()
    };
    found.sort_by_key(|p| (std::cmp::Reverse(suspicion(p)), &p.metadata.namespace, &p.metadata.name));
    found.dedup_by(|a, b| a.metadata.name == b.metadata.name && a.metadata.namespace == b.metadata.namespace);
    found.iter().take(PODS).map(|p| (p.metadata.namespace.clone(), p.metadata.name.clone())).collect()
}

fn queries(view: &View, chosen: &[(String, String)]) -> Vec<MetricQuery> {
    let mut by_namespace: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for (namespace, pod) in chosen {
        by_namespace.entry(namespace).or_default().insert(pod);
    }
    let (from, to) = (view.window_start(), view.now());
    by_namespace.iter().flat_map(|(namespace, pods)| of_pods(namespace, pods, from, to)).collect()
}

fn rows(view: &View, chosen: &[(String, String)]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for purpose in PURPOSES {
        for (_, answer) in view.metrics().answers(purpose) {
            rows.extend(answer.series.iter().filter_map(|s| row(view, chosen, purpose, s)));
        }
    }
    rows
}

fn row(view: &View, chosen: &[(String, String)], purpose: Purpose, series: &Series) -> Option<Vec<String>> {
    let label = |name: &str| series.labels.get(name).cloned().unwrap_or_default();
    let (namespace, pod, container) = (label("namespace"), label("pod"), label("container"));
    if !chosen.contains(&(namespace.clone(), pod.clone())) {
        return None;
    }
    let values: Vec<f64> = series.points.iter().map(|p| p.value).filter(|v| v.is_finite()).collect();
    let now = *values.last()?;
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let limit = view.pods.get(&namespace, &pod).and_then(|pod| limit(pod, &container, purpose)).unwrap_or_default();
    let say_value = |value| said(purpose, value);
    let single = values.len() < 2;
    let extreme = |value| if single { String::new() } else { say_value(value) };
    let line = if single { String::new() } else { sparkline(&values) };
    let (pod, container) = (say::line(&pod, say::CELL), say::line(&container, say::CELL));
    let name = title(purpose).to_owned();
    Some(vec![pod, container, name, say_value(now), extreme(lowest), extreme(highest), limit, line])
}

fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Memory => "memory",
        Purpose::Throttling => "CPU periods throttled",
        Purpose::Restarts => "restarts in the window",
        Purpose::Expression | Purpose::Value | Purpose::Asked => "value",
    }
}

/// A value as a reader says it.
pub(super) fn said(purpose: Purpose, value: f64) -> String {
    match purpose {
        Purpose::Memory => quantity::bytes(value.max(0.0)),
        Purpose::Throttling => format!("{} %", number((value * 1000.0).round() / 10.0)),
        Purpose::Restarts | Purpose::Expression | Purpose::Value | Purpose::Asked => number(value),
    }
}

fn limit(pod: &Pod, container: &str, purpose: Purpose) -> Option<String> {
    let resource = match purpose {
        Purpose::Memory => "memory",
        Purpose::Throttling => "cpu",
        Purpose::Restarts | Purpose::Expression | Purpose::Value | Purpose::Asked => return None,
    };
    let (spec, ..) = pod.containers().find(|(c, ..)| c.name == container)?;
    Some(spec.resources.limits.get(resource).map_or_else(|| "none".to_owned(), Clone::clone))
}

/// The values as bars of eight heights; of several that share a bar the highest counts.
fn sparkline(values: &[f64]) -> String {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = values.len().min(WIDTH);
    let bar = |column: usize| {
        let (start, end) = (column * values.len() / width, (column + 1) * values.len() / width);
        let top = values.get(start..end).unwrap_or_default().iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let share = if highest > lowest { (top - lowest) / (highest - lowest) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the seven steps")]
        let step = (share.clamp(0.0, 1.0) * 7.0).round() as usize;
        BARS.get(step).copied().unwrap_or(' ')
    };
    (0..width).map(bar).collect()
}

/// Queries that failed, and metrics that have no series.
pub(super) fn missing(view: &View, queries: &[MetricQuery]) -> Vec<Gap> {
    let failed = view.metrics().failures().map(|(probe, why)| Gap {
        what: probe.to_string(),
        why: why.to_string(),
        fix: Some(format!("try {}", probe.command())),
    });
    let empty = queries.iter().filter(|q| view.metrics().answer(q).is_some_and(|a| a.series.is_empty()));
    let empty = empty.filter_map(|q| metric(q.purpose)).map(|name| Gap {
        what: format!("metric {name}"),
        why: "it has no series for these pods; that proves nothing about them".to_owned(),
        fix: None,
    });
    let mut gaps: Vec<Gap> = failed.chain(empty).collect();
    gaps.sort();
    gaps.dedup();
    gaps
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_sparkline_shows_the_shape() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 7.0]), "▁▂▃█");
        assert_eq!(sparkline(&[5.0, 5.0]), "▁▁");
        let many: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(sparkline(&many).chars().count(), 24);
    }
}

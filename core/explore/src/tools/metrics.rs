//! Metrics: any expression, bound to the namespaces of the investigation; the rule of an alert; what containers use.

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::followup::session::{Taken, moment};
use midwatch_conversation::question::Question;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::metrics::{
    Labels, MetricQuery, POINTS_CAP, Purpose, SERIES_CAP, Series, When, bounds, number, selector,
};
use midwatch_diagnosis::probe::Probe;
use midwatch_diagnosis::view::{Collected, Content};
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads};
use super::moments::past;
use crate::tool::{ToolError, ToolResult};

/// Points of one series that are written down; of more, one of each so many.
const POINTS: usize = 40;

/// Why an expression cannot be bound to namespaces.
const UNBOUND: &str = "the expression cannot be bound to the namespaces of this investigation: its quotes or brackets do not \
     match, or it has a comment, labels in quotes after `by`, `or` between braces, or names with escapes or letters beyond ASCII";

/// `query_metrics`.
pub(super) struct Query;

/// What is asked of the metrics source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The expression in PromQL.
    query: String,
    /// When to evaluate it, or the end of the range: RFC 3339, or how long ago as `10m`. Leave out for now.
    #[serde(default)]
    at: Option<String>,
    /// Start of a range, for the values over time: RFC 3339, or how long ago as `2h`. Leave out for one value of each series.
    #[serde(default)]
    start: Option<String>,
}

#[async_trait]
impl Reads for Query {
    type Asked = Asked;
    const NAME: &'static str = "query_metrics";
    const SET: &'static str = "metrics";
    const DESCRIPTION: &'static str = "Evaluates a PromQL expression at one moment, or over a range when `start` is given. Gives up to 50 series; of a range the lowest, \
         the highest and the last value and up to 40 points. Aggregate to keep it small. Reads only series of the namespaces of this \
         investigation, or without a namespace. That there is no series proves nothing.";

    async fn read(desk: &Desk, asked: Asked) -> Result<ToolResult, ToolError> {
        let now = desk.now().await?;
        let query = {
            let open = desk.open().await;
            let at = |text: &str| -> Result<Timestamp, ToolError> { Ok(moment(now, past(text)?)) };
            let end = asked.at.as_deref().map(at).transpose()?.unwrap_or(now);
            let start = asked.start.as_deref().map(at).transpose()?;
            if start.is_some_and(|start| start >= end) {
                return Err(ToolError::Arguments(format!("`start` must be before {end}")));
            }
            let when = start.map_or(When::At(end), |start| When::range(start, end));
            let namespaces = open.session.bounds();
            let expr = if namespaces.is_empty() {
                Some(asked.query.clone())
            } else {
                bounds::within(&asked.query, &namespaces)
            };
            let expr = expr.ok_or_else(|| ToolError::Arguments(UNBOUND.to_owned()))?;
            MetricQuery { purpose: Purpose::Asked, expr, when, agree_with: Labels::new() }
        };
        let (collected, taken) = desk.read(vec![Probe::Metric(query.clone())]).await;
        let series = series(&collected)?;
        let text = series.iter().map(told).collect::<Vec<_>>().join("\n");
        let gaps: Vec<&str> = collected.iter().flat_map(|c| &c.gaps).map(String::as_str).collect();
        let gaps = if gaps.is_empty() { String::new() } else { format!("; not whole: {}", gaps.join("; ")) };
        let summary = format!("{} series of {}{gaps}", series.len(), query.expr);
        let mut result = desk.open().await.result_of(summary, text, query.command(), None, taken);
        result.names.extend(series.iter().flat_map(named));
        Ok(result)
    }
}

/// What the labels of a series name; it need not be among the objects that were read.
fn named(series: &Series) -> Vec<EntityRef> {
    let label = |name: &str| series.labels.get(name).map(String::as_str).unwrap_or_default();
    let kind = |name: &str| match name {
        "instance" | "cluster" | "container" => Some(Kind::named("Name")),
        "pod" | "node" | "namespace" | "service" | "deployment" | "statefulset" | "daemonset" | "replicaset" => {
            Kind::parse(name)
        }
        _ => None,
    };
    let names = series.labels.iter().filter(|(_, value)| !value.is_empty());
    names.filter_map(|(name, value)| Some(EntityRef::new(kind(name)?, label("namespace"), value.clone()))).collect()
}

fn series(collected: &[Collected]) -> Result<&[Series], ToolError> {
    match collected.first().map(|c| &c.result) {
        Some(Ok(Content::Series(series))) => Ok(series),
        Some(Err(why)) => Err(ToolError::Failed(format!("the metrics source gave no answer: {why}"))),
        _ => Err(ToolError::Failed("the metrics source gave no series".to_owned())),
    }
}

/// A series: one value, or how it went.
fn told(series: &Series) -> String {
    let labels = selector(&series.labels);
    let (Some(last), Some(peak)) = (series.last(), series.peak()) else { return format!("{labels} no value") };
    if series.points.len() == 1 {
        return format!("{labels} {} at {}", number(last.value), last.at);
    }
    let real = series.points.iter().copied().filter(|p| !p.value.is_nan());
    let low = real.min_by(|a, b| a.value.total_cmp(&b.value)).unwrap_or(last);
    let step = series.points.len().div_ceil(POINTS);
    // Counted from the end: the newest value is among them.
    let chosen = series.points.iter().rev().step_by(step).collect::<Vec<_>>();
    let points: Vec<String> = chosen.iter().rev().map(|p| format!("{} {}", p.at, number(p.value))).collect();
    let thinned = if step > 1 { format!(", one of {step}") } else { String::new() };
    format!(
        "{labels} lowest {} at {}, highest {} at {}, last {} at {}\n  {} points{thinned}: {}",
        number(low.value),
        low.at,
        number(peak.value),
        peak.at,
        number(last.value),
        last.at,
        series.points.len(),
        points.join(", ")
    )
}

const _: () = assert!(SERIES_CAP == 50 && POINTS_CAP >= POINTS, "the description says so");

/// `get_alert_rule`.
pub(super) struct Rule;

/// Which rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedRule {
    /// The alert's name, like `KubePodCrashLooping`.
    alert: String,
}

#[async_trait]
impl Reads for Rule {
    type Asked = AskedRule;
    const NAME: &'static str = "get_alert_rule";
    const SET: &'static str = "metrics";
    const DESCRIPTION: &'static str = "Gives the rules behind an alert's name: expression, how long it must hold, labels. Use it to see what an alert really measures.";

    async fn read(desk: &Desk, asked: AskedRule) -> Result<ToolResult, ToolError> {
        let probe = Probe::Rules { alert: asked.alert.clone() };
        let (collected, taken): (Vec<Collected>, Taken) = desk.read(vec![probe.clone()]).await;
        let rules = match collected.first().map(|c| &c.result) {
            Some(Ok(Content::Rules(rules))) => rules.as_slice(),
            Some(Err(why)) => return Err(ToolError::Failed(format!("the rules could not be read: {why}"))),
            _ => &[],
        };
        let told = rules.iter().map(|rule| {
            format!(
                "alert: {}\nexpr: {}\nfor: {:?}\nlabels: {}",
                rule.name,
                rule.expr,
                rule.pending,
                selector(&rule.labels)
            )
        });
        let text = told.collect::<Vec<_>>().join("\n\n");
        let summary = format!("{} rules make the alert {}", rules.len(), asked.alert);
        Ok(desk.open().await.result_of(summary, text, probe.command(), None, taken))
    }
}

/// `container_usage`.
pub(super) struct Usage;

/// Of what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedUsage {
    /// A pod or a workload. Leave out for what the investigation is about.
    #[serde(default)]
    object: Option<String>,
    /// Its namespace.
    #[serde(default)]
    namespace: Option<String>,
}

#[async_trait]
impl Reads for Usage {
    type Asked = AskedUsage;
    const NAME: &'static str = "container_usage";
    const SET: &'static str = "metrics";
    const DESCRIPTION: &'static str = "Shows what containers used over the window: memory against its limit, CPU throttling, restarts; now, lowest, highest. Use it \
         before writing PromQL of your own.";

    async fn read(desk: &Desk, asked: AskedUsage) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let target = open.target(asked.object.as_deref(), asked.namespace.as_deref()).await?;
        let whose = target.as_deref().unwrap_or("what the investigation is about");
        let what = format!("what the containers of {whose} used");
        open.answer(&Question::Metrics { target: target.clone(), what: None }, &what).await
    }
}

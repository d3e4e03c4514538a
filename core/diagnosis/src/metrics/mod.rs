//! Metrics as evidence: what is asked of a metrics source, what it answers, and what a report may say of it.
//!
//! Metrics stand beside what objects, events and logs say: they support a cause, exclude a rival, and tell whether an alert's
//! own expression still returns something. They never make a cause by themselves, and a metric that has no series proves
//! nothing, least of all health. Start at [`MetricQuery`] (what is asked), [`catalogue`] (the fixed queries), [`expr`]
//! (expressions taken apart, safely), [`alert`] and [`usage`] (what follows
//! from the answers, which [`seen`] holds).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::shell::word;

pub mod alert;
pub mod bounds;
pub mod catalogue;
pub mod expr;
pub mod seen;
pub mod usage;

/// Series kept of one answer. An expression of an alert returns one for each alert that fires; more is a storm.
pub const SERIES_CAP: usize = 50;

/// Points kept of one series. More would not be seen in any picture of it.
pub const POINTS_CAP: usize = 300;

/// The finest step of a range query. Few scrape more often than each 15 s.
const FINEST: Duration = Duration::from_secs(15);

/// Labels of a series, the metric's name (`__name__`) among them where there is one.
pub type Labels = BTreeMap<String, String>;

/// Why a metric is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The alert's own expression.
    Expression,
    /// The left side of the alert's comparison: the value, whether or not it is beyond the threshold.
    Value,
    /// Memory in use by each container: the highest of each step.
    Memory,
    /// The share of CPU periods in which a container was throttled.
    Throttling,
    /// How often a container restarted in the window.
    Restarts,
    /// Somebody asked for this expression.
    Asked,
}

impl Purpose {
    /// Why, for the reader of a plan.
    pub fn why(self) -> &'static str {
        match self {
            Purpose::Expression => "whether the alert's own expression returns something, and since when",
            Purpose::Value => "the value that the alert compares",
            Purpose::Memory => "memory in use against the limit",
            Purpose::Throttling => "whether the CPU limit slows it down",
            Purpose::Restarts => "restarts in the window",
            Purpose::Asked => "an expression that was asked for",
        }
    }
}

/// When an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Once.
    At(Timestamp),
    /// At each step of a range, both ends included.
    Range {
        /// The first moment.
        from: Timestamp,
        /// The last moment.
        to: Timestamp,
        /// The distance of two moments, in whole seconds.
        step: Duration,
    },
}

impl When {
    /// A range with the finest step that keeps within [`POINTS_CAP`]. It begins up to a step earlier, so that its end is a
    /// moment of it: "now" is evaluated.
    pub fn range(from: Timestamp, to: Timestamp) -> When {
        let span = u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
        let most = u64::try_from(POINTS_CAP).unwrap_or(u64::MAX) - 1;
        let step = Duration::from_secs(span.div_ceil(most)).max(FINEST);
        let steps = span.div_ceil(step.as_secs());
        let whole = Duration::from_secs(steps.saturating_mul(step.as_secs()));
        When::Range { from: to.saturating_sub(whole).unwrap_or(from), to, step }
    }

    /// The distance of two moments; of a single one, the finest.
    pub fn step(self) -> Duration {
        match self {
            When::At(_) => FINEST,
            When::Range { step, .. } => step,
        }
    }

    /// The last moment.
    pub fn end(self) -> Timestamp {
        match self {
            When::At(at) => at,
            When::Range { to, .. } => to,
        }
    }
}

/// One query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Why.
    pub purpose: Purpose,
    /// The expression, in PromQL.
    pub expr: String,
    /// When it is evaluated.
    pub when: When,
    /// Only series that do not contradict these labels are kept: the alert's own among those of all others.
    pub agree_with: Labels,
}

impl MetricQuery {
    /// Whether a series is one of those that were meant. A label that only one side has contradicts nothing: rules add
    /// labels, aggregations drop them.
    pub fn wants(&self, series: &Labels) -> bool {
        agree(series, &self.agree_with)
    }

    /// The command that evaluates the same by hand. The address of Prometheus is the reader's: `$PROMETHEUS_URL`.
    pub fn command(&self) -> String {
        let expr = word(&self.expr);
        match self.when {
            When::At(at) => format!(r#"promtool query instant --time={at} "$PROMETHEUS_URL" {expr}"#),
            When::Range { from, to, step } => {
                let step = step.as_secs();
                format!(r#"promtool query range --start={from} --end={to} --step={step}s "$PROMETHEUS_URL" {expr}"#)
            }
        }
    }
}

/// Whether no label has two values.
fn agree(series: &Labels, with: &Labels) -> bool {
    series.iter().all(|(name, value)| with.get(name).is_none_or(|other| other == value))
}

/// One value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "WirePoint", try_from = "WirePoint")]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The value; may be NaN or infinite.
    pub value: f64,
}

/// As Prometheus writes it, the value as text: JSON has no NaN.
#[derive(Serialize, Deserialize)]
struct WirePoint(Timestamp, String);

impl From<Point> for WirePoint {
    fn from(Point { at, value }: Point) -> Self {
        Self(at, value.to_string())
    }
}

impl TryFrom<WirePoint> for Point {
    type Error = std::num::ParseFloatError;

    fn try_from(WirePoint(at, value): WirePoint) -> Result<Self, Self::Error> {
        Ok(Self { at, value: value.parse()? })
    }
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Its points, oldest first, at most [`POINTS_CAP`].
    pub points: Vec<Point>,
}

impl Series {
    /// The newest point.
    pub fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }

    /// The point with the highest value; NaN is none.
    pub fn peak(&self) -> Option<Point> {
        let real = self.points.iter().copied().filter(|p| !p.value.is_nan());
        real.max_by(|a, b| a.value.total_cmp(&b.value))
    }
}

/// Series of one answer, with the bound that holds for all of them. What was cut is counted.
#[derive(Debug, Default)]
pub struct SeriesSet {
    kept: BTreeMap<Labels, Vec<Point>>,
    cut_series: usize,
    cut_points: usize,
}

impl SeriesSet {
    /// Takes a series in; of too many, those that come first by their labels are kept, whatever the order of the answer.
    pub fn push(&mut self, labels: Labels, mut points: Vec<Point>) {
        let beyond = points.len().saturating_sub(POINTS_CAP);
        self.cut_points += beyond;
        points.drain(..beyond);
        if points.is_empty() {
            return;
        }
        self.kept.insert(labels, points);
        if self.kept.len() > SERIES_CAP {
            self.kept.pop_last();
            self.cut_series += 1;
        }
    }

    /// The series in order of their labels, and what was cut, for a person.
    pub fn finish(self) -> (Vec<Series>, Vec<String>) {
        let mut gaps = Vec::new();
        if self.cut_series > 0 {
            gaps.push(format!("{} more series than the {SERIES_CAP} that are read", self.cut_series));
        }
        if self.cut_points > 0 {
            gaps.push(format!("{} points beyond the newest {POINTS_CAP} of a series", self.cut_points));
        }
        let series = self.kept.into_iter().map(|(labels, points)| Series { labels, points }).collect();
        (series, gaps)
    }
}

/// A value as a reader says it: whole numbers whole, others with four significant digits.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs();
    if !(1e-4..1e9).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = if magnitude >= 1000.0 {
        0
    } else if magnitude >= 100.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Labels as PromQL writes them: `{job="api", pod="api-0"}`; nothing when there are none.
pub fn selector(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", expr::string(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn what_is_kept_is_bounded_and_does_not_depend_on_the_order() {
        let mut forward = SeriesSet::default();
        let mut backward = SeriesSet::default();
        let points: Vec<Point> = (0..400).map(|s| Point { at: at(s), value: 1.0 }).collect();
        for i in 0..80 {
            forward.push(labels(&[("i", &format!("{i:02}"))]), points.clone());
            backward.push(labels(&[("i", &format!("{:02}", 79 - i))]), points.clone());
        }
        let (series, gaps) = forward.finish();
        assert_eq!((series.len(), series[0].points.len()), (SERIES_CAP, POINTS_CAP));
        assert_eq!(series[0].last().unwrap().at, at(399), "the newest points are kept");
        assert!(
            gaps.iter().any(|g| g.starts_with("30 more series")) && gaps.iter().any(|g| g.starts_with("8000 points"))
        );
        assert_eq!(series, backward.finish().0);
    }

    #[test]
    fn steps_keep_a_range_within_the_cap() {
        for (span, seconds) in [(60, 15), (3607, 15), (86_400, 289)] {
            let When::Range { from, to, step } = When::range(at(0), at(span)) else { panic!() };
            assert_eq!(step.as_secs(), seconds, "{span}");
            let read = to.duration_since(from).as_secs();
            assert!(read >= span && read % i64::try_from(seconds).unwrap() == 0, "the end is evaluated");
            assert!(u64::try_from(span).unwrap() / step.as_secs() < POINTS_CAP as u64);
        }
    }

    #[test]
    fn series_of_other_alerts_are_not_meant() {
        let alert = labels(&[("alertname", "Slow"), ("pod", "a"), ("severity", "page")]);
        let query =
            MetricQuery { purpose: Purpose::Expression, expr: "x".into(), when: When::At(at(0)), agree_with: alert };
        assert!(query.wants(&labels(&[("__name__", "x"), ("pod", "a")])) && query.wants(&Labels::new()));
        assert!(!query.wants(&labels(&[("pod", "b")])));
    }

    #[test]
    fn commands_are_safe_to_paste() {
        let expr = r#"up{job="it's $(id)"} == 0"#.to_owned();
        let query =
            MetricQuery { purpose: Purpose::Value, expr, when: When::range(at(0), at(60)), agree_with: Labels::new() };
        assert_eq!(
            query.command(),
            r#"promtool query range --start=2023-11-14T22:13:20Z --end=2023-11-14T22:14:20Z --step=15s "$PROMETHEUS_URL" 'up{job="it'\''s $(id)"} == 0'"#
        );
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.93, "0.93"),
            (0.123_456, "0.1235"),
            (12.5, "12.5"),
            (1234.56, "1235"),
            (1e12, "1000000000000"),
            (1.5e-7, "1.500e-7"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}

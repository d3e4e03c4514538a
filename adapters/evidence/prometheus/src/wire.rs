//! Answers of the API, read series by series: what is not meant or too much is dropped while reading, so that memory stays
//! bounded by the body.
//!
//! Formats: <https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats>. Start at [`series`]
//! and [`rules`].

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_diagnosis::metrics::seen::AlertRule;
use midwatch_diagnosis::metrics::{Labels, MetricQuery, Point, Series, SeriesSet};
use serde::Deserialize;
use serde::de::{DeserializeSeed as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::brief;

/// Rules kept of those with one name.
const RULES_CAP: usize = 100;

/// Warnings repeated of one answer.
const WARNINGS_CAP: usize = 5;

#[derive(Deserialize)]
struct Envelope<'a, T> {
    status: &'a str,
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    kind: &'a str,
    #[serde(borrow)]
    result: &'a RawValue,
}

/// A series of a vector (`value`) or a matrix (`values`). Native histograms stand in fields of their own.
#[derive(Deserialize)]
struct WireSeries {
    #[serde(default)]
    metric: Labels,
    #[serde(default)]
    value: Option<WirePoint>,
    #[serde(default)]
    values: Vec<WirePoint>,
    #[serde(default)]
    histogram: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    histograms: Option<serde::de::IgnoredAny>,
}

/// Seconds since the epoch, and the value as text: `"NaN"`, `"+Inf"`.
#[derive(Deserialize)]
struct WirePoint(f64, String);

/// What an answer to a query holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) series: Vec<Series>,
    pub(crate) gaps: Vec<String>,
}

/// Reads the answer to a query.
pub(crate) fn series(body: &[u8], query: &MetricQuery) -> Result<Found, serde_json::Error> {
    let envelope: Envelope<'_, Data<'_>> = serde_json::from_slice(body)?;
    let (data, mut gaps) = opened(envelope)?;
    let mut taken = Taken { query, set: SeriesSet::default(), histograms: 0, odd: 0 };
    match data.kind {
        "vector" | "matrix" => {
            Each(&mut taken).deserialize(&mut serde_json::Deserializer::from_str(data.result.get()))?;
        }
        "scalar" => taken.points(Labels::new(), vec![serde_json::from_str(data.result.get())?]),
        other => return Err(serde_json::Error::custom(format!("a result of type `{}`", brief(other)))),
    }
    if taken.histograms > 0 {
        gaps.push(format!("{} series with native histograms, whose values are not read", taken.histograms));
    }
    if taken.odd > 0 {
        gaps.push(format!("{} values that are no numbers", taken.odd));
    }
    let (series, cut) = taken.set.finish();
    gaps.extend(cut);
    Ok(Found { series, gaps })
}

/// The content of an answer and its warnings.
fn opened<T>(envelope: Envelope<'_, T>) -> Result<(T, Vec<String>), serde_json::Error> {
    match envelope.data {
        Some(data) if envelope.status == "success" => {
            let warnings = envelope.warnings.unwrap_or_default();
            let gaps = warnings.iter().take(WARNINGS_CAP).map(|w| format!("Prometheus warns: {}", brief(w))).collect();
            Ok((data, gaps))
        }
        _ => Err(serde_json::Error::custom(format!("no result ({})", brief(&envelope.error)))),
    }
}

/// Takes series in as they are read.
struct Taken<'a> {
    query: &'a MetricQuery,
    set: SeriesSet,
    histograms: usize,
    odd: usize,
}

impl Taken<'_> {
    fn take(&mut self, series: WireSeries) {
        if !self.query.wants(&series.metric) {
            return;
        }
        if series.histogram.is_some() || series.histograms.is_some() {
            self.histograms += 1;
        }
        self.points(series.metric, series.value.into_iter().chain(series.values).collect());
    }

    fn points(&mut self, labels: Labels, wire: Vec<WirePoint>) {
        let all = wire.len();
        let points: Vec<Point> = wire.iter().filter_map(point).collect();
        self.odd += all - points.len();
        self.set.push(labels, points);
    }
}

fn point(WirePoint(at, value): &WirePoint) -> Option<Point> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within the range of times")]
    let at = (at.abs() < 1e12).then(|| Timestamp::from_millisecond((at * 1000.0).round() as i64).ok())??;
    Some(Point { at, value: value.parse().ok()? })
}

/// Reads an array of series without keeping it.
struct Each<'a, 'q>(&'a mut Taken<'q>);

impl<'de> serde::de::DeserializeSeed<'de> for Each<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(series) = list.next_element::<WireSeries>()? {
            self.0.take(series);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<WireRule>,
}

#[derive(Deserialize)]
struct WireRule {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    /// Seconds.
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    labels: Option<Labels>,
    #[serde(default, rename = "type")]
    kind: String,
}

/// Reads the rules that make alerts of a name.
pub(crate) fn rules(body: &[u8], alert: &str) -> Result<(Vec<AlertRule>, Vec<String>), serde_json::Error> {
    let envelope: Envelope<'_, Groups> = serde_json::from_slice(body)?;
    let (data, gaps) = opened(envelope)?;
    let named = data.groups.into_iter().flat_map(|g| g.rules).filter(|r| r.kind == "alerting" && r.name == alert);
    let rule = |r: WireRule| AlertRule {
        name: r.name,
        expr: r.query,
        pending: Duration::try_from_secs_f64(r.duration).unwrap_or_default(),
        labels: r.labels.unwrap_or_default(),
    };
    Ok((named.map(rule).take(RULES_CAP).collect(), gaps))
}

/// Whether an answer is one of the API at all.
pub(crate) fn is_success(body: &[u8]) -> Result<(), serde_json::Error> {
    let envelope: Envelope<'_, Data<'_>> = serde_json::from_slice(body)?;
    opened(envelope).map(drop)
}

#[derive(Deserialize)]
struct BuildInfo {
    #[serde(default)]
    version: String,
}

/// Reads the version out of the build information.
pub(crate) fn version(body: &[u8]) -> Result<String, serde_json::Error> {
    let envelope: Envelope<'_, BuildInfo> = serde_json::from_slice(body)?;
    opened(envelope).map(|(info, _)| brief(&info.version))
}

//! What a metrics source answered in one investigation, by what was asked.
//!
//! Must never turn a failed or partial read into "there is nothing": [`Answer::whole`] and the failures stay beside the
//! series. Start at [`Measured`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Labels, MetricQuery, Purpose, Series};
use crate::probe::{Probe, ReadFailure};

/// A rule that makes alerts, as the metrics source holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRule {
    /// The alert's name.
    pub name: String,
    /// Its expression.
    pub expr: String,
    /// How long the expression must return something before the alert fires (`for`).
    pub pending: Duration,
    /// Labels that it adds to its alerts; values may be templates.
    pub labels: Labels,
}

/// The series of one answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The series, in order of their labels.
    pub series: Vec<Series>,
    /// Whether they are all there is.
    pub whole: bool,
}

/// Everything that was asked of a metrics source.
#[derive(Debug, Default)]
pub struct Measured {
    rules: BTreeMap<String, Result<Vec<AlertRule>, ReadFailure>>,
    series: BTreeMap<MetricQuery, Result<Answer, ReadFailure>>,
}

impl Measured {
    pub(crate) fn take_rules(&mut self, alert: String, outcome: Result<Vec<AlertRule>, ReadFailure>) {
        self.rules.insert(alert, outcome);
    }

    pub(crate) fn take_series(&mut self, query: MetricQuery, outcome: Result<Answer, ReadFailure>) {
        self.series.insert(query, outcome);
    }

    /// The rules that were found by an alert's name.
    pub fn rules(&self, alert: &str) -> &[AlertRule] {
        self.rules.get(alert).and_then(|r| r.as_ref().ok()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The answer to a query, if there is one.
    pub fn answer(&self, query: &MetricQuery) -> Option<&Answer> {
        self.series.get(query)?.as_ref().ok()
    }

    /// The answers to all queries of one purpose.
    pub fn answers(&self, purpose: Purpose) -> impl Iterator<Item = (&MetricQuery, &Answer)> {
        self.series.iter().filter(move |(q, _)| q.purpose == purpose).filter_map(|(q, r)| Some((q, r.as_ref().ok()?)))
    }

    /// How many series were read.
    pub fn series(&self) -> usize {
        self.series.values().filter_map(|r| r.as_ref().ok()).map(|a| a.series.len()).sum()
    }

    /// Every read that failed. That no source is configured is no failure.
    pub fn failures(&self) -> impl Iterator<Item = (Probe, &ReadFailure)> {
        let rules = self.rules.iter().map(|(alert, r)| (Probe::Rules { alert: alert.clone() }, r.as_ref().err()));
        let series = self.series.iter().map(|(query, r)| (Probe::Metric(query.clone()), r.as_ref().err()));
        let all = rules.chain(series).filter_map(|(probe, failure)| Some((probe, failure?)));
        all.filter(|(_, failure)| **failure != ReadFailure::NotRecorded)
    }

    /// Whether there is a metrics source: it was asked, and it answered or failed.
    pub fn has_source(&self) -> bool {
        let answered = self.rules.values().any(Result::is_ok) || self.series.values().any(Result::is_ok);
        answered || self.failures().next().is_some()
    }
}

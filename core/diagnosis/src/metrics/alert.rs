//! The alert's own expression: what it returned around the onset, and whether it still does.
//!
//! A claim needs series that agree with the alert's labels; an expression that is silent tells of recovery only while the
//! value it compares is still measured. Start at [`queries`] (what to read), [`points`] (what to say), [`cleared`] and
//! [`still_returns`] (what the verdict may take from it).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::expr::threshold;
use super::seen::Answer;
use super::{Labels, MetricQuery, Point as Sample, Purpose, Series, When, number, selector};
use crate::alert::Alert;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{Evidence, metric};
use crate::finding::{Confidence, Finding, Point, Reason, Role};
use crate::scope::Scope;
use crate::view::View;

/// Alerts of a group whose expressions are read; the others of a group mostly share them.
pub const ALERTS_CAP: usize = 3;

/// How far before the onset, and after it, the expression is read.
const AROUND: SignedDuration = SignedDuration::from_mins(15);

/// How far back "now" reaches: silence must last to mean something.
const RECENT: SignedDuration = SignedDuration::from_mins(15);

/// An expression is over after so much silence. Rates look back 5 min in most rules, and a flapping alert is quiet between.
const SILENT: SignedDuration = SignedDuration::from_mins(5);

/// `for` when no rule tells it: the longest that is common (kube-prometheus: 15 min).
const PENDING: Duration = Duration::from_mins(15);

/// Characters of an expression inside a sentence; the evidence has all of it.
const SHOWN: usize = 160;

/// An alert's expression.
struct Expression {
    expr: String,
    pending: Duration,
    /// The alert's labels without those that the rule adds: what its series carries.
    labels: Labels,
}

/// The expression of an alert: by the rule that fits its name and labels, else as the alert's own link tells it.
fn expression(view: &View, alert: &Alert) -> Option<Expression> {
    let told = alert.generator_expr();
    let templated = |value: &str| value.contains("{{");
    let fits =
        |labels: &Labels| labels.iter().all(|(k, v)| templated(v) || alert.labels.get(k).is_none_or(|own| own == v));
    let rules = view.metrics().rules(&alert.name);
    let mut fitting = rules.iter().filter(|r| r.name == alert.name && fits(&r.labels)).peekable();
    let first = fitting.peek().copied();
    let all: Vec<_> = fitting.collect();
    let same = all.iter().all(|r| Some(&r.expr) == first.map(|f| &f.expr));
    let rule = if same { first } else { all.iter().copied().find(|r| Some(&r.expr) == told.as_ref()) };
    let mut labels = alert.labels.clone();
    labels.remove("alertname");
    let Some(rule) = rule else {
        return Some(Expression { expr: told?, pending: PENDING, labels });
    };
    labels.retain(|name, _| !rule.labels.contains_key(name));
    Some(Expression { expr: rule.expr.clone(), pending: rule.pending, labels })
}

/// The queries about one alert.
struct Plan {
    around: Option<MetricQuery>,
    recent: MetricQuery,
    value: Option<MetricQuery>,
}

fn plan(view: &View, alert: &Alert) -> Option<Plan> {
    let Expression { expr, pending, labels } = expression(view, alert)?;
    // Whole seconds, so that a command repeats exactly what was read.
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let back = |from: Timestamp, by: SignedDuration| from.saturating_sub(by).unwrap_or(Timestamp::MIN);
    let now = second(view.now());
    let query =
        |purpose, expr: &str, when| MetricQuery { purpose, expr: expr.to_owned(), when, agree_with: labels.clone() };
    let around = alert.starts_at.map(second).filter(|onset| *onset <= now).map(|onset| {
        let pending = SignedDuration::try_from(pending).unwrap_or(AROUND);
        let to = onset.saturating_add(AROUND).unwrap_or(now).min(now);
        query(Purpose::Expression, &expr, When::range(back(back(onset, pending), AROUND), to))
    });
    let recent = query(Purpose::Expression, &expr, When::range(back(now, RECENT), now));
    let value = threshold(&expr).map(|t| query(Purpose::Value, t.left, When::At(now)));
    Some(Plan { around, recent, value })
}

/// What to read about the alerts of a scope, once their rules are known.
pub fn queries(view: &View, scope: &Scope) -> Vec<MetricQuery> {
    let alerts = scope.alerts.iter().take(ALERTS_CAP).filter_map(|a| plan(view, a));
    alerts.flat_map(|p| p.around.into_iter().chain([p.recent]).chain(p.value)).collect()
}

/// What was read about one alert.
struct Course<'a> {
    alert: &'a Alert,
    plan: Plan,
    view: &'a View,
}

/// One unbroken stretch in which an expression returned something.
struct Stretch<'a> {
    series: &'a Series,
    first: Sample,
    last: Sample,
    /// Whether it began before what was read.
    open: bool,
}

impl<'a> Course<'a> {
    fn of(view: &'a View, alert: &'a Alert) -> Option<Course<'a>> {
        Some(Course { alert, plan: plan(view, alert)?, view })
    }

    fn recent(&self) -> Option<&'a Answer> {
        self.view.metrics().answer(&self.plan.recent)
    }

    /// The stretch in which the alert began to fire.
    fn onset(&self) -> Option<Stretch<'a>> {
        let query = self.plan.around.as_ref()?;
        let fired = self.alert.starts_at?;
        let stretches = self.view.metrics().answer(query)?.series.iter().filter_map(|s| stretch(s, query.when, fired));
        stretches.min_by_key(|s| s.first.at)
    }

    /// What it returns now.
    fn returns(&self) -> Option<(&'a Series, Sample)> {
        let end = self.plan.recent.when.end();
        let last = self.recent()?.series.iter().filter_map(|s| Some((s, s.last()?)));
        last.into_iter().find(|(_, point)| point.at >= end)
    }

    /// What the alert compares, now.
    fn value(&self) -> Option<(&'a Series, Sample)> {
        let answer = self.view.metrics().answer(self.plan.value.as_ref()?)?;
        answer.series.iter().find_map(|s| Some((s, s.last()?))).filter(|(_, point)| !point.value.is_nan())
    }

    /// Since when it is silent, if it is: the last moment at which it returned something, as far as was read.
    fn silent_since(&self) -> Option<Timestamp> {
        let answer = self.recent().filter(|a| a.whole && self.returns().is_none())?;
        let start = match self.plan.recent.when {
            When::Range { from, .. } => from,
            When::At(at) => at,
        };
        Some(answer.series.iter().filter_map(|s| Some(s.last()?.at)).max().unwrap_or(start))
    }

    /// It returned something when the alert fired, is silent for a while, and what it compares is still measured.
    fn is_cleared(&self) -> bool {
        let long = self.silent_since().is_some_and(|at| self.plan.recent.when.end().duration_since(at) >= SILENT);
        long && self.onset().is_some() && self.value().is_some()
    }

    fn about(&self) -> EntityRef {
        EntityRef { kind: Kind::named("Alert"), namespace: None, name: self.alert.name.clone() }
    }

    fn threshold(&self) -> String {
        threshold(&self.plan.recent.expr)
            .map(|t| format!(" (threshold {} {})", t.op, number(t.than)))
            .unwrap_or_default()
    }

    fn began(&self) -> Option<Point> {
        let (query, stretch) = (self.plan.around.as_ref()?, self.onset()?);
        let when = if stretch.open { "before " } else { "at " };
        let text = format!(
            "the expression of alert {}, `{}`, began to return {when}{} and gave {} when the alert fired{}",
            self.alert.name,
            shown(&query.expr),
            moment(stretch.first.at),
            number(stretch.last.value),
            self.threshold()
        );
        Some(Point { text, evidence: sample(self.about(), query, stretch.series, stretch.last) })
    }

    fn now(&self) -> Option<Point> {
        let name = &self.alert.name;
        if let Some((series, point)) = self.returns() {
            let text = format!(
                "the expression of alert {name} still returns: {} now{}",
                number(point.value),
                self.threshold()
            );
            return Some(Point { text, evidence: sample(self.about(), &self.plan.recent, series, point) });
        }
        let since = self.silent_since()?;
        let silent = format!("the expression of alert {name} has returned nothing since {}", moment(since));
        if let (Some(query), Some((series, point))) = (&self.plan.value, self.value()) {
            let text = format!("{silent}; what it compares is {} now{}", number(point.value), self.threshold());
            return Some(Point { text, evidence: sample(self.about(), query, series, point) });
        }
        let text =
            format!("{silent}; whether what it measures is still measured is not known, so this proves no recovery");
        let says = "no series that agrees with the alert's labels".to_owned();
        let end = self.plan.recent.when.end();
        Some(Point { text, evidence: metric(self.about(), &self.plan.recent, says, end) })
    }
}

/// The unbroken stretch of a series around the moment at which the alert fired, or that ended right before it.
fn stretch(series: &Series, when: When, fired: Timestamp) -> Option<Stretch<'_>> {
    let step = SignedDuration::try_from(when.step()).ok()?;
    // The alert fires at an evaluation of its rule, which lies between two steps.
    let upto = series.points.iter().rposition(|p| p.at <= fired).or(Some(0).filter(|_| !series.points.is_empty()))?;
    let near = |a: Timestamp, b: Timestamp| b.duration_since(a).abs() <= step.saturating_add(step);
    let last = series.points[upto];
    if !near(last.at, fired) {
        return None;
    }
    let broken = (1..=upto).rev().find(|i| series.points[*i].at.duration_since(series.points[i - 1].at) > step);
    let first = series.points[broken.unwrap_or(0)];
    let open = matches!(when, When::Range { from, .. } if first.at <= from);
    Some(Stretch { series, first, last, open })
}

fn sample(about: EntityRef, query: &MetricQuery, series: &Series, point: Sample) -> Evidence {
    let labels = selector(&series.labels);
    let gap = if labels.is_empty() { "" } else { " " };
    metric(about, query, format!("{labels}{gap}{}", number(point.value)), point.at)
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// An expression inside a sentence: one line, cut.
fn shown(expr: &str) -> String {
    let line = expr.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN { line } else { format!("{}...", line.chars().take(SHOWN).collect::<String>()) }
}

fn courses<'a>(view: &'a View, scope: &'a Scope) -> impl Iterator<Item = Course<'a>> {
    scope.alerts.iter().take(ALERTS_CAP).filter_map(|a| Course::of(view, a))
}

/// What the report says of the alerts' expressions: since when, and now.
pub fn points(view: &View, scope: &Scope) -> Vec<Point> {
    courses(view, scope).flat_map(|c| c.began().into_iter().chain(c.now())).collect()
}

/// Whether what an alert measures is still beyond its threshold: then "healthy" would be a lie, whatever the objects say.
pub fn still_returns(view: &View, alert: &Alert) -> bool {
    Course::of(view, alert).is_some_and(|c| c.returns().is_some())
}

/// That what the alerts measure is over, as far as their expressions tell. Never when one of them does not tell.
pub fn cleared(view: &View, scope: &Scope, alerts: &[&Alert]) -> Option<Finding> {
    let courses: Vec<Course<'_>> = alerts.iter().map(|a| Course::of(view, a)).collect::<Option<_>>()?;
    if alerts.is_empty() || alerts.len() > ALERTS_CAP || !courses.iter().all(Course::is_cleared) {
        return None;
    }
    let first = courses.first()?;
    let namespace = || Some(EntityRef::new(Kind::Namespace, "", scope.namespaces.first()?.clone()));
    let subject = scope.targets.first().cloned().or_else(namespace).unwrap_or_else(|| first.about());
    let claim = format!("what alert {} measures is back within its threshold", first.alert.name);
    let mut finding = Finding::new(Reason::AlertCleared, subject, claim)
        .role(Role::Over)
        .confidence(Confidence::Medium)
        .since(first.onset().map(|s| s.first.at));
    for course in &courses {
        for point in course.began().into_iter().chain(course.now()) {
            finding = finding.because(point.text, point.evidence);
        }
    }
    Some(finding)
}

#[cfg(test)]
mod tests;

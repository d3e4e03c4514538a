//! An alert's expression in the course of time, with the look-alikes of recovery.

use std::collections::BTreeMap;

use super::*;
use crate::metrics::seen::AlertRule;
use crate::probe::{Probe, ReadFailure};
use crate::testkit::{Scene, now};
use crate::verdict::{Verdict, judge};
use crate::view::{Collected, Content};

const EXPR: &str = "histogram_quantile(0.99, rate(latency_bucket[5m])) > 0.9";
const PODS: &str = "
kind: Deployment
metadata: {name: api}
spec: {replicas: 1, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}}}
status: {replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1}
---
kind: ReplicaSet
metadata: {name: api-1, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {replicas: 1}
---
kind: Pod
metadata: {name: api-1-x, labels: {app: api}, ownerReferences: [{kind: ReplicaSet, name: api-1, controller: true}], creationTimestamp: AGO(5h)}
spec: {containers: [{name: api}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: AGO(5h)}], containerStatuses: [{name: api, ready: true, state: {running: {startedAt: AGO(5h)}}}]}
";

fn ago(minutes: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// An alert about pace that fired 40 minutes ago, 5 minutes after its expression began to return something.
fn scope() -> Scope {
    let labels =
        labels(&[("alertname", "ApiLatencyHigh"), ("namespace", "shop"), ("svc", "api"), ("severity", "page")]);
    let name = "ApiLatencyHigh".to_owned();
    let alert = Alert { name, firing: true, labels, starts_at: Some(ago(40)), ..Alert::default() };
    Scope {
        targets: vec![EntityRef::new(Kind::Deployment, "shop", "api")],
        namespaces: ["shop".to_owned()].into(),
        onset: alert.starts_at,
        alerts: vec![alert],
        ..Scope::default()
    }
}

fn rule(expr: &str) -> AlertRule {
    AlertRule {
        name: "ApiLatencyHigh".to_owned(),
        expr: expr.to_owned(),
        pending: Duration::from_mins(5),
        labels: labels(&[("severity", "page"), ("team", "{{ $labels.team }}")]),
    }
}

/// What the source holds: the minutes ago between which the expression returned something, and the value now.
struct World {
    rules: Vec<AlertRule>,
    returned: Option<(i64, i64)>,
    value: Option<f64>,
    svc: &'static str,
    gaps: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        Self { rules: vec![rule(EXPR)], returned: Some((45, 20)), value: Some(0.4), svc: "api", gaps: Vec::new() }
    }
}

impl World {
    fn answer(&self, query: &MetricQuery) -> Vec<Series> {
        let labels = labels(&[("svc", self.svc)]);
        let value = match query.purpose {
            Purpose::Expression => Some(0.95),
            _ => self.value,
        };
        let (Some(value), true) = (value, query.wants(&labels)) else { return Vec::new() };
        let points: Vec<Sample> = match query.when {
            When::At(at) => vec![Sample { at, value }],
            When::Range { from, to, step } => {
                let Some((first, last)) = self.returned.map(|(a, b)| (ago(a), ago(b))) else { return Vec::new() };
                let step = SignedDuration::try_from(step).unwrap();
                let steps = std::iter::successors(Some(from), |at| at.checked_add(step).ok());
                let shown = steps.take_while(|at| *at <= to).filter(|at| (first..=last).contains(at));
                shown.map(|at| Sample { at, value }).collect()
            }
        };
        if points.is_empty() { Vec::new() } else { vec![Series { labels, points }] }
    }

    fn view(&self, scope: &Scope) -> View {
        let mut view = Scene::default().yaml(PODS).view();
        let probe = Probe::Rules { alert: "ApiLatencyHigh".to_owned() };
        let found = |probe, content| Collected { probe, result: Ok(content), gaps: self.gaps.clone() };
        view.extend(vec![found(probe, Content::Rules(self.rules.clone()))]);
        let read = queries(&view, scope).into_iter().map(|query| {
            let series = self.answer(&query);
            found(Probe::Metric(query), Content::Series(series))
        });
        let read = read.collect();
        view.extend(read);
        view
    }

    fn verdict(&self) -> Verdict {
        let scope = scope();
        let view = self.view(&scope);
        judge(&view, &scope, crate::detect::detect(&view)).verdict
    }

    fn says(&self) -> String {
        let scope = scope();
        points(&self.view(&scope), &scope).into_iter().map(|p| p.text).collect::<Vec<_>>().join("; ")
    }
}

#[rstest::rstest]
#[case::over(World::default(), Verdict::Recovered)]
#[case::still(World { returned: Some((45, 0)), value: Some(0.93), ..World::default() }, Verdict::Inconclusive)]
#[case::quiet_for_a_moment(World { returned: Some((45, 3)), ..World::default() }, Verdict::Inconclusive)]
#[case::the_metric_is_gone(World { value: None, ..World::default() }, Verdict::Inconclusive)]
#[case::not_a_number(World { value: Some(f64::NAN), ..World::default() }, Verdict::Inconclusive)]
#[case::never_returned(World { returned: None, ..World::default() }, Verdict::Inconclusive)]
#[case::over_before_it_fired(World { returned: Some((70, 60)), ..World::default() }, Verdict::Inconclusive)]
#[case::another_alerts_series(World { svc: "db", ..World::default() }, Verdict::Inconclusive)]
#[case::no_rule_and_no_link(World { rules: vec![], ..World::default() }, Verdict::Inconclusive)]
#[case::no_threshold_to_split(World { rules: vec![rule("a > 1 and b > 2")], ..World::default() }, Verdict::Inconclusive)]
#[case::two_rules_fit(World { rules: vec![rule(EXPR), rule("other > 1")], ..World::default() }, Verdict::Inconclusive)]
#[case::not_all_was_read(World { gaps: vec!["30 more series".to_owned()], ..World::default() }, Verdict::Inconclusive)]
fn verdicts(#[case] world: World, #[case] verdict: Verdict) {
    assert_eq!(world.verdict(), verdict, "{}", world.says());
}

#[test]
fn what_is_said_names_the_times_the_value_and_the_threshold() {
    let over = World::default().says();
    assert_eq!(
        over,
        "the expression of alert ApiLatencyHigh, `histogram_quantile(0.99, rate(latency_bucket[5m])) > 0.9`, began to return \
         at 2026-11-22 11:15 UTC and gave 0.95 when the alert fired (threshold > 0.9); the expression of alert ApiLatencyHigh \
         has returned nothing since 2026-11-22 11:45 UTC; what it compares is 0.4 now (threshold > 0.9)"
    );
    let still = World { returned: Some((90, 0)), ..World::default() }.says();
    assert!(still.contains("began to return before 2026-11-22 11:00 UTC"), "{still}");
    assert!(still.ends_with("still returns: 0.95 now (threshold > 0.9)"), "{still}");
    let gone = World { value: None, ..World::default() }.says();
    assert!(gone.ends_with("this proves no recovery"), "{gone}");
    assert_eq!(World { returned: None, gaps: vec!["cut".to_owned()], ..World::default() }.says(), "");
}

#[test]
fn evidence_repeats_what_was_read() {
    let scope = scope();
    let view = World::default().view(&scope);
    let all = points(&view, &scope);
    assert!(
        all[0]
            .evidence
            .command
            .starts_with("promtool query range --start=2026-11-22T11:00:00Z --end=2026-11-22T11:35:00Z --step=15s")
    );
    assert_eq!(all[0].evidence.text(), r#"{svc="api"} 0.95"#);
    assert!(
        all[1].evidence.command.ends_with(r#""$PROMETHEUS_URL" 'histogram_quantile(0.99, rate(latency_bucket[5m]))'"#)
    );
}

#[test]
fn the_link_decides_between_rules_and_replaces_them() {
    let mut scope = scope();
    let encoded = "http://p/graph?g0.expr=other+%3E+1";
    scope.alerts[0].generator_url = Some(encoded.to_owned());
    let of = |rules: Vec<AlertRule>| {
        let view = World { rules, ..World::default() }.view(&scope);
        queries(&view, &scope).into_iter().map(|q| q.expr).collect::<std::collections::BTreeSet<_>>()
    };
    let other = std::collections::BTreeSet::from(["other > 1".to_owned(), "other".to_owned()]);
    assert_eq!(of(vec![]), other);
    assert_eq!(of(vec![rule(EXPR), rule("other > 1")]), other);
    assert!(of(vec![rule(EXPR)]).contains(EXPR), "a rule that fits wins");
    let mut elsewhere = rule("third > 1");
    elsewhere.labels = BTreeMap::from([("severity".to_owned(), "info".to_owned())]);
    assert!(of(vec![elsewhere, rule(EXPR)]).contains(EXPR), "its labels tell it from its sibling");
}

#[test]
fn a_source_that_is_down_changes_no_verdict_and_is_told() {
    let scope = scope();
    let mut view = Scene::default().yaml(PODS).view();
    let probe = Probe::Rules { alert: "ApiLatencyHigh".to_owned() };
    view.extend(vec![Collected { probe, result: Err(ReadFailure::TimedOut("down".into())), gaps: vec![] }]);
    assert!(queries(&view, &scope).is_empty() && view.metrics().has_source());
    let diagnosis = judge(&view, &scope, crate::detect::detect(&view));
    assert_eq!(diagnosis.verdict, Verdict::Inconclusive);
    let report = crate::report::compose(&view, &scope, &diagnosis, String::new());
    let told = report.could_not_see.iter().find(|g| g.why.contains("down")).unwrap();
    assert!(told.what.contains("the rule of alert ApiLatencyHigh") && told.fix.is_some());
}

#[test]
fn an_alert_that_still_measures_trouble_is_not_healthy() {
    // Errors, not pace: with its log read, ready pods would make it healthy.
    let mut scope = scope();
    scope.alerts[0].name = "ApiErrors".to_owned();
    let verdict = |returned| {
        let named = |mut r: AlertRule| {
            "ApiErrors".clone_into(&mut r.name);
            r
        };
        let world = World { rules: vec![named(rule(EXPR))], returned, ..World::default() };
        let mut view = Scene::default().yaml(PODS).log("api-1-x/api", "AGO(60s) served 200\n").view();
        let probe = Probe::Rules { alert: "ApiErrors".to_owned() };
        view.extend(vec![Collected { probe, result: Ok(Content::Rules(world.rules.clone())), gaps: vec![] }]);
        let answers = queries(&view, &scope).into_iter().map(|q| Collected {
            result: Ok(Content::Series(world.answer(&q))),
            probe: Probe::Metric(q),
            gaps: vec![],
        });
        let answers = answers.collect();
        view.extend(answers);
        judge(&view, &scope, crate::detect::detect(&view)).verdict
    };
    assert_eq!(verdict(Some((45, 20))), Verdict::Healthy);
    assert_eq!(verdict(Some((45, 0))), Verdict::Inconclusive);
}

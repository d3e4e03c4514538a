//! What use says beside a cause and against its rivals, and where it must keep silent.

use jiff::SignedDuration;

use super::*;
use crate::entity::Kind;
use crate::metrics::{Labels, When};
use crate::probe::Probe;
use crate::testkit::{Scene, now};
use crate::verdict::judge;
use crate::view::{Collected, Content};

fn yaml(state: &str) -> String {
    format!(
        "
kind: Pod
metadata: {{name: api-0, creationTimestamp: AGO(50m)}}
spec: {{restartPolicy: Always, containers: [{{name: api, resources: {{limits: {{memory: 256Mi, cpu: 200m}}}}}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'False', lastTransitionTime: AGO(40m)}}], containerStatuses: [{{name: api, restartCount: 6, {state}}}]}}
"
    )
}

const CRASHED: &str = "state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, startedAt: AGO(70s), finishedAt: AGO(60s)}}";
const OOM: &str = "state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled, startedAt: AGO(70s), finishedAt: AGO(60s)}}";
const KILLED: &str = "state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: Error, startedAt: AGO(70s), finishedAt: AGO(60s)}}";

/// Memory in MiB by sample, the share of throttled periods, restarts in the window.
fn told(state: &str, memory: &[f64], throttled: f64, restarts: f64) -> (Vec<String>, Vec<String>, Vec<Gap>) {
    let mut view = Scene::default().yaml(&yaml(state)).view();
    let target = EntityRef::new(Kind::Pod, "shop", "api-0");
    let scope = Scope { targets: vec![target], namespaces: ["shop".to_owned()].into(), ..Scope::default() };
    let labels: Labels = [("namespace", "shop"), ("pod", "api-0"), ("container", "api")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let read = queries(&view, &scope).into_iter().map(|query| {
        let values = match query.purpose {
            Purpose::Memory => memory.iter().map(|mib| mib * 1024.0 * 1024.0).collect(),
            Purpose::Throttling => vec![throttled],
            _ => vec![restarts],
        };
        let back = |i: usize| SignedDuration::from_mins(i64::try_from(values.len() - i).unwrap());
        let point = |(i, value): (usize, &f64)| Sample { at: now().checked_sub(back(i)).unwrap(), value: *value };
        let points: Vec<Sample> = values.iter().enumerate().map(point).collect();
        let series = if points.is_empty() { vec![] } else { vec![Series { labels: labels.clone(), points }] };
        Collected { probe: Probe::Metric(query), result: Ok(Content::Series(series)), gaps: vec![] }
    });
    let read = read.collect();
    view.extend(read);
    let diagnosis = judge(&view, &scope, crate::detect::detect(&view));
    let told = beside(&view, &scope, &diagnosis);
    let texts = |points: Vec<Point>| points.into_iter().map(|p| p.text).collect::<Vec<_>>();
    (texts(told.because), texts(told.against), missing(&view, &scope))
}

const LOW: &[f64] = &[20.0, 24.0, 31.0, 28.0, 30.0];

#[test]
fn a_crash_far_from_the_limit_is_not_for_memory() {
    let (because, against, missing) = told(CRASHED, LOW, 0.0, 4.0);
    assert_eq!(against, ["the memory limit: container api of Pod shop/api-0 used at most 31 MiB of 256Mi"]);
    assert_eq!(because, ["container api of Pod shop/api-0 restarted 4 times in the window"]);
    assert!(missing.is_empty());
}

#[rstest::rstest]
#[case::killed_for_memory_between_two_scrapes(OOM, LOW)]
#[case::killed_by_a_signal_nobody_explains(KILLED, LOW)]
#[case::too_few_samples(CRASHED, &[20.0, 31.0])]
#[case::neither_near_nor_far(CRASHED, &[150.0, 150.0, 150.0, 150.0, 170.0])]
#[case::near_though_it_ended_by_itself(CRASHED, &[150.0, 150.0, 250.0, 255.0, 255.0])]
#[case::not_a_number(CRASHED, &[f64::NAN; 6])]
fn memory_is_not_ruled_out(#[case] state: &str, #[case] memory: &[f64]) {
    let (because, against, _) = told(state, memory, 0.0, 0.0);
    assert!(against.is_empty() && because.is_empty(), "{because:?} {against:?}");
}

#[test]
fn a_kill_at_the_limit_is_supported() {
    let (because, against, _) = told(OOM, &[100.0, 180.0, 240.0, 250.0, 255.5], 0.5, 0.0);
    assert_eq!(because, ["container api of Pod shop/api-0 used up to 255.5 MiB of its memory limit of 256Mi"]);
    assert!(against.is_empty(), "throttling says nothing of a kill: {against:?}");
}

#[test]
fn a_metric_without_series_is_named_and_proves_nothing() {
    let (because, against, missing) = told(CRASHED, &[], 0.0, 0.0);
    assert!(because.is_empty() && against.is_empty());
    assert_eq!(missing.len(), 1);
    assert!(
        missing[0].what.contains("container_memory_working_set_bytes") && missing[0].why.contains("proves nothing")
    );
}

#[test]
fn slowness_is_explained_or_not_by_throttling() {
    // The question is open: the pod runs, is not ready, and nothing more is known.
    const RUNS: &str = "state: {running: {startedAt: AGO(50m)}}";
    let (because, against, _) = told(RUNS, LOW, 0.634, 0.0);
    assert_eq!(
        because,
        ["container api of Pod shop/api-0 was throttled in 63.4 % of its CPU periods; its CPU limit is 200m"]
    );
    assert_eq!(against.len(), 1, "{against:?}");
    let (because, against, _) = told(RUNS, LOW, 0.001, 0.0);
    assert!(because.is_empty() && against.iter().any(|a| a.starts_with("the CPU limit of 200m:")), "{against:?}");
}

#[test]
fn selectors_name_the_pods_of_the_scope_only() {
    let view = Scene::default().yaml(&yaml(CRASHED)).view();
    let scope = Scope { targets: vec![EntityRef::new(Kind::Pod, "shop", "api-0")], ..Scope::default() };
    let all = queries(&view, &scope);
    assert!(all.iter().all(|q| q.expr.contains(r#"{namespace="shop",pod=~"api-0","#)), "{all:?}");
    assert!(matches!(all[0].when, When::Range { .. }));
    let elsewhere = Scope { targets: vec![EntityRef::new(Kind::Pod, "shop", "other")], ..Scope::default() };
    assert!(queries(&view, &elsewhere).is_empty());
}

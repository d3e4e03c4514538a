//! Cases and their look-alikes.

use super::*;
use crate::entity::Kind;
use crate::evidence;
use crate::testkit::Scene;

fn at(kind: Kind, name: &str) -> EntityRef {
    EntityRef::new(kind, "shop", name)
}

fn finding(reason: Reason, subject: &EntityRef) -> Finding {
    Finding::new(reason, subject.clone(), format!("{subject} {reason:?}"))
        .because("seen", evidence::object(subject, "x"))
}

const CLUSTER: &str = "
kind: Deployment
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
---
kind: Deployment
metadata: {name: api}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}}
";

fn roots(findings: Vec<Finding>) -> Vec<Vec<String>> {
    let view = Scene::default().yaml(CLUSTER).view();
    incidents(&view, &merge(findings)).iter().map(|i| i.roots.iter().map(|r| r.claim.clone()).collect()).collect()
}

#[test]
fn a_cascade_has_one_root() {
    let (db, api, service) = (at(Kind::Deployment, "db"), at(Kind::Deployment, "api"), at(Kind::Service, "db"));
    let got = roots(vec![
        finding(Reason::CrashLoop, &api),
        finding(Reason::LogCause, &api).points_at(service.clone()),
        finding(Reason::NoReadyEndpoints, &service).points_at(db.clone()),
        finding(Reason::CrashLoop, &db),
        finding(Reason::OomKilled, &db),
    ]);
    assert_eq!(got, [["Deployment shop/db OomKilled"]]);
}

#[test]
fn zero_replicas_are_a_cause_only_when_something_points_at_them() {
    let (db, api, service) = (at(Kind::Deployment, "db"), at(Kind::Deployment, "api"), at(Kind::Service, "db"));
    let zero = finding(Reason::ScaledToZero, &db).role(Role::Expected);
    let got = roots(vec![zero.clone(), finding(Reason::LogCause, &api).points_at(service)]);
    assert_eq!(got, [["Deployment shop/db ScaledToZero"]]);
    assert!(roots(vec![zero]).is_empty());
}

#[test]
fn two_incidents_stay_two() {
    let got = roots(vec![
        finding(Reason::OomKilled, &at(Kind::Deployment, "db")),
        finding(Reason::ImagePull, &at(Kind::Deployment, "api")),
    ]);
    assert_eq!(got.len(), 2);
}

#[test]
fn what_fails_without_a_reason_is_explained_by_what_it_calls() {
    let yaml = "
kind: Deployment
metadata: {name: api}
spec: {template: {spec: {containers: [{name: a, env: [{name: DB, value: 'db:5432'}]}]}}}
---
kind: Deployment
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}}}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}}
";
    let view = Scene::default().yaml(yaml).view();
    let (db, api) = (at(Kind::Deployment, "db"), at(Kind::Deployment, "api"));
    let roots = |findings: &[Finding]| incidents(&view, findings).len();
    assert_eq!(roots(&[finding(Reason::ReadinessFails, &api), finding(Reason::MissingKey, &db)]), 1);
    // A reason of its own, or a callee that fails without one, makes two incidents.
    assert_eq!(roots(&[finding(Reason::ImagePull, &api), finding(Reason::MissingKey, &db)]), 2);
    assert_eq!(roots(&[finding(Reason::ReadinessFails, &api), finding(Reason::ReadinessFails, &db)]), 2);
}

#[test]
fn a_circle_ends() {
    let (db, api) = (at(Kind::Deployment, "db"), at(Kind::Deployment, "api"));
    let got = roots(vec![
        finding(Reason::LogCause, &api).points_at(db.clone()),
        finding(Reason::LogCause, &db).points_at(api),
    ]);
    assert_eq!(got.len(), 1);
}

#[test]
fn pods_of_one_workload_are_merged() {
    let api = at(Kind::Deployment, "api");
    let mut a = finding(Reason::CrashLoop, &api);
    a.pods.insert(at(Kind::Pod, "api-1"));
    let mut b = finding(Reason::CrashLoop, &api);
    b.pods.insert(at(Kind::Pod, "api-2"));
    let merged = merge(vec![a, b]);
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].pods.len(), 2);
}

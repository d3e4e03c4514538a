//! Workloads that work: all replicas ready, nothing restarted in the window, the log says so.
//!
//! Feeds the verdict `healthy`. Must not praise a workload whose pods were not seen.

use crate::entity::{EntityRef, Kind};
use crate::evidence::{log, object};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Event, Pod, Resource};
use crate::probe::ContainerRef;
use crate::view::View;
use crate::view::relate::pod_ref;

/// Workloads whose pods are all ready and have been for the window.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let deployments =
        view.deployments.iter().map(|d| (Kind::Deployment, d.meta(), d.spec.replicas(), d.status.ready_replicas));
    let stateful =
        view.stateful_sets.iter().map(|d| (Kind::StatefulSet, d.meta(), d.spec.replicas(), d.status.ready_replicas));
    let daemons = view
        .daemon_sets
        .iter()
        .map(|d| (Kind::DaemonSet, d.meta(), d.status.desired_number_scheduled, d.status.number_ready));
    let all = deployments.chain(stateful).chain(daemons);
    let owned = all.filter_map(|(kind, meta, wanted, ready)| {
        one(view, &EntityRef::new(kind, &meta.namespace, meta.name.clone()), wanted, ready)
    });
    let bare = view.pods.iter().filter(|p| p.metadata.controller().is_none() && p.status.phase == "Running");
    let running = bare.filter_map(|p| one(view, &pod_ref(p), 1, i64::from(p.is_ready())));
    owned.chain(running).chain(view.pods.iter().filter_map(completed)).collect()
}

/// A pod that nobody owns and that ran to its end has done what it was for.
fn completed(pod: &Pod) -> Option<Finding> {
    if !pod.is_completed() || pod.metadata.controller().is_some() {
        return None;
    }
    let about = pod_ref(pod);
    let claim = format!("{about} completed: every container ended with exit code 0");
    let says = object(&about, "status.phase=Succeeded");
    Some(Finding::new(Reason::Serving, about, claim).role(Role::Healthy).because("its phase is Succeeded", says))
}

fn one(view: &View, unit: &EntityRef, wanted: i64, ready: i64) -> Option<Finding> {
    let pods: Vec<&Pod> = view
        .pods_of(unit)
        .into_iter()
        .filter(|p| p.meta().deletion_timestamp.is_none() && p.status.phase == "Running")
        .collect();
    let seen = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    if wanted == 0
        || ready < wanted
        || seen < wanted
        || !pods.iter().all(|p| p.is_ready())
        || pods.iter().any(|p| restarted(view, p))
    {
        return None;
    }
    let window = crate::detect::say::span(view.age(view.window_start()));
    let claim = format!("{ready}/{wanted} pods of {unit} are ready, no restarts in the last {window}");
    let mut finding = Finding::new(Reason::Serving, unit.clone(), claim).role(Role::Healthy).because(
        format!("{ready} of {wanted} replicas are ready"),
        object(unit, format!("status: ready={ready} wanted={wanted}")),
    );
    finding.pods = pods.iter().map(|p| pod_ref(p)).collect();
    for pod in pods {
        if let Some((of, line)) = success(view, pod) {
            return Some(finding.because("its log says so", log(&of, false, line)));
        }
    }
    Some(finding)
}

fn restarted(view: &View, pod: &Pod) -> bool {
    let ended = |s: &crate::kube::ContainerStatus| {
        s.last_state.terminated.as_ref().and_then(|t| *t.finished_at).is_some_and(|at| view.in_window(at))
    };
    let killed = view.events_of(&pod_ref(pod)).any(|e: &Event| e.reason == "BackOff" && e.is_warning());
    killed || pod.status.container_statuses.iter().any(ended)
}

/// The last line of a pod's logs that says things work.
fn success<'a>(view: &'a View, pod: &Pod) -> Option<(ContainerRef, &'a crate::logs::LogLine)> {
    pod.spec.containers.iter().find_map(|c| {
        let of = ContainerRef {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: c.name.clone(),
        };
        let digest = view.log(&of, false)?.as_ref().ok()?;
        digest.last_success.as_ref().map(|line| (of, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn found(replicas: i64, ready: i64, container: &str) -> Vec<Finding> {
        let yaml = format!(
            "
kind: StatefulSet
metadata: {{name: db}}
spec: {{replicas: {replicas}}}
status: {{readyReplicas: {ready}}}
---
kind: Pod
metadata: {{name: db-0, ownerReferences: [{{kind: StatefulSet, name: db, controller: true}}]}}
spec: {{containers: [{{name: db}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}], containerStatuses: [{{name: db, {container}}}]}}
"
        );
        detect(
            &Scene::default()
                .yaml(&yaml)
                .log("db-0/db", "INFO database system is ready to accept connections\n")
                .view(),
        )
    }

    const QUIET: &str = "ready: true, state: {running: {startedAt: AGO(9h)}}";
    const RESTARTED: &str = "ready: true, restartCount: 1, state: {running: {startedAt: AGO(9m)}}, lastState: {terminated: {exitCode: 1, finishedAt: AGO(9m)}}";

    #[rstest::rstest]
    #[case(1, 1, QUIET, Some("1/1 pods of StatefulSet shop/db are ready, no restarts in the last 60 min"))]
    #[case(1, 1, RESTARTED, None)]
    #[case(3, 1, QUIET, None)]
    #[case(0, 0, QUIET, None)]
    #[case(2, 2, QUIET, None)]
    fn works(#[case] replicas: i64, #[case] ready: i64, #[case] container: &str, #[case] says: Option<&str>) {
        let found = found(replicas, ready, container);
        assert_eq!(found.first().map(|f| f.claim.as_str()), says);
        assert!(found.iter().all(|f| f.role == Role::Healthy && f.proof.len() == 2));
    }
}

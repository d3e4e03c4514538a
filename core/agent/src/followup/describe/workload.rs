//! Workloads: what is wanted, what is there, the pods.

use midwatch_diagnosis::changes::rollouts;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::kube::{Pod, WorkloadSpec, WorkloadStatus};
use midwatch_diagnosis::view::View;
use midwatch_diagnosis::view::relate::pod_ref;

use super::{LISTED, Lines, pod};
use crate::followup::say;

/// A workload; its state in a clause.
pub(super) fn workload(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let (ns, name) = (entity.ns(), entity.name.as_str());
    let state = match entity.kind {
        Kind::Deployment => view.deployments.get(ns, name).map(|d| replicas(&d.spec, &d.status, lines)),
        Kind::ReplicaSet => view.replica_sets.get(ns, name).map(|d| replicas(&d.spec, &d.status, lines)),
        Kind::StatefulSet => view.stateful_sets.get(ns, name).map(|d| replicas(&d.spec, &d.status, lines)),
        Kind::DaemonSet => view.daemon_sets.get(ns, name).map(|d| {
            lines.conditions(&d.status.conditions);
            format!("{} of {} wanted pods ready", d.status.number_ready, d.status.desired_number_scheduled)
        }),
        Kind::Job => job(view, entity, lines),
        Kind::CronJob => cron(view, entity, lines),
        _ => None,
    };
    let revisions = rollouts(view, entity);
    let revision = |r: &midwatch_diagnosis::changes::Rollout| {
        let at = r.at.map(|at| format!(" of {} UTC", say::when(at))).unwrap_or_default();
        format!("{}{at}", r.number)
    };
    lines.field("revisions, newest first", say::some(revisions.iter().map(revision), 5));
    let services = view.services_of(entity);
    lines.field("services", say::some(services.iter().map(|s| &s.metadata.name), LISTED));
    if let Some(spec) = view.pod_spec(entity) {
        pod::template(spec, lines);
    }
    let pods = view.pods_of(entity);
    for one in pods.iter().take(LISTED) {
        lines.field("pod", pod_line(one));
    }
    if pods.len() > LISTED {
        lines.field("pods", format!("and {} more", pods.len() - LISTED));
    }
    state
}

fn pod_line(pod: &Pod) -> String {
    let restarts: i64 = pod.containers().filter_map(|(_, s, _)| s).map(|s| s.restart_count).sum();
    let ready = if pod.is_ready() { "ready" } else { "not ready" };
    let waiting = pod.containers().filter_map(|(_, s, _)| s).find_map(|s| s.state.waiting.as_ref());
    let waiting = waiting.map(|w| format!(", {}", w.reason)).unwrap_or_default();
    let node = if pod.spec.node_name.is_empty() { "no node" } else { &pod.spec.node_name };
    format!(
        "{} {}, {ready}{waiting}, {}, on {node}",
        pod_ref(pod).name,
        pod.status.phase,
        say::count(restarts.unsigned_abs(), "restart")
    )
}

fn replicas(spec: &WorkloadSpec, status: &WorkloadStatus, lines: &mut Lines) -> String {
    let mut strategy = vec![spec.strategy.r#type.as_str(), spec.update_strategy.r#type.as_str()];
    strategy.retain(|s| !s.is_empty());
    lines.field("strategy", strategy.join(" "));
    lines.field("paused", if spec.paused { "yes" } else { "" });
    lines.field("updated replicas", status.updated_replicas.to_string());
    lines.conditions(&status.conditions);
    format!("{} of {} ready", status.ready_replicas, say::count(spec.replicas().unsigned_abs(), "replica"))
}

fn job(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let job = view.jobs.get(entity.ns(), &entity.name)?;
    let status = &job.status;
    lines.field("suspended", if job.spec.suspend { "yes" } else { "" });
    let at = |time: Option<jiff::Timestamp>| time.map(|at| format!("{} UTC", say::when(at))).unwrap_or_default();
    lines.field("started", at(*status.start_time));
    lines.field("completed", at(*status.completion_time));
    lines.conditions(&status.conditions);
    Some(format!("{} active, {} succeeded, {} failed", status.active, status.succeeded, status.failed))
}

fn cron(view: &View, entity: &EntityRef, lines: &mut Lines) -> Option<String> {
    let cron = view.cron_jobs.get(entity.ns(), &entity.name)?;
    let at = |time: Option<jiff::Timestamp>| time.map(|at| format!("{} UTC", say::when(at))).unwrap_or_default();
    let zone = cron.spec.time_zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
    lines.field("schedule", format!("{}{zone}", cron.spec.schedule));
    lines.field("concurrency", &cron.spec.concurrency_policy);
    lines.field("last scheduled", at(*cron.status.last_schedule_time));
    lines.field("last success", at(*cron.status.last_successful_time));
    let state = if cron.spec.suspend { "suspended" } else { "scheduled" };
    Some(format!("{state}, {} active", say::count(cron.status.active.len(), "run")))
}

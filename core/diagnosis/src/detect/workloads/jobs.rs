//! Jobs: given up, past their deadline, suspended on purpose, completed at the second attempt, completed.
//!
//! Start at [`detect`]. What a pod of a Job failed of is told by the detectors of pods and logs.

use jiff::Timestamp;

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Condition, Job};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A Job that failed longer ago (seconds) is told as a fact, not as the trouble of now.
const OLD: i64 = 86_400;

/// What became of each Job that no CronJob owns, and the failures of those that one does.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.jobs.iter().filter_map(|job| of_job(view, job)).collect()
}

/// The CronJob that made a Job.
pub(super) fn parent(job: &Job) -> Option<EntityRef> {
    let owner = job.metadata.controller().filter(|o| o.kind == "CronJob")?;
    Some(EntityRef::new(Kind::CronJob, &job.metadata.namespace, owner.name.clone()))
}

/// The condition that ended a Job, if it ended.
pub(super) fn condition<'a>(job: &'a Job, kind: &str) -> Option<&'a Condition> {
    job.status.conditions.iter().find(|c| c.r#type == kind && c.is_true())
}

/// When a Job completed, if it did.
pub(super) fn completed_at(job: &Job) -> Option<Timestamp> {
    let complete = condition(job, "Complete");
    (*job.status.completion_time)
        .filter(|_| complete.is_some() || job.status.succeeded > 0)
        .or_else(|| complete.and_then(|c| *c.last_transition_time))
}

fn of_job(view: &View, job: &Job) -> Option<Finding> {
    if let Some(failed) = condition(job, "Failed") {
        return Some(gave_up(view, job, failed));
    }
    let entity = say::of_meta(Kind::Job, &job.metadata);
    if let Some(at) = completed_at(job) {
        return completed(view, job, entity, at);
    }
    if job.spec.suspend {
        let text = format!("{entity} is suspended (spec.suspend), so it has no pods");
        let since = condition(job, "Suspended").and_then(|c| *c.last_transition_time);
        let resume = format!(
            "{} patch {} --type=merge -p '{{\"spec\":{{\"suspend\":false}}}}'",
            say::kubectl(&entity),
            entity.slash()
        );
        return Some(
            Finding::new(Reason::Suspended, entity.clone(), text)
                .role(Role::Expected)
                .since(since)
                .because("it is set in its spec", evidence::object(&entity, "spec.suspend=true"))
                .action("resume it, if it is meant to run", Some(resume), "low: starts pods")
                .check(say::get(&entity)),
        );
    }
    still_trying(view, job, entity)
}

fn gave_up(view: &View, job: &Job, failed: &Condition) -> Finding {
    let entity = say::of_meta(Kind::Job, &job.metadata);
    let tries = say::count(job.status.failed, "failed attempt");
    let (reason, text) = match failed.reason.as_str() {
        "DeadlineExceeded" => {
            let limit = job
                .spec
                .active_deadline_seconds
                .map(|s| format!(" activeDeadlineSeconds of {s} s"))
                .unwrap_or_default();
            (Reason::JobDeadline, format!("{entity} was stopped by its deadline,{limit} (DeadlineExceeded)"))
        }
        "BackoffLimitExceeded" => {
            let limit = job.spec.backoff_limit.unwrap_or(6);
            (
                Reason::JobBackoff,
                format!("{entity} gave up after {tries}, its backoffLimit is {limit} (BackoffLimitExceeded)"),
            )
        }
        other => (Reason::JobFailed, format!("{entity} failed ({other}): {}", say::clause(&failed.message))),
    };
    let at = *failed.last_transition_time;
    let later = parent(job).and_then(|cron| later_success(view, job, &cron));
    let old = at.is_some_and(|at| view.age(at) > OLD && !view.in_window(at));
    let role = match later {
        Some(_) => Role::Over,
        None if old => Role::Context,
        None => Role::Failing,
    };
    let text = match later {
        Some(at) => format!("{text}; a later run completed successfully at {at}"),
        None => text,
    };
    let reason = if role == Role::Over { Reason::AttemptFailed } else { reason };
    let mut finding = Finding::new(reason, entity.clone(), text).role(role).since(at).because(
        "the Job's own words",
        evidence::object(&entity, format!("Failed=True {}: {}", failed.reason, failed.message)),
    );
    if let Some(cron) = parent(job) {
        finding = finding.blame(cron);
    }
    finding.pods = view.pods_of(&entity).into_iter().filter(|p| p.status.phase == "Failed").map(pod_ref).collect();
    if role != Role::Failing {
        return finding;
    }
    let retry = format!("{} get {} -o yaml", say::kubectl(&entity), entity.slash());
    finding
        .action(
            "mend what its pods failed of, then create it anew: a Job that gave up does not try again",
            Some(retry),
            "low: starts pods",
        )
        .check(say::get(&entity))
}

/// When a later run of the same CronJob completed.
fn later_success(view: &View, job: &Job, cron: &EntityRef) -> Option<Timestamp> {
    let started = (*job.status.start_time).or(*job.metadata.creation_timestamp)?;
    let runs = view.jobs.within(cron.ns()).filter(|j| parent(j).as_ref() == Some(cron)).filter_map(completed_at);
    let told = view.cron_jobs.get(cron.ns(), &cron.name).and_then(|c| *c.status.last_successful_time);
    runs.chain(told).filter(|at| *at > started).max()
}

fn completed(view: &View, job: &Job, entity: EntityRef, at: Timestamp) -> Option<Finding> {
    let says = evidence::object(
        &entity,
        format!("Complete=True succeeded={} failed={} completionTime={at}", job.status.succeeded, job.status.failed),
    );
    if job.status.failed > 0 && view.in_window(at) {
        let text = format!("{entity} completed successfully after {}", say::count(job.status.failed, "failed attempt"));
        let mut finding = Finding::new(Reason::AttemptFailed, entity.clone(), text)
            .role(Role::Over)
            .since(*job.status.start_time)
            .because("it completed", says);
        finding.pods = view.pods_of(&entity).into_iter().filter(|p| p.status.phase == "Failed").map(pod_ref).collect();
        return Some(finding);
    }
    // A CronJob speaks for its runs.
    parent(job).is_none().then(|| {
        let text = format!("{entity} completed successfully ({} succeeded)", job.status.succeeded);
        Finding::new(Reason::Serving, entity, text).role(Role::Healthy).because("it completed", says)
    })
}

/// A Job that goes on after failed attempts: a symptom, its pods say of what.
fn still_trying(view: &View, job: &Job, entity: EntityRef) -> Option<Finding> {
    if job.status.failed == 0 {
        return None;
    }
    let pods = view.pods_of(&entity);
    let text = format!("{entity} has {} so far and goes on", say::count(job.status.failed, "failed attempt"));
    let mut finding = Finding::new(Reason::JobFailed, entity.clone(), text)
        .confidence(Confidence::Low)
        .since(*job.status.start_time)
        .because(
            "its own status",
            evidence::object(&entity, format!("status: failed={} active={}", job.status.failed, job.status.active)),
        )
        .action("see what its pods fail of", Some(say::describe(&entity)), "none")
        .check(say::get(&entity));
    finding.pods = pods.into_iter().filter(|p| p.status.phase == "Failed").map(pod_ref).collect();
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(spec: &str, status: &str, owner: &str, more: &str) -> Vec<String> {
        let owner = if owner.is_empty() {
            String::new()
        } else {
            format!(", ownerReferences: [{{kind: CronJob, name: {owner}, controller: true}}]")
        };
        let text = format!(
            "
kind: Job
metadata: {{name: export-1, creationTimestamp: AGO(50m){owner}}}
spec: {{{spec}}}
status: {{startTime: AGO(50m), {status}}}
{more}"
        );
        let found = detect(&Scene::default().yaml(&text).view());
        found.iter().map(|f| format!("{:?} {:?} {}", f.reason, f.role, f.blame[0])).collect()
    }

    const BACKOFF: &str = "failed: 2, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, lastTransitionTime: AGO(40m)}]";
    const DEADLINE: &str = "failed: 1, conditions: [{type: Failed, status: 'True', reason: DeadlineExceeded, lastTransitionTime: AGO(40m)}]";
    const DONE: &str = "conditions: [{type: Complete, status: 'True'}], completionTime: AGO(30m), succeeded: 1";
    const LATER: &str = "---\nkind: Job\nmetadata: {name: export-2, ownerReferences: [{kind: CronJob, name: export, controller: true}]}\nstatus: {completionTime: AGO(5m), succeeded: 1}";

    #[rstest::rstest]
    #[case::backoff("backoffLimit: 1", BACKOFF, "", "", &["JobBackoff Failing Job shop/export-1"])]
    #[case::deadline("activeDeadlineSeconds: 600", DEADLINE, "", "", &["JobDeadline Failing Job shop/export-1"])]
    #[case::of_a_cron_job("activeDeadlineSeconds: 600", DEADLINE, "export", "", &["JobDeadline Failing CronJob shop/export"])]
    #[case::later_run_completed("backoffLimit: 1", BACKOFF, "export", LATER, &["AttemptFailed Over CronJob shop/export"])]
    #[case::suspended("suspend: true", "active: 0", "", "", &["Suspended Expected Job shop/export-1"])]
    #[case::retried("backoffLimit: 6", "failed: 2, conditions: [{type: Complete, status: 'True'}], completionTime: AGO(30m), succeeded: 1", "", "", &["AttemptFailed Over Job shop/export-1"])]
    #[case::done("backoffLimit: 6", DONE, "", "", &["Serving Healthy Job shop/export-1"])]
    #[case::running("backoffLimit: 6", "active: 1", "", "", &[])]
    fn outcomes(
        #[case] spec: &str,
        #[case] status: &str,
        #[case] owner: &str,
        #[case] more: &str,
        #[case] expected: &[&str],
    ) {
        assert_eq!(scene(spec, status, owner, more), expected);
    }
}

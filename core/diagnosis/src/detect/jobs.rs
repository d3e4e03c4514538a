//! Jobs: those that gave up, ran out of time or are suspended, and those that failed before they completed.
//!
//! Must stay silent about failed attempts of a Job that still tries and about pods of a Job that completed. Why an attempt
//! failed is said by the detectors of pods and logs; this family says what became of the Job.

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Condition, Job, Pod};
use crate::view::View;

use super::say;

/// Judges every Job.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.jobs.iter().filter_map(|job| judge(view, job)).collect()
}

fn judge(view: &View, job: &Job) -> Option<Finding> {
    let entity = say::of_meta(Kind::Job, &job.metadata);
    if let Some(failed) = condition(job, "Failed") {
        return gave_up(view, job, &entity, failed);
    }
    if let Some(complete) = condition(job, "Complete") {
        return completed(view, job, &entity, complete);
    }
    if job.spec.suspend {
        return Some(suspended(view, &entity));
    }
    None
}

fn condition<'a>(job: &'a Job, kind: &str) -> Option<&'a Condition> {
    job.status.conditions.iter().find(|c| c.r#type == kind && c.is_true())
}

/// A Job that failed for good. One that failed before the window is history, and so is one whose CronJob succeeded since.
fn gave_up(view: &View, job: &Job, entity: &EntityRef, failed: &Condition) -> Option<Finding> {
    let at = *failed.last_transition_time;
    let is_past = at.is_some_and(|at| !view.in_window(at));
    let succeeded_since = later_success(view, entity, at);
    if is_past || (succeeded_since.is_none() && has_later_run(view, entity, job)) {
        return None;
    }
    let deadline = failed.reason == "DeadlineExceeded";
    let reason = match (&succeeded_since, deadline) {
        (Some(_), _) => Reason::AttemptFailed,
        (None, true) => Reason::JobDeadline,
        (None, false) => Reason::JobBackoff,
    };
    let says = format!("condition Failed: reason={}, {}", failed.reason, say::clause(&failed.message));
    let claim = match (&succeeded_since, deadline) {
        (Some(next), _) => format!("{entity} failed ({}), and {next} completed since", failed.reason),
        (None, true) => {
            let limit = job.spec.active_deadline_seconds.unwrap_or_default();
            format!("{entity} was stopped by its deadline: activeDeadlineSeconds is {limit} (DeadlineExceeded)")
        }
        (None, false) => format!("{entity} gave up: {}", attempts(job, failed)),
    };
    let unit = view.unit(entity);
    let mut finding = Finding::new(reason, unit, claim)
        .blame(blamed(view, entity, deadline))
        .since(at)
        .because(says.clone(), evidence::object(entity, says));
    if succeeded_since.is_some() {
        finding.role = Role::Over;
        return Some(finding);
    }
    finding.pods = view.pods_of(entity).into_iter().map(crate::view::relate::pod_ref).collect();
    if let Some(event) = view.last_event(entity, &["BackoffLimitExceeded", "DeadlineExceeded"]) {
        finding = finding.because(event.text().to_owned(), evidence::event(event));
    }
    Some(actions(finding, entity, deadline))
}

/// The Job itself, or the CronJob that makes it again and again.
fn blamed(view: &View, entity: &EntityRef, deadline: bool) -> EntityRef {
    let unit = view.unit(entity);
    if deadline || unit.kind != Kind::CronJob { entity.clone() } else { unit }
}

fn attempts(job: &Job, failed: &Condition) -> String {
    let limit = job.spec.backoff_limit.unwrap_or(6);
    let tried = say::count(job.status.failed.max(1), "attempt");
    format!("{tried} failed, backoffLimit is {limit} ({})", failed.reason)
}

fn actions(finding: Finding, entity: &EntityRef, deadline: bool) -> Finding {
    let kubectl = say::kubectl(entity);
    if deadline {
        finding
            .action(
                "give it more time or less work, then run it again",
                Some(say::edit(entity)),
                "low: the Job is made again",
            )
            .check(say::get(entity))
    } else {
        finding
            .action(
                "read what its last attempt said",
                Some(format!("{kubectl} logs {} --tail=50", entity.slash())),
                "none",
            )
            .action(
                "run it again once the cause is mended",
                Some(format!("{kubectl} delete {}", entity.slash())),
                "low: the Job is made again",
            )
            .check(say::get(entity))
    }
}

/// A Job that completed: worth saying when attempts failed within the window, positive evidence otherwise.
fn completed(view: &View, job: &Job, entity: &EntityRef, complete: &Condition) -> Option<Finding> {
    let at = complete.last_transition_time.or(*job.status.completion_time)?;
    if !view.in_window(at) {
        return None;
    }
    let unit = view.unit(entity);
    let says = format!("succeeded={} failed={} condition Complete", job.status.succeeded, job.status.failed);
    if job.status.failed > 0 {
        let claim = format!("{entity} completed after {} failed", say::count(job.status.failed, "attempt"));
        let finding = Finding::new(Reason::AttemptFailed, unit, claim).role(Role::Over).since(*job.status.start_time);
        let finding = finding.because(says.clone(), evidence::object(entity, says));
        return Some(failed_attempts(view, entity, finding));
    }
    let claim = format!("{entity} completed without a failed attempt");
    Some(
        Finding::new(Reason::Serving, unit, claim)
            .role(Role::Healthy)
            .because(says.clone(), evidence::object(entity, says)),
    )
}

fn failed_attempts(view: &View, entity: &EntityRef, mut finding: Finding) -> Finding {
    let failed = |p: &&Pod| p.status.phase == "Failed";
    for pod in view.pods_of(entity).into_iter().filter(failed).take(3) {
        let about = crate::view::relate::pod_ref(pod);
        let code = pod.status.container_statuses.iter().find_map(|s| s.state.terminated.as_ref()).map(|t| t.exit_code);
        let text = code.map_or("phase=Failed".to_owned(), |c| format!("phase=Failed, exit code {c}"));
        finding = finding.because(format!("{about}: {text}"), evidence::object(&about, text));
    }
    finding
}

fn suspended(view: &View, entity: &EntityRef) -> Finding {
    let says = "spec.suspend=true";
    Finding::new(
        Reason::Suspended,
        view.unit(entity),
        format!("{entity} is suspended (spec.suspend is true), so it runs no pods"),
    )
    .role(Role::Expected)
    .because(says, evidence::object(entity, says))
    .action(
        "resume it when it should run",
        Some(format!(r#"{} patch {} -p '{{"spec":{{"suspend":false}}}}'"#, say::kubectl(entity), entity.slash())),
        "low: its pods start",
    )
}

/// A later Job of the same CronJob that completed.
fn later_success(view: &View, entity: &EntityRef, at: Option<jiff::Timestamp>) -> Option<EntityRef> {
    let later = |job: &&Job| {
        condition(job, "Complete").is_some() && job.status.completion_time.is_some_and(|done| Some(done) > at)
    };
    siblings(view, entity).find(later).map(|job| say::of_meta(Kind::Job, &job.metadata))
}

/// Whether a newer run of the same CronJob ended or runs: then that one tells how things stand.
fn has_later_run(view: &View, entity: &EntityRef, job: &Job) -> bool {
    siblings(view, entity).any(|other| {
        *other.metadata.creation_timestamp > *job.metadata.creation_timestamp
            && (condition(other, "Failed").is_some() || condition(other, "Complete").is_some())
    })
}

fn siblings<'a>(view: &'a View, entity: &'a EntityRef) -> impl Iterator<Item = &'a Job> {
    let unit = view.unit(entity);
    view.jobs.within(entity.ns()).filter(move |other| {
        let about = say::of_meta(Kind::Job, &other.metadata);
        unit.kind == Kind::CronJob && about != *entity && view.unit(&about) == unit
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::finding::{Reason, Role};
    use crate::testkit::Scene;

    const BACKOFF: &str = "status: {failed: 7, startTime: AGO(20m), conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit, lastTransitionTime: AGO(10m)}]}";
    const OWNED: &str = "ownerReferences: [{kind: CronJob, name: nightly, controller: true}]";

    #[rstest]
    #[case::gave_up(&format!("kind: Job\nmetadata: {{name: j}}\nspec: {{backoffLimit: 6}}\n{BACKOFF}"), &[(Reason::JobBackoff, Role::Failing)])]
    #[case::deadline("kind: Job\nmetadata: {name: j}\nspec: {activeDeadlineSeconds: 600}\nstatus: {failed: 1, conditions: [{type: Failed, status: 'True', reason: DeadlineExceeded, lastTransitionTime: AGO(5m)}]}", &[(Reason::JobDeadline, Role::Failing)])]
    #[case::completed_after_failures("kind: Job\nmetadata: {name: j}\nstatus: {succeeded: 1, failed: 2, completionTime: AGO(5m), conditions: [{type: Complete, status: 'True', lastTransitionTime: AGO(5m)}]}", &[(Reason::AttemptFailed, Role::Over)])]
    #[case::completed("kind: Job\nmetadata: {name: j}\nstatus: {succeeded: 1, completionTime: AGO(5m), conditions: [{type: Complete, status: 'True', lastTransitionTime: AGO(5m)}]}", &[(Reason::Serving, Role::Healthy)])]
    #[case::suspended("kind: Job\nmetadata: {name: j}\nspec: {suspend: true}", &[(Reason::Suspended, Role::Expected)])]
    #[case::still_trying("kind: Job\nmetadata: {name: j}\nspec: {backoffLimit: 6}\nstatus: {failed: 2, active: 1}", &[])]
    #[case::failed_long_ago("kind: Job\nmetadata: {name: j}\nstatus: {failed: 7, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, lastTransitionTime: AGO(5h)}]}", &[])]
    #[case::the_next_run_succeeded(
        &format!("kind: Job\nmetadata: {{name: a, creationTimestamp: AGO(20m), {OWNED}}}\n{BACKOFF}\n---\nkind: Job\nmetadata: {{name: b, creationTimestamp: AGO(6m), {OWNED}}}\nstatus: {{succeeded: 1, completionTime: AGO(5m), conditions: [{{type: Complete, status: 'True', lastTransitionTime: AGO(5m)}}]}}"),
        &[(Reason::AttemptFailed, Role::Over), (Reason::Serving, Role::Healthy)]
    )]
    fn jobs(#[case] yaml: &str, #[case] expected: &[(Reason, Role)]) {
        let view = Scene::default().yaml(yaml).view();
        let got: Vec<(Reason, Role)> = super::detect(&view).iter().map(|f| (f.reason, f.role)).collect();
        assert_eq!(got, expected);
    }
}

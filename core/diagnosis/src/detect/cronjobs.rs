//! CronJobs: schedules that cannot be used, runs that were missed, runs that pile up, and those switched off on purpose.
//!
//! Why a run fails is said by the detectors of Jobs, pods and logs, whose findings belong to the CronJob as their unit.
//! Event reasons are the controller's: <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/cronjob/cronjob_controllerv2.go>.

use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::CronJob;
use crate::view::View;

use super::say;

/// Runs active at once from which a CronJob under `Allow` counts as piling up: two can overlap by chance.
const PILE: usize = 3;

/// Judges every CronJob.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.cron_jobs.iter().flat_map(|cron| judge(view, cron)).collect()
}

fn judge(view: &View, cron: &CronJob) -> Vec<Finding> {
    let entity = say::of_meta(Kind::CronJob, &cron.metadata);
    if cron.spec.suspend {
        return vec![suspended(&entity)];
    }
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(unusable(view, cron, &entity));
    findings.extend(missed(view, cron, &entity));
    findings.extend(pile_up(view, cron, &entity));
    findings
}

fn suspended(entity: &EntityRef) -> Finding {
    let says = "spec.suspend=true";
    let resume = format!(r#"{} patch {} -p '{{"spec":{{"suspend":false}}}}'"#, say::kubectl(entity), entity.slash());
    Finding::new(
        Reason::Suspended,
        entity.clone(),
        format!("{entity} is suspended (spec.suspend is true), so no run is started"),
    )
    .role(Role::Expected)
    .because(says, evidence::object(entity, says))
    .action("resume it when it should run", Some(resume), "low: the next run starts on schedule")
}

/// A schedule or time zone that the controller refuses.
fn unusable(view: &View, cron: &CronJob, entity: &EntityRef) -> Option<Finding> {
    let event = view.last_event(
        entity,
        &["UnknownTimeZone", "UnparseableSchedule", "InvalidSchedule", "UnParseableCronJobSchedule"],
    )?;
    let zone = event.reason == "UnknownTimeZone";
    let claim = if zone {
        let zone = cron.spec.time_zone.as_deref().unwrap_or_default();
        format!("{entity} names the time zone `{zone}`, which the control plane does not know, so no run is started")
    } else {
        format!("the schedule `{}` of {entity} cannot be parsed, so no run is started", cron.spec.schedule)
    };
    let field = if zone { "spec.timeZone" } else { "spec.schedule" };
    Some(
        Finding::new(Reason::BadSchedule, entity.clone(), claim)
            .since(event.first())
            .because(event.text().to_owned(), evidence::event(event))
            .action(format!("correct {field}"), Some(say::edit(entity)), "low: runs start on schedule again")
            .check(say::get(entity)),
    )
}

fn missed(view: &View, cron: &CronJob, entity: &EntityRef) -> Option<Finding> {
    let event = view.last_event(entity, &["TooManyMissedTimes", "FailedNeedsStart", "MissSchedule"])?;
    // The controller warns and starts the newest missed run all the same; a CronJob that keeps its schedule is fine.
    if cron.status.last_schedule_time.is_some_and(|last| view.in_window(last)) {
        return None;
    }
    let deadline = cron.spec.starting_deadline_seconds.map_or("not set".to_owned(), |s| format!("{s} s"));
    let claim = format!(
        "{entity} missed start times of its schedule `{}` and is not started: startingDeadlineSeconds is {deadline}",
        cron.spec.schedule
    );
    let fix = format!(
        r#"{} patch {} -p '{{"spec":{{"startingDeadlineSeconds":200}}}}'"#,
        say::kubectl(entity),
        entity.slash()
    );
    Some(
        Finding::new(Reason::BadSchedule, entity.clone(), claim)
            .since(event.first())
            .because(event.text().to_owned(), evidence::event(event))
            .action(
                "set startingDeadlineSeconds, so that old missed times are not counted",
                Some(fix),
                "low: the next run starts on schedule",
            )
            .check(say::get(entity)),
    )
}

/// Several runs at once under `Allow`: each waits for what the one before it holds, or takes longer than the interval.
fn pile_up(view: &View, cron: &CronJob, entity: &EntityRef) -> Option<Finding> {
    let policy = cron.spec.concurrency_policy.as_str();
    let running = cron.status.active.len();
    if running < PILE || !matches!(policy, "" | "Allow") {
        return None;
    }
    let says =
        format!("status.active holds {running} Jobs, concurrencyPolicy=Allow, schedule `{}`", cron.spec.schedule);
    let oldest = cron
        .status
        .active
        .iter()
        .filter_map(|j| view.jobs.get(entity.ns(), &j.name))
        .filter_map(|j| *j.status.start_time)
        .min();
    let fix = format!(
        r#"{} patch {} -p '{{"spec":{{"concurrencyPolicy":"Forbid"}}}}'"#,
        say::kubectl(entity),
        entity.slash()
    );
    Some(
        Finding::new(
            Reason::CronJobFailing,
            entity.clone(),
            format!("runs of {entity} pile up: {running} Jobs are active at once, because concurrencyPolicy is Allow and a run takes longer than its interval"),
        )
        .confidence(Confidence::Medium)
        .since(oldest)
        .because(says.clone(), evidence::object(entity, says))
        .action("let only one run be active", Some(fix), "low: a run that is due while another is active is skipped")
        .check(format!("{} get jobs", say::kubectl(entity))),
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::finding::{Reason, Role};
    use crate::testkit::Scene;

    #[rstest]
    #[case::zone("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '0 * * * *', timeZone: US/Nowhere}\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: CronJob, namespace: shop, name: c}\nreason: UnknownTimeZone\ntype: Warning\nmessage: 'invalid timeZone'\nlastTimestamp: AGO(2m)", &[(Reason::BadSchedule, Role::Failing)])]
    #[case::missed("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '* * * * *'}\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: CronJob, namespace: shop, name: c}\nreason: TooManyMissedTimes\ntype: Warning\nlastTimestamp: AGO(2m)", &[(Reason::BadSchedule, Role::Failing)])]
    #[case::missed_and_started_all_the_same("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '* * * * *'}\nstatus: {lastScheduleTime: AGO(1m)}\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: CronJob, namespace: shop, name: c}\nreason: MissSchedule\ntype: Warning\nlastTimestamp: AGO(20m)", &[])]
    #[case::pile("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '*/2 * * * *', concurrencyPolicy: Allow}\nstatus: {active: [{name: a}, {name: b}, {name: d}]}", &[(Reason::CronJobFailing, Role::Failing)])]
    #[case::one_at_a_time("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '*/2 * * * *', concurrencyPolicy: Allow}\nstatus: {active: [{name: a}]}", &[])]
    #[case::suspended("kind: CronJob\nmetadata: {name: c}\nspec: {suspend: true, schedule: 'nonsense'}", &[(Reason::Suspended, Role::Expected)])]
    #[case::quiet("kind: CronJob\nmetadata: {name: c}\nspec: {schedule: '0 * * * *'}\nstatus: {lastSuccessfulTime: AGO(10m)}", &[])]
    fn cron_jobs(#[case] yaml: &str, #[case] expected: &[(Reason, Role)]) {
        let view = Scene::default().yaml(yaml).view();
        let got: Vec<(Reason, Role)> = super::detect(&view).iter().map(|f| (f.reason, f.role)).collect();
        assert_eq!(got, expected);
    }
}

//! CronJobs: schedules that cannot be used, runs that are missed, pile up or hang, runs that fail, suspension.
//!
//! Start at [`detect`].

use super::jobs::{completed_at, condition, parent};
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{CronJob, Job};
use crate::view::View;

/// Runs of one CronJob at the same time from which on they pile up; two may overlap by a few seconds.
const PILE: usize = 3;

/// A run that is still active after so many periods hangs, if no other may start beside it.
const PERIODS: i64 = 2;

/// Event reasons of a schedule or time zone that cannot be used.
const UNUSABLE: &[&str] = &["UnknownTimeZone", "UnparseableSchedule", "InvalidSchedule"];

/// Event reasons of start times that were missed.
const MISSED: &[&str] = &["TooManyMissedTimes", "FailedNeedsStart", "MissSchedule"];

/// What each CronJob is doing.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.cron_jobs.iter().filter_map(|cron| of_cron(view, cron)).collect()
}

fn of_cron(view: &View, cron: &CronJob) -> Option<Finding> {
    let entity = say::of_meta(Kind::CronJob, &cron.metadata);
    if cron.spec.suspend {
        return Some(suspended(cron, entity));
    }
    let runs: Vec<&Job> = view.jobs.within(entity.ns()).filter(|j| parent(j).as_ref() == Some(&entity)).collect();
    unusable(view, cron, &entity)
        .or_else(|| missed(view, cron, &entity))
        .or_else(|| active(view, cron, &entity, &runs))
        .or_else(|| failing(view, &entity, &runs))
        .or_else(|| serving(cron, entity))
}

fn suspended(cron: &CronJob, entity: EntityRef) -> Finding {
    let last =
        cron.status.last_schedule_time.map(|at| format!("; its last run was scheduled at {at}")).unwrap_or_default();
    let resume = format!("{} patch {} -p '{{\"spec\":{{\"suspend\":false}}}}'", say::kubectl(&entity), entity.slash());
    let says = evidence::object(&entity, "spec.suspend=true");
    Finding::new(
        Reason::Suspended,
        entity.clone(),
        format!("{entity} is suspended (spec.suspend), so it starts no runs{last}"),
    )
    .role(Role::Expected)
    .because("it is set in its spec", says)
    .action("resume it, if it is meant to run", Some(resume), "low: starts runs")
    .check(say::get(&entity))
}

fn unusable(view: &View, cron: &CronJob, entity: &EntityRef) -> Option<Finding> {
    let event = view.last_event(entity, UNUSABLE)?;
    let zone = cron.spec.time_zone.as_deref().unwrap_or_default();
    let what = if event.reason == "UnknownTimeZone" {
        format!("time zone {zone}")
    } else {
        format!("schedule {}", cron.spec.schedule)
    };
    let text = format!("{entity} starts no runs because its {what} cannot be used: {}", say::clause(event.text()));
    let spec = format!("spec.schedule={} spec.timeZone={zone}", cron.spec.schedule);
    Some(
        Finding::new(Reason::BadSchedule, entity.clone(), text)
            .since(event.first())
            .because("the controller's own words", evidence::event(event))
            .because("what is set", evidence::object(entity, spec.clone()))
            .rules_out("suspension: spec.suspend is not set", evidence::object(entity, spec))
            .action(format!("correct the {what}"), Some(say::edit(entity)), "low: runs start again")
            .check(say::get(entity)),
    )
}

fn missed(view: &View, cron: &CronJob, entity: &EntityRef) -> Option<Finding> {
    let event = view.last_event(entity, MISSED)?;
    // The controller warns and starts the newest missed run all the same; a CronJob that keeps its schedule is fine.
    if cron.status.last_schedule_time.is_some_and(|at| view.in_window(at)) {
        return None;
    }
    let deadline = cron.spec.starting_deadline_seconds.map_or_else(|| "not set".to_owned(), |s| format!("{s} s"));
    let text = format!(
        "{entity} starts no runs because it missed start times ({}): {}, startingDeadlineSeconds is {deadline}",
        event.reason,
        say::clause(event.text())
    );
    let patch = format!(
        "{} patch {} -p '{{\"spec\":{{\"startingDeadlineSeconds\":200}}}}'",
        say::kubectl(entity),
        entity.slash()
    );
    Some(
        Finding::new(Reason::RunsMissed, entity.clone(), text)
            .since(event.first())
            .because("the controller's own words", evidence::event(event))
            .because(
                "what is set",
                evidence::object(
                    entity,
                    format!("spec.startingDeadlineSeconds={deadline} spec.schedule={}", cron.spec.schedule),
                ),
            )
            .action(
                "set startingDeadlineSeconds, so that only recent start times count",
                Some(patch),
                "low: runs start again",
            )
            .check(say::get(entity)),
    )
}

/// Runs that are active: too many at once, or one that holds back the next.
fn active(view: &View, cron: &CronJob, entity: &EntityRef, runs: &[&Job]) -> Option<Finding> {
    let active: Vec<&&Job> = runs
        .iter()
        .filter(|j| j.status.active > 0 && completed_at(j).is_none() && condition(j, "Failed").is_none())
        .collect();
    let oldest = active.iter().min_by_key(|j| *j.status.start_time)?;
    let started = (*oldest.status.start_time)?;
    let names = say::some(active.iter().map(|j| &j.metadata.name), 5);
    let policy = if cron.spec.concurrency_policy.is_empty() { "Allow" } else { &cron.spec.concurrency_policy };
    if policy == "Allow" && active.len() >= PILE {
        let text = format!(
            "the runs of {entity} pile up: {} are active at once under concurrencyPolicy Allow ({names}), the oldest for {}",
            active.len(),
            say::span(view.age(started))
        );
        let says = evidence::object(
            entity,
            format!("spec.concurrencyPolicy={policy} spec.schedule={} status.active={names}", cron.spec.schedule),
        );
        return Some(
            Finding::new(Reason::RunsPileUp, entity.clone(), text)
                .since(Some(started))
                .because("what is active", says)
                .action(
                    "set concurrencyPolicy to Forbid, and see what the oldest run waits for",
                    Some(say::edit(entity)),
                    "low: a run is skipped while one is active",
                )
                .check(say::get(entity)),
        );
    }
    let period = period(&cron.spec.schedule)?;
    let hangs = policy == "Forbid" && view.age(started) > PERIODS * period;
    hangs.then(|| hanging(view, cron, entity, oldest, period))
}

fn hanging(view: &View, cron: &CronJob, entity: &EntityRef, run: &Job, period: i64) -> Finding {
    let since = *run.status.start_time;
    let age = since.map(|at| say::span(view.age(at))).unwrap_or_default();
    let job = say::of_meta(Kind::Job, &run.metadata);
    let text = format!(
        "run {} of {entity} is active for {age} and concurrencyPolicy Forbid lets no other start beside it (schedule every {})",
        job.name,
        say::span(period)
    );
    let says = evidence::object(
        &job,
        format!("status: active={} startTime={}", run.status.active, since.map(|t| t.to_string()).unwrap_or_default()),
    );
    Finding::new(Reason::RunHangs, entity.clone(), text)
        .confidence(Confidence::Medium)
        .since(since)
        .because("it has not ended", says)
        .because(
            "no other may start",
            evidence::object(entity, format!("spec.concurrencyPolicy=Forbid spec.schedule={}", cron.spec.schedule)),
        )
        .action(
            "see what it waits for; delete it if it will not end, and give it an activeDeadlineSeconds",
            Some(format!("{} delete {}", say::kubectl(&job), job.slash())),
            "medium: ends the run",
        )
        .check(say::get(entity))
}

/// The newest runs failed and none succeeded since.
fn failing(view: &View, entity: &EntityRef, runs: &[&Job]) -> Option<Finding> {
    let last_good = runs
        .iter()
        .filter_map(|j| completed_at(j))
        .chain(view.cron_jobs.get(entity.ns(), &entity.name).and_then(|c| *c.status.last_successful_time))
        .max();
    let bad: Vec<&&Job> = runs
        .iter()
        .filter(|j| {
            condition(j, "Failed").is_some()
                && last_good.is_none_or(|good| (*j.status.start_time).is_some_and(|at| at > good))
        })
        .collect();
    let newest = bad.iter().max_by_key(|j| *j.status.start_time)?;
    let since = bad.iter().filter_map(|j| *j.status.start_time).min();
    let text = format!(
        "the last {} of {entity} failed ({})",
        say::count(i64::try_from(bad.len()).unwrap_or(0), "run"),
        newest.metadata.name
    );
    let job = say::of_meta(Kind::Job, &newest.metadata);
    let words =
        condition(newest, "Failed").map(|c| format!("Failed=True {}: {}", c.reason, c.message)).unwrap_or_default();
    Some(
        Finding::new(Reason::CronJobFailing, entity.clone(), text)
            .confidence(Confidence::Medium)
            .since(since)
            .because("the newest failed run", evidence::object(&job, words))
            .action("see what its pods failed of", Some(say::describe(&job)), "none")
            .check(say::get(entity)),
    )
}

fn serving(cron: &CronJob, entity: EntityRef) -> Option<Finding> {
    let at = (*cron.status.last_successful_time)?;
    let says = evidence::object(&entity, format!("status.lastSuccessfulTime={at}"));
    let text = format!("the last run of {entity} completed successfully at {at}");
    Some(Finding::new(Reason::Serving, entity, text).role(Role::Healthy).because("its own status", says))
}

/// Seconds between runs of the common schedules; none for those that skip days, where waiting proves nothing.
fn period(schedule: &str) -> Option<i64> {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    match fields.as_slice() {
        ["@hourly"] => Some(3600),
        ["@daily" | "@midnight"] => Some(86_400),
        [minute, hour, "*", "*", "*"] => match (step(minute), step(hour)) {
            (Some(minutes), Some(1)) => Some(minutes * 60),
            (None, Some(hours)) => Some(hours * 3600),
            (None, None) => Some(86_400),
            _ => None,
        },
        _ => None,
    }
}

/// `*` is every one, `*/5` every fifth; a number is none.
fn step(field: &str) -> Option<i64> {
    if field == "*" { Some(1) } else { field.strip_prefix("*/")?.parse().ok() }
}

#[cfg(test)]
mod tests;

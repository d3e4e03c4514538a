//! Attempts of Jobs: which of them still need an explanation.
//!
//! The Job itself (deadline, back-off limit, schedule) is told by its own detectors.

use crate::entity::{EntityRef, Kind};
use crate::kube::{Job, Pod};
use crate::view::View;

/// Whether the pod is an attempt of a Job that needs no explanation: the Job completed or is suspended, a later run
/// of its CronJob completed, or a single failed attempt is being retried right now.
pub(super) fn attempt_is_over(view: &View, pod: &Pod) -> bool {
    let Some(owner) = pod.metadata.controller().filter(|o| o.kind == "Job") else { return false };
    let ns = pod.metadata.namespace.as_str();
    let entity = EntityRef::new(Kind::Job, ns, owner.name.clone());
    let siblings = view.pods_of(&entity);
    if siblings.iter().any(|p| p.is_completed()) {
        return true;
    }
    let Some(job) = view.jobs.get(ns, &owner.name) else {
        return view.absent(&entity) || later_run_by_name(view, ns, &owner.name);
    };
    let failed = siblings.iter().filter(|p| p.status.phase == "Failed").count();
    let newer_runs = siblings.iter().any(|p| {
        p.status.phase == "Running" && *p.metadata.creation_timestamp > *pod.metadata.creation_timestamp && p.is_ready()
    });
    completed(job) || job.spec.suspend || (failed < 2 && newer_runs) || later_run_completed(view, job)
}

/// The same where no list of Jobs was recorded: their pods name them, and a CronJob names its runs in order of time.
fn later_run_by_name(view: &View, ns: &str, name: &str) -> bool {
    let Some((cron_job, minute)) = run_of(name) else { return false };
    view.pods.within(ns).filter(|pod| pod.is_completed()).any(|pod| {
        let owner = pod.metadata.controller().filter(|o| o.kind == "Job");
        owner.and_then(|o| run_of(&o.name)).is_some_and(|(other, later)| other == cron_job && later > minute)
    })
}

/// The CronJob and the minute of a run's name, such as `price-import-29924760`: minutes since 1970 have eight digits.
fn run_of(name: &str) -> Option<(&str, u32)> {
    let (cron_job, minute) = name.rsplit_once('-').filter(|(_, minute)| minute.len() == 8)?;
    Some((cron_job, minute.parse().ok()?))
}

fn completed(job: &Job) -> bool {
    job.status.completion_time.is_some() || job.status.conditions.iter().any(|c| c.r#type == "Complete" && c.is_true())
}

fn later_run_completed(view: &View, job: &Job) -> bool {
    let Some(owner) = job.metadata.controller().filter(|o| o.kind == "CronJob") else { return false };
    view.jobs.within(&job.metadata.namespace).any(|other| {
        completed(other)
            && *other.metadata.creation_timestamp > *job.metadata.creation_timestamp
            && other.metadata.controller().is_some_and(|o| o.kind == "CronJob" && o.name == owner.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    #[rstest::rstest]
    #[case::failed_for_good("failed: 2", "Failed", false)]
    #[case::completed_later("succeeded: 1, completionTime: AGO(1m)", "Failed", true)]
    #[case::another_pod_completed("failed: 1", "Succeeded", true)]
    fn attempts(#[case] status: &str, #[case] second: &str, #[case] over: bool) {
        let owner = "ownerReferences: [{kind: Job, name: migrate, controller: true}]";
        let yaml = format!(
            "
kind: Job
metadata: {{name: migrate}}
status: {{{status}}}
---
kind: Pod
metadata: {{name: migrate-a, {owner}}}
status: {{phase: Failed}}
---
kind: Pod
metadata: {{name: migrate-b, {owner}}}
status: {{phase: {second}}}
"
        );
        let view = Scene::default().yaml(&yaml).view();
        assert_eq!(view.pods.get("shop", "migrate-a").map(|pod| attempt_is_over(&view, pod)), Some(over));
    }

    #[rstest::rstest]
    #[case::the_next_run_completed("import-29924820", "Succeeded", true)]
    #[case::the_next_run_failed_too("import-29924820", "Failed", false)]
    #[case::the_run_before_completed("import-29924700", "Succeeded", false)]
    #[case::another_cron_job("export-29924820", "Succeeded", false)]
    #[case::no_cron_job("import-next", "Succeeded", false)]
    fn runs_without_a_list_of_jobs(#[case] other: &str, #[case] phase: &str, #[case] over: bool) {
        let pod = |name: &str, job: &str, phase: &str| {
            format!(
                "kind: Pod\nmetadata: {{name: {name}, ownerReferences: [{{kind: Job, name: {job}, controller: true}}]}}\nstatus: {{phase: {phase}}}\n"
            )
        };
        let yaml = format!("{}---\n{}", pod("a", "import-29924760", "Failed"), pod("b", other, phase));
        let view = Scene::default().yaml(&yaml).unseen(Kind::Job, crate::probe::ReadFailure::NotRecorded).view();
        assert_eq!(view.pods.get("shop", "a").map(|pod| attempt_is_over(&view, pod)), Some(over));
    }
}

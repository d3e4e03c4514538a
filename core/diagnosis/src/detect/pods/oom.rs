//! Containers that the kernel kills for memory: at their own limit, or at the node's.
//!
//! Reads the state of the run that ended, also while the container runs again. A program that gives up by itself
//! (a full Java heap) is not this; its log says so ([`crate::detect::logs`]).

use crate::entity::{EntityRef, Kind};
use crate::finding::{Finding, Reason};
use crate::kube::Terminated;
use crate::view::View;

use super::container::{Case, Course, cases, ran_for};
use crate::detect::say::span;

/// Containers killed for memory that have not outlived it.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter(|c| c.course() == Course::Ongoing).filter_map(|case| one(&case)).collect()
}

fn one(case: &Case<'_>) -> Option<Finding> {
    let end = killed(case)?;
    let limit = case.spec.resources.limits.get("memory");
    let who = case.who();
    let claim = match limit {
        Some(limit) => {
            format!("{who} is killed for memory (OOMKilled, exit code {}) at its limit of {limit}", end.exit_code)
        }
        None => format!(
            "{who} is killed for memory (OOMKilled, exit code {}); it has no memory limit, so the node ran short",
            end.exit_code
        ),
    };
    let lasted = ran_for(end).map(|s| format!(" after {}", span(s))).unwrap_or_default();
    let mut finding = case
        .mark(Finding::new(Reason::OomKilled, case.unit(), claim))
        .because(
            format!("the kernel killed the last run{lasted}, {} restarts so far", case.restarts()),
            case.end_evidence(end),
        )
        .since(*end.finished_at);
    if let Some(limit) = limit {
        let text = format!("spec.containers[{}].resources.limits.memory={limit}", case.spec.name);
        finding = finding.because(format!("its memory limit is {limit}"), case.says(text));
    }
    if let Some(line) = case.end_log().and_then(|(log, previous)| Some((log.tail.last()?, previous))) {
        finding = finding.because("its last words before the kill", crate::evidence::log(&case.of(), line.1, line.0));
    }
    Some(actions(case, limit.map(String::as_str), exclusions(case, end, limit.is_some(), finding)))
}

/// The run that was killed for memory: the last one, or the one before when the last one was not told apart yet.
fn killed<'a>(case: &Case<'a>) -> Option<&'a Terminated> {
    let status = case.status?;
    [&status.state, &status.last_state]
        .into_iter()
        .filter_map(|s| s.terminated.as_ref())
        .find(|t| t.reason == "OOMKilled")
}

fn exclusions(case: &Case<'_>, end: &Terminated, limited: bool, mut finding: Finding) -> Finding {
    let node = case.view.nodes.get("", &case.pod.spec.node_name);
    if let Some(node) = node {
        let entity = EntityRef::new(Kind::Node, "", node.metadata.name.clone());
        let pressure = node.status.conditions.iter().find(|c| c.r#type == "MemoryPressure");
        if pressure.is_some_and(|c| !c.is_true()) && limited {
            let says = crate::evidence::object(&entity, "status.conditions: MemoryPressure=False");
            finding =
                finding.rules_out(format!("memory of the node: {} has no memory pressure", node.metadata.name), says);
        }
        if !limited {
            finding = finding.points_at(entity);
        }
    }
    finding.rules_out(
        "an error of the program that makes it exit: the kernel killed it with SIGKILL",
        case.end_evidence(end),
    )
}

fn actions(case: &Case<'_>, limit: Option<&str>, finding: Finding) -> Finding {
    let unit = case.unit();
    let set = |amount: &str| {
        format!("{} set resources {} -c {} --limits=memory={amount}", case.kubectl(), unit.slash(), case.spec.name)
    };
    let raise = limit.and_then(crate::quantity::parse).map(|bytes| set(&mebibytes(bytes * 2.0)));
    match raise {
        Some(raise) if unit.kind != Kind::Pod => finding
            .action(
                "raise the memory limit to what the work needs (here: twice as much)",
                Some(raise),
                "low: replaces the pods; the node must have the memory",
            )
            .check(case.watch()),
        _ => finding
            .action("give it a memory request and limit that fit its work", Some(case.edit()), "low: replaces the pods")
            .check(case.watch()),
    }
    .action(
        "see how its memory grows",
        Some(format!("{} top pod {} --containers", case.kubectl(), case.pod.metadata.name)),
        "none",
    )
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.0}Mi", (bytes / (1024.0 * 1024.0)).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn found(limit: &str, status: &str) -> Vec<Finding> {
        let yaml = format!(
            "
kind: Pod
metadata: {{name: worker}}
spec: {{nodeName: n1, restartPolicy: Always, containers: [{{name: w, resources: {{{limit}}}}}]}}
status: {{phase: Running, containerStatuses: [{{name: w, {status}}}]}}
---
kind: Node
metadata: {{name: n1}}
status: {{conditions: [{{type: MemoryPressure, status: 'False'}}]}}
"
        );
        detect(&Scene::default().yaml(&yaml).view())
    }

    const KILLED: &str = "terminated: {exitCode: 137, reason: OOMKilled, startedAt: AGO(70s), finishedAt: AGO(60s)}";
    const OLD: &str = "terminated: {exitCode: 137, reason: OOMKilled, startedAt: AGO(32m), finishedAt: AGO(31m)}";

    #[rstest::rstest]
    #[case::backing_off("limits: {memory: 32Mi}", format!("restartCount: 4, state: {{waiting: {{reason: CrashLoopBackOff}}}}, lastState: {{{KILLED}}}"), Some("OOMKilled, exit code 137) at its limit of 32Mi"))]
    #[case::running_again("limits: {memory: 32Mi}", format!("restartCount: 4, ready: true, state: {{running: {{startedAt: AGO(30s)}}}}, lastState: {{{KILLED}}}"), Some("32Mi"))]
    #[case::just_ended("limits: {memory: 32Mi}", format!("restartCount: 4, state: {{{KILLED}}}"), Some("32Mi"))]
    #[case::no_limit("", format!("restartCount: 4, state: {{waiting: {{reason: CrashLoopBackOff}}}}, lastState: {{{KILLED}}}"), Some("no memory limit"))]
    #[case::long_over("limits: {memory: 32Mi}", format!("restartCount: 4, ready: true, state: {{running: {{startedAt: AGO(30m)}}}}, lastState: {{{OLD}}}"), None)]
    #[case::killed_for_another_reason("limits: {memory: 32Mi}", "restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: Error}}".to_owned(), None)]
    fn kills(#[case] limit: &str, #[case] status: String, #[case] says: Option<&str>) {
        let found = found(limit, &status);
        assert_eq!(found.len(), usize::from(says.is_some()), "{found:?}");
        if let (Some(f), Some(says)) = (found.first(), says) {
            assert!(f.claim.contains(says), "{}", f.claim);
            assert_eq!(f.points_at.is_empty(), !limit.is_empty());
            assert!(f.actions.iter().any(|a| a.command.is_some()));
        }
    }
}

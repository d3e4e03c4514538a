//! Containers that end though they should run: how they end, how often, and whether it goes on.
//!
//! Says *how* (exit code, signal, duration). *Why* is said by [`crate::detect::logs`], and by [`super::oom`] and
//! [`super::probes`], whose cases are left to them. Must stay silent about a restart before the window and must call over
//! what is over.

use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::Terminated;
use crate::view::View;

use super::container::{Case, Course, cases, ran_for};
use super::probes::{killed_by_probe, probe_kill};
use crate::detect::say::span;

/// Containers that end again and again, and those that restarted in the window and have run since.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter(|c| !c.is_plain_init()).filter_map(|case| one(&case)).collect()
}

fn one(case: &Case<'_>) -> Option<Finding> {
    let course = case.course();
    let end = case.ended().filter(|_| course != Course::Fine)?;
    match course {
        Course::Over => Some(restarted(case, end)),
        // A Job's failed attempts are told by the Job's detector; a loop inside one pod is not.
        Course::Ongoing if case.of_job() && case.pod.spec.restart_policy != "OnFailure" => None,
        Course::Ongoing if end.reason == "StartError" || end.reason == "ContainerCannotRun" => None,
        Course::Ongoing if killed_by_probe(case).is_some() => None,
        _ => Some(crashing(case, end)),
    }
}

fn crashing(case: &Case<'_>, end: &Terminated) -> Finding {
    let code = end.exit_code;
    let who = case.who();
    let (reason, claim) = match code {
        _ if case.explained_by_log() || end.reason == "OOMKilled" => {
            (Reason::CrashLoop, format!("{who} ends again and again with {}", ending(end)))
        }
        0 => (
            Reason::ExitsByItself,
            format!(
                "{who} completes with exit code 0 although restartPolicy {} wants it to keep running",
                policy(case)
            ),
        ),
        126 | 127 => (Reason::BadCommand, format!("{who} ends with {}", ending(end))),
        132 | 134..=136 | 139 => (Reason::ExitsByItself, format!("{who} crashes with {}", ending(end))),
        _ => (Reason::CrashLoop, format!("{who} ends again and again with {}", ending(end))),
    };
    let since =
        case.view.events_of(&case.pod_ref()).find(|e| e.reason == "BackOff").and_then(crate::kube::Event::first);
    let mut finding = case.mark(Finding::new(reason, case.unit(), claim));
    finding = finding
        .because(how_often(case, end), case.end_evidence(end))
        .since(since.or(*end.finished_at))
        .confidence(confidence(reason, code));
    if let Some(waiting) = case.waiting() {
        finding = finding.because(format!("the kubelet waits: {}", waiting.reason), case.waiting_evidence(waiting));
    }
    if let Some(event) = case.view.last_event(&case.pod_ref(), &["BackOff"]) {
        finding = finding.because("the kubelet backs off restarting it", crate::evidence::event(event));
    }
    actions(case, exclusions(case, end, finding))
}

/// A code that programs use for any error explains nothing by itself; a signal or a shell's code does.
fn confidence(reason: Reason, code: i64) -> Confidence {
    match (reason, code) {
        (Reason::CrashLoop, 1 | 2 | 255) => Confidence::Low,
        (Reason::CrashLoop, _) => Confidence::Medium,
        _ => Confidence::High,
    }
}

/// What the way it ended excludes.
fn exclusions(case: &Case<'_>, end: &Terminated, mut finding: Finding) -> Finding {
    if end.exit_code != 137 && end.reason != "OOMKilled" {
        let text =
            format!("the memory limit: the container ends with exit code {}, not 137 (OOMKilled)", end.exit_code);
        finding = finding.rules_out(text, case.end_evidence(end));
    }
    finding = finding.rules_out("the image: it was pulled and the container starts", case.end_evidence(end));
    if case.spec.liveness_probe.is_none() && case.spec.startup_probe.is_none() {
        let text = "a probe that kills it: it has neither a liveness nor a startup probe";
        finding = finding.rules_out(text, case.says(format!("spec.containers[{}]: no livenessProbe", case.spec.name)));
    }
    finding
}

fn actions(case: &Case<'_>, finding: Finding) -> Finding {
    let finding = finding.action(
        "read the log of the run that ended",
        Some(case.log_command(case.running_since().is_some())),
        "none",
    );
    match case.undo() {
        Some(undo) => finding
            .action(
                "if it began with the last rollout, go back to the revision before",
                Some(undo),
                "low: replaces the pods",
            )
            .check(case.watch()),
        None => finding.check(case.watch()),
    }
}

fn restarted(case: &Case<'_>, end: &Terminated) -> Finding {
    let kill = probe_kill(case);
    let probe = if kill.is_some() { "its liveness or startup probe failed, " } else { "" };
    let claim = format!("{} restarted after {probe}{} and has run since", case.who(), ending(end));
    let mut finding = case.mark(Finding::new(Reason::Restarted, case.unit(), claim)).role(Role::Over);
    finding = finding.because(how_often(case, end), case.end_evidence(end)).since(*end.finished_at);
    if let Some(kill) = kill {
        finding = finding.because("the kubelet killed it for its probe", crate::evidence::event(kill));
    }
    if let Some((log, previous)) = case.end_log()
        && let Some(line) = &log.fatal
    {
        finding = finding.because("the last words of that run", crate::evidence::log(&case.of(), previous, line));
    }
    match case.running_since() {
        Some(at) => {
            let text = format!("it runs and is ready for {}", span(case.view.age(at)));
            finding.because(text, case.says(format!("{} running: startedAt={at} ready=true", case.path())))
        }
        None => finding,
    }
}

fn how_often(case: &Case<'_>, end: &Terminated) -> String {
    let lasted = ran_for(end).map(|s| format!(" after running for {}", span(s))).unwrap_or_default();
    let previous = case.status.and_then(|s| s.last_state.terminated.as_ref()).filter(|p| *p != end);
    let before = previous.map(|p| format!(", the run before with exit code {}", p.exit_code)).unwrap_or_default();
    format!("{} restarts; the last run ended with {}{lasted}{before}", case.restarts(), ending(end))
}

fn policy<'a>(case: &'a Case<'_>) -> &'a str {
    if case.pod.spec.restart_policy.is_empty() { "Always" } else { &case.pod.spec.restart_policy }
}

/// How a run ended, with the meaning of its code: `exit code 137 (SIGKILL, OOMKilled)`.
pub(crate) fn ending(end: &Terminated) -> String {
    let meaning = if end.reason == "OOMKilled" { "OOMKilled" } else { meaning(end.exit_code) };
    if meaning.is_empty() {
        format!("exit code {}", end.exit_code)
    } else {
        format!("exit code {} ({meaning})", end.exit_code)
    }
}

/// What an exit code means. Above 128 it is 128 plus the signal (POSIX shells, and the container runtimes likewise);
/// 126 and 127 are the shell's: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02>.
fn meaning(code: i64) -> &'static str {
    match code {
        0 => "completed",
        1 => "the program reports an error",
        2 => "the program reports wrong usage or a panic",
        126 => "the command was found but cannot be executed",
        127 => "the command was not found",
        128 => "the command could not be started",
        129 => "SIGHUP",
        130 => "SIGINT, interrupted",
        131 => "SIGQUIT",
        132 => "SIGILL, illegal instruction",
        134 => "SIGABRT, the program aborted itself",
        135 => "SIGBUS",
        136 => "SIGFPE, arithmetic error",
        137 => "SIGKILL, killed from outside",
        139 => "SIGSEGV, segmentation fault",
        141 => "SIGPIPE",
        143 => "SIGTERM, asked to end",
        255 => "the program ended with an error outside the usual codes",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn pod(status: &str) -> View {
        let owner = "ownerReferences: [{kind: ReplicaSet, name: api-1, controller: true}]";
        let yaml = format!(
            "
kind: Pod
metadata: {{name: api-1-a, labels: {{pod-template-hash: '1'}}, {owner}}}
spec: {{restartPolicy: Always, containers: [{{name: api, image: api:1}}]}}
status: {{phase: Running, containerStatuses: [{{name: api, {status}}}]}}
"
        );
        Scene::default()
            .yaml(&yaml)
            .unseen(crate::entity::Kind::ReplicaSet, crate::probe::ReadFailure::NotRecorded)
            .view()
    }

    const LOOP: &str = "waiting: {reason: CrashLoopBackOff, message: back-off}";

    fn ended(code: i64, from: &str, to: &str) -> String {
        format!(
            "lastState: {{terminated: {{exitCode: {code}, reason: Error, startedAt: AGO({from}), finishedAt: AGO({to})}}}}"
        )
    }

    #[rstest::rstest]
    #[case::exit_1(format!("restartCount: 9, state: {{{LOOP}}}, {}", ended(1, "62s", "60s")), Some((Reason::CrashLoop, Role::Failing, "exit code 1")))]
    #[case::completes(format!("restartCount: 9, state: {{{LOOP}}}, {}", ended(0, "62s", "60s")), Some((Reason::ExitsByItself, Role::Failing, "exit code 0 although restartPolicy Always")))]
    #[case::not_found(format!("restartCount: 9, state: {{{LOOP}}}, {}", ended(127, "62s", "60s")), Some((Reason::BadCommand, Role::Failing, "command was not found")))]
    #[case::segfault(format!("restartCount: 9, state: {{{LOOP}}}, {}", ended(139, "62s", "60s")), Some((Reason::ExitsByItself, Role::Failing, "SIGSEGV")))]
    #[case::between_two_ends("restartCount: 3, state: {terminated: {exitCode: 1, startedAt: AGO(3s), finishedAt: AGO(1s)}}".to_owned(), Some((Reason::CrashLoop, Role::Failing, "exit code 1")))]
    #[case::runs_for_a_moment(format!("restartCount: 5, ready: true, state: {{running: {{startedAt: AGO(20s)}}}}, {}", ended(1, "90s", "60s")), Some((Reason::CrashLoop, Role::Failing, "exit code 1")))]
    #[case::over(format!("restartCount: 5, ready: true, state: {{running: {{startedAt: AGO(20m)}}}}, {}", ended(1, "22m", "21m")), Some((Reason::Restarted, Role::Over, "has run since")))]
    #[case::once_after_a_long_run(format!("restartCount: 1, ready: true, state: {{running: {{startedAt: AGO(2m)}}}}, {}", ended(137, "50h", "3m")), Some((Reason::Restarted, Role::Over, "exit code 137")))]
    #[case::long_ago(format!("restartCount: 5, ready: true, state: {{running: {{startedAt: AGO(20h)}}}}, {}", ended(1, "21h", "20h")), None)]
    #[case::long_ago_but_not_ready_now(format!("restartCount: 5, ready: false, state: {{running: {{startedAt: AGO(20h)}}}}, {}", ended(1, "21h", "20h")), None)]
    #[case::never_restarted("restartCount: 0, ready: true, state: {running: {startedAt: AGO(20h)}}".to_owned(), None)]
    fn ends(#[case] status: String, #[case] expected: Option<(Reason, Role, &str)>) {
        let found = detect(&pod(&status));
        assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
        if let (Some(f), Some((reason, role, says))) = (found.first(), expected) {
            assert_eq!((f.reason, f.role), (reason, role), "{}", f.claim);
            assert!(f.claim.contains(says) && f.claim.contains("Deployment shop/api"), "{}", f.claim);
            assert!(!f.proof.is_empty() && f.pods.len() == 1);
        }
    }
}

//! Probes that fail: containers that the kubelet kills for them, and containers that run and never become ready.
//!
//! Says which probe, what it asks and what it gets. Why (wrong path or port, too impatient) is [`probe_cause`]'s part.
//! Must stay silent while a container is still within the start time that its siblings needed.

use crate::evidence::event;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Event, Probe};
use crate::view::View;

use super::container::{Case, Course, cases};
use super::probe_cause::{Why, answer, listens, why};
use crate::detect::say::span;

/// A container may always take this long to become ready before that is a failure, in seconds.
const START: i64 = 60;

/// The same when nothing listens yet and no sibling shows how long a start takes: many JVM services need minutes.
const QUIET_START: i64 = 180;

/// A container that was ready before must be unready for so many seconds: one failed period is no incident.
const BLIP: i64 = 30;

/// Kills by liveness and startup probes, readiness probes that keep failing, and why.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view)
        .filter(|c| !c.is_plain_init())
        .flat_map(|case| kills(&case).or_else(|| unready(&case)).unwrap_or_default())
        .collect()
}

/// The event that says that the kubelet killed the container's last run for a probe, if that goes on.
pub(crate) fn killed_by_probe<'a>(case: &Case<'a>) -> Option<&'a Event> {
    if case.course() != Course::Ongoing {
        return None;
    }
    let end = case.ended()?;
    let kill = probe_kill(case)?;
    // SIGKILL and SIGTERM are how the kubelet ends it; another code counts when it came right after the kill.
    let grace = case.pod.spec.termination_grace_period_seconds.unwrap_or(30) + BLIP;
    let near = end.finished_at.zip(kill.last()).is_some_and(|(f, k)| f.duration_since(k).as_secs().abs() <= grace);
    (end.reason != "OOMKilled" && (matches!(end.exit_code, 137 | 143) || near)).then_some(kill)
}

/// The newest event that says that the kubelet killed the container for a probe.
pub(super) fn probe_kill<'a>(case: &Case<'a>) -> Option<&'a Event> {
    let says = format!("ontainer {} failed ", case.spec.name);
    case.events()
        .into_iter()
        .rev()
        .find(|e| e.reason == "Killing" && e.text().contains(&says) && e.text().contains("probe"))
}

/// The newest failure of a probe of this container: `Liveness probe failed: ...`, without the prefix.
fn last_failure<'a>(case: &Case<'a>, which: &str) -> Option<(&'a Event, &'a str)> {
    case.events()
        .into_iter()
        .rev()
        .filter(|e| e.reason == "Unhealthy" && e.container().is_none_or(|c| c == case.spec.name))
        .find_map(|e| {
            let rest = e.text().strip_prefix(which)?;
            Some((e, rest.strip_prefix(" probe failed: ").or_else(|| rest.strip_prefix(" probe errored: "))?))
        })
}

fn kills(case: &Case<'_>) -> Option<Vec<Finding>> {
    let kill = killed_by_probe(case)?;
    let startup = kill.text().contains("startup probe");
    let (which, name) = if startup { ("Startup", "startup") } else { ("Liveness", "liveness") };
    let probe = if startup { case.spec.startup_probe.as_ref() } else { case.spec.liveness_probe.as_ref() }?;
    let end = case.ended()?;
    let failure = last_failure(case, which);
    let got = failure.map(|(_, words)| answer(case, words));
    let said = got.as_ref().map(|g| format!(": {} {g}", probe.describe())).unwrap_or_default();
    let claim = format!("the kubelet kills {} because its {name} probe fails{said}", case.who());
    let mut how = case
        .mark(Finding::new(Reason::LivenessKills, case.unit(), claim))
        .because(format!("killed {} times in the window", kill.times()), event(kill))
        .because(
            format!("{} restarts, the last run ended with {}", case.restarts(), super::crash::ending(end)),
            case.end_evidence(end),
        )
        .because(
            arithmetic(probe, name),
            case.says(format!("spec.containers[{}].{name}Probe: {}", case.spec.name, probe.describe())),
        )
        .since(kill.first());
    if let Some((e, _)) = failure {
        how = how.because(format!("the {name} probe fails"), event(e));
    }
    how = exclusions(case, how).action(
        "read the log of the run that was killed",
        Some(case.log_command(case.running_since().is_some())),
        "none",
    );
    let reason =
        why(case, probe, name, failure.map_or("", |(_, words)| words)).map(|w| explain(case, probe, name, w, &how));
    Some(std::iter::once(how).chain(reason).collect())
}

fn unready(case: &Case<'_>) -> Option<Vec<Finding>> {
    let probe = case.spec.readiness_probe.as_ref()?;
    let status = case.status.filter(|s| !s.ready && s.started != Some(false))?;
    let since = case.running_since().filter(|_| case.course() != Course::Ongoing)?;
    let (failed, words) = last_failure(case, "Readiness").filter(|(e, _)| e.last().is_none_or(|at| at >= since))?;
    let unready_since = case.pod.condition("Ready").and_then(|c| *c.last_transition_time).unwrap_or(since);
    if case.view.age(since) < patience(case, probe, words) || case.view.age(unready_since) < BLIP {
        return None;
    }
    let got = answer(case, words);
    let claim = format!("{} runs but its readiness probe fails: {} {got}", case.who(), probe.describe());
    let mut how = case
        .mark(Finding::new(Reason::ReadinessFails, case.unit(), claim))
        .because(format!("the readiness probe failed {} times in the window", failed.times()), event(failed))
        .because(
            format!("it runs for {} with {} restarts", span(case.view.age(since)), status.restart_count),
            case.says(format!("{} running: startedAt={since} ready=false", case.path())),
        )
        .since(failed.first());
    if let Some(line) = case.run_log().and_then(|l| l.tail.last()) {
        how = how.because("the last line of its log", crate::evidence::log(&case.of(), false, line));
    }
    how = exclusions(case, how);
    how = how.action("read its log", Some(case.log_command(false)), "none");
    let reason = why(case, probe, "readiness", words).map(|w| explain(case, probe, "readiness", w, &how));
    Some(std::iter::once(how).chain(reason).collect())
}

/// How long the container may take to become ready before that is a failure.
fn patience(case: &Case<'_>, probe: &Probe, words: &str) -> i64 {
    let own = (probe.initial_delay_seconds + 3 * probe.period()).max(START);
    match sibling_start(case) {
        Some(needed) => own.max(2 * needed),
        None if words.contains("refused") && listens(case).is_empty() => own.max(QUIET_START),
        None => own,
    }
}

/// Seconds that the quickest ready sibling needed from its start to readiness.
pub(crate) fn sibling_start(case: &Case<'_>) -> Option<i64> {
    let siblings = case.view.pods_of(&case.unit());
    let times = siblings.iter().filter(|p| p.metadata.name != case.pod.metadata.name && p.is_ready()).filter_map(|p| {
        let status = p.status.container_statuses.iter().find(|s| s.name == case.spec.name && s.restart_count == 0)?;
        let started = (*status.state.running.as_ref()?.started_at)?;
        Some((*p.condition("Ready")?.last_transition_time)?.duration_since(started).as_secs().max(0))
    });
    times.min()
}

/// `gives up after 30 s (initial delay 0 s + period 10 s x 3 failures)`.
pub(super) fn arithmetic(probe: &Probe, name: &str) -> String {
    format!(
        "the {name} probe gives up after {} s (initial delay {} s + period {} s x {} failures)",
        probe.patience(),
        probe.initial_delay_seconds,
        probe.period(),
        probe.failures()
    )
}

/// The finding that says why the probe fails.
fn explain(case: &Case<'_>, probe: &Probe, name: &str, why: Why, how: &Finding) -> Finding {
    let mut finding =
        case.mark(Finding::new(why.reason, case.unit(), why.claim)).confidence(why.confidence).since(how.since);
    finding.proof = why.proof;
    finding.proof.extend(how.proof.iter().cloned());
    finding.ruled_out.clone_from(&how.ruled_out);
    let field = format!("{name}Probe");
    let (what, check) = match why.reason {
        Reason::ProbeImpatient => {
            (format!("give the process time: a startupProbe, or a higher {field}.failureThreshold"), case.watch())
        }
        _ => (format!("correct {field} of container {} (now: {})", case.spec.name, probe.describe()), case.watch()),
    };
    finding = finding.action(what, Some(case.edit()), "low: replaces the pods").check(check);
    match case.undo() {
        Some(undo) => finding
            .action("or go back to the revision before", Some(undo), "low: replaces the pods")
            .check(case.watch()),
        None => finding,
    }
}

fn exclusions(case: &Case<'_>, mut finding: Finding) -> Finding {
    match case.ended() {
        Some(end) if end.reason != "OOMKilled" => {
            let text =
                format!("the memory limit: the last run ended with exit code {}, reason {}", end.exit_code, end.reason);
            finding = finding.rules_out(text, case.end_evidence(end));
        }
        None => {
            let says = case.says(format!("{}: restartCount={} lastState: none", case.path(), case.restarts()));
            finding = finding.rules_out("the process ending: it has run without a restart", says);
        }
        Some(_) => {}
    }
    let image = case.status.filter(|s| !s.image_id.is_empty());
    match image {
        Some(status) => finding
            .rules_out("the image: it was pulled", case.says(format!("{}.imageID={}", case.path(), status.image_id))),
        None => finding.confidence(Confidence::Medium),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    struct Shape<'a> {
        probes: &'a str,
        status: &'a str,
        event: &'a str,
        kill: bool,
        log: &'a str,
    }

    fn found(shape: &Shape<'_>) -> Vec<Finding> {
        let owner = "ownerReferences: [{kind: StatefulSet, name: web, controller: true}]";
        let kill = if shape.kill { "Container web failed liveness probe, will be restarted" } else { "Stopping" };
        let yaml = format!(
            "
kind: Pod
metadata: {{name: web-0, {owner}}}
spec: {{restartPolicy: Always, containers: [{{name: web, ports: [{{name: http, containerPort: 8080}}], {}}}]}}
status: {{podIP: 10.0.0.7, conditions: [{{type: Ready, status: 'False', lastTransitionTime: AGO(9m)}}], containerStatuses: [{{name: web, started: true, imageID: x, {}}}]}}
---
kind: Pod
metadata: {{name: web-1, {owner}}}
spec: {{containers: [{{name: web}}]}}
status: {{conditions: [{{type: Ready, status: 'True', lastTransitionTime: AGO(50m)}}], containerStatuses: [{{name: web, ready: true, state: {{running: {{startedAt: AGO(51m)}}}}}}]}}
---
kind: Event
metadata: {{name: e1}}
involvedObject: {{kind: Pod, namespace: shop, name: web-0, fieldPath: 'spec.containers{{web}}'}}
reason: Unhealthy
type: Warning
count: 9
message: {:?}
lastTimestamp: AGO(5s)
---
kind: Event
metadata: {{name: e2}}
involvedObject: {{kind: Pod, namespace: shop, name: web-0}}
reason: Killing
message: {kill}
lastTimestamp: AGO(21s)
",
            shape.probes, shape.status, shape.event
        );
        detect(&Scene::default().yaml(&yaml).log("web-0/web", shape.log).previous_log("web-0/web", shape.log).view())
    }

    const READY: &str = "readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 5}";
    const LIVE: &str = "livenessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 10}";
    const RUNS: &str = "restartCount: 0, ready: false, state: {running: {startedAt: AGO(10m)}}";
    const STARTS: &str = "restartCount: 0, ready: false, state: {running: {startedAt: AGO(80s)}}";
    const KILLED: &str = "restartCount: 5, ready: false, state: {running: {startedAt: AGO(20s)}}, lastState: {terminated: {exitCode: 137, reason: Error, startedAt: AGO(60s), finishedAt: AGO(21s)}}";
    const HUNG: &str = "restartCount: 5, ready: false, state: {running: {startedAt: AGO(20s)}}, lastState: {terminated: {exitCode: 137, reason: Error, startedAt: AGO(50m), finishedAt: AGO(21s)}}";
    const NOT_FOUND: &str = "Readiness probe failed: HTTP probe failed with statuscode: 404";
    const REFUSED: &str = "Readiness probe failed: Get \"http://10.0.0.7:8080/healthz\": dial tcp 10.0.0.7:8080: connect: connection refused";
    const LIVE_REFUSED: &str = "Liveness probe failed: Get \"http://10.0.0.7:8080/healthz\": dial tcp 10.0.0.7:8080: connect: connection refused";
    const OTHER_PORT: &str = "INFO server listening on 0.0.0.0:8081\n";
    const OTHER_PATH: &str = "level=info msg=\"listening on :8080\" health=/health\n";

    #[rstest::rstest]
    #[case::wrong_path(Shape { probes: READY, status: RUNS, event: NOT_FOUND, kill: false, log: OTHER_PATH }, &[(Reason::ReadinessFails, "/healthz on port 8080 answers 404"), (Reason::ProbeWrong, "/health")])]
    #[case::wrong_port(Shape { probes: READY, status: RUNS, event: REFUSED, kill: false, log: OTHER_PORT }, &[(Reason::ReadinessFails, "connection refused"), (Reason::ProbeWrong, "listens on port 8081")])]
    #[case::unavailable(Shape { probes: READY, status: RUNS, event: "Readiness probe failed: HTTP probe failed with statuscode: 503", kill: false, log: "" }, &[(Reason::ReadinessFails, "answers 503")])]
    #[case::impatient(Shape { probes: LIVE, status: KILLED, event: LIVE_REFUSED, kill: true, log: "INFO loading model\n" }, &[(Reason::LivenessKills, "its liveness probe fails"), (Reason::ProbeImpatient, "30 s")])]
    #[case::kills_on_the_wrong_path(Shape { probes: LIVE, status: KILLED, event: "Liveness probe failed: HTTP probe failed with statuscode: 404", kill: true, log: "" }, &[(Reason::LivenessKills, "404"), (Reason::ProbeWrong, "404")])]
    #[case::hangs_after_a_long_run(Shape { probes: LIVE, status: HUNG, event: LIVE_REFUSED, kill: true, log: "" }, &[(Reason::LivenessKills, "liveness")])]
    #[case::ends_by_itself(Shape { probes: LIVE, status: KILLED, event: LIVE_REFUSED, kill: false, log: "" }, &[])]
    #[case::still_starting(Shape { probes: READY, status: STARTS, event: NOT_FOUND, kill: false, log: "" }, &[])]
    #[case::ready_again(Shape { probes: READY, status: "ready: true, state: {running: {startedAt: AGO(10m)}}", event: NOT_FOUND, kill: false, log: "" }, &[])]
    fn probing(#[case] shape: Shape<'_>, #[case] expected: &[(Reason, &str)]) {
        let found = found(&shape);
        let reasons: Vec<Reason> = found.iter().map(|f| f.reason).collect();
        assert_eq!(reasons, expected.iter().map(|(r, _)| *r).collect::<Vec<_>>(), "{found:#?}");
        for (finding, (_, says)) in found.iter().zip(expected) {
            assert!(finding.claim.contains(says) && !finding.claim.contains("10.0.0.7"), "{}", finding.claim);
            assert!(finding.claim.contains("StatefulSet shop/web") && !finding.proof.is_empty());
        }
    }
}

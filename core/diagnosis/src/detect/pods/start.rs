//! Pods that do not get as far as their containers: init containers, the sandbox, volumes.
//!
//! Must stay silent about a failed mount that a later try mended: the kubelet tries again by itself, and a pod that
//! starts shows that it worked.

use crate::entity::{EntityRef, Kind};
use crate::evidence::{event, log};
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Event, Pod};
use crate::view::View;

use super::container::{Case, Course, is_current, of_pod};
use super::crash::ending;
use super::mounts::mount;
use crate::detect::logs::quote::said;
use crate::detect::logs::unknown::named_but_absent;
use crate::detect::say::span;

/// An init container that runs for longer than this does not end by itself, in seconds.
const HANGS: i64 = 120;

/// A pod may take this long to be given its sandbox, volumes and images, in seconds.
const CREATING: i64 = 300;

/// A failure to make the sandbox or a mount counts when it repeated or lasts for so many seconds.
const LASTS: i64 = 60;

/// Init containers, sandboxes, mounts, pods that are created for too long.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.pods.iter().filter(|p| is_current(view, p) && !p.is_ready()).flat_map(|pod| one(view, pod)).collect()
}

fn one(view: &View, pod: &Pod) -> Vec<Finding> {
    let plain = of_pod(view, pod).filter(Case::is_plain_init);
    let inits: Vec<Finding> = plain
        .filter_map(|c| Some((init(&c)?, waits_for_nobody(&c))))
        .flat_map(|(how, why)| std::iter::once(how).chain(why))
        .collect();
    if !inits.is_empty() {
        return inits;
    }
    let Some(case) = of_pod(view, pod).find(|c| is_creating(c)) else { return Vec::new() };
    sandbox(&case).or_else(|| mount(&case)).or_else(|| created_for_long(&case)).into_iter().collect()
}

/// Whether a container waits for what comes before it: sandbox, volumes, init containers.
fn is_creating(case: &Case<'_>) -> bool {
    !case.pod.spec.node_name.is_empty()
        && match case.status {
            None => true,
            Some(_) => case
                .waiting()
                .is_some_and(|w| matches!(w.reason.as_str(), "ContainerCreating" | "PodInitializing" | "")),
        }
}

fn init(case: &Case<'_>) -> Option<Finding> {
    let words = case.end_log().and_then(|(l, previous)| Some((l.fatal.as_ref().or(l.tail.last())?, previous)));
    if case.course() == Course::Ongoing
        && let Some(end) = case.ended().filter(|e| e.exit_code != 0)
    {
        let last = words.map(|(l, _)| format!("; its log ends with \"{}\"", said(case, l))).unwrap_or_default();
        let claim = format!("{} fails with {}, so the pod does not start{last}", case.who(), ending(end));
        let mut finding = case
            .mark(Finding::new(Reason::InitFailing, case.unit(), claim))
            .because(format!("{} restarts of the init container", case.restarts()), case.end_evidence(end))
            .since(*end.finished_at);
        if let Some((line, previous)) = words {
            finding = finding.because("its last words", log(&case.of(), previous, line));
        }
        return Some(finish(case, finding));
    }
    let since = case.running_since().filter(|at| case.view.age(*at) >= HANGS)?;
    let line = case.run_log().and_then(|l| l.tail.last());
    let last = line.map(|l| format!("; its log says \"{}\"", said(case, l))).unwrap_or_default();
    let claim = format!("{} does not end, so the pod does not start{last}", case.who());
    let mut finding = case
        .mark(Finding::new(Reason::InitFailing, case.unit(), claim))
        .because(
            format!("it runs for {}", span(case.view.age(since))),
            case.says(format!("{} running: startedAt={since}", case.path())),
        )
        .since(Some(since))
        .confidence(Confidence::Medium);
    if let Some(line) = line {
        finding = finding.because("the last line of its log", log(&case.of(), false, line));
    }
    // What it waits for is often a Service that its command names.
    for service in case.view.services.within(case.ns()) {
        let name = service.metadata.name.as_str();
        if case.spec.command.iter().chain(&case.spec.args).any(|a| crate::detect::logs::origin::holds(a, name)) {
            finding = finding.points_at(EntityRef::new(Kind::Service, case.ns(), name));
        }
    }
    Some(finish(case, finding))
}

/// The host that an init container waits for, when there is no such Service but one of nearly that name.
fn waits_for_nobody(case: &Case<'_>) -> Option<Finding> {
    let texts =
        case.run_log().or_else(|| case.end_log().map(|(l, _)| l)).and_then(|l| l.tail.last()).map(|l| l.text.as_str());
    let args = case.spec.command.iter().chain(&case.spec.args).map(String::as_str);
    named_but_absent(case, &texts.into_iter().chain(args).collect::<Vec<_>>()).map(|f| case.mark(f))
}

fn finish(case: &Case<'_>, finding: Finding) -> Finding {
    let says = case.says(format!("{}.image={}", case.path(), case.spec.image));
    finding
        .rules_out("the image of the init container: it was pulled and started", says)
        .action(
            "read the log of the init container",
            Some(case.log_command(case.running_since().is_none() && case.restarts() > 0)),
            "none",
        )
        .check(case.watch())
}

fn sandbox(case: &Case<'_>) -> Option<Finding> {
    let failed = case.view.last_event(&case.pod_ref(), &["FailedCreatePodSandBox"]).filter(|e| lasts(case, e))?;
    let text = failed.text();
    let decisive = [
        "plugin type=",
        "failed to find plugin",
        "no networks found",
        "cni plugin not initialized",
        "failed to assign an IP",
        "no IP addresses available",
        "failed to get sandbox image",
        "network",
    ];
    let start = decisive.iter().find_map(|d| text.find(d)).unwrap_or(0);
    let words: String = text[start..].chars().take(200).collect();
    let claim = format!("the sandbox of the pods of {} cannot be made: {words}", case.unit());
    let mut finding = Finding::new(Reason::SandboxFailed, case.unit(), claim)
        .because("the kubelet says so", event(failed))
        .since(failed.first())
        .points_at(EntityRef::new(Kind::Node, "", case.pod.spec.node_name.clone()))
        .action(
            "look at the network plugin on the node",
            Some(format!("kubectl describe node {}", case.pod.spec.node_name)),
            "none",
        )
        .check(case.watch());
    finding.pods.insert(case.pod_ref());
    Some(finding.rules_out("the image and the configuration: the pod did not get as far", event(failed)))
}

/// Whether a failure is not a passing one.
pub(super) fn lasts(case: &Case<'_>, failed: &Event) -> bool {
    let spread = failed.first().zip(failed.last()).map_or(0, |(a, b)| b.duration_since(a).as_secs());
    let old = failed.last().is_some_and(|at| case.view.age(at) > CREATING);
    !old && (failed.times() >= 3 || spread >= LASTS)
}

fn created_for_long(case: &Case<'_>) -> Option<Finding> {
    let since = (*case.pod.status.start_time).or(*case.pod.metadata.creation_timestamp)?;
    let pulling = case.view.last_event(&case.pod_ref(), &["Pulling"]);
    let initialised = case.pod.spec.init_containers.is_empty();
    if case.view.age(since) < CREATING || !initialised || !case.view.in_window(since) && pulling.is_some() {
        return None;
    }
    let what = if pulling.is_some() { "its image is still being pulled" } else { "the kubelet reports no reason" };
    let claim =
        format!("pods of {} are created for longer than {} and do not start, {what}", case.unit(), span(CREATING));
    let node = EntityRef::new(Kind::Node, "", case.pod.spec.node_name.clone());
    let mut finding = Finding::new(Reason::PodNotReady, case.unit(), claim)
        .because(
            format!("assigned {} ago", span(case.view.age(since))),
            case.says(format!("status.phase={} startTime={since}", case.pod.status.phase)),
        )
        .since(Some(since))
        .points_at(node)
        .confidence(Confidence::Low)
        .action(
            "see what the kubelet does",
            Some(format!("{} describe pod {}", case.kubectl(), case.pod.metadata.name)),
            "none",
        );
    finding.pods.insert(case.pod_ref());
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn found(status: &str, events: &[(&str, &str, u64)], log: &str) -> Vec<Finding> {
        let mut yaml = format!(
            "
kind: Pod
metadata: {{name: web}}
spec: {{nodeName: n1, containers: [{{name: web}}], initContainers: [{{name: wait, command: [sh, -c, 'until nc -z db 5432; do sleep 1; done']}}], volumes: [{{name: cfg, configMap: {{name: web-config}}}}, {{name: data, persistentVolumeClaim: {{claimName: data}}}}]}}
status: {{phase: Pending, startTime: AGO(4m), {status}}}
---
kind: Service
metadata: {{name: db}}
---
kind: ConfigMap
metadata: {{name: web-config}}
data: {{app.yml: x}}
"
        );
        let document = |(reason, message, count): &(&str, &str, u64)| {
            format!(
                "\n---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: Pod, namespace: shop, name: web}}\nreason: {reason}\ncount: {count}\nmessage: {message:?}\nfirstTimestamp: AGO(4m)\nlastTimestamp: AGO(10s)\n"
            )
        };
        yaml.extend(events.iter().map(document));
        detect(&Scene::default().yaml(&yaml).log("web/wait", log).view())
    }

    const CREATING: &str = "containerStatuses: [{name: web, state: {waiting: {reason: ContainerCreating}}}], initContainerStatuses: [{name: wait, state: {terminated: {exitCode: 0}}}]";
    const FAILING: &str = "initContainerStatuses: [{name: wait, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, finishedAt: AGO(9s)}}}]";
    const HANGING: &str = "initContainerStatuses: [{name: wait, state: {running: {startedAt: AGO(4m)}}}]";
    const YOUNG: &str = "initContainerStatuses: [{name: wait, state: {running: {startedAt: AGO(40s)}}}]";
    const MOUNT: &str = "FailedMount";

    #[rstest::rstest]
    #[case::init_fails(FAILING, &[], "FATAL migration 7 failed", Some((Reason::InitFailing, "Pod shop/web", "init container wait of Pod shop/web fails with exit code 1")))]
    #[case::init_hangs(HANGING, &[], "waiting for db", Some((Reason::InitFailing, "Pod shop/web", "does not end, so the pod does not start; its log says \"waiting for db\"")))]
    #[case::init_runs_for_a_moment(YOUNG, &[], "waiting for db", None)]
    #[case::sandbox(CREATING, &[("FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: plugin type=\"calico\" failed (add): no IPs", 9)], "", Some((Reason::SandboxFailed, "Pod shop/web", "plugin type=\"calico\"")))]
    #[case::no_config_map(CREATING, &[(MOUNT, "MountVolume.SetUp failed for volume \"cfg\" : configmap \"web-conf\" not found", 9)], "", Some((Reason::MissingReference, "ConfigMap shop/web-conf", "(there is \"web-config\")")))]
    #[case::no_key(CREATING, &[(MOUNT, "MountVolume.SetUp failed for volume \"cfg\" : configmap references non-existent config key: app.yaml", 9)], "", Some((Reason::MissingKey, "ConfigMap shop/web-config", "has no key \"app.yaml\" (it has app.yml)")))]
    #[case::attached_elsewhere(CREATING, &[("FailedAttachVolume", "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) web-old", 1)], "", Some((Reason::VolumeUnavailable, "PersistentVolumeClaim shop/data", "Multi-Attach")))]
    #[case::passing_sync_failure(CREATING, &[(MOUNT, "MountVolume.SetUp failed for volume \"kube-api-access-x\" : failed to sync configmap cache: timed out waiting for the condition", 1)], "", None)]
    #[case::just_created(CREATING, &[], "", None)]
    fn starts(
        #[case] status: &str,
        #[case] events: &[(&str, &str, u64)],
        #[case] log: &str,
        #[case] expected: Option<(Reason, &str, &str)>,
    ) {
        let found = found(status, events, log);
        assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
        if let (Some(f), Some((reason, blame, says))) = (found.first(), expected) {
            assert_eq!((f.reason, f.blame[0].to_string().as_str()), (reason, blame));
            assert!(f.claim.contains(says), "{}", f.claim);
            assert!(f.actions.iter().any(|a| a.command.is_some()) && f.pods.len() == 1);
        }
    }

    #[test]
    fn a_mount_that_failed_before_the_pod_started_is_nothing() {
        let yaml = "
kind: Pod
metadata: {name: web}
spec: {nodeName: n1, containers: [{name: web}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: web, ready: true, state: {running: {startedAt: AGO(3m)}}}]}
---
kind: Event
metadata: {name: e}
involvedObject: {kind: Pod, namespace: shop, name: web}
reason: FailedMount
count: 5
message: 'MountVolume.SetUp failed for volume \"cfg\" : secret \"x\" not found'
lastTimestamp: AGO(4m)
";
        assert!(detect(&Scene::default().yaml(yaml).view()).is_empty());
    }
}

//! Commands that the container runtime cannot start, and mounts that it cannot make.
//!
//! The words are runc's and containerd's, found in the waiting message or in the message of the run that never began
//! (`StartError`, `ContainerCannotRun`).

use crate::finding::{Finding, Reason};

use super::container::{Case, Course};

/// Waiting reasons that mean the runtime tried and failed.
const WAITING: [&str; 4] = ["CreateContainerError", "RunContainerError", "PreCreateHookError", "PostStartHookError"];

/// Longest quotation of the runtime in a claim, in characters.
const QUOTE: usize = 240;

/// A container that the runtime cannot create or start.
pub(super) fn cannot_start(case: &Case<'_>) -> Option<Finding> {
    let (words, evidence) = words(case)?;
    let said = quote(&words);
    let claim = match kind(&words) {
        Kind::NotFound(what) => {
            format!("{} cannot be started: its command \"{what}\" does not exist in the image ({said})", case.who())
        }
        Kind::NotExecutable(what) => format!(
            "{} cannot be started: its command \"{what}\" is not executable, permission denied ({said})",
            case.who()
        ),
        Kind::Format => format!(
            "{} cannot be started: its binary is for another processor architecture or is no program ({said})",
            case.who()
        ),
        Kind::WorkingDirectory => {
            format!("{} cannot be started: its working directory cannot be used ({said})", case.who())
        }
        Kind::Mount => format!("{} cannot be created: a mount fails ({said})", case.who()),
        Kind::MemoryTooSmall => {
            format!("{} cannot be started: its memory limit is too small even for the runtime ({said})", case.who())
        }
        Kind::Other => format!("{} cannot be started: {said}", case.who()),
    };
    let command = [case.spec.command.as_slice(), case.spec.args.as_slice()].concat().join(" ");
    let shown: String = command.chars().take(QUOTE).collect();
    let says = format!("spec.containers[{}]: image={} command={shown}", case.spec.name, case.spec.image);
    let finding = case
        .mark(Finding::new(Reason::BadCommand, case.unit(), claim))
        .because("the container runtime says so", evidence.clone())
        .because("what it is asked to run", case.says(says))
        .since(case.ended().and_then(|e| *e.finished_at))
        .rules_out("the image's name and the registry: the image was pulled", evidence)
        .action("correct command, args or image", Some(case.edit()), "low: replaces the pods")
        .check(case.watch());
    Some(match case.undo() {
        Some(undo) => finding
            .action("or go back to the revision before", Some(undo), "low: replaces the pods")
            .check(case.watch()),
        None => finding,
    })
}

/// What the runtime said, if the container is down because of it.
fn words(case: &Case<'_>) -> Option<(String, crate::evidence::Evidence)> {
    if let Some(waiting) = case.waiting().filter(|w| WAITING.contains(&w.reason.as_str())) {
        let message = if waiting.message.is_empty() { waiting.reason.clone() } else { waiting.message.clone() };
        return Some((message, case.waiting_evidence(waiting)));
    }
    let end = case.ended().filter(|e| e.reason == "StartError" || e.reason == "ContainerCannotRun")?;
    (case.course() == Course::Ongoing).then(|| (end.message.clone(), case.end_evidence(end)))
}

/// What kept the runtime from it.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    NotFound(&'a str),
    NotExecutable(&'a str),
    Format,
    WorkingDirectory,
    Mount,
    MemoryTooSmall,
    Other,
}

fn kind(words: &str) -> Kind<'_> {
    let program = words.split_once("exec: \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or("");
    let has = |w: &str| words.contains(w);
    if has("exec format error") {
        Kind::Format
    } else if has("mount") && !has("exec: \"") || has("subPath") || has("subpath") {
        Kind::Mount
    } else if has("chdir to cwd") || has("mkdir cwd") || has("current working directory") {
        Kind::WorkingDirectory
    } else if has("executable file not found") || (has("no such file or directory") && !program.is_empty()) {
        Kind::NotFound(program)
    } else if has("permission denied") && !program.is_empty() {
        Kind::NotExecutable(program)
    } else if has("container init was OOM-killed") || has("memory limit too low") {
        Kind::MemoryTooSmall
    } else {
        Kind::Other
    }
}

/// The decisive end of a runtime's message: its beginning names container ids that differ from pod to pod.
fn quote(words: &str) -> String {
    let cuts = [
        "exec: \"",
        "exec /",
        "error mounting",
        "failed to prepare subPath",
        "chdir to cwd",
        "mkdir cwd",
        "container init was",
    ];
    let start = cuts.iter().find_map(|c| words.find(c)).unwrap_or(0);
    words[start..].trim().trim_end_matches(": unknown").chars().take(QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use crate::finding::Reason;
    use crate::testkit::Scene;

    const RUNC: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ";

    #[rstest::rstest]
    #[case(
        "exec: \\\"serve\\\": executable file not found in $PATH: unknown",
        Some("its command \"serve\" does not exist in the image")
    )]
    #[case("exec: \\\"/app/run.sh\\\": stat /app/run.sh: no such file or directory: unknown", Some("/app/run.sh"))]
    #[case("exec: \\\"/app/run.sh\\\": permission denied: unknown", Some("is not executable, permission denied"))]
    #[case("exec /app/run: exec format error", Some("another processor architecture"))]
    #[case(
        "chdir to cwd (\\\"/srv\\\") set in config.json failed: no such file or directory",
        Some("working directory")
    )]
    #[case("error mounting \\\"/var/x\\\" to rootfs at \\\"/etc/app.conf\\\": not a directory", Some("a mount fails"))]
    fn starts(#[case] end: &str, #[case] says: Option<&str>) {
        for status in [
            format!(
                "restartCount: 4, state: {{waiting: {{reason: CrashLoopBackOff}}}}, lastState: {{terminated: {{exitCode: 128, reason: StartError, message: \"{RUNC}{end}\"}}}}"
            ),
            format!("restartCount: 0, state: {{waiting: {{reason: RunContainerError, message: \"{RUNC}{end}\"}}}}"),
        ] {
            let yaml = format!(
                "kind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a}}]}}\nstatus: {{containerStatuses: [{{name: a, {status}}}]}}"
            );
            let found = super::super::config::detect(&Scene::default().yaml(&yaml).view());
            assert_eq!(found.len(), usize::from(says.is_some()));
            assert!(found[0].claim.contains(says.unwrap_or_default()), "{}", found[0].claim);
            assert_eq!(found[0].reason, Reason::BadCommand);
        }
    }

    #[test]
    fn a_start_that_failed_once_and_then_worked_is_silent() {
        let yaml = "
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a}]}
status: {containerStatuses: [{name: a, restartCount: 1, ready: true, state: {running: {startedAt: AGO(9m)}}, lastState: {terminated: {exitCode: 128, reason: StartError, message: x, finishedAt: AGO(10m)}}}]}
";
        assert!(super::super::config::detect(&Scene::default().yaml(yaml).view()).is_empty());
    }
}

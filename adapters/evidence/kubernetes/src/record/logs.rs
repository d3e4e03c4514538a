//! Logs on their way into files, between the markers of `kubectl cluster-info dump`.

use futures::StreamExt as _;
use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::{Object, Pod};
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::view::Content;
use midwatch_redact::Redacted;

use super::lists::sentence;
use super::{RecordError, RecordProgress, Run};
use crate::call::Ask;
use crate::failure::Failure;
use crate::logs::{Amount, target};

/// Logs that are read at once; each is in memory as a whole, to be redacted.
const AT_ONCE: usize = 4;

/// Writes the logs of all pods of a namespace.
pub(super) async fn write(run: &Run<'_>, namespace: &str) -> Result<(), RecordError> {
    let probe = Probe::Objects { kind: Kind::Pod, namespace: Some(namespace.to_owned()) };
    // The gap is told where the list of pods was to be written.
    let Ok(reading) = run.cluster.read(&probe).await else { return Ok(()) };
    let Content::Objects(objects) = reading.content else { return Ok(()) };
    let pods: Vec<&Pod> =
        objects.iter().filter_map(|o| if let Object::Pod(pod) = o { Some(&**pod) } else { None }).collect();
    let mut written = futures::stream::iter(pods.iter().map(|pod| of_pod(run, namespace, pod))).buffered(AT_ONCE);
    let mut count = 0;
    while let Some(done) = written.next().await {
        done?;
        count += 1;
        (run.progress)(RecordProgress::Logs(namespace.to_owned(), count));
    }
    Ok(())
}

async fn of_pod(run: &Run<'_>, namespace: &str, pod: &Pod) -> Result<(), RecordError> {
    let name = &pod.metadata.name;
    for (file, previous) in [("logs.txt", false), ("logs-previous.txt", true)] {
        let mut parts: Vec<Redacted<String>> = Vec::new();
        for (container, _, _) in pod.containers() {
            let of =
                ContainerRef { namespace: namespace.to_owned(), pod: name.clone(), container: container.name.clone() };
            let text = one(run, &of, previous).await;
            let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
            let marked = format!(
                "==== START logs for container {0} of pod {namespace}/{name} ====\n{text}{end}\
                 ==== END logs for container {0} of pod {namespace}/{name} ====\n",
                of.container
            );
            parts.push(run.redactor.redact_text(&marked));
        }
        let bytes: usize = parts.iter().map(|p| p.len()).sum();
        if !run.room(bytes as u64) {
            run.gap(format!("log of {namespace}/{name}: not recorded (the recording is full)"));
            return Ok(());
        }
        let mut out = run.target.create(&format!("{namespace}/{name}/{file}")).await?;
        for part in &parts {
            out.push(part).await?;
        }
        out.close().await?;
    }
    Ok(())
}

/// The log of one container, or what kubectl prints in its place.
async fn one(run: &Run<'_>, of: &ContainerRef, previous: bool) -> String {
    let amount = Amount { lines: run.options.tail_lines, bytes: run.options.max_log_bytes };
    let address = match target(of, previous, amount, false) {
        Ok(address) => address,
        Err(failure) => return format!("error: {failure}\n"),
    };
    let ask = Ask { accept: "*/*", ..Ask::json(address) };
    let cap = usize::try_from(run.options.max_log_bytes).unwrap_or(usize::MAX).saturating_add(1);
    match run.cluster.caller().page(&ask, cap).await {
        Ok(page) => {
            if let Some(why) = page.cut {
                run.gap(format!("log of {}/{} container {}: it broke off: {why}", of.namespace, of.pod, of.container));
            }
            String::from_utf8_lossy(&page.body).into_owned()
        }
        Err(failure) => {
            // That there is no log yet, or none of a run before, is no gap: the file says so.
            if !matches!(failure, Failure::Status { code: 400, .. }) {
                let why = failure.clone().of_log();
                run.gap(format!("log of {}/{} container {}: {why}", of.namespace, of.pod, of.container));
            }
            sentence(&failure)
        }
    }
}

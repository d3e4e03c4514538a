//! `midwatch snapshot`.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use midwatch_agent::port::EvidenceSource as _;
use midwatch_agent::render::clean;
use midwatch_config::{Settings, When};
use midwatch_diagnosis::shell::word;
use midwatch_kubernetes::{Cluster, RecordError, RecordOptions, RecordProgress, Recorded, record};

use crate::cli::{Common, Snapshot};
use crate::failure::Failure;
use crate::live::LiveError;
use crate::{input, live, output, settings};

use super::block_on;

/// Gaps that are listed; all of them stand in the recording.
const GAPS: usize = 20;

/// Writes a live cluster down.
pub(crate) fn run(args: &Snapshot, common: &Common) -> Result<ExitCode, Failure> {
    let flags = [
        ("kubernetes.contexts", args.context.as_ref(), "--context"),
        ("kubernetes.kubeconfig", args.kubeconfig.as_ref(), "--kubeconfig"),
    ];
    let settings = settings::load(common, &flags)?;
    let recorded = block_on(write(args, &settings))?;
    tell(&recorded)?;
    Ok(ExitCode::SUCCESS)
}

async fn write(args: &Snapshot, settings: &Settings) -> Result<Recorded, Failure> {
    let connected = live::connect(settings, live::first(settings)).await;
    let cluster = connected.map_err(|error| input::unusable(LiveError::Cluster(error)))?;
    let namespaces = namespaces(args, &cluster).await?;
    let options = RecordOptions { logs: !args.no_logs, ..RecordOptions::default() };
    let shown = match settings.output.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => io::stderr().is_terminal(),
    };
    let progress = |step: RecordProgress| {
        if shown {
            said(&match step {
                RecordProgress::Kind(what) => what,
                RecordProgress::Logs(namespace, pods) => format!("logs of {pods} pods in {namespace}"),
            });
        }
    };
    let redactor = settings::redactor(settings);
    record(&cluster, &namespaces, &args.output_directory, &options, redactor, &progress).await.map_err(failed)
}

async fn namespaces(args: &Snapshot, cluster: &Cluster) -> Result<Vec<String>, Failure> {
    if !args.all_namespaces {
        return Ok(args.namespaces.clone());
    }
    let unreadable =
        |why| Failure::no_report(format!("the namespaces cannot be listed: {why}\n  name them: -n NAMESPACE"));
    cluster.namespaces().await.map_err(unreadable)
}

fn failed(error: RecordError) -> Failure {
    match error {
        RecordError::Unreachable(_) | RecordError::Write { .. } => Failure::no_report(error),
        RecordError::NotEmpty { .. } | RecordError::NoNamespace => Failure::usage(error),
    }
}

/// What is missing to standard error, the next command to standard output.
fn tell(recorded: &Recorded) -> Result<(), Failure> {
    for gap in recorded.gaps.iter().take(GAPS) {
        said(&format!("not recorded: {gap}"));
    }
    if let Some(more) = recorded.gaps.len().checked_sub(GAPS).filter(|more| *more > 0) {
        said(&format!("and {more} more; RECORDING.md lists all"));
    }
    said(&format!("{} written; to investigate it:", size(recorded.bytes)));
    let dir = recorded.dir.display().to_string();
    let as_of = recorded.as_of.map(|at| format!(" --as-of {at}")).unwrap_or_default();
    output::print_own(&format!("midwatch investigate --snapshot {}{as_of}", word(&dir)))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// Where standard error is closed there is nobody to tell.
fn said(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", clean::block(line));
}

//! Logs: lines as they are, with what the whole log says by wordings.

use std::fmt::Write as _;

use async_trait::async_trait;
use midwatch_agent::followup::session::{Fits, Needs, moment};
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::logs::{Level, LogDigest, LogLine, PICK_CAP, Pick, Picked};
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::view::{Collected, Content};
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads};
use super::moments::past;
use crate::tool::{ToolError, ToolResult};

/// Lines of each log when nobody says how many.
const LINES: u32 = 200;

/// Wordings of each log.
const WORDINGS: usize = 12;

/// `read_log`.
pub(super) struct Log;

/// Which lines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A pod or a workload: `pod/api-7d9f`, `deployment/checkout`. Of a workload the pods that fail come first.
    object: String,
    /// Its namespace. Leave out when the name is clear without.
    #[serde(default)]
    namespace: Option<String>,
    /// The container. Leave out for those that run or fail.
    #[serde(default)]
    container: Option<String>,
    /// True for the run before the last restart: what a container said before it died.
    #[serde(default)]
    previous: Option<bool>,
    /// Only lines with this text in them, in any case. Plain text, no regular expression.
    #[serde(default)]
    grep: Option<String>,
    /// Only lines written since then: a time as RFC 3339, or how long ago as `10m`, `2h`.
    #[serde(default)]
    since: Option<String>,
    /// Lines from the end of each log, 200 if left out, 1000 at most.
    #[serde(default)]
    tail: Option<u32>,
}

#[async_trait]
impl Reads for Log {
    type Asked = Asked;
    const NAME: &'static str = "read_log";
    const SET: &'static str = "logs";
    const DESCRIPTION: &'static str = "Reads logs of a pod or workload: the last lines that fit the filter, and for the whole log its wordings with counts (gravest \
         first) and its first error. After a restart read with previous=true. Says out of how many lines they were picked: no matching line \
         means none in what was read, not that it never happened.";

    async fn read(desk: &Desk, asked: Asked) -> Result<ToolResult, ToolError> {
        let since = asked.since.as_deref().map(past).transpose()?;
        let (containers, left_out, before, pick) = {
            let mut open = desk.open().await;
            let namespace = asked.namespace.as_deref();
            let found = open.find(Some(&asked.object), namespace, Needs::Workloads, Fits::Pods).await?;
            let containers = open.session.containers(&found, asked.container.as_deref()).map_err(ToolError::Failed)?;
            let now = open.view()?.now();
            let pick = Pick {
                lines: asked.tail.unwrap_or(LINES).clamp(1, PICK_CAP),
                grep: asked.grep.clone(),
                since: since.map(|since| moment(now, since)),
            };
            (containers.chosen, containers.left_out, open.session.taken(), pick)
        };
        let previous = asked.previous.unwrap_or_default();
        let probe = |of: &ContainerRef| Probe::Lines { of: of.clone(), previous, pick: pick.clone() };
        let (logs, mut taken) = desk.read(containers.iter().map(probe).collect()).await;
        taken.probes.splice(0..0, before.probes);
        taken.bytes += before.bytes;
        taken.cut_short |= before.cut_short;
        let open = desk.open().await;
        let summary = summary(&asked, &logs, previous);
        let mut text = logs.iter().map(|log| section(log, &pick)).collect::<Vec<_>>().join("\n\n");
        if !left_out.is_empty() {
            let _ = write!(text, "\n\nNot read: {}. Name one to read it.", left_out.join(", "));
        }
        let command = logs.iter().map(|log| log.probe.command()).collect::<Vec<_>>().join("\n");
        let about = about(&containers);
        if logs.iter().all(|log| log.result.is_err()) {
            return Err(ToolError::Failed(text));
        }
        Ok(open.result_of(summary, text, command, about, taken))
    }
}

/// The pod, where all of the containers are of one.
fn about(containers: &[ContainerRef]) -> Option<EntityRef> {
    let first = containers.first()?;
    let of_one = containers.iter().all(|c| (&c.namespace, &c.pod) == (&first.namespace, &first.pod));
    of_one.then(|| EntityRef::new(Kind::Pod, &first.namespace, first.pod.clone()))
}

fn summary(asked: &Asked, logs: &[Collected], previous: bool) -> String {
    let picked: Vec<&Picked> = logs.iter().filter_map(|log| digest(log)?.picked.as_ref()).collect();
    let given: usize = picked.iter().map(|p| p.lines.len()).sum();
    let matched: u64 = picked.iter().map(|p| p.matched).sum();
    let searched: u64 = picked.iter().map(|p| p.searched).sum();
    let filter = asked.grep.as_ref().map(|text| format!(" with `{text}`")).unwrap_or_default();
    let run = if previous { ", previous run" } else { "" };
    let logs = if logs.len() == 1 { "the log".to_owned() } else { format!("{} logs", logs.len()) };
    format!("{given} of {matched} lines{filter} out of {searched} read, {logs} of {}{run}", asked.object)
}

fn digest(log: &Collected) -> Option<&LogDigest> {
    match &log.result {
        Ok(Content::Log(digest)) => Some(digest),
        _ => None,
    }
}

/// One log.
fn section(log: &Collected, pick: &Pick) -> String {
    let (Probe::Lines { .. }, Some(digest)) = (&log.probe, digest(log)) else {
        let why = log.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        return format!("== {}: {why}", log.probe);
    };
    let mut out = format!("== {}: {} lines, {}", log.probe, digest.lines, levels(digest));
    if let (Some(from), Some(to)) = (digest.first_at, digest.last_at) {
        let _ = write!(out, ", {from} to {to}");
    }
    for gap in &log.gaps {
        let _ = write!(out, "\nnot whole: {gap}");
    }
    if !digest.templates.is_empty() {
        out.push_str("\nwordings of the whole log, gravest first (count, level, first, last, wording):");
    }
    for one in digest.templates.iter().take(WORDINGS) {
        let at = |line: &LogLine| line.at.map_or_else(|| format!("line {}", line.number), |at| at.to_string());
        let marks = [(one.new_since_onset, " (new)"), (one.burst, " (burst)")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        let level = level(one.level);
        let _ = write!(out, "\n{} x {level} {} {} {}{marks}", one.count, at(&one.first), at(&one.last), one.pattern);
    }
    let more = digest.distinct_templates.saturating_sub(WORDINGS as u64);
    if more > 0 {
        let _ = write!(out, "\nand {more} more wordings");
    }
    if let Some(first) = &digest.first_error {
        let _ = write!(out, "\nfirst error: {}", line(first, digest.picked.as_ref().is_some_and(|p| p.stamped)));
    }
    if let Some(picked) = &digest.picked {
        let _ = write!(out, "\n{}", lines(picked, pick));
    }
    out
}

fn lines(picked: &Picked, pick: &Pick) -> String {
    let shown = picked.lines.len() as u64;
    let filter = match (&pick.grep, pick.since) {
        (None, None) => String::new(),
        (Some(text), None) => format!(" with `{text}`"),
        (None, Some(at)) => format!(" since {at}"),
        (Some(text), Some(at)) => format!(" with `{text}` since {at}"),
    };
    let untimed =
        if picked.untimed > 0 { format!("; of {} the time is not known", picked.untimed) } else { String::new() };
    let head = match picked.matched {
        0 => format!("no line{filter}"),
        all if all == shown => format!("all {all} lines{filter}{untimed} (number, line):"),
        all => format!("the last {shown} of {all} lines{filter}{untimed} (number, line):"),
    };
    std::iter::once(head).chain(picked.lines.iter().map(|l| line(l, picked.stamped))).collect::<Vec<_>>().join("\n")
}

/// A line with its number, and its time where that is not in its text.
fn line(line: &LogLine, stamped: bool) -> String {
    let time = line.at.filter(|_| stamped).map(|at| format!("{at} ")).unwrap_or_default();
    format!("#{} {time}{}", line.number, line.text)
}

fn levels(digest: &LogDigest) -> String {
    let levels = digest.levels;
    format!("{} fatal, {} errors, {} warnings", levels.fatal, levels.error, levels.warn)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Unknown => "-",
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}

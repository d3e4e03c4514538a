//! Why a probe fails: it asks for something that the process does not serve, or it gives up too early.
//!
//! Compares what is asked with what the log says is served, and the probe's arithmetic with how long a start takes.
//! Without a difference that was seen it says nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::log;
use crate::finding::{Confidence, Point, Reason};
use crate::kube::{IntOrString, Probe};
use crate::logs::{LogDigest, LogLine};

use super::container::{Case, ran_for};
use super::probes::{arithmetic, sibling_start};

/// Longest quotation of a probe's output in a claim, in characters.
const QUOTE: usize = 160;

/// Seconds that a kill may take beyond the probe's arithmetic: a period of jitter and the kubelet's own loop.
const SLACK: i64 = 20;

/// Why, and what says so.
pub(super) struct Why {
    pub(super) reason: Reason,
    pub(super) claim: String,
    pub(super) confidence: Confidence,
    pub(super) proof: Vec<Point>,
}

/// A port that a log says is listened on: `listening on :8081`, `Serving HTTP on 0.0.0.0 port 8000`, `started on port(s): 8080`.
static LISTENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:listen\w*|serving|started|bound|running|bind)\b.{0,80}?(?:\bport\b(?:\(s\))?[ =:\x22]+|addr(?:ess)?=\S*:|\d+\.\d+\.\d+\.\d+:|\[[0-9a-f:]*\]:|localhost:|(?:^|[\s*\x22'=/]):)(\d{2,5})\b").ok()
});

/// A health path that a log names.
static PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s=\x22':,(])(/(?:[a-z0-9_-]+/){0,3}(?:health|live|ready|readi|status|ping|alive)[a-z0-9/_-]*)")
        .ok()
});

/// Why this probe fails with these words, where that can be told.
pub(super) fn why(case: &Case<'_>, probe: &Probe, name: &str, words: &str) -> Option<Why> {
    let lower = words.to_lowercase();
    let asks = format!("the {name} probe of {} asks {}", case.who(), probe.describe());
    let wrong = |claim: String, confidence, proof| Some(Why { reason: Reason::ProbeWrong, claim, confidence, proof });
    if let Some(port) = unknown_named_port(case, probe) {
        let says = case.says(format!("spec.containers[{}].ports: {}", case.spec.name, ports(case)));
        let proof = vec![Point { text: format!("no port of the container is named {port}"), evidence: says }];
        return wrong(
            format!("{asks}, but the container has no port named \"{port}\" (it has {})", ports(case)),
            Confidence::High,
            proof,
        );
    }
    if let Some(code) = status_code(words).filter(|c| (400..500).contains(c) && *c != 429) {
        let (hint, proof) = other_path(case, probe);
        let scheme = if code == 400 && lower.contains("https") { ", which speaks HTTPS" } else { "" };
        return wrong(format!("{asks}, where the server answers {code}{scheme}{hint}"), Confidence::High, proof);
    }
    if lower.contains("server gave http response to https client") || lower.contains("malformed http response") {
        return wrong(format!("{asks} with the wrong scheme ({})", short(case, words)), Confidence::High, vec![]);
    }
    if probe.exec.is_some()
        && (lower.contains("executable file not found") || lower.contains("no such file or directory"))
    {
        return wrong(
            format!("{asks}, a command that is not in the image ({})", short(case, words)),
            Confidence::High,
            vec![],
        );
    }
    if lower.contains("connection refused")
        && let Some(asked) = port_number(case, probe)
        && let Some((port, evidence)) =
            listens(case).into_iter().find(|_| listens(case).iter().all(|(p, _)| *p != asked))
    {
        let proof = vec![Point { text: format!("its log says that it listens on port {port}"), evidence }];
        return wrong(
            format!("{asks} and is refused (connection refused): the process listens on port {port}"),
            Confidence::High,
            proof,
        );
    }
    if name == "readiness" {
        return undeclared_port(case, probe, &lower)
            .and_then(|(claim, proof)| wrong(format!("{asks} {claim}"), Confidence::Medium, proof));
    }
    impatient(case, probe, name, &lower)
}

/// The probe gives up before a start is done: the run lasted no longer than the probe's patience, and nothing served yet.
fn impatient(case: &Case<'_>, probe: &Probe, name: &str, words: &str) -> Option<Why> {
    let lasted = ran_for(case.ended()?)?;
    let grace = case.pod.spec.termination_grace_period_seconds.unwrap_or(30);
    let started_late = words.contains("refused")
        || words.contains("timeout")
        || words.contains("deadline")
        || words.contains("statuscode: 503");
    if !started_late || lasted > probe.patience() + probe.period() + grace + SLACK {
        return None;
    }
    let (last, previous) = match case.end_log() {
        Some((digest, previous)) => (digest.tail.last(), previous),
        None => (None, false),
    };
    let needed = sibling_start(case).filter(|s| *s > probe.patience());
    let than = needed.map(|s| format!(", while a start takes about {s} s")).unwrap_or_default();
    let claim = format!("{} for {}, before the process has started{than}", arithmetic(probe, name), case.who());
    let mut proof = vec![Point {
        text: format!("the run that was killed lasted {lasted} s"),
        evidence: case.end_evidence(case.ended()?),
    }];
    if let Some(line) = last {
        proof.push(Point {
            text: "how far it had come when it was killed".to_owned(),
            evidence: log(&case.of(), previous, line),
        });
    }
    let confidence = if last.is_some() || needed.is_some() { Confidence::High } else { Confidence::Medium };
    Some(Why { reason: Reason::ProbeImpatient, claim, confidence, proof })
}

/// Nothing answers at a port that the container does not even declare.
fn undeclared_port(case: &Case<'_>, probe: &Probe, words: &str) -> Option<(String, Vec<Point>)> {
    let asked = port_number(case, probe)?;
    let declared = !case.spec.ports.is_empty() && case.spec.ports.iter().all(|p| p.container_port != asked);
    if !declared || !words.contains("connection refused") {
        return None;
    }
    let says = case.says(format!("spec.containers[{}].ports: {}", case.spec.name, ports(case)));
    let proof = vec![Point { text: format!("the container declares {}", ports(case)), evidence: says }];
    Some((format!("and is refused (connection refused): the container declares {}, not {asked}", ports(case)), proof))
}

fn ports(case: &Case<'_>) -> String {
    let name = |p: &crate::kube::ContainerPort| match p.name.as_str() {
        "" => p.container_port.to_string(),
        name => format!("{name} {}", p.container_port),
    };
    let all: Vec<String> = case.spec.ports.iter().map(name).collect();
    if all.is_empty() { "no ports".to_owned() } else { all.join(", ") }
}

fn probe_port(probe: &Probe) -> Option<&IntOrString> {
    let http = probe.http_get.as_ref().map(|g| &g.port);
    http.or(probe.tcp_socket.as_ref().map(|t| &t.port)).or(probe.grpc.as_ref().map(|t| &t.port))
}

fn port_number(case: &Case<'_>, probe: &Probe) -> Option<i64> {
    match probe_port(probe)? {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            name.parse().ok().or_else(|| case.spec.ports.iter().find(|p| p.name == *name).map(|p| p.container_port))
        }
    }
}

fn unknown_named_port<'a>(case: &Case<'_>, probe: &'a Probe) -> Option<&'a str> {
    match probe_port(probe)? {
        IntOrString::String(name)
            if name.parse::<i64>().is_err() && case.spec.ports.iter().all(|p| p.name != *name) =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// The HTTP status that the kubelet reports: `HTTP probe failed with statuscode: 404`.
fn status_code(words: &str) -> Option<i64> {
    let (_, rest) = words.split_once("statuscode: ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// What the probe gets, as a clause that is the same for every pod.
pub(super) fn answer(case: &Case<'_>, words: &str) -> String {
    if let Some(code) = status_code(words) {
        format!("answers {code}")
    } else if words.contains("connection refused") {
        "is refused (connection refused)".to_owned()
    } else if ["context deadline exceeded", "Client.Timeout", "timed out", "i/o timeout"]
        .iter()
        .any(|w| words.contains(w))
    {
        let seconds = [&case.spec.readiness_probe, &case.spec.liveness_probe, &case.spec.startup_probe];
        let limit = seconds.into_iter().flatten().map(|p| p.timeout_seconds.max(1)).max().unwrap_or(1);
        format!("does not answer in time (time-out {limit} s)")
    } else {
        format!("fails with \"{}\"", short(case, words))
    }
}

/// The words without what differs from pod to pod.
fn short(case: &Case<'_>, words: &str) -> String {
    let ip = case.pod.status.pod_ip.as_str();
    let words = if ip.is_empty() { words.to_owned() } else { words.replace(ip, "POD") };
    words
        .replace(&case.pod.metadata.name, "POD")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(QUOTE)
        .collect()
}

/// Ports that the container's logs say it listens on.
pub(super) fn listens(case: &Case<'_>) -> Vec<(i64, crate::evidence::Evidence)> {
    let Some(regex) = LISTENS.as_ref() else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (line, previous) in lines(case) {
        let ports = regex.captures_iter(&line.text).filter_map(|c| c.get(1)?.as_str().parse::<i64>().ok());
        for port in ports.filter(|p| (1..65536).contains(p)) {
            if seen.insert(port) {
                found.push((port, log(&case.of(), previous, line)));
            }
        }
    }
    found
}

/// Another health path that the log names.
fn other_path(case: &Case<'_>, probe: &Probe) -> (String, Vec<Point>) {
    let asked = probe.http_get.as_ref().map_or("/", |g| g.path.as_str());
    let found = lines(case).find_map(|(line, previous)| {
        let path = PATHS
            .as_ref()?
            .captures_iter(&line.text)
            .filter_map(|c| c.get(1))
            .map(|m| m.as_str())
            .find(|p| *p != asked)?;
        Some((path.to_owned(), log(&case.of(), previous, line)))
    });
    match found {
        Some((path, evidence)) => (
            format!("; its log names {path}"),
            vec![Point { text: format!("its log names {path}, not {asked}"), evidence }],
        ),
        None => (String::new(), vec![]),
    }
}

/// The lines of a container's logs that were kept, each once, the current log first.
fn lines<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a LogLine, bool)> {
    let current = case.run_log().map(|l| (l, false));
    let previous = case.view.log(&case.of(), true).and_then(|l| l.as_ref().ok()).map(|l| (l, true));
    current.into_iter().chain(previous).flat_map(|(digest, previous)| kept(digest).map(move |line| (line, previous)))
}

fn kept(digest: &LogDigest) -> impl Iterator<Item = &LogLine> {
    digest.templates.iter().map(|t| &t.first).chain(&digest.last_success).chain(&digest.tail)
}

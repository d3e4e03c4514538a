//! Causes that only logs tell: which line of a container's log says why it fails, and who is to blame for it.
//!
//! Start at [`detect`]. A crash is explained by the end of its log; a running container's complaint counts only while
//! it goes on. What a complaint means is told by its kind: [`super::network`], [`super::access`], [`super::config`],
//! [`super::storage`]. Must stay silent about complaints that were followed by success, and about starts that are still
//! within their time.

use crate::evidence::log;
use crate::finding::{Confidence, Finding, Reason};
use crate::logs::{Hit, Level, LogDigest, LogLine, Signature};
use crate::view::View;

use super::access;
use super::config;
use super::names::TELLING_PORTS;
use super::network;
use super::quote::said;
use super::storage;
use super::unknown::{complaint, last_words, unknown_end};
use crate::detect::pods::container::{Case, Course, cases};
use crate::detect::pods::crash::ending;
use crate::detect::pods::probes::{killed_by_probe, sibling_start};

/// A hit within so many lines of a crashed container's end belongs to its end: longer than most stack traces.
const END: u64 = 40;

/// A running container's complaint is ongoing when its last line is younger than this, in seconds.
const FRESH: i64 = 120;

/// A complaint of a ready container needs so many repetitions: once or twice is what retries are for.
pub(super) const REPEATED: u64 = 3;

/// Repetitions from which a warning of a ready container counts: a start that waits for its peers stays below.
const INSISTENT: u64 = 6;

/// The rank of complaints that name a cause by themselves: a name, a certificate, a credential, a full disk.
const STRONG: u8 = 4;

/// A container that is not ready may complain for so long, in seconds: dependencies start, too.
const START: i64 = 60;

/// A complaint that counts, and where it stands.
pub(super) struct Told<'a> {
    pub(super) case: Case<'a>,
    pub(super) hit: &'a Hit,
    pub(super) previous: bool,
    /// The container ended with it.
    pub(super) crashed: bool,
    pub(super) confidence: Confidence,
}

/// What logs say about containers that crash, are not ready or complain without end.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    cases(view).filter_map(|case| one(&case)).collect()
}

fn one(case: &Case<'_>) -> Option<Finding> {
    if case.crashed() {
        return match of_crash(case) {
            Some(told) => Some(explain(&told)),
            None => Some(finish(case, unknown_end(case)?, case.end_log().is_some_and(|(_, previous)| previous))),
        };
    }
    match of_run(case) {
        Some(told) => Some(explain(&told)),
        None if is_unready(case) => complaint(case).map(|f| finish(case, f, false)),
        None => None,
    }
}

/// Whether the container runs, has had the time that a start takes, and is not ready.
fn is_unready(case: &Case<'_>) -> bool {
    case.running_since().is_some_and(|at| !is_starting(case, at)) && case.status.is_some_and(|s| !s.ready)
}

/// Whether a run is no older than a start may take.
fn is_starting(case: &Case<'_>, since: jiff::Timestamp) -> bool {
    case.view.age(since) < sibling_start(case).map_or(START, |s| START.max(2 * s))
}

fn explain(told: &Told<'_>) -> Finding {
    network::explain(told)
        .or_else(|| access::explain(told))
        .or_else(|| storage::explain(told))
        .unwrap_or_else(|| config::explain(told))
}

impl Case<'_> {
    /// Whether the container ends by itself again and again.
    fn crashed(&self) -> bool {
        let end = self.ended().filter(|e| {
            e.exit_code != 0 && !matches!(e.reason.as_str(), "OOMKilled" | "StartError" | "ContainerCannotRun")
        });
        end.is_some() && self.course() == Course::Ongoing && killed_by_probe(self).is_none()
    }

    /// Whether the log of the run that ended says why it ended.
    pub(crate) fn explained_by_log(&self) -> bool {
        self.crashed() && (of_crash(self).is_some() || last_words(self).is_some())
    }
}

/// The hit that ended the last run.
fn of_crash<'a>(case: &Case<'a>) -> Option<Told<'a>> {
    let (digest, previous) = case.end_log()?;
    let fatal = digest.fatal.as_ref();
    let speaks = |h: &&Hit| h.signature != Signature::AssertionOrPanic;
    let is_it = |h: &&Hit| fatal.is_some_and(|f| h.last.number == f.number || in_trace_of(digest, f, &h.last));
    let told = |hit, confidence| Told { case: *case, hit, previous, crashed: true, confidence };
    if let Some(hit) = digest.hits.iter().filter(speaks).filter(is_it).max_by_key(|h| (rank(h.signature), h.count)) {
        return Some(told(hit, Confidence::High));
    }
    let near = |h: &&Hit| h.success_after.is_none() && h.last.number + END >= digest.lines;
    let hit = digest.hits.iter().filter(speaks).filter(near).max_by_key(|h| (rank(h.signature), h.last.number))?;
    Some(told(hit, Confidence::Medium))
}

/// Whether a line is part of the stack trace that the fatal line opens or closes.
fn in_trace_of(digest: &LogDigest, fatal: &LogLine, line: &LogLine) -> bool {
    digest.traces.iter().any(|t| {
        let from = t.head.number;
        let to = from + u64::try_from(t.lines.len()).unwrap_or(0);
        (from..=to).contains(&fatal.number) && (from..=to).contains(&line.number)
    })
}

/// The complaint of a running container that goes on.
fn of_run<'a>(case: &Case<'a>) -> Option<Told<'a>> {
    let killed = killed_by_probe(case).is_some();
    let (digest, previous) = if killed { case.end_log()? } else { (case.run_log()?, false) };
    let since = case.running_since();
    let ready = case.status?.ready && !killed;
    let starting = since.is_none_or(|at| is_starting(case, at));
    if !killed && (since.is_none() || (!ready && starting)) {
        return None;
    }
    let counts = |h: &&Hit| {
        let often = repeated(digest, h);
        goes_on(case.view, digest, h, killed)
            && if ready { is_loud(case, h, often) } else { often >= REPEATED || h.last.level.is_error() }
    };
    let hit =
        digest.hits.iter().filter(counts).max_by_key(|h| (rank(h.signature), repeated(digest, h), h.last.number))?;
    Some(Told { case: *case, hit, previous, crashed: false, confidence: Confidence::Medium })
}

/// No success came after it, and its last line is fresh or stands at the log's end.
fn goes_on(view: &View, digest: &LogDigest, hit: &Hit, ended: bool) -> bool {
    let late =
        hit.last.number.saturating_mul(5) >= digest.lines.saturating_mul(4) || hit.last.number + 3 >= digest.lines;
    let fresh = hit.last.at.is_none_or(|at| view.age(at) <= FRESH);
    hit.success_after.is_none() && late && (fresh || ended || hit.last.number + 3 >= digest.lines)
}

/// How often the same is said of the same peer: numbers in the words (a pool's waiting threads) change from line to line.
fn repeated(digest: &LogDigest, hit: &Hit) -> u64 {
    let same = |h: &&Hit| {
        let (a, b) = (&h.values, &hit.values);
        h.signature == hit.signature && (&a.host, a.port, &a.path, &a.name) == (&b.host, b.port, &b.path, &b.name)
    };
    digest.hits.iter().filter(same).map(|h| h.count).sum()
}

/// Loud enough to count although the container is ready.
fn is_loud(case: &Case<'_>, hit: &Hit, often: u64) -> bool {
    use Signature as S;
    // A server that refuses its clients says so without naming a host; the client's own log is the one to read.
    if hit.signature == S::AuthenticationRefused && hit.values.host.is_none() && is_store(case) {
        return false;
    }
    // What would have ended the process has not, so it is somebody else's.
    let deadly = match hit.signature {
        S::CommandNotFound | S::ExecFormat | S::MissingModule | S::PortInUse => true,
        S::OutOfMemory => !hit.last.text.contains("OOM command not allowed"),
        _ => false,
    };
    let quiet = matches!(
        hit.signature,
        S::AssertionOrPanic | S::InvalidConfiguration | S::MissingConfiguration | S::MissingFile
    );
    // What a program works around it often logs as a warning; said over and over until now, it still fails.
    let insists = hit.last.level == Level::Warn && often >= INSISTENT && rank(hit.signature) >= STRONG;
    let loud = insists || (often >= REPEATED && hit.last.level >= Level::Error);
    loud && !quiet && !deadly && !is_payload(&hit.last)
}

/// Whether the workload is a data store or broker that others log in to.
fn is_store(case: &Case<'_>) -> bool {
    let services = case.view.services_of(&case.unit());
    services.iter().any(|s| s.spec.ports.iter().any(|p| TELLING_PORTS.contains(&p.port)))
}

/// Whether the complaint stands in a record that the program only passes on: a log shipper, a queue.
fn is_payload(line: &LogLine) -> bool {
    const KEYS: [&str; 7] = ["record", "payload", "line", "raw", "log", "original", "body"];
    KEYS.iter().any(|key| line.text.contains(&format!("\"{key}\":")))
}

/// What explains rather than accompanies: the higher, the nearer to a cause.
fn rank(signature: Signature) -> u8 {
    use Signature as S;
    match signature {
        S::AssertionOrPanic => 0,
        S::UpstreamUnavailable | S::QueueFull => 1,
        S::ConnectionReset | S::RateLimited | S::InvalidConfiguration => 2,
        S::ConnectionTimedOut | S::NoRoute => 3,
        // The server's own limit explains why the client's pool stays empty.
        S::TooManyConnections => STRONG + 1,
        _ => STRONG,
    }
}

impl Told<'_> {
    /// The complaint in its own words, for a claim.
    pub(super) fn quote(&self) -> String {
        said(&self.case, &self.hit.last)
    }

    /// A finding about the workload with the lines that say so.
    pub(super) fn finding(&self, reason: Reason, claim: impl Into<String>) -> Finding {
        let case = &self.case;
        let often = match self.hit.count {
            1 => "the log says so".to_owned(),
            n => format!("the log says so {n} times, last"),
        };
        let mut finding = case
            .mark(Finding::new(reason, case.unit(), claim))
            .because(often, log(&case.of(), self.previous, &self.hit.last))
            .since(self.hit.first.at)
            .confidence(self.confidence);
        if self.hit.count > 1 && self.hit.first.number != self.hit.last.number {
            finding = finding.because("and said it first here", log(&case.of(), self.previous, &self.hit.first));
        }
        if let (true, Some(end)) = (self.crashed, case.ended()) {
            finding = finding.because(format!("the run ended with {}", ending(end)), case.end_evidence(end));
        }
        finding
    }

    /// Adds what the evidence excludes and the commands that show it.
    pub(super) fn done(&self, finding: Finding) -> Finding {
        finish(&self.case, finding, self.previous)
    }
}

fn finish(case: &Case<'_>, finding: Finding, previous: bool) -> Finding {
    let mut finding = finding;
    if let Some(end) = case.ended().filter(|_| case.crashed()) {
        if end.exit_code != 137 {
            let text =
                format!("the memory limit: exit code {}, reason {}, not 137 (OOMKilled)", end.exit_code, end.reason);
            finding = finding.rules_out(text, case.end_evidence(end));
        }
        finding = finding.rules_out("the image: it was pulled and the process started", case.end_evidence(end));
    }
    finding.action("read the whole log", Some(case.log_command(previous)), "none").check(case.watch())
}

#[cfg(test)]
mod tests;

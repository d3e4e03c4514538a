//! Ends that fit no known complaint: the last words are quoted, and what they name is looked up.
//!
//! A host that they name and that is no Service, or a quoted value that a ConfigMap holds, is what would have to change.
//! Otherwise the workload is.

use std::sync::LazyLock;

use regex::Regex;

use crate::entity::{EntityRef, Kind};
use crate::evidence::{absence, log};
use crate::finding::{Confidence, Finding, Reason};
use crate::logs::LogLine;

use super::cause::REPEATED;
use super::names::{correct, in_cluster, near_service};
use super::origin::{Origin, origin};
use super::quote::said;
use crate::detect::pods::container::Case;
use crate::detect::pods::crash::ending;

/// Hosts as they stand in messages and in waiting loops: `db:5432`, `//db`, `nc -z db 5432`, `nslookup db`.
static HOSTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:\b(?:nc|nslookup|ping|getent hosts|host|telnet)(?: +-\w+(?: +\d+)?)* +|://|-h +)([a-z][a-z0-9.-]*[a-z0-9])|\b([a-z][a-z0-9.-]*[a-z0-9]):(\d{2,5})\b").ok()
});

/// Values in quotes, of three characters or more: shorter ones stand in every ConfigMap.
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"["'`]([^"'`\s]{3,80})["'`]"#).ok());

/// The finding about an end that only its last words explain.
pub(super) fn unknown_end(case: &Case<'_>) -> Option<Finding> {
    let end = case.ended()?;
    let (line, previous) = last_words(case)?;
    let first = case.end_log().and_then(|(d, _)| d.first_error.as_ref()).filter(|f| f.number < line.number);
    let opening = first.map(|f| said(case, f)).filter(|t| !t.is_empty());
    let began = opening.map(|t| format!("says \"{t}\" and ")).unwrap_or_default();
    let claim = format!("{} ends with {}; its log {began}ends with \"{}\"", case.who(), ending(end), said(case, line));
    let lines: Vec<&LogLine> = first.into_iter().chain([line]).collect();
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    let mut finding = named_but_absent(case, &texts).unwrap_or_else(|| from_config_map(case, &texts, &claim));
    if finding.claim.is_empty() {
        finding.claim = claim;
    }
    for line in lines.into_iter().rev() {
        finding = finding.because("its last words", log(&case.of(), previous, line));
    }
    let finding = finding
        .because(format!("the last run ended with {}", ending(end)), case.end_evidence(end))
        .since(*end.finished_at)
        .confidence(Confidence::Medium);
    Some(case.mark(finding))
}

/// A container that runs, is not ready and says the same error again and again, of a kind that is not known.
pub(super) fn complaint(case: &Case<'_>) -> Option<Finding> {
    let digest = case.run_log()?;
    let late =
        |l: &LogLine| l.number.saturating_mul(5) >= digest.lines.saturating_mul(4) || l.number + 3 >= digest.lines;
    let loud = |t: &&crate::logs::Template| t.level.is_error() && t.count >= REPEATED && late(&t.last);
    let template = digest.templates.iter().filter(loud).max_by_key(|t| (t.count, t.last.number))?;
    if digest.last_success.as_ref().is_some_and(|s| s.number > template.last.number) {
        return None;
    }
    let claim = format!("{} is not ready and its log repeats \"{}\"", case.who(), said(case, &template.last));
    let finding = Finding::new(Reason::LogCause, case.unit(), claim)
        .because(format!("the log says so {} times, last", template.count), log(&case.of(), false, &template.last))
        .because("and said it first here", log(&case.of(), false, &template.first))
        .since(template.first.at)
        .confidence(Confidence::Medium);
    Some(case.mark(finding))
}

/// The last words of a crash that fits no known complaint.
pub(super) fn last_words<'a>(case: &Case<'a>) -> Option<(&'a LogLine, bool)> {
    let (digest, previous) = case.end_log()?;
    let error = || digest.tail.iter().rev().find(|l| l.level.is_error()).or(digest.first_error.as_ref());
    digest.fatal.as_ref().or_else(error).map(|line| (line, previous))
}

/// The words name a host of the cluster that is no Service, while a Service of nearly that name exists.
pub(crate) fn named_but_absent(case: &Case<'_>, texts: &[&str]) -> Option<Finding> {
    let regex = HOSTS.as_ref()?;
    let hosts = texts.iter().flat_map(|t| regex.captures_iter(t)).filter_map(|c| {
        let port = c.get(3).and_then(|p| p.as_str().parse::<i64>().ok());
        Some((c.get(1).or(c.get(2))?.as_str(), port))
    });
    for (host, port) in hosts {
        let Some((name, ns)) = in_cluster(case, host) else { continue };
        let target = EntityRef::new(Kind::Service, ns, name);
        if !case.view.absent(&target) {
            continue;
        }
        let Some(near) = near_service(case, name, ns, port) else { continue };
        let source = origin(case, host);
        let from = source.as_ref().map(|o| format!("; the name comes from {}", o.text)).unwrap_or_default();
        let claim = format!(
            "{} waits for host \"{host}\": there is no Service {name} in {ns} (there is \"{near}\"){from}",
            case.who()
        );
        let finding = Finding::new(Reason::WrongValue, case.unit(), claim)
            .because(format!("{target} does not exist"), absence(&target));
        return Some(match source {
            Some(o) => correct(case, finding.blame(o.object.clone()), &o, host, near),
            None => finding
                .action(format!("use host {near}"), Some(case.edit()), "low: replaces the pods")
                .check(case.watch()),
        });
    }
    None
}

/// The words quote a value that a ConfigMap of the container holds.
fn from_config_map(case: &Case<'_>, texts: &[&str], claim: &str) -> Finding {
    let plain = || Finding::new(Reason::ExitsByItself, case.unit(), claim);
    let Some(regex) = QUOTED.as_ref() else { return plain() };
    let words = texts.iter().flat_map(|t| regex.captures_iter(t)).filter_map(|c| c.get(1)).map(|m| m.as_str());
    let found: Option<(&str, Origin)> =
        words.filter_map(|w| Some((w, origin(case, w)?))).find(|(_, o)| o.object.kind == Kind::ConfigMap);
    match found {
        Some((word, o)) => {
            let claim = format!("{claim}; \"{word}\" comes from {}", o.text);
            let finding = Finding::new(Reason::WrongValue, case.unit(), claim).blame(o.object.clone());
            correct(case, finding, &o, word, "a value that the program accepts")
        }
        None => plain(),
    }
}

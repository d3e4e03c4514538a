//! Questions that the report alone answers: why, why not, what next, who else.
//!
//! Must never say that something was looked at when the report does not: what it does not rule out was not examined, or
//! not conclusively. Pure. Start at [`told`].

use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::report::{Claim, EvidenceId, Recommendation, Report};
use midwatch_diagnosis::verdict::Verdict;

use super::say;
use crate::render::{clean, ids};

/// Pieces of evidence that are quoted with a chain.
const QUOTES: usize = 6;

/// Letters from which on a word of the question names something by itself.
const OWN_WORD: usize = 5;

/// Characters of one quote.
const QUOTE: usize = 300;

/// What people call the rivals that reports rule out: the words for each, and what would have to be read to tell.
const RIVALS: &[(&[&str], &str)] = &[
    (&["node", "host", "machine"], "the node's conditions, and whether other pods on it fail as well"),
    (&["memory", "oom", "ram", "heap"], "the last state of the containers, and their memory against the limit"),
    (&["cpu", "throttl", "slow"], "throttling of the containers against their CPU limit"),
    (&["image", "registry", "pull", "tag"], "the events of the pods, for pulls that failed"),
    (
        &["network", "policy", "policies", "firewall", "connect"],
        "the network policies that select the pods, and errors of connections in the logs",
    ),
    (&["dns", "resolve", "lookup", "coredns"], "the logs for names that did not resolve, and whether CoreDNS is ready"),
    (&["quota", "limitrange", "limit range"], "the quotas of the namespace, and events that say pods were refused"),
    (&["disk", "storage", "volume", "pvc", "claim"], "the claims of the pods, their volumes, and events of mounts"),
    (
        &["probe", "liveness", "readiness", "health check", "healthcheck"],
        "the probes of the containers, and events that say they fail",
    ),
    (
        &["config", "env", "variable", "secret", "configmap", "setting"],
        "the references of the pods, and what the logs say of settings",
    ),
    (&["deploy", "rollout", "release", "change", "revision"], "the revisions of the workload: ask `what changed?`"),
    (
        &["permission", "rbac", "rights", "forbidden"],
        "the roles of the service account, and denials in logs and events",
    ),
    (
        &["database", "db", "redis", "dependency", "dependencies", "upstream", "backend"],
        "the workloads that the settings name, and errors of connections in the logs",
    ),
    (&["certificate", "cert", "tls", "ssl"], "the certificates that are served, and what the logs say of them"),
    (&["schedul", "taint", "affinity", "room", "capacity"], "the scheduler's events of the pods"),
    (&["traffic", "load", "requests"], "request rates, which only a metrics source tells"),
];

/// Answers from the report; none when the question needs reads or is about something else.
pub fn told(asked: &Question, report: &Report) -> Option<Answer> {
    match asked {
        Question::Why => Some(why(report)),
        Question::WhyNot { what } => Some(why_not(report, what.as_deref())),
        Question::NextSteps => Some(next_steps(report)),
        Question::Timeline => Some(super::shown::timeline(report)),
        Question::WhoElse { place: None } if !report.blast_radius.is_empty() => Some(who_else(report)),
        _ => None,
    }
}

fn why(report: &Report) -> Answer {
    let head = format!(
        "{} (confidence {}): {}.",
        report.verdict.as_str(),
        report.confidence.as_str(),
        sentence(&report.root_cause)
    );
    let answer = Answer::text(head);
    if report.why.is_empty() {
        return answer.with_text("The report has no chain of evidence for it.");
    }
    let answer = answer.with_text(listed(&report.why));
    let mut cited: Vec<EvidenceId> = report.why.iter().flat_map(|c| c.evidence().iter().copied()).collect();
    cited.sort();
    cited.dedup();
    let more = cited.len().saturating_sub(QUOTES);
    let quote = |id: &EvidenceId| Some(format!("{id}  {}", say::line(report.ledger.get(*id)?.text(), QUOTE)));
    let quotes: Vec<String> = cited.iter().take(QUOTES).filter_map(quote).collect();
    let answer = answer.with_code(quotes.join("\n"));
    if more == 0 { answer } else { answer.with_text(format!("and {more} more: {}.", say::code("explain"))) }
}

fn why_not(report: &Report, what: Option<&str>) -> Answer {
    let Some(what) = what.map(str::trim).filter(|what| !what.is_empty()) else {
        return all_ruled_out(report);
    };
    let rival = RIVALS.iter().find(|(words, _)| words.iter().any(|w| speaks_of(what, w)));
    let own: Vec<&str> = what.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() >= OWN_WORD).collect();
    let words: Vec<&str> = rival.map_or_else(|| own.clone(), |(words, _)| words.to_vec());
    // Of `the node: other pods on it are fine` only the rival counts: the reason may name anything.
    let fits = |text: &str| words.iter().any(|w| speaks_of(text, w));
    let excluded: Vec<&Claim> =
        report.ruled_out.iter().filter(|c| fits(c.text.split(':').next().unwrap_or_default())).collect();
    if !excluded.is_empty() {
        return quoted(report, &excluded, Answer::text(format!("{} is ruled out:", capital(what))));
    }
    let named = |text: &str| fits(text) || own.iter().any(|w| speaks_of(text, w));
    let claimed: Vec<&Claim> = report.why.iter().filter(|c| named(&c.text)).collect();
    if report.verdict == Verdict::Cause && !claimed.is_empty() {
        let head = format!("{} is not ruled out: the chain of evidence speaks of it.", capital(what));
        return quoted(report, &claimed, Answer::text(head));
    }
    let to_read = rival.map_or("an investigation that is about it", |(_, read)| read);
    let head = format!(
        "Not examined, or not conclusively: the report neither blames nor rules out {}. To tell, this would have to be read: {to_read}.",
        say::code(what)
    );
    let gaps: Vec<_> = report.could_not_see.iter().filter(|g| fits(&g.what)).cloned().collect();
    let others = if report.ruled_out.is_empty() {
        Answer::text(head)
    } else {
        Answer::text(head).with_text(format!("What it rules out:\n{}", listed(&report.ruled_out)))
    };
    say::with_gaps(others, &gaps)
}

/// Whether a text has a word that begins so, or these words.
fn speaks_of(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let begins = text.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(&word));
    begins || (word.contains(' ') && text.contains(&word))
}

fn all_ruled_out(report: &Report) -> Answer {
    if report.ruled_out.is_empty() {
        return Answer::text("The report rules nothing out: no rival was examined conclusively.");
    }
    let all: Vec<&Claim> = report.ruled_out.iter().collect();
    quoted(report, &all, Answer::text("Ruled out:"))
}

/// Claims with what they stand on.
fn quoted(report: &Report, claims: &[&Claim], answer: Answer) -> Answer {
    let lines: Vec<String> = claims.iter().map(|c| claim(c)).collect();
    let mut cited: Vec<EvidenceId> = claims.iter().flat_map(|c| c.evidence().iter().copied()).collect();
    cited.sort();
    cited.dedup();
    let quote = |id: &EvidenceId| {
        let piece = report.ledger.get(*id)?;
        Some(format!("{id}  {}\n$ {}", say::line(piece.text(), QUOTE), clean::line(&piece.command)))
    };
    let quotes: Vec<String> = cited.iter().take(QUOTES).filter_map(quote).collect();
    answer.with_text(lines.join("\n")).with_code(quotes.join("\n"))
}

fn next_steps(report: &Report) -> Answer {
    if report.recommendations.is_empty() {
        return probes(report);
    }
    let answer = Answer::text(format!("{}.", sentence(&report.root_cause)));
    let answer = report.recommendations.iter().fold(answer, recommended);
    if report.next_probes.is_empty() { answer } else { with_probes(report, answer) }
}

fn recommended(answer: Answer, one: &Recommendation) -> Answer {
    let risk = if one.risk.is_empty() { String::new() } else { format!(" Risk: {}.", sentence(&one.risk)) };
    let answer = answer.with_text(format!("{}. {}.{risk}", one.priority, capital(&sentence(&one.action))));
    let answer = match &one.command {
        Some(command) => answer.with_code(clean::block(command)),
        None => answer,
    };
    match &one.check {
        Some(check) => answer.with_text(format!("To see that it worked: {}", say::code(check))),
        None => answer,
    }
}

/// Nothing to mend is known: what would tell more.
fn probes(report: &Report) -> Answer {
    let head = match report.verdict {
        Verdict::Healthy | Verdict::Recovered | Verdict::Expected => {
            format!("{}. Nothing has to be done for what was seen.", sentence(&report.root_cause))
        }
        _ => format!("{}. The report knows nothing that would mend it.", sentence(&report.root_cause)),
    };
    with_probes(report, Answer::text(head))
}

fn with_probes(report: &Report, answer: Answer) -> Answer {
    if !report.next_probes.is_empty() {
        let probes: Vec<String> = report.next_probes.iter().map(|p| clean::line(p).into_owned()).collect();
        return answer.with_text("What would tell more:").with_code(probes.join("\n"));
    }
    if report.could_not_see.is_empty() { answer } else { say::with_gaps(answer, &report.could_not_see) }
}

fn who_else(report: &Report) -> Answer {
    let all: Vec<&Claim> = report.blast_radius.iter().collect();
    let head = format!("Hit by it as of {} UTC:", say::when(report.as_of));
    quoted(report, &all, Answer::text(head))
}

/// Claims, a line each.
fn listed(claims: &[Claim]) -> String {
    claims.iter().map(claim).collect::<Vec<_>>().join("\n")
}

fn claim(claim: &Claim) -> String {
    format!("{} {}", sentence(&claim.text), ids(claim))
}

/// A clause without its full stop, on one line.
fn sentence(text: &str) -> String {
    clean::line(text).trim_end_matches(['.', ' ']).replace('`', "'")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    clean::line(&(first + chars.as_str())).replace('`', "'")
}

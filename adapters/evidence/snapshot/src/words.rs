//! kubectl's own sentences, which stand where an answer was expected.
//!
//! Must never take a program's log line for one: a job may itself run kubectl and be refused. A sentence counts for
//! a log only when it speaks of exactly this pod's log. Start at [`failure`] and [`log_failure`].

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{ContainerRef, ReadFailure};

/// Words are kept up to here (bytes).
const WORDS_CAP: usize = 400;

/// How lines begin that kubectl writes to its standard error.
const BEGINNINGS: &[&str] = &[
    "Error from server",
    "error: ",
    "Unable to connect to the server",
    "The connection to the server",
    "Warning: ",
    "No resources found",
    "Unauthorized",
];

/// Whether a line is one of kubectl's messages and no data.
pub(crate) fn is_message(line: &str) -> bool {
    BEGINNINGS.iter().any(|b| line.starts_with(b)) || is_klog(line)
}

/// A line of the client library's logger: `E1122 04:10:00.123456 memcache.go:265] ...`.
fn is_klog(line: &str) -> bool {
    let bytes = line.as_bytes();
    matches!(bytes.first(), Some(b'E' | b'W' | b'I'))
        && bytes.len() > 6
        && bytes[1..5].iter().all(u8::is_ascii_digit)
        && bytes[5] == b' '
}

/// Whether a message takes nothing away from the answer.
pub(crate) fn is_harmless(line: &str) -> bool {
    line.starts_with("Warning: ") || line.starts_with("No resources found") || is_klog(line)
}

/// The kind that a refusal speaks of: `cannot list resource "secrets" in API group ""`.
pub(crate) fn refused_kind(text: &str) -> Option<Kind> {
    let (_, rest) = text.split_once("resource \"")?;
    Kind::parse(rest.split_once('"')?.0)
}

/// What a message says of the objects that were asked for.
pub(crate) fn failure(text: &str) -> ReadFailure {
    let words = brief(text);
    let lower = text.to_lowercase();
    let any = |needles: &[&str]| needles.iter().any(|n| lower.contains(n));
    if any(&["(forbidden)", "is forbidden", "unauthorized", "must be logged in"]) {
        ReadFailure::Forbidden(words)
    } else if any(&["(notfound)", "doesn't have a resource type"]) {
        ReadFailure::NotFound(words)
    } else if any(&["timeout", "timed out", "deadline exceeded"]) {
        ReadFailure::TimedOut(words)
    } else {
        ReadFailure::Unreadable(words)
    }
}

/// Whether the whole text of a log is a sentence about why there is none.
pub(crate) fn log_failure(text: &str, of: &ContainerRef) -> Option<ReadFailure> {
    let text = text.trim();
    let words = || brief(text);
    if text.starts_with("unable to retrieve container logs for ")
        || text.starts_with("failed to try resolving symlinks in path ")
    {
        return Some(ReadFailure::Unreadable(words()));
    }
    let said = BEGINNINGS.iter().any(|b| text.starts_with(b))
        || text.starts_with("Request log error: ")
        || text.starts_with("Create log request error: ");
    if !said || !speaks_of(text, of) {
        return None;
    }
    if text.contains("previous terminated container") {
        Some(ReadFailure::NoPrevious)
    } else if text.contains("is waiting to start") || text.contains("server rejected our request for an unknown reason")
    {
        Some(ReadFailure::NotStarted)
    } else if text.contains("not found") || text.contains("is not valid for pod") {
        Some(ReadFailure::NotFound(words()))
    } else {
        Some(failure(text))
    }
}

/// Whether a sentence is about reading the log of this container, and not about what its program did.
fn speaks_of(text: &str, of: &ContainerRef) -> bool {
    let quoted = format!("\"{}\"", of.pod);
    let asked = format!("(get pods {})", of.pod);
    let path = format!("containerLogs/{}/{}/", of.namespace, of.pod);
    let api = format!("pods/{}/log", of.pod);
    let connection = ["Unable to connect to the server", "The connection to the server"];
    text.contains(&quoted)
        || text.contains(&asked)
        || text.contains(&path)
        || text.contains(&api)
        || text.contains("pods/log")
        || text.starts_with("Request log error: ")
        || text.starts_with("Create log request error: ")
        || connection.iter().any(|c| text.starts_with(c))
}

/// The first line that is not harmless, within bounds.
pub(crate) fn brief(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    let line = lines().find(|l| !is_harmless(l)).or_else(|| lines().next()).unwrap_or_default();
    let end = (0..=WORDS_CAP.min(line.len())).rev().find(|&i| line.is_char_boundary(i)).unwrap_or(0);
    line[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of() -> ContainerRef {
        ContainerRef { namespace: "y".into(), pod: "p".into(), container: "c".into() }
    }

    #[test]
    fn refusals_of_lists() {
        let text = r#"Error from server (Forbidden): secrets is forbidden: User "x" cannot list resource "secrets" in API group "" in the namespace "y""#;
        assert!(matches!(failure(text), ReadFailure::Forbidden(w) if w == text));
        assert_eq!(refused_kind(text), Some(Kind::Secret));
        let timeout = "E1122 04:10:00.123456     265 memcache.go:265] couldn't get list\nUnable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n";
        assert!(matches!(failure(timeout), ReadFailure::TimedOut(w) if w.starts_with("Unable to connect")));
        assert!(matches!(
            failure("error: You must be logged in to the server (Unauthorized)"),
            ReadFailure::Forbidden(_)
        ));
        assert!(matches!(failure(r#"error: the server doesn't have a resource type "foo""#), ReadFailure::NotFound(_)));
        assert!(matches!(
            failure("Unable to connect to the server: x509: unknown authority"),
            ReadFailure::Unreadable(_)
        ));
    }

    #[test]
    fn sentences_in_place_of_a_log() {
        let kind = |f: Option<ReadFailure>| f.map(|f| format!("{f:?}").split('(').next().unwrap().to_owned());
        for (text, wanted) in [
            ("unable to retrieve container logs for containerd://0a1b", "Unreadable"),
            ("Request log error: the server rejected our request for an unknown reason (get pods p)", "NotStarted"),
            (r#"Error from server (BadRequest): previous terminated container "c" in pod "p" not found"#, "NoPrevious"),
            (
                r#"Error from server (BadRequest): container "c" in pod "p" is waiting to start: PodInitializing"#,
                "NotStarted",
            ),
            (
                r#"Error from server (BadRequest): container "c" in pod "p" is waiting to start: trying and failing to pull image"#,
                "NotStarted",
            ),
            (r#"error: error from server (NotFound): pods "p" not found in namespace "y""#, "NotFound"),
            (
                r#"Error from server (Forbidden): pods "p" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "y""#,
                "Forbidden",
            ),
            (r#"failed to try resolving symlinks in path "/var/log/pods/y_p/c/0.log": no such file"#, "Unreadable"),
            (
                r#"Error from server: Get "https://10.0.0.1:10250/containerLogs/y/p/c": dial tcp 10.0.0.1:10250: i/o timeout"#,
                "TimedOut",
            ),
            (
                r#"Error from server: Get "https://10.0.0.1:10250/containerLogs/y/p/c": remote error: tls: internal error"#,
                "Unreadable",
            ),
            ("error: container c is not valid for pod \"p\"", "NotFound"),
        ] {
            assert_eq!(kind(log_failure(text, &of())).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_a_program_says_stays_its_log() {
        for text in [
            "error: cannot open database",
            r#"Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:y:backup" cannot list resource "pods" in API group "" in the namespace "y""#,
            r#"Error from server (NotFound): deployments.apps "api" not found"#,
            "listening on :8080",
            "",
        ] {
            assert_eq!(log_failure(text, &of()), None, "{text}");
        }
    }
}

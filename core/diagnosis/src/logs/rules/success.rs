//! The words around a signature: denial, retry, start and success.
//!
//! A success is only read from a line that does not deny it ("not ready", "disconnected").

use std::sync::LazyLock;

use regex::Regex;

/// What a line says works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Success {
    /// Nothing.
    #[default]
    None,
    /// The program has started; says nothing of its peers.
    Started,
    /// It serves, or its connection works again.
    Works,
}

/// Literals that may be a success.
pub(super) const WORDS: &[&str] = &[
    "connected",
    "established",
    "restored",
    "recover",
    "failover",
    "listening",
    "ready",
    "served",
    "started",
    "serving",
    "accepting connections",
    "startup complete",
    "healthy",
    "server running",
    "is running",
    "running on",
    "successfully",
    "succeeded",
    "resumed",
    "back online",
    "caught up",
    "health check",
    "up and running",
];
/// Literals that may announce a start of the program.
pub(super) const STARTS: &[&str] =
    &["starting", "booting", "start-up", "launching", "initializing", "initialising", "bootstrapping"];
/// Literals that say it will be tried again.
pub(super) const RETRIES: &[&str] = &[
    "retry",
    "retries",
    "reconnecting",
    "will try again",
    "trying again",
    "attempt",
    "backing off",
    "backoff",
    "next try",
];

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// What works according to `message`. A line that also words a failure must end in the success.
pub(super) fn read(message: &str, has_hit: bool) -> Success {
    static WORKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?i)(?:^|[^a-z_/-])(?:re-?connected|connected(?: to|$|[.!,;]|\s+successfully|\s*\()|(?:connection|link|session)(?: (?:to|with) \S+)?(?: is| was| has been)? (?:re-?)?(?:established|restored)|recovered|recovery complete\w*|failover (?:ok|complete\w*|succeeded|finished)|listening (?:on|at|for)|listening$|(?:is|are|now|server|service|application|app|system|worker|and) ready|ready (?:to|for|in)\b|ready[.!]?$|requests? served|accepting connections|startup complete|serving (?:on|at|http|requests|traffic)|server running|(?:is|now|up and) running(?: on| at|[.!]?$)|running on http|back online|(?:is|now|became) healthy|health check (?:ok|passed|succeeded)|succeeded|resumed|caught up)",
        )
    });
    static STARTED: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(?i)\bstarted\b|\bsuccessfully\b"));
    let found = |regex: &LazyLock<Option<Regex>>| -> bool {
        regex.as_ref().and_then(|r| r.find_iter(message).last()).is_some_and(|found| {
            let tail_ok = !has_hit || message.len() - found.end() < 24;
            tail_ok && !is_negated(&message[..found.start()], &message[found.end()..])
        })
    };
    if found(&WORKS) {
        Success::Works
    } else if !has_hit && found(&STARTED) {
        Success::Started
    } else {
        Success::None
    }
}

/// Whether the words before or after a success take it back.
fn is_negated(before: &str, after: &str) -> bool {
    static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?i)(?:\bnot|n't|\bnever|\bno|\buntil|\bwaiting|\bwait|\bbefore|\bunless|\bfailed|\bfailure|\bcannot|\bunable|\bwithout|\bif|\bnot yet|\berror)\b[^.;]{0,24}$",
        )
    });
    static AFTER: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"(?i)^\W{0,3}(?:=\s*(?:false|0|no)\b|: ?false|failed|with error)"));
    BEFORE.as_ref().is_some_and(|r| r.is_match(before)) || AFTER.as_ref().is_some_and(|r| r.is_match(after))
}

/// Whether the line announces that the program, rather than one of its parts' actions, begins.
pub(super) fn starts(message: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?i)(?:^|[\s\]:=\x22])(?:[\w./-]+ (?:is )?(?:starting|booting|launching|initiali[sz]ing)\b|(?:starting|booting|launching|bootstrapping|initiali[sz]ing) (?:up|[\w./-]+))",
        )
    });
    FORM.as_ref().is_some_and(|r| r.is_match(message))
}

/// Whether the words before or after a weak wording deny that it happened.
pub(super) fn is_denied(before: &str, after: &str) -> bool {
    static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?i)(?:^|[^a-z])(?:no|zero|0|without|never|should|handles?|handled|handling|if|when|tests?|docs?|see|ignor\w+|simulat\w+|prevent\w*|avoid\w*|retry on|any|on|mock\w*|not|detects?|supports?|previous)\s*:?\s*\W?$",
        )
    });
    static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?ix)^['\x22`)\]]? (?:\s*(?:errors?|exceptions?|events?|failures?|responses?))? \s*
              (?: (?:count|total|rate|counter|rules?|handlers?|headers?|pages?|polic(?:y|ies)|enabled|disabled|loaded|registered|metrics?|alerts?|dashboards?|runbooks?|tests?|checks?|limiter|retries|resolved|recovered|cleared|configured)\b
                | [\w.]*\s*[=:]\s*0(?:$|[^.\d]) )",
        )
    });
    BEFORE.as_ref().is_some_and(|r| r.is_match(before)) || AFTER.as_ref().is_some_and(|r| r.is_match(after))
}

/// Whether the words before a reset say that a client went away: a server's everyday life.
pub(super) fn is_client(before: &str) -> bool {
    before.contains("from client") || before.contains("to client")
}

/// Whether the words after an absent setting say that the program does without it.
pub(super) fn has_default(after: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?i)^.{0,60}\b(?:using|defaults?|defaulting|fall(?:s|ing)?[ -]?back|disabl(?:ed|ing)|(?:is|are) off|optional|skipp(?:ed|ing)|ignor(?:ed|ing)|without)\b",
        )
    });
    FORM.as_ref().is_some_and(|r| r.is_match(after))
}

/// Whether the line records a request that was answered well, so that words in it are data.
pub(super) fn is_answered(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r#"(?i)\bstatus(?:_?code)?["']?[=: ]+[23]\d\d\b|" [23]\d\d (?:\d|-)|\b(?:GET|POST|PUT|DELETE|HEAD|PATCH) /\S* (?:HTTP/\S+ )?[23]\d\d\b"#,
        )
    });
    FORM.as_ref().is_some_and(|r| r.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::{Success, read};
    use rstest::rstest;

    #[rstest]
    #[case("listening on :8080", Success::Works)]
    #[case("failover ok", Success::Works)]
    #[case("requests served", Success::Works)]
    #[case("Connected to redis:6379", Success::Works)]
    #[case("database connection re-established", Success::Works)]
    #[case("Started Application in 3.2 seconds", Success::Started)]
    #[case("server not ready", Success::None)]
    #[case("disconnected", Success::None)]
    #[case("waiting for db to be ready", Success::None)]
    #[case("ready=false", Success::None)]
    #[case("failed to get connected to db", Success::None)]
    fn successes_are_read(#[case] line: &str, #[case] expected: Success) {
        assert_eq!(read(line, false), expected);
    }
}

//! Questions about logs: `show me the logs of the previous container`, `logs checkout -c app --since 10m --grep timeout`.
//!
//! Start at [`read`].

use super::cursor::Cursor;
use super::name::{Target, is_form_of_verb, is_spelt};
use super::phrase::Word;
use super::{Logs, Question};

/// Lines at most, as many as a file beside an answer shows with sense.
const LINES: std::ops::RangeInclusive<u32> = 1..=10_000;

pub(super) const SHOW: &[&str] = &[
    "show me", "show us", "show", "give me", "give us", "get me", "get", "send me", "send", "print", "fetch", "display", "pull up", "pull", "post",
    "paste", "share", "see", "view", "look at", "check", "what do you see in", "what is in", "what are", "what do", "are there", "is there",
    "do you see", "read", "dump", "list", "what",
];

const PREVIOUS: &[&str] = &[
    "of the previous container", "of the previous run", "of the previous instance", "of the previous pod", "of the last run",
    "from the previous container", "from the previous run", "from the previous instance", "from the previous pod", "from the last run",
    "in the previous container", "before the last restart", "before the restart", "from before the restart", "before the crash",
    "from before the crash", "before it crashed", "before it restarted", "before it died", "of the crashed container",
    "from the crashed container", "--previous", "-p", "previous",
];

const LOGS: &[&str] = &["log lines", "log messages", "log output", "logs", "log", "lines of log", "lines of the log"];

/// A question about logs.
pub(super) fn read(words: &[Word]) -> Option<Question> {
    let logs = grep(words).or_else(|| before_the_restart(words)).or_else(|| counted(words)).or_else(|| plain(words));
    logs.map(Question::Logs)
}

/// `grep timeout in checkout`, `search the logs for timeout`.
fn grep(words: &[Word]) -> Option<Logs> {
    let mut at = Cursor::new(words);
    let mut logs = Logs::default();
    let in_logs = ["in the logs", "in logs", "the logs", "logs"];
    if at.take(&["search the logs for", "search logs for", "grep the logs for", "grep logs for", "look for", "search for", "grep for", "grep"]) {
        let pointing = |word: &Word| matches!(word.low.as_str(), "it" | "this" | "that" | "them");
        logs.grep = Some(at.word(|word| !pointing(word))?.typed.clone());
        let named = at.take(&in_logs);
        let begins_with_grep = words.first().is_some_and(|word| word.low == "grep") || words.iter().any(|word| word.low.starts_with("log"));
        return (begins_with_grep || named).then(|| rest(at, logs))?;
    }
    // `any errors in the logs of payments?`
    let show = at.take(SHOW);
    let any = at.take(&["the", "any", "all"]);
    let word = at.word(|word| matches!(word.low.as_str(), "errors" | "error" | "warnings" | "exceptions" | "timeouts" | "panics"))?;
    logs.grep = Some(word.low.trim_end_matches('s').to_owned());
    if at.take(&["in the logs", "in logs", "in its logs", "in the log"]) {
        return rest(at, logs);
    }
    if at.is_done() {
        return (show || any || word.low == "errors").then_some(logs);
    }
    at.take(&["logged by", "in", "of", "from"]).then(|| at.target())?.and_then(|target| {
        logs.target = target.name();
        rest(at, logs)
    })
}

/// `what happened before the restart?`
fn before_the_restart(words: &[Word]) -> Option<Logs> {
    let mut at = Cursor::new(words);
    let asked = at.take(&["what happened", "what did it log", "what did it say", "what did it print", "what was logged", "what was it doing", "what were its last words", "why did it log"]);
    let before = at.take(&[
        "before the last restart", "before the restart", "before it restarted", "before the crash", "before it crashed", "before it died",
        "right before the restart", "right before the crash", "just before the restart", "just before the crash", "before it was killed",
    ]);
    (asked && before).then(|| rest(at, Logs { previous: true, ..Logs::default() }))?
}

/// `last 50 lines of checkout`, `tail 100`.
fn counted(words: &[Word]) -> Option<Logs> {
    let mut at = Cursor::new(words);
    at.take(SHOW);
    at.take(&["the"]);
    let tail = at.take(&["tail", "last"]);
    at.take(&["-n", "-"]);
    let lines = number(&mut at)?;
    let said = at.take(&["log lines", "lines of the logs", "lines of logs", "lines of log", "lines", "log messages", "logs"]);
    (said || tail && at.is_done()).then(|| rest(at, Logs { lines: Some(lines), ..Logs::default() }))?
}

/// `logs of checkout`, `previous logs`, `checkout logs`.
fn plain(words: &[Word]) -> Option<Logs> {
    let mut at = Cursor::new(words);
    at.take(&["kubectl", "k"]);
    at.take(SHOW);
    at.take(&["the", "all", "any", "latest", "recent"]);
    let mut logs = Logs::default();
    if at.take(LOGS) || at.take(&["tail"]) {
        at.take(&["look like", "say", "show"]);
        return rest(at, logs);
    }
    logs.previous = at.take(&["previous container", "previous pod", "previous run", "previous", "crashed container"]);
    if logs.previous {
        at.take(&["logs", "log", "container logs", "pod logs"]).then_some(())?;
        return rest(at, logs);
    }
    // `checkout logs` is a question, `nice logs` and `adding logs` are none.
    logs.target = at.target()?.name();
    let bare = logs.target.as_deref().is_none_or(|name| !is_form_of_verb(name));
    (bare && at.take(&["container logs", "pod logs", "logs", "log"])).then(|| rest(at, logs))?
}

/// What narrows it, in any order, up to the end of the sentence.
fn rest(mut at: Cursor<'_>, mut logs: Logs) -> Option<Logs> {
    while !at.is_done() {
        (one(&mut at, &mut logs) || bare_target(&mut at, &mut logs)).then_some(())?;
    }
    Some(logs)
}

fn one(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    if at.take(PREVIOUS) {
        logs.previous = true;
        return true;
    }
    if let Some(since) = at.since() {
        return logs.since.replace(since).is_none();
    }
    container(at, logs) || filter(at, logs) || count(at, logs) || of(at, logs)
}

fn container(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    let mut ahead = *at;
    let flag = ahead.take(&["-c", "--container", "of the container", "of container", "in container", "from container", "container"]);
    let name = if flag {
        ahead.word(|word| is_spelt(&word.low))
    } else if ahead.take(&["of the", "from the", "in the"]) {
        ahead.word(|word| is_spelt(&word.low)).filter(|_| ahead.take(&["container"]))
    } else {
        None
    };
    let Some(name) = name else { return false };
    *at = ahead;
    logs.container.replace(name.low.clone()).is_none()
}

fn filter(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    let mut ahead = *at;
    let said = ahead.take(&["--grep", "| grep", "grep", "that contain", "that mention", "which contain", "containing", "mentioning", "matching", "with"]);
    let Some(words) = said.then(|| ahead.word(|word| !word.low.starts_with('-'))).flatten() else { return false };
    ahead.take(&["in them", "in it"]);
    *at = ahead;
    logs.grep.replace(words.typed.clone()).is_none()
}

fn count(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    let mut ahead = *at;
    let flag = ahead.take(&["--tail", "--lines"]);
    let Some(lines) = number(&mut ahead).filter(|_| flag || ahead.take(&["lines"])) else { return false };
    *at = ahead;
    logs.lines.replace(lines).is_none()
}

fn of(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    let mut ahead = *at;
    if !ahead.take(&["of", "from", "for", "in", "by", "on"]) {
        return false;
    }
    let Some(target) = ahead.target() else { return false };
    *at = ahead;
    let again = logs.target.is_some();
    logs.target = target.name();
    !again
}

/// `logs checkout`: a name without a word before it.
fn bare_target(at: &mut Cursor<'_>, logs: &mut Logs) -> bool {
    let Some(Target::Named(name)) = at.target().filter(|_| logs.target.is_none()) else { return false };
    let fits = !is_form_of_verb(&name);
    logs.target = Some(name);
    fits
}

fn number(at: &mut Cursor<'_>) -> Option<u32> {
    let number = |word: &Word| word.low.parse::<u32>().ok().filter(|n| LINES.contains(n));
    at.word(|word| number(word).is_some()).and_then(number)
}

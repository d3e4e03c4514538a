//! The level a line states.
//!
//! Start at [`of_text`]. A level is what the line says in its format's place for it (a field, a bracket, the word
//! after the time), never a word somewhere in a sentence: "0 errors" is no error.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::digest::Level;

/// How much of a line may hold its level.
const HEAD: usize = 160;

/// The level of a JSON line.
pub(super) fn of_json(object: &Map<String, Value>) -> Level {
    const KEYS: [&str; 11] = [
        "level",
        "severity",
        "lvl",
        "levelname",
        "log.level",
        "loglevel",
        "severity_text",
        "@level",
        "Level",
        "LEVEL",
        "s",
    ];
    let nested = || object.get("log").and_then(|log| log.get("level"));
    let Some(value) = KEYS.iter().find_map(|key| object.get(*key)).or_else(nested) else {
        return Level::Unknown;
    };
    match value {
        Value::String(word) => of_word(word),
        Value::Number(number) => number.as_u64().map_or(Level::Unknown, of_number),
        _ => Level::Unknown,
    }
}

/// The numbers of bunyan and pino.
fn of_number(number: u64) -> Level {
    match number {
        10 => Level::Trace,
        20 => Level::Debug,
        30 => Level::Info,
        40 => Level::Warn,
        50 => Level::Error,
        60 => Level::Fatal,
        _ => Level::Unknown,
    }
}

/// A level's name, in any case.
fn of_word(word: &str) -> Level {
    match word.to_ascii_lowercase().as_str() {
        "trace" | "trc" | "finest" | "finer" | "verbose" => Level::Trace,
        "debug" | "dbg" | "debu" | "fine" | "d" => Level::Debug,
        "info" | "inf" | "information" | "informational" | "notice" | "note" | "log" | "config"
        | "i" | "hint" => Level::Info,
        "warn" | "warning" | "wrn" | "w" => Level::Warn,
        "error" | "err" | "erro" | "severe" | "e" | "eror" => Level::Error,
        "fatal" | "ftl" | "critical" | "crit" | "panic" | "emerg" | "emergency" | "alert"
        | "dpanic" | "f" => Level::Fatal,
        _ => Level::Unknown,
    }
}

/// One place where a level may stand.
fn place(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// Where formats put the level, the most certain first; group 1 is the word.
static PLACES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // logfmt, and JSON that does not parse
        r#"(?:^|[\s,{\[])"?(?i:level|lvl|severity|loglevel|log\.level)"?\s*[=:]\s*"?([A-Za-z]+)"#,
        // klog
        r"^([IWEF])\d{4} \d\d:\d\d:\d\d",
        // [ERROR], [error], <error>, (ERROR), |ERROR|
        r"^[^A-Za-z]{0,60}(?:\[[^\]]{0,40}\][\s:-]*){0,3}[\[<(|]\s*((?i:trace|debug|info|notice|warn|warning|error|err|fatal|critical|crit|alert|emerg|severe|panic))\s*[\]>)|:]",
        r"^[^\[]{0,60}\[((?:trace|debug|info|notice|warn|error|crit|alert|emerg|fatal|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL))\]",
        // the word after time, process, thread and logger: capitals, or a word and a colon
        r"^(?:[^A-Za-z]|[0-9][TZ](?:[0-9 ]|$)|UTC|\[[^\]]*\]){0,90}(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|CRIT|SEVERE|PANIC|EMERG|ALERT|LOG|HINT|TRC|DBG|INF|WRN|FTL)(?:[^A-Za-z_]|$)",
        r"^[^A-Za-z]{0,60}((?i:error|fatal|warning|warn|critical|panic|info|debug|notice))(?:\([^)]*\))?:(?:\s|$)",
        // Python's `%(asctime)s - name - LEVEL - message`, log4j's `[thread] LEVEL logger`
        r"^.{0,90}?[\s|\]-]+(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)[\s|\]:-]",
        // ERROR:root:message
        r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]+:",
        // PostgreSQL and others with the word before two blanks
        r"^.{0,90}?\b(LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|HINT|DETAIL|STATEMENT):  ",
    ]
    .iter()
    .filter_map(|pattern| place(pattern))
    .collect()
});

/// Wordings that open a crash report without naming a level.
static CRASH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    place(
        r"^(?:panic: |fatal error: |Exception in thread |Uncaught |uncaughtException|Unhandled exception|Unhandled Exception|thread '[^']*' (?:\(\d+\) )?panicked at |SIGSEGV|Segmentation fault|terminate called |FATAL EXCEPTION|APPLICATION FAILED TO START|\*\*\* FATAL|.{0,40}(?:Out of memory: Killed process|JavaScript heap out of memory))",
    )
});

/// How runtimes begin the report of an exception, whatever the message then quotes.
static HEADLINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    place(
        r"^(?:[Ee]rror: |Caused by: |[A-Za-z_][\w.$]*(?:Error|Exception)(?:: |$)|[a-z_]\w*(?:\.\w+)*\.[A-Z]\w+: )",
    )
});

/// The level of a line that is not JSON.
pub(super) fn of_text(text: &str) -> Level {
    if let Some(level) = syslog(text) {
        return level;
    }
    let mut end = HEAD.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    // A runtime's last words, not a logger's level: `words_of_error` reads them.
    if HEADLINE.as_ref().is_some_and(|form| form.is_match(head)) {
        return Level::Unknown;
    }
    if CRASH.as_ref().is_some_and(|crash| crash.is_match(head)) {
        return Level::Fatal;
    }
    if let Some(level) = redis(head) {
        return level;
    }
    PLACES
        .iter()
        .filter_map(|place| {
            place
                .captures(head)?
                .get(1)
                .map(|word| of_word(word.as_str()))
        })
        .find(|level| *level != Level::Unknown)
        .unwrap_or_default()
}

/// `<11>...`: the severity is the priority's last three bits.
fn syslog(text: &str) -> Option<Level> {
    let (number, _) = text.strip_prefix('<')?.split_once('>')?;
    if number.len() > 3 {
        return None;
    }
    let priority: u8 = number.parse().ok()?;
    Some(match priority & 7 {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    })
}

/// `1:M 22 Nov 2026 04:28:49.123 # text`: Redis marks warnings with `#`, the rest with `*`, `-` and `.`.
fn redis(head: &str) -> Option<Level> {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| place(r"^\d+:[MSCX] \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} ([#*.-]) "));
    let mark = FORM.as_ref()?.captures(head)?.get(1)?;
    Some(match mark.as_str() {
        "#" => Level::Warn,
        "*" => Level::Info,
        _ => Level::Debug,
    })
}

/// Wording of an error in a line that states no level.
pub(super) fn words_of_error(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        place(
            r"(?:^|[\s(\[])(?:[\w.]*(?:Error|Exception)(?::\s|$)|[Ee]rror:\s|ERR!|[Ff]ailed to \w|[Uu]nable to \w|[Cc](?:ould not|annot|an't) \w+|FATAL|[Ff]atal:)",
        )
    });
    [&HEADLINE, &WORDS]
        .into_iter()
        .any(|form| form.as_ref().is_some_and(|form| form.is_match(text)))
}

/// Whether an error says that the program ends because of it.
pub(super) fn says_exit(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        place(
            r"(?i)\b(?:exiting|aborting|giving up|terminating|shutting down|bailing out|(?:failed|unable|cannot|could not) (?:to )?start|(?:start-?up|boot|application run|initiali[sz]ation) failed)\b",
        )
    });
    WORDS.as_ref().is_some_and(|words| words.is_match(text))
}

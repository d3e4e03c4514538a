//! The prefilter: one automaton over everything a rule can begin with.
//!
//! Text without any of these words is not looked at again (but for long runs). Must never be the
//! judge: a trigger is only a place to look. Start at [`find`].

use crate::commands::COMMANDS;
use crate::token_table::TOKENS;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use std::sync::LazyLock;

/// What to try at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// A word of a telling name.
    Name,
    /// A token form, by its index in the table.
    Token(usize),
    /// A command that takes a password, by its index in the table.
    Command(usize),
    /// `://`, also with escaped slashes.
    Url,
    /// `@tcp(`, as in the addresses of Go's `MySQL` driver.
    GoMysql,
    /// `jdbc:oracle:`
    Oracle,
    /// `Bearer `, `Basic `
    Scheme,
    /// `-----BEGIN`
    Pem,
    /// The same in base64.
    PemBase64,
    /// The annotation of `kubectl apply`.
    LastApplied,
    /// `:AA`, as in a Telegram bot token.
    Telegram,
}

const WORDS: &[(&str, Trigger)] = &[
    ("pass", Trigger::Name),
    ("pwd", Trigger::Name),
    ("secret", Trigger::Name),
    ("token", Trigger::Name),
    ("key", Trigger::Name),
    ("credential", Trigger::Name),
    ("auth", Trigger::Name),
    ("dsn", Trigger::Name),
    ("salt", Trigger::Name),
    ("cookie", Trigger::Name),
    ("sig=", Trigger::Name),
    ("signature", Trigger::Name),
    ("connectionstring", Trigger::Name),
    ("connection_string", Trigger::Name),
    ("connection-string", Trigger::Name),
    ("connection.string", Trigger::Name),
    ("dockerc", Trigger::Name),
    ("://", Trigger::Url),
    (":\\/\\/", Trigger::Url),
    ("@tcp(", Trigger::GoMysql),
    ("@unix(", Trigger::GoMysql),
    ("jdbc:oracle:", Trigger::Oracle),
    ("bearer ", Trigger::Scheme),
    ("basic ", Trigger::Scheme),
    ("-----BEGIN", Trigger::Pem),
    ("LS0tLS1CRUdJTi", Trigger::PemBase64),
    ("last-applied-configuration", Trigger::LastApplied),
    (":AA", Trigger::Telegram),
];

struct Table {
    automaton: AhoCorasick,
    triggers: Vec<Trigger>,
}

#[expect(clippy::expect_used, reason = "a fixed list of a hundred short words; every test builds it")]
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let words = WORDS.iter().copied();
    let tokens = TOKENS.iter().enumerate().map(|(i, rule)| (rule.prefix, Trigger::Token(i)));
    let commands = COMMANDS.iter().enumerate().map(|(i, command)| (command.name, Trigger::Command(i)));
    let (patterns, triggers): (Vec<_>, Vec<_>) = words.chain(tokens).chain(commands).unzip();
    let automaton = AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns)
        .expect("the trigger words build");
    Table { automaton, triggers }
});

/// Every trigger of a text with the span of its word, in the order of their ends.
pub(crate) fn find(text: &str) -> impl Iterator<Item = (Trigger, usize, usize)> + '_ {
    let table = &*TABLE;
    table.automaton.find_overlapping_iter(text).filter_map(|found| {
        let trigger = *table.triggers.get(found.pattern().as_usize())?;
        Some((trigger, found.start(), found.end()))
    })
}

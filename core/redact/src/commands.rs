//! Command lines that take a password in a flag that does not say so.
//!
//! Must never read a flag of a command that is not in the table: `-p` is a port elsewhere.
//! Start at [`COMMANDS`].

use crate::hit::Rule;
use crate::kind::SecretKind;
use crate::quoting::{self, quote_at, quoted_end};
use crate::scan::Scan;
use crate::values;

/// A command and its flag.
pub(crate) struct Command {
    /// The name of the program, as the prefilter looks for it.
    pub(crate) name: &'static str,
    flag: &'static str,
    value: Place,
}

/// Where the secret stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Right after the flag: `-pfoo`.
    Glued,
    /// The next word: `-a foo`.
    Next,
    /// The next word, after a colon: `-u user:foo`.
    AfterColon,
}

/// The commands that are known.
pub(crate) const COMMANDS: &[Command] = &[
    Command { name: "mysql", flag: "-p", value: Place::Glued },
    Command { name: "mariadb", flag: "-p", value: Place::Glued },
    Command { name: "redis-cli", flag: "-a", value: Place::Next },
    Command { name: "sshpass", flag: "-p", value: Place::Next },
    Command { name: "curl", flag: "-u", value: Place::AfterColon },
    Command { name: "mongosh", flag: "-p", value: Place::Next },
    Command { name: "mongodump", flag: "-p", value: Place::Next },
    Command { name: "docker login", flag: "-p", value: Place::Next },
];

const RULE: Rule = Rule { name: "command-flag", why: "This command takes a password in this flag." };
/// How far the flag may be from the name of the program.
const REACH: usize = 300;

/// Looks for the flag after the name of the program, on the same line.
pub(crate) fn at(scan: &mut Scan<'_>, index: usize, end: usize) {
    let Some(command) = COMMANDS.get(index) else {
        return;
    };
    let bytes = scan.bytes;
    // `mysql` and `mysqldump`, not `mysql-operator` or `mysql:8`.
    if bytes.get(end).is_some_and(|byte| b"-:/._@".contains(byte) || byte.is_ascii_digit()) {
        return;
    }
    let mut at = end;
    let limit = bytes.len().min(end + REACH);
    while at < limit && bytes[at] != b'\n' {
        // A blank before the flag, or the quotes of a JSON list of arguments.
        let apart = matches!(bytes[at], b' ' | b'"' | b'\'');
        if apart && bytes[at + 1..].starts_with(command.flag.as_bytes()) {
            flag(scan, command, at + 1 + command.flag.len());
        }
        at += 1;
    }
}

fn flag(scan: &mut Scan<'_>, command: &Command, after: usize) {
    let bytes = scan.bytes;
    let from = match command.value {
        Place::Glued => after,
        Place::Next | Place::AfterColon => next_word(bytes, after),
    };
    if from == after && command.value != Place::Glued {
        return;
    }
    let (start, end) = match quote_at(bytes, from) {
        Some((quote, start)) if quote.slashes == 0 || command.value != Place::Glued => {
            (start, quoted_end(bytes, start, quote))
        }
        Some(_) => return,
        None => (from, word_end(bytes, from)),
    };
    let Some(value) = scan.text.get(start..end) else {
        return;
    };
    let start = match (command.value, value.find(':')) {
        (Place::AfterColon, Some(colon)) => start + colon + 1,
        (Place::AfterColon, None) => return,
        _ => start,
    };
    let value = &scan.text[start..end];
    if !values::is_nothing(value) && !values::is_reference(value) && !value.starts_with('-') {
        scan.hit(start..end, SecretKind::Password, RULE);
    }
}

/// The next word of a shell line or of a JSON list.
fn next_word(bytes: &[u8], after: usize) -> usize {
    let closed = quote_at(bytes, after).map_or(after, |(_, after)| after);
    let comma = quoting::skip_blanks(bytes, closed);
    let from = if closed > after && bytes.get(comma) == Some(&b',') { comma + 1 } else { closed };
    quoting::skip_blanks(bytes, from)
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + 256);
    let stop = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`\\;|&<>".contains(byte);
    (from..limit).find(|at| stop(&bytes[*at])).unwrap_or(limit)
}

//! A fingerprint for streams in which hardly two lines share their words.
//!
//! Names, hosts and identifiers without digits make every line new to `fingerprint`. Here only the words that
//! rules and levels know count; all others are values. Never used before a stream has shown that it is of that kind,
//! as lines of different templates fall together.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fingerprint::{self, Fingerprint};
use super::rules;

const SEED: u64 = 0x2545_f491_4f6c_dd1d;
const STEP: u64 = 0x0000_0100_0000_01b3;
const MIX: u64 = 0xff51_afd7_ed55_8ccd;

/// Words of levels, denials and success that stand in no rule.
const CONTEXT: &str = "trace debug info notice warn warning error err erro fatal critical crit panic emerg alert severe \
    log hint exiting aborting giving up terminating shutting down bailing out start startup boot application run \
    initialization no zero without never should handle handles handled handling if when test tests doc docs see any \
    mock not until waiting wait before unless failed failure cannot unable using default defaults disabled off \
    optional skipped count total rate rules handler enabled loaded registered status code level severity lvl \
    caused by uncaught unhandled";

/// Hashes of all words that count, in lower case.
static VOCABULARY: LazyLock<HashSet<u64>> = LazyLock::new(|| {
    let mut words = HashSet::new();
    for text in rules::wording().chain([CONTEXT]) {
        for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
            if word.len() > 1 {
                words.insert(word.bytes().fold(SEED, step));
            }
        }
    }
    words
});

/// Adds a letter, in any case.
fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte | 0x20)).wrapping_mul(STEP)
}

/// The coarse fingerprint of a line.
pub(super) fn of(line: &[u8]) -> Fingerprint {
    let vocabulary = &*VOCABULARY;
    let mut hash = SEED;
    let mut rest = line;
    while let Some(first) = rest.first() {
        let len = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if len == 0 {
            hash = (hash ^ u64::from(*first)).wrapping_mul(STEP);
            rest = &rest[1..];
            continue;
        }
        let (word, after) = rest.split_at(len);
        let start = line.len() - rest.len();
        hash = (hash.rotate_left(5) ^ weight(line, start, word, vocabulary)).wrapping_mul(MIX);
        rest = after;
    }
    Fingerprint(hash ^ (hash >> 32))
}

/// What a word adds: itself when it is known, the kind of its ending, or that it is a value.
fn weight(line: &[u8], start: usize, word: &[u8], vocabulary: &HashSet<u64>) -> u64 {
    if word.iter().any(u8::is_ascii_digit) {
        return fingerprint::value(line, start, start + word.len());
    }
    let hash = word.iter().fold(SEED, |hash, byte| step(hash, *byte));
    if vocabulary.contains(&hash) {
        return hash;
    }
    match word {
        [.., b'E', b'r', b'r', b'o', b'r'] => 2,
        [.., b'E', b'x', b'c', b'e', b'p', b't', b'i', b'o', b'n'] => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_known_words_count() {
        let same = |a: &str, b: &str| of(a.as_bytes()) == of(b.as_bytes());
        assert!(same("ERROR qwe failed: lookup asd: no such host", "ERROR xcv failed: lookup fgh: no such host"));
        assert!(!same("ERROR qwe failed", "INFO qwe failed"));
        assert!(!same("qwe connection refused", "qwe connection accepted"));
        assert!(same("BarError: x", "FooError: y"));
        assert!(!same("BarError: x", "Barely: x"));
    }
}

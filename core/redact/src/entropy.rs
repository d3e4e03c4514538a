//! Long random runs: secrets that have neither a known form nor a telling name.
//!
//! Must never take what Kubernetes is full of for a secret: uids, digests, pod names with hashes,
//! paths, host names, class names. Random text changes between capitals, small letters and digits
//! at two of three steps; names do not. Start at [`find`].

use crate::hit::Rule;
use crate::kind::SecretKind;
use crate::redactor::Entropy;
use crate::scan::Scan;
use std::ops::Range;

const RULE: Rule =
    Rule { name: "random-run", why: "It is long and random, and no id that Kubernetes is known to write." };
const VAULT: Rule = Rule { name: "vault", why: "It has the form of a Vault token." };
const TWILIO: Rule = Rule { name: "twilio", why: "It has the form of a Twilio key." };
const DISCORD: Rule = Rule { name: "discord", why: "It has the form of a Discord bot token." };

/// Shortest run that is judged.
const MIN: usize = 24;
/// Longest run whose randomness is measured as a whole; the rest of it goes with it.
const MEASURED: usize = 512;
/// Bits for each character; 24 random characters of base64 have about 4.2.
const MIN_BITS: f64 = 3.4;

/// Looks at every long run.
pub(crate) fn find(scan: &mut Scan<'_>, entropy: Entropy) {
    let bytes = scan.bytes;
    let mut at = MIN - 1;
    // One byte of every 24 is enough to meet every run of 24.
    while at < bytes.len() {
        if !in_run(bytes[at]) {
            at += MIN;
            continue;
        }
        let back = bytes[..at].iter().rev().take_while(|byte| in_run(**byte)).count();
        let ahead = bytes[at..].iter().take_while(|byte| in_run(**byte)).count();
        let run = at - back..at + ahead;
        at = run.end + MIN;
        if run.len() >= MIN {
            judge(scan, run, entropy);
        }
    }
}

fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'=')
}

fn judge(scan: &mut Scan<'_>, run: Range<usize>, entropy: Entropy) {
    let run = without_neighbours(scan.bytes, run);
    if run.len() < MIN || is_in_public_block(scan, &run) {
        return;
    }
    if let Some((span, rule)) = known_form(scan.bytes, &run) {
        return scan.hit(span, SecretKind::Token, rule);
    }
    if entropy == Entropy::Keep || is_public(scan.bytes, &run) {
        return;
    }
    // `=` stands at the end of base64, and between names and values everywhere else.
    for part in split(scan.bytes, &run, |byte| byte == b'=') {
        let whole = &scan.bytes[part.clone()];
        if is_random(whole) && !is_path_like(scan.bytes, &part) {
            scan.hit(part, SecretKind::Entropy, RULE);
        } else {
            let pieces = split(scan.bytes, &part, |byte| matches!(byte, b'/' | b'-' | b'_'));
            for piece in pieces.into_iter().filter(|piece| is_random(&scan.bytes[piece.clone()])) {
                scan.hit(piece, SecretKind::Entropy, RULE);
            }
        }
    }
}

fn is_in_public_block(scan: &Scan<'_>, run: &Range<usize>) -> bool {
    let first = scan.public.partition_point(|block| block.end <= run.start);
    scan.public.get(first).is_some_and(|block| block.start < run.end)
}

/// Without the letter of an escape (`\n`) before it.
fn without_neighbours(bytes: &[u8], run: Range<usize>) -> Range<usize> {
    crate::quoting::after_escape(bytes, run.start).min(run.end)..run.end
}

fn split(bytes: &[u8], run: &Range<usize>, border: fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = run.start;
    for at in run.clone() {
        if border(bytes[at]) {
            parts.push(start..at);
            start = at + 1;
        }
    }
    parts.push(start..run.end);
    parts.retain(|part| part.len() >= MIN);
    parts
}

/// Forms whose beginning is too ordinary for the prefilter.
fn known_form(bytes: &[u8], run: &Range<usize>) -> Option<(Range<usize>, Rule)> {
    let body = &bytes[run.clone()];
    let before = |n: usize| run.start.checked_sub(n).and_then(|at| bytes.get(at)).copied();
    if body.len() == 24
        && before(1) == Some(b'.')
        && before(2) == Some(b's')
        && before(3).is_none_or(|b| !in_run(b))
        && is_mixed(body)
    {
        return Some((run.start - 2..run.end, VAULT));
    }
    if body.len() == 34 && body.starts_with(b"SK") && body[2..].iter().all(u8::is_ascii_hexdigit) {
        return Some((run.clone(), TWILIO));
    }
    // <https://discord.com/developers/docs/reference#authentication>: id, time and signature.
    let word =
        |from: usize| bytes[from.min(bytes.len())..].iter().take(64).take_while(|b| in_run(**b) && **b != b'/').count();
    let (middle, tail) = (word(run.end + 1), word(run.end + 2 + word(run.end + 1)));
    let dots = bytes.get(run.end) == Some(&b'.') && bytes.get(run.end + 1 + middle) == Some(&b'.');
    (dots && (23..=30).contains(&body.len()) && (5..=8).contains(&middle) && tail >= 27 && is_mixed(body))
        .then_some((run.start..run.end + 2 + middle + tail, DISCORD))
}

fn is_mixed(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit)
        && body.iter().any(u8::is_ascii_uppercase)
        && body.iter().any(u8::is_ascii_lowercase)
}

/// Checksums and fingerprints say so.
fn is_public(bytes: &[u8], run: &Range<usize>) -> bool {
    let before = &bytes[run.start.saturating_sub(8)..run.start];
    let checksum =
        [&b"sha256-"[..], b"sha384-", b"sha512-", b"h1-"].iter().any(|name| bytes[run.clone()].starts_with(name));
    checksum
        || [&b"SHA256:"[..], b"sha256:", b"sha512:", b"h1:", b"md5:", b"MD5:"].iter().any(|name| before.ends_with(name))
}

/// Whether slashes make it an address or a path rather than base64.
fn is_path_like(bytes: &[u8], part: &Range<usize>) -> bool {
    let body = &bytes[part.clone()];
    let before = part.start.checked_sub(1).map(|at| bytes[at]);
    // A file name goes on after its dot; a sentence does not.
    let extension =
        bytes.get(part.end) == Some(&b'.') && bytes.get(part.end + 1).is_some_and(u8::is_ascii_alphanumeric);
    body.contains(&b'/') && (body[0] == b'/' || matches!(before, Some(b'.' | b'@' | b'~')) || extension)
}

/// Whether a run is random.
fn is_random(run: &[u8]) -> bool {
    let run = &run[..run.len().min(MEASURED)];
    if run.len() < MIN || run.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') {
        return false;
    }
    let count = |test: fn(&u8) -> bool| run.iter().filter(|byte| test(byte)).count();
    let (upper, lower, digit) =
        (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase), count(u8::is_ascii_digit));
    let signs = run.len() - upper - lower - digit;
    let changes = changes(run);
    if signs * 6 > run.len() || bits(run) < MIN_BITS {
        return false;
    }
    if upper > 0 && lower > 0 && digit > 0 {
        return changes > least_changes(run, signs);
    }
    if upper > 0 && lower > 0 {
        return run.len() >= 32 && changes > 0.42 && signs == 0;
    }
    // Small letters and digits: names of pods end in a few of them, none is that long in one piece.
    run.len() >= 32 && signs == 0 && digit >= 4 && digit * 2 < run.len() && changes > 0.25
}

/// How much a run of all three kinds must change: less when no word is in it, and less at the
/// length of an AWS secret key.
fn least_changes(run: &[u8], signs: usize) -> f64 {
    let longest = run.split(|byte| !byte.is_ascii_lowercase()).map(<[u8]>::len).max();
    match longest {
        Some(..8) if run.len() == 40 => 0.30,
        Some(..5) => 0.33,
        _ if signs > 0 => 0.45,
        _ => 0.38,
    }
}

/// The share of steps at which the kind of character changes; signs do not count.
fn changes(run: &[u8]) -> f64 {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let pairs = run.windows(2).filter_map(|pair| Some((kind(pair[0])?, kind(pair[1])?)));
    let (steps, changed) =
        pairs.fold((0_u32, 0_u32), |(steps, changed), (a, b)| (steps + 1, changed + u32::from(a != b)));
    f64::from(changed) / f64::from(steps.max(1))
}

/// Shannon entropy in bits for each character.
fn bits(run: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in run {
        counts[usize::from(*byte)] += 1;
    }
    let total = f64::from(u32::try_from(run.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

//! The words of a line as one number, in a single pass without allocation.
//!
//! A token with a digit counts as "some value", so lines that differ only in values share a fingerprint. All
//! other words count as they are: lines with the same fingerprint hold the same words, hence the same level and
//! wording. What must not be masked although it is a number (zero, an HTTP status, a numeric level) is kept.

/// Hash of one line's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(pub(super) u64);

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const WORD: u64 = 0x0000_0100_0000_01b3;
const MIX: u64 = 0xff51_afd7_ed55_8ccd;
const VALUE: u64 = 0xc4ce_b9fe_1a85_ec53;
/// Where klog's level may begin: after the time that the runtime puts before each line.
const KLOG_WITHIN: usize = 48;
/// A word this long is a blob, not a word.
const BLOB: usize = 64;

/// The byte belongs to a token.
const TOKEN: u64 = 1;
/// The byte is a digit.
const DIGIT: u64 = 2;

/// For each byte a number without pattern, whose lowest bits are `TOKEN` and `DIGIT`: one lookup gives both. `-`,
/// `.` and `_` join a token, so that addresses and identifiers are one.
const BYTES: [u64; 256] = bytes();

const fn bytes() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let kind = match byte {
            b'0'..=b'9' => TOKEN | DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | 0x80..=0xff => TOKEN,
            _ => 0,
        };
        let mut noise = (byte as u64 + 1).wrapping_mul(SEED);
        noise = (noise ^ (noise >> 30)).wrapping_mul(MIX);
        noise = (noise ^ (noise >> 27)).wrapping_mul(VALUE);
        table[byte as usize] = ((noise ^ (noise >> 31)) & !(TOKEN | DIGIT)) | kind;
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// The fingerprint of a line.
///
/// Written to branch as little as possible: where tokens end cannot be predicted, and a wrong guess costs more
/// than adding an empty token.
pub(super) fn of(line: &[u8]) -> Fingerprint {
    let mut hash = SEED;
    let mut word = 0_u64;
    let mut seen = 0_u64;
    let mut start = 0_usize;
    for (at, &byte) in line.iter().enumerate() {
        let entry = BYTES[usize::from(byte)];
        if entry & TOKEN == 0 {
            hash = join(hash ^ entry, line, start, at, word, seen);
            word = 0;
            seen = 0;
            start = at + 1;
        } else {
            seen |= entry;
            word = word.rotate_left(5) ^ entry;
        }
    }
    hash = join(hash, line, start, line.len(), word, seen);
    Fingerprint(hash ^ (hash >> 32))
}

/// Adds a token: its word, or that it is a value.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "one branch that is nearly never taken, not four")]
fn join(hash: u64, line: &[u8], start: usize, end: usize, word: u64, seen: u64) -> u64 {
    let len = end - start;
    let is_value = (seen & DIGIT != 0) | (len > BLOB);
    let mut piece = if is_value { VALUE } else { word };
    if is_value & ((len <= 3) | ((len == 5) & (start <= KLOG_WITHIN))) {
        piece = value(line, start, end);
    }
    (hash.rotate_left(5) ^ piece).wrapping_mul(MIX)
}

/// The part of a token with digits that counts: mostly nothing.
pub(super) fn value(line: &[u8], start: usize, end: usize) -> u64 {
    let token = &line[start..end];
    if keeps(line, start, token) {
        return token.iter().fold(VALUE, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(WORD));
    }
    match token {
        // klog's level letter.
        [b'I' | b'W' | b'E' | b'F', rest @ ..] if rest.len() == 4 => VALUE ^ u64::from(token[0]),
        _ => VALUE,
    }
}

/// Whether a number is told apart from other numbers: zero, an HTTP error status, a numeric level or syslog priority.
pub(super) fn keeps(line: &[u8], start: usize, token: &[u8]) -> bool {
    let before = line.get(..start).unwrap_or_default();
    match token {
        b"0" => true,
        [b'4' | b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit() => is_status(before),
        [b'1'..=b'6', b'0'] => before.ends_with(b"\"level\":") || before.ends_with(b"\"level\": "),
        _ => token.len() <= 3 && start == 1 && before == b"<",
    }
}

/// Whether a number after `before` is an HTTP status.
fn is_status(before: &[u8]) -> bool {
    const LEADS: [&[u8]; 9] =
        [b"\" ", b"status=", b"code=", b"status\":", b"status\": ", b"code\":", b"status ", b"code ", b"code: "];
    LEADS.iter().any(|lead| before.ends_with(lead))
}

/// Whether the byte belongs to a token.
pub(super) fn in_token(byte: u8) -> bool {
    BYTES[usize::from(byte)] & TOKEN != 0
}

#[cfg(test)]
mod tests {
    use super::of;
    use rstest::rstest;

    #[rstest]
    #[case("took 17ms for 10.0.0.1", "took 3ms for 10.0.12.9")]
    #[case("id 550e8400-e29b-41d4-a716-446655440000", "id 650e8400-e29b-41d4-a716-446655440001")]
    #[case("E1122 04:28:49 x", "E1123 05:01:02 x")]
    #[case("\"GET / HTTP/1.1\" 200 512", "\"GET / HTTP/1.1\" 204 7")]
    fn values_do_not_count(#[case] a: &str, #[case] b: &str) {
        assert_eq!(of(a.as_bytes()), of(b.as_bytes()));
    }

    #[rstest]
    #[case("errors=0", "errors=7")]
    #[case("\"GET / HTTP/1.1\" 200 512", "\"GET / HTTP/1.1\" 502 512")]
    #[case("{\"level\":30,\"msg\":\"x\"}", "{\"level\":50,\"msg\":\"x\"}")]
    #[case("I1122 04:28:49 x", "E1122 04:28:49 x")]
    #[case("connection refused", "connection accepted")]
    #[case("a b", "ab")]
    fn words_do_count(#[case] a: &str, #[case] b: &str) {
        assert_ne!(of(a.as_bytes()), of(b.as_bytes()));
    }
}

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
/// A word this long is a blob, not a word.
const BLOB: usize = 64;

/// What a byte is to the tokeniser.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Separator,
    Letter,
    Digit,
}

/// `Class` of each byte: `-`, `.`, `_` join a token, so that addresses and identifiers are one.
const CLASS: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Separator; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'0'..=b'9' => Class::Digit,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | 0x80..=0xff => Class::Letter,
            _ => Class::Separator,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// The fingerprint of a line.
pub(super) fn of(line: &[u8]) -> Fingerprint {
    let mut hash = SEED;
    let mut word = SEED;
    let mut start = 0_usize;
    let mut has_digit = false;
    for (at, &byte) in line.iter().enumerate() {
        let class = CLASS[usize::from(byte)];
        if class == Class::Separator {
            if start < at {
                let piece = if has_digit || at - start > BLOB { value(line, start, at) } else { word };
                hash = (hash.rotate_left(5) ^ piece).wrapping_mul(MIX);
                word = SEED;
                has_digit = false;
            }
            start = at + 1;
            hash = (hash ^ u64::from(byte)).wrapping_mul(WORD);
        } else {
            has_digit |= class == Class::Digit;
            word = (word ^ u64::from(byte)).wrapping_mul(WORD);
        }
    }
    if start < line.len() {
        let piece = if has_digit || line.len() - start > BLOB { value(line, start, line.len()) } else { word };
        hash = (hash.rotate_left(5) ^ piece).wrapping_mul(MIX);
    }
    Fingerprint(hash ^ (hash >> 32))
}

/// The part of a token with digits that counts: mostly nothing.
fn value(line: &[u8], start: usize, end: usize) -> u64 {
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
    CLASS[usize::from(byte)] != Class::Separator
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

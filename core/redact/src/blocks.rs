//! Secrets of several lines: private keys, and the annotation of `kubectl apply`.
//!
//! Must never hide a certificate, which is public, nor run past the text a block stands in.
//! Start at [`pem`].

use crate::base64;
use crate::hit::Rule;
use crate::kind::SecretKind;
use crate::quoting::{self, Escape, quote_at, quoted_end};
use crate::scan::Scan;
use std::ops::Range;

const PEM: Rule = Rule { name: "private-key", why: "It is a private key in PEM." };
const PEM_BASE64: Rule = Rule { name: "private-key-base64", why: "It is the base64 of a private key in PEM." };
const APPLIED: Rule =
    Rule { name: "last-applied", why: "The annotation of kubectl apply holds the whole object, with all its values." };

/// Longest block: a large certificate chain is shorter.
const MAX_BLOCK: usize = 64 * 1024;
const MAX_APPLIED: usize = 2 * 1024 * 1024;

/// A PEM block. A private key goes; of a certificate is remembered that it is no secret.
pub(crate) fn pem(scan: &mut Scan<'_>, start: usize) {
    let bytes = scan.bytes;
    let label_end = bytes.len().min(start + 80);
    let Some(label) = scan.text.get(start + 10..scan.text.floor_char_boundary(label_end)) else { return };
    let label = label.split("-----").next().unwrap_or_default().trim();
    let from = start + 10 + label.len();
    let limit = bytes.len().min(from + MAX_BLOCK);
    let quote = (from..limit).find(|at| bytes[*at] == b'"').unwrap_or(limit);
    let ending = find(&bytes[from..quote], b"-----END").map(|at| from + at);
    let end = match ending {
        Some(at) => find(&bytes[at + 8..quote], b"-----").map_or(quote, |more| at + 8 + more + 5),
        None => from + 5.min(limit - from) + body(&bytes[(from + 5).min(limit)..quote.max((from + 5).min(limit))]),
    };
    if label.contains("PRIVATE KEY") {
        let slashes = quoting::slashes_before(bytes, start, end.min(bytes.len()));
        scan.hit(start..end - slashes, SecretKind::Key, PEM);
    } else if label.contains("CERTIFICATE") || label.contains("PUBLIC KEY") {
        scan.public.push(start..end);
    }
}

/// How far the body of a block that was cut off goes.
fn body(bytes: &[u8]) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\\\r\n \t-:,".contains(byte);
    bytes.iter().position(|byte| !part(byte)).unwrap_or(bytes.len())
}

/// A PEM block in base64, as in kubeconfigs and Secrets.
pub(crate) fn pem_base64(scan: &mut Scan<'_>, start: usize) {
    let bytes = scan.bytes;
    let limit = bytes.len().min(start + MAX_BLOCK);
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    let end = (start..limit).find(|at| !part(&bytes[*at])).unwrap_or(limit);
    let head = base64::decode(&bytes[start..end.min(start + 64)]);
    if find(&head, b"PRIVATE KEY").is_some() {
        scan.hit(start..end, SecretKind::Key, PEM_BASE64);
    } else if find(&head, b"CERTIFICATE").is_some() {
        scan.public.push(start..end);
    }
}

/// The value of `kubectl.kubernetes.io/last-applied-configuration`.
pub(crate) fn last_applied(scan: &mut Scan<'_>, start: usize, end: usize) {
    let bytes = scan.bytes;
    let after = quote_at(bytes, end).map_or(end, |(_, after)| after);
    let at = quoting::skip_blanks(bytes, after);
    if !matches!(bytes.get(at), Some(b':' | b'=')) {
        return;
    }
    let from = quoting::skip_blanks(bytes, at + 1);
    let span = match (quote_at(bytes, from), bytes.get(from)) {
        (Some((quote, inner)), _) => inner..long_quoted_end(scan, inner, quote),
        (None, Some(b'|' | b'>')) => indented(bytes, quoting::segment_end(bytes, from)),
        (None, Some(b'\n' | b'\r') | None) => indented(bytes, from),
        (None, Some(_)) => from..embedded_end(bytes, from),
    };
    let _ = start;
    let text = scan.text.get(span.clone()).unwrap_or_default().trim_end();
    if text.starts_with('{') || text.starts_with("\\") || text.contains('{') {
        scan.hit(span.start..span.start + text.len(), SecretKind::LastApplied, APPLIED);
    }
}

/// The value can be longer than other values, and can span lines in YAML.
fn long_quoted_end(scan: &Scan<'_>, from: usize, quote: quoting::Quote) -> usize {
    let mut at = from;
    loop {
        let end = quoted_end(scan.bytes, at, quote);
        let cut = end - at >= quoting::MAX_VALUE || (quote.mark == b'\'' && scan.bytes.get(end) == Some(&b'\n'));
        if !cut || end >= scan.bytes.len() || end - from > MAX_APPLIED {
            return end;
        }
        at = end + usize::from(scan.bytes[end] == b'\n');
    }
}

/// The indented lines that follow: as deep as the first of them, or deeper.
fn indented(bytes: &[u8], from: usize) -> Range<usize> {
    let Some(first) = bytes[from.min(bytes.len())..].iter().position(|byte| *byte == b'\n').map(|at| from + at + 1)
    else {
        return from..from;
    };
    let indent = bytes[first..].iter().take_while(|byte| **byte == b' ').count();
    if indent == 0 {
        return from..from;
    }
    first + indent..indented_end(bytes, first, indent)
}

/// The end of the lines from `first` on that are indented by `indent` or more.
pub(crate) fn indented_end(bytes: &[u8], first: usize, indent: usize) -> usize {
    let limit = bytes.len().min(first + MAX_APPLIED);
    let (mut at, mut end) = (first, first);
    while at < limit {
        let blanks = bytes[at..limit].iter().take_while(|byte| **byte == b' ').count();
        let stop = bytes[at..limit].iter().position(|byte| *byte == b'\n').map_or(limit, |length| at + length);
        if blanks >= indent && at + blanks < stop {
            end = stop;
        } else if at + blanks < stop {
            break;
        }
        at = stop + 1;
    }
    end
}

/// The end of a value without quotes: of its line, or of the quoted text it stands in, which ends
/// with fewer backslashes than the quotes inside.
fn embedded_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + MAX_APPLIED);
    let mut inside = None;
    let mut at = from;
    while at < limit {
        match bytes[at] {
            b'\n' => return at,
            b'"' => {
                let slashes = quoting::slashes_before(bytes, from, at);
                match inside {
                    None => inside = Some(slashes),
                    Some(inside) if slashes < inside => return at - slashes,
                    Some(_) => {}
                }
            }
            b'\\' if inside == Some(0) && matches!(quoting::escape_at(bytes, at), Escape::Ends) => {}
            _ => {}
        }
        at += 1;
    }
    limit
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

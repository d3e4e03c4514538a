//! Secrets of several lines: private keys, and the annotation of `kubectl apply`.
//!
//! Must never hide a certificate, which is public, nor run past the text a block stands in.
//! Start at [`pem`].

use crate::base64;
use crate::hit::Rule;
use crate::kind::SecretKind;
use crate::quoting::{self, quote_at, quoted_end};
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
    let Some(label) = scan.text.get(start + 10..scan.text.floor_char_boundary(label_end)) else {
        return;
    };
    let label = label.split("-----").next().unwrap_or_default().trim();
    let (secret, public) =
        (label.contains("PRIVATE KEY"), label.contains("CERTIFICATE") || label.contains("PUBLIC KEY"));
    let known = scan.is_hidden(start, PEM) || scan.public.last().is_some_and(|block| start < block.end);
    if known || !(secret || public) {
        return;
    }
    let end = pem_end(scan, start + 10 + label.len());
    if secret {
        let slashes = quoting::slashes_before(bytes, start, end);
        scan.hit(start..end - slashes, SecretKind::Key, PEM);
    } else {
        scan.public.push(start..end);
    }
}

/// The end of a block: after its `-----END ..-----`, at the quote it stands in, or where the text
/// stops to look like a block.
fn pem_end(scan: &mut Scan<'_>, from: usize) -> usize {
    let bytes = scan.bytes;
    let limit = bytes.len().min(from + MAX_BLOCK);
    let begin = from.max(scan.no_pem_end).min(limit);
    let stop = (begin..limit).find(|at| bytes[*at] == b'"' || bytes[*at..].starts_with(b"-----END")).unwrap_or(limit);
    if bytes[stop..].starts_with(b"-----END") {
        let tail = &bytes[stop + 8..bytes.len().min(stop + 80)];
        let line = tail.iter().position(|byte| matches!(byte, b'"' | b'\n')).unwrap_or(tail.len());
        return stop + 8 + find(&tail[..line], b"-----").map_or(line, |more| more + 5);
    }
    scan.no_pem_end = stop;
    let inside = bytes.len().min(from + 5);
    inside + body(&bytes[inside..stop.max(inside)])
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
    if scan.is_hidden(start, PEM_BASE64) || scan.public.last().is_some_and(|block| start < block.end) {
        return;
    }
    let head = base64::decode(&bytes[start..limit.min(start + 64)]);
    let secret = find(&head, b"PRIVATE KEY").is_some();
    if !secret && find(&head, b"CERTIFICATE").is_none() {
        return;
    }
    let end = (start..limit).find(|at| !part(&bytes[*at])).unwrap_or(limit);
    if secret {
        scan.hit(start..end, SecretKind::Key, PEM_BASE64);
    } else {
        scan.public.push(start..end);
    }
}

/// The value of `kubectl.kubernetes.io/last-applied-configuration`.
pub(crate) fn last_applied(scan: &mut Scan<'_>, start: usize, end: usize) {
    let bytes = scan.bytes;
    if scan.is_hidden(start, APPLIED) {
        return;
    }
    let after = quote_at(bytes, end).map_or(end, |(_, after)| after);
    let at = quoting::skip_blanks(bytes, after);
    if !matches!(bytes.get(at), Some(b':' | b'=')) {
        return;
    }
    let from = quoting::skip_blanks(bytes, at + 1);
    let range = match (quote_at(bytes, from), bytes.get(from)) {
        (Some((quote, inner)), _) if bytes.get(inner) == Some(&b'{') => inner..long_quoted_end(scan, inner, quote),
        (None, Some(b'|' | b'>')) => indented(bytes, quoting::segment_end(bytes, from)),
        (None, Some(b'\n' | b'\r')) => indented(bytes, from),
        (None, Some(b'{')) => from..embedded_end(bytes, from),
        _ => return,
    };
    let text = scan.text.get(range.clone()).unwrap_or_default().trim_end();
    scan.hit(range.start..range.start + text.len(), SecretKind::LastApplied, APPLIED);
}

/// The value can be longer than other values, and can range lines in YAML.
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
    if indent == 0 || bytes.get(first + indent) != Some(&b'{') {
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
pub(crate) fn embedded_end(bytes: &[u8], from: usize) -> usize {
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
            _ => {}
        }
        at += 1;
    }
    limit
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

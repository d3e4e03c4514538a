//! Passwords in connection strings: only the password goes; user, host, port, database and query
//! are evidence.
//!
//! Must never take `host:port/path?mail=a@b` for a user and a password. Start at [`at`].

use crate::hit::Rule;
use crate::kind::{SecretKind, is_replacement};
use crate::quoting::{self, Escape};
use crate::scan::Scan;
use crate::values;
use std::ops::Range;

const RULE: Rule = Rule { name: "url-password", why: "It stands between the user and the host of an address." };
const KEY_RULE: Rule = Rule { name: "url-key", why: "It stands where an address names its user, and is a key." };
const ORACLE: Rule = Rule { name: "oracle-password", why: "It stands after the user of an Oracle address." };

/// Longest address that is looked at.
const MAX_URL: usize = 1024;
/// Most `@` that are tried as the end of the password.
const MAX_ENDS: usize = 16;

/// Looks at what follows `://`.
pub(crate) fn at(scan: &mut Scan<'_>, start: usize, from: usize) {
    let (text, bytes) = (scan.text, scan.bytes);
    let scheme = bytes[..start].iter().rev().take(32).take_while(|byte| is_scheme(**byte)).count();
    let end = url_end(bytes, from);
    let Some(rest) = text.get(from..end).filter(|rest| scheme > 0 && rest.contains('@')) else {
        return;
    };
    let web = text[start - scheme..start].to_ascii_lowercase().ends_with("http") || text[..start].ends_with("https");
    let Some(userinfo) = userinfo(rest, web) else {
        return;
    };
    match rest[..userinfo].find(':') {
        Some(colon) if is_user(&rest[..colon]) => {
            let password = &rest[colon + 1..userinfo];
            if !is_left_out(password) {
                scan.hit(from + colon + 1..from + userinfo, SecretKind::Password, RULE);
            }
        }
        None if is_key(&rest[..userinfo]) => {
            scan.hit(from..from + userinfo, SecretKind::Dsn, KEY_RULE);
        }
        _ => {}
    }
}

fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
}

/// The end of the address as text: a blank, a quote, an escape, or the next address.
fn url_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + MAX_URL);
    let mut at = from;
    while at < limit {
        match bytes[at] {
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => return at,
            b'"' | b'`' | b'<' | b'>' => return at,
            // A quote inside a password is rare, a quoted address is not.
            b'\'' if bytes.get(at + 1).is_none_or(|byte| !byte.is_ascii_alphanumeric()) => {
                return at;
            }
            b'\\' => match quoting::escape_at(bytes, at) {
                Escape::Ends => return at,
                Escape::Text(next) => at = next,
            },
            b':' if bytes[at..].starts_with(b"://") => return at,
            _ => at += 1,
        }
    }
    limit
}

/// The position of the `@` that ends the user and the password.
fn userinfo(rest: &str, web: bool) -> Option<usize> {
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let strict = rest[..authority].rfind('@');
    let port_like =
        rest[..authority].split_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let no_password = !rest[..authority].contains(':') || port_like;
    if web && strict.is_none() && no_password {
        return None;
    }
    let ends = || rest.match_indices('@').take(MAX_ENDS).map(|(at, _)| at);
    ends().find(|at| is_host_and_rest(&rest[at + 1..])).or(strict).or_else(|| ends().last().filter(|_| !no_password))
}

/// `host:5432,host2/name?x=y`, with no `@` before the query.
fn is_host_and_rest(text: &str) -> bool {
    let host_end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (host, rest) = text.split_at(host_end);
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:,[]()${}".contains(&byte))
        || host.is_empty() && rest.starts_with('/');
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host_follows = |text: &str| {
        text.rsplit_once('@').is_some_and(|(_, host)| {
            host.split_once(':').is_some_and(|(_, port)| port.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    is_host
        && !path.contains(['@', '#'])
        && !host_follows(query)
        && (query.is_empty() || query.contains('=') || !query.contains('@'))
}

fn is_user(user: &str) -> bool {
    !user.contains(['/', '?', '#', '@', '[']) && user.len() < 256
}

fn is_left_out(password: &str) -> bool {
    let placeholder = values::is_reference(password) || is_replacement(password);
    let masked = password.bytes().all(|byte| b"*xX.".contains(&byte));
    password.is_empty() || placeholder || masked || (password.starts_with('<') && password.ends_with('>'))
}

/// A key in place of the user: long, and no word.
fn is_key(user: &str) -> bool {
    user.len() >= 16
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && user.bytes().filter(u8::is_ascii_digit).count() >= 3
}

/// `user:password@tcp(host:3306)/shop`, see <https://github.com/go-sql-driver/mysql#dsn-data-source-name>.
pub(crate) fn go_mysql(scan: &mut Scan<'_>, at: usize) {
    let stop = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`=<>".contains(byte);
    let length = scan.bytes[..at].iter().rev().take(256).position(stop).unwrap_or(at.min(256));
    let start = scan.text.ceil_char_boundary(at - length);
    let colon = scan.text[start..at].find(':').map(|colon| start + colon + 1);
    if let Some(from) = colon.filter(|from| !is_left_out(&scan.text[*from..at])) {
        scan.hit(from..at, SecretKind::Password, RULE);
    }
}

/// `jdbc:oracle:thin:user/password@host`.
pub(crate) fn oracle(scan: &mut Scan<'_>, from: usize) {
    let end = url_end(scan.bytes, from);
    let Some(rest) = scan.text.get(from..end) else {
        return;
    };
    let range = rest.rfind('@').and_then(|at| {
        let slash = rest[..at].find('/')?;
        Some::<Range<usize>>(from + slash + 1..from + at)
    });
    if let Some(range) = range.filter(|range| !is_left_out(&scan.text[range.clone()])) {
        scan.hit(range, SecretKind::Password, ORACLE);
    }
}

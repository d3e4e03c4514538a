//! The values a matched line names.
//!
//! A rule's own groups first; for failures of a connection, host and port are then looked for in the usual forms
//! of the rest of the line. Nothing is taken that the line does not state.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::signature::{Signature, Values};

/// Cap of one value, in bytes.
const MAX_VALUE: usize = 256;

/// Reads the values of a match.
pub(super) fn read(
    signature: Signature,
    regex: &Regex,
    captures: &Captures<'_>,
    text: &str,
) -> Values {
    let mut values = Values::default();
    for name in regex.capture_names().flatten() {
        if let Some(found) = captures.name(name) {
            set(&mut values, name, found.as_str());
        }
    }
    if has_peer(signature) {
        fill_peer(&mut values, text);
    }
    if signature == Signature::AuthenticationRefused && values.user.is_none() {
        values.user = first(&USERS, text, "user");
    }
    if matches!(
        signature,
        Signature::DiskFull
            | Signature::ReadOnlyFileSystem
            | Signature::PermissionDenied
            | Signature::MissingFile
    ) && values.path.is_none()
    {
        values.path = first(&PATHS, text, "path");
    }
    if signature == Signature::PortInUse && values.port.is_none() {
        values.port = first(&PORTS, text, "port")
            .and_then(|port| port.parse().ok())
            .filter(|port| *port != 0);
    }
    if signature == Signature::RbacForbidden {
        service_account(&mut values);
    }
    values
}

/// Stores one group.
fn set(values: &mut Values, name: &str, found: &str) {
    let value = Some(capped(found));
    match name {
        "host" => values.host = host(found),
        "port" => values.port = found.parse().ok().filter(|port| *port != 0),
        "user" => values.user = value,
        "path" => values.path = value.map(|path| path.trim_end_matches('.').to_owned()),
        "name" => values.name = value.map(|name| name.trim_end_matches(['.', ':']).to_owned()),
        "scope" => values.scope = value,
        "verb" => values.verb = value,
        "resource" => values.resource = value,
        "group" => values.api_group = value,
        "number" => values.number = value,
        "until" => values.until = value,
        _ => {}
    }
}

/// A value, cut at a character boundary.
fn capped(text: &str) -> String {
    let mut end = text.len().min(MAX_VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// A host without brackets and closing dot; nothing for what is no host after all (a file, a bare number).
fn host(text: &str) -> Option<String> {
    const FILES: [&str; 14] = [
        ".go", ".py", ".java", ".rs", ".js", ".ts", ".c", ".cc", ".cpp", ".rb", ".php", ".scala",
        ".kt", ".cs",
    ];
    let bare = text.trim_matches(['[', ']']).trim_end_matches(['.', '-']);
    let is_file = FILES.iter().any(|end| bare.ends_with(end));
    let is_number = bare.bytes().all(|b| b.is_ascii_digit());
    // The beginning of a time, `2026-11-22T04:28:49`, has the form of a host and a port.
    let is_time = bare.len() >= 10
        && bare
            .bytes()
            .take(10)
            .all(|b| b.is_ascii_digit() || b == b'-');
    (!is_time && !bare.is_empty() && !is_file && !is_number).then(|| capped(bare))
}

/// Failures that have a host at the other end.
fn has_peer(signature: Signature) -> bool {
    use Signature as S;
    matches!(
        signature,
        S::NameNotResolved
            | S::ConnectionRefused
            | S::ConnectionTimedOut
            | S::ConnectionReset
            | S::NoRoute
            | S::AuthenticationRefused
            | S::CertificateExpired
            | S::CertificateUntrusted
            | S::CertificateWrongHost
            | S::TooManyConnections
            | S::UpstreamUnavailable
            | S::RateLimited
    )
}

/// A list of expressions of which the first match counts.
type Forms = LazyLock<Vec<Regex>>;

fn build(patterns: &[&str]) -> Vec<Regex> {
    patterns
        .iter()
        .filter_map(|pattern| super::compile(pattern))
        .collect()
}

/// How lines write the peer, the most certain form first.
static PEERS: Forms = LazyLock::new(|| {
    build(&[
        r"ConnectionPool\(host='{host}', port={port}\)",
        r#"server at "{host}"(?: \([^)]*\))?, port {port}"#,
        r#"running on host "{host}".*?port {port}"#,
        r"dial (?:tcp|udp)[46]? {host}:{port}",
        r"(?:read|write) (?:tcp|udp)[46]? \S+->{host}:{port}",
        r"lookup {host}(?: on \S+)?:",
        r#"upstream: "[a-z0-9+.-]+://{host}(?::{port})?"#,
        r"E[A-Z]{5,} (?P<host>[0-9A-Fa-f.:]*[0-9A-Fa-f]):{port}",
        r"\bipv[46]:{host}:{port}",
        r"\('{host}', {port}\)",
        r"[Ff]ailed to connect to {host}(?: \([^)]*\))? port {port}",
        r#"(?i:connecting|connect|connected|connection|reach|contact|resolve)(?: to| with)?(?: the)?(?: server| host| redis| mysql server| address)?(?: at| on)? ['"(`\[]?{host}[:/]{port}"#,
        r#"\b[a-z][a-z0-9+.-]*://(?:[^@/\s"']*@)?{host}(?::{port})?"#,
        r#"\bhost(?:name)?(?:["']?=["']?|["']?: ?["']){host}["']?(?:.*?\bport["']?\s*[=:]\s*["']?{port})?"#,
        r#"server on ['"]{host}(?::{port})?['"]"#,
        r#"(?:^|[\s"'(=\[/@]){host}:{port}(?:$|[\s"'),;\]./:])"#,
        r#"(?:host|server|to|at|upstream)\s+['"`]{host}['"`]"#,
        r"\((?P<host>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\)",
    ])
});

/// How lines write a user.
static USERS: Forms = LazyLock::new(|| {
    build(&[
        r#"\b(?:for )?(?:user(?:name)?|role|principal)\s*[=:]?\s*["'`](?P<user>[^"'`]{1,80})["'`]"#,
        r"\buser(?:name)?=(?P<user>[\w.@-]{1,80})",
    ])
});

/// How lines write a path.
static PATHS: Forms = LazyLock::new(|| {
    build(&[
        r"(?:open|write|mkdir|create|creat|unlink|rename|remove|touch|chmod|chown|stat|lock|to|file|directory|on|path|cannot \w+|can't \w+):? ?['\x22`]?{path}",
        r"['\x22`(\s=]{path}",
        r"^{path}",
    ])
});

/// How lines write a local port.
static PORTS: Forms = LazyLock::new(|| {
    build(&[
        r"(?i:port|address|bind|listen)\D{0,24}?(?:[0-9a-fA-F.\[\]]*|::|\*)[:\s]{port}(?:$|[^.\d])",
        r":{port}\b",
    ])
});

/// The first form that matches.
fn first(forms: &Forms, text: &str, group: &str) -> Option<String> {
    forms.iter().find_map(|form| {
        form.captures(text)?
            .name(group)
            .map(|found| capped(found.as_str()))
    })
}

/// Adds host and port where the rule found none. A port is only taken with its host.
fn fill_peer(values: &mut Values, text: &str) {
    if values.host.is_some() && values.port.is_some() {
        return;
    }
    for form in PEERS.iter() {
        let Some(captures) = form.captures(text) else {
            continue;
        };
        let Some(found) = captures.name("host").and_then(|h| host(h.as_str())) else {
            continue;
        };
        let port = captures
            .name("port")
            .and_then(|p| p.as_str().parse().ok())
            .filter(|p| *p != 0);
        match &values.host {
            None => {
                values.host = Some(found);
                values.port = values.port.or(port);
                return;
            }
            Some(known) if *known == found && port.is_some() => {
                values.port = port;
                return;
            }
            Some(_) => {}
        }
    }
}

/// `system:serviceaccount:ns:name` into its parts.
fn service_account(values: &mut Values) {
    let Some((namespace, name)) = values
        .user
        .as_deref()
        .and_then(|user| user.strip_prefix("system:serviceaccount:"))
        .and_then(|rest| rest.split_once(':'))
    else {
        return;
    };
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    values.namespace = Some(namespace);
    values.name = Some(name);
}

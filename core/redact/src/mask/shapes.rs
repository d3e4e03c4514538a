//! Addresses and host names, by their form.
//!
//! A dotted word is a host when it ends as hosts do: field paths (`spec.containers`), file names and versions are none.
//! The names of API groups and public registries are known to everybody and stay.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{kinds, words};

/// Last labels of host names. Endings of files and of field paths are left out.
const ENDINGS: &str = "\
    com org net io dev app cloud edu gov mil int info biz co ai eu de uk us fr nl ch at it es pl se no fi dk cz be \
    ie in cn jp kr au br ca ru xyz tech systems online site store local internal lan corp intra intranet private \
    home localdomain arpa test svc";

/// Domains that everybody knows: API groups, label keys, public registries.
const PUBLIC: &[&str] = &[
    "k8s.io",
    "kubernetes.io",
    "docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "mcr.microsoft.com",
    "coreos.com",
    "istio.io",
    "cert-manager.io",
    "openshift.io",
    "argoproj.io",
];

/// What the names of all clusters end with; what stands before it is theirs.
const IN_CLUSTER: &[&str] = &["cluster.local", "svc.cluster.local", "pod.cluster.local"];

/// Bytes of a host name: RFC 1035, section 2.3.4.
const HOST: usize = 253;

/// What begins here: its length, and what its placeholder begins with.
pub(super) fn at(text: &str, start: usize) -> Option<(usize, &'static str)> {
    let rest = text.get(start..)?;
    let before = text[..start].chars().next_back();
    if let Some(len) = address(rest, before) {
        return Some((len, kinds::ADDRESS));
    }
    host(rest, in_url(&text[..start])).map(|len| (len, kinds::HOST))
}

/// Whether a host of a URL begins after this: `redis://`, `redis://user@`.
fn in_url(before: &str) -> bool {
    let url = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/')).next().unwrap_or_default();
    before.ends_with("://") || before.ends_with('@') && before[..before.len() - url.len()].ends_with("://")
}

fn address(rest: &str, before: Option<char>) -> Option<usize> {
    if before == Some('.') || before == Some(':') && rest.starts_with(':') {
        return None;
    }
    let run = rest.bytes().take_while(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':')).count();
    let trimmed = rest[..run].trim_end_matches('.');
    let v6 = trimmed.matches(':').count() >= 2;
    let candidates = [trimmed, trimmed.trim_end_matches(':')];
    let sixth = candidates.iter().find(|text| v6 && text.parse::<Ipv6Addr>().is_ok()).copied();
    let found = sixth.or_else(|| {
        let run = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let four = rest[..run].trim_end_matches('.');
        four.parse::<Ipv4Addr>().is_ok().then_some(four)
    })?;
    let known = match found.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified(),
    };
    (!known && words::ends(rest, found.len())).then_some(found.len())
}

/// A host name; after `://` also one of a single label. Names inside a cluster (`api.shop.svc`) are masked part by part.
fn host(rest: &str, is_url_host: bool) -> Option<usize> {
    let run = rest.bytes().take(HOST).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')).count();
    let name = rest[..run].trim_end_matches(['.', '-']);
    let len = name.len();
    if !words::ends(rest, len) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let last = labels.last()?;
    let is_public = lower == "localhost"
        || IN_CLUSTER.contains(&lower.as_str())
        || PUBLIC
            .iter()
            .any(|domain| lower.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')));
    if labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    // Inside a cluster, each label by itself: `NAME.NAMESPACE.svc`, and `10-0-1-23.NAMESPACE.pod.cluster.local`.
    let ends_cluster = |at: usize| labels[at] == "svc" || labels[at..].starts_with(&["pod", "cluster"]);
    if let Some(at) = (1..labels.len()).find(|at| ends_cluster(*at)) {
        return Some(labels[0].len()).filter(|_| at <= 3);
    }
    let by_form = labels.len() > 1 && ENDINGS.split(' ').any(|ending| ending == *last)
        || is_machine(&lower)
        || is_url_host && has_letter(&lower) && !is_user(&rest[len..]);
    (by_form && !is_public).then_some(len)
}

/// `ip-10-0-1-23`, as clouds name machines.
fn is_machine(name: &str) -> bool {
    name.strip_prefix("ip-").is_some_and(|rest| {
        let parts: Vec<&str> = rest.split('.').next().unwrap_or_default().split('-').collect();
        parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
    })
}

/// Whether what comes before this is the user of a URL: `app` of `redis://app:...@cache`.
fn is_user(rest: &str) -> bool {
    rest.split(|c: char| c.is_whitespace() || matches!(c, '/' | '"')).next().is_some_and(|part| part.contains('@'))
}

fn has_letter(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_alphabetic())
}

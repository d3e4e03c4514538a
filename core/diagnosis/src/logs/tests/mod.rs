//! Tests of the log engine as a whole.

mod levels;
mod properties;
mod signatures;
mod signatures_more;
mod silence;
mod streams;

use super::{LogDigest, LogDigester, LogOptions};

/// The digest of a text in one chunk.
fn digest(text: &str) -> LogDigest {
    let mut digester = LogDigester::new(LogOptions::default());
    digester.push(text.as_bytes());
    digester.finish()
}

/// The hits of a text as `Signature key=value ...`, in order.
fn hits(text: &str) -> Vec<String> {
    digest(text).hits.iter().map(describe).collect()
}

/// One hit in one line.
fn describe(hit: &super::Hit) -> String {
    let v = &hit.values;
    let port = v.port.map(|port| port.to_string());
    let fields = [
        ("host", &v.host),
        ("port", &port),
        ("user", &v.user),
        ("path", &v.path),
        ("name", &v.name),
        ("namespace", &v.namespace),
        ("scope", &v.scope),
        ("verb", &v.verb),
        ("resource", &v.resource),
        ("group", &v.api_group),
        ("number", &v.number),
        ("until", &v.until),
    ];
    let mut out = format!("{:?}", hit.signature);
    for (key, value) in fields {
        if let Some(value) = value {
            out.extend([" ", key, "=", value]);
        }
    }
    out
}

/// Every row's line must give exactly the hit described.
fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .filter(|(line, hit)| hits(line) != [*hit])
        .map(|(line, hit)| (line, hit, hits(line)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

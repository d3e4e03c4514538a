//! Datadog: `Triggered: [P2] Monitor name on host:web-1,service:shop`, `[Recovered on {host:web-1}] Monitor name`, with tags:
//! <https://docs.datadoghq.com/monitors/notify/>.
//!
//! Start at [`read`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::labels::{grade, is_name, put, put_tags};
use super::sheet::{Sheet, plain};
use super::{PostedAlert, PostedAlerts};

const STATES: &str = "triggered|re-triggered|recovered|warn|re-warn|no data|re-no data|alert recovered|warn recovered";

/// `[P1] [Triggered on {host:a}] name`.
static BRACKETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)^(?:\[(P[1-5])\]\s*)?\[({STATES})(?:\s+on\s+\{{([^}}]*)\}})?\]\s*(?:\[(P[1-5])\]\s*)?(.+)$"
    ))
    .ok()
});

/// `Triggered: [P1] name on host:a`.
static WORDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)^({STATES})[:\s]+(?:\[(P[1-5])\]\s*)?(.+)$")).ok());

/// What a title tells.
struct Head {
    state: String,
    priority: Option<String>,
    scope: String,
    name: String,
}

/// Reads a monitor's post.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let head = bracketed(sheet).or_else(|| worded(sheet))?;
    let mut labels = BTreeMap::new();
    put_tags(&mut labels, &head.scope);
    let mut annotations = BTreeMap::new();
    let tags = sheet.lines.iter().filter_map(|line| tags_of(line)).chain(sheet.field("tags").map(str::to_owned));
    for tags in tags {
        put_tags(&mut labels, &tags);
    }
    if let Some(priority) = &head.priority {
        put(&mut labels, "priority", priority);
        grade(&mut labels, priority);
    } else if head.state.contains("warn") {
        grade(&mut labels, "warning");
    }
    let text = sheet.text();
    if !text.is_empty() {
        annotations.insert("description".to_owned(), text);
    }
    labels.insert("alertname".to_owned(), head.name.clone());
    let group = Some(format!("{} {}", head.name, head.scope).trim().to_owned());
    let firing = !head.state.contains("recovered");
    let link = sheet.link.clone();
    let alert = PostedAlert { name: head.name, firing, labels, values: Vec::new(), annotations, link };
    Some(PostedAlerts { source: "datadog".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() })
}

fn bracketed(sheet: &Sheet) -> Option<Head> {
    let found = BRACKETS.as_ref()?.captures(&sheet.title)?;
    let name = plain(&text(&found, 5)?);
    let scope = text(&found, 3).unwrap_or_default();
    let (name, scope) = if scope.is_empty() { scoped(&name) } else { (name, scope) };
    let priority = text(&found, 1).or_else(|| text(&found, 4));
    Some(Head { state: text(&found, 2)?.to_lowercase(), priority, scope, name })
}

/// Without brackets the words alone are no proof: a priority, a scope, or Datadog's name is.
fn worded(sheet: &Sheet) -> Option<Head> {
    let found = WORDS.as_ref()?.captures(&sheet.title)?;
    let priority = text(&found, 2);
    let (name, scope) = scoped(&plain(&text(&found, 3)?));
    let proven = priority.is_some() || !scope.is_empty() || sheet.is_by("datadog");
    proven.then_some(Head { state: text(&found, 1)?.to_lowercase(), priority, scope, name })
}

fn text(found: &Captures<'_>, at: usize) -> Option<String> {
    found.get(at).map(|group| group.as_str().to_owned())
}

/// A name and the scope after its last ` on `, when that is made of tags.
fn scoped(name: &str) -> (String, String) {
    let is_tag = |tag: &str| tag.trim().split_once(':').is_some_and(|(name, value)| is_name(name) && !value.is_empty());
    match name.rsplit_once(" on ") {
        Some((name, scope)) if scope.trim_matches(['{', '}']).split(',').all(is_tag) => {
            (name.trim().to_owned(), scope.trim_matches(['{', '}']).to_owned())
        }
        _ => (name.to_owned(), String::new()),
    }
}

/// The tags of a line `Tags: env:prod, service:shop`.
fn tags_of(line: &str) -> Option<String> {
    let (name, tags) = line.split_once(':')?;
    let name = plain(name);
    (name.eq_ignore_ascii_case("tags") || name.eq_ignore_ascii_case("tagged")).then(|| tags.replace(['*', '`'], " "))
}

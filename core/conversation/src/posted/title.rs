//! The default title of Alertmanager and Grafana: `[FIRING:2] KubePodCrashLooping shop (prod-eu checkout warning)`. Before the
//! brackets stand the values of the group's labels, in them those of the other labels that all alerts share; each sorted by
//! its label's name, `alertname` first: <https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl>.
//!
//! Start at [`read`] and [`title_key`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::labels::put;

/// A title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Title {
    /// Whether anything fires.
    pub(super) firing: bool,
    /// How many.
    pub(super) count: Option<u64>,
    /// The alert's name, as far as a title without label names can tell.
    pub(super) name: String,
    /// The group's values, the name among them.
    pub(super) group: String,
    /// The values, without the name.
    pub(super) values: Vec<String>,
    /// Labels that stand with their names, as in `(severity="critical")`.
    pub(super) labels: BTreeMap<String, String>,
}

/// The state and the numbers of a title.
static STATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\[(FIRING|RESOLVED)(?::\s?(\d{1,9}))?(?:,\s?RESOLVED:\s?\d{1,9})?\]\s*(.*)$").ok());

/// `name="value"`.
static PAIR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)""#).ok());

/// Reads a title; none when it is another's.
pub(super) fn read(title: &str) -> Option<Title> {
    let found = STATE.as_ref()?.captures(title.trim())?;
    let firing = found.get(1)?.as_str() == "FIRING";
    let count = found.get(2).and_then(|digits| digits.as_str().parse().ok());
    let rest = whole_words(found.get(3)?.as_str());
    let (group, common) = match rest.split_once('(') {
        Some((group, common)) => (group.trim(), common.trim_end().trim_end_matches(')')),
        None => (rest.trim(), ""),
    };
    let mut title = Title { firing, count, group: group.to_owned(), ..Title::default() };
    for pair in PAIR.iter().flat_map(|pair| pair.captures_iter(common)) {
        if let (Some(name), Some(value)) = (pair.get(1), pair.get(2)) {
            put(&mut title.labels, name.as_str(), &value.as_str().replace("\\\"", "\""));
        }
    }
    let common = if title.labels.is_empty() { common } else { "" };
    name(&mut title, common);
    Some(title)
}

/// Finds the name among the values. Grouped by other labels than `alertname`, the name comes first in the brackets.
fn name(title: &mut Title, common: &str) {
    let mut of_group: Vec<&str> = tokens(&title.group).collect();
    let mut shared: Vec<&str> = tokens(common).collect();
    let is_named = |tokens: &[&str]| tokens.first().is_some_and(|first| is_alert_name(first));
    if let Some(name) = title.labels.get("alertname") {
        title.name = name.clone();
    } else if !is_named(&of_group) && is_named(&shared) {
        shared.remove(0).clone_into(&mut title.name);
    } else if of_group.first().is_some_and(|first| !is_alert_name(first) && first.starts_with(char::is_uppercase)) {
        // Grafana's names are words: `High request latency`.
        title.name = std::mem::take(&mut of_group).join(" ");
    } else if !of_group.is_empty() {
        title.name = of_group.remove(0).to_owned();
    }
    if !title.labels.is_empty() && of_group.first() == Some(&"for") {
        // `Name for job (...)`: the title of a template that is copied widely.
        of_group.clear();
    }
    title.values = of_group.into_iter().chain(shared).map(str::to_owned).collect();
}

/// `KubePodCrashLooping`, `instance_down`: several words in one, as rules are named.
pub(super) fn is_alert_name(word: &str) -> bool {
    let inner = word.chars().skip(1);
    let humps = word.starts_with(char::is_uppercase) && inner.clone().any(char::is_uppercase);
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && (humps && inner.clone().any(char::is_lowercase) || word.contains('_'))
}

/// A title that a platform cut off ends in dots, in the middle of a word that tells nothing.
fn whole_words(text: &str) -> &str {
    let cut = text.trim_end();
    match cut.strip_suffix('\u{2026}').or_else(|| cut.strip_suffix("...")) {
        Some(rest) => rest.rsplit_once(char::is_whitespace).map_or("", |(whole, _)| whole),
        None => cut,
    }
}

/// The words of a title or of a label's value, as titles are compared by.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().map(|word| word.trim_matches(['(', ')'])).filter(|word| !word.is_empty())
}

/// What the titles of one group have in common whichever program writes them: the words of the name and the values, sorted,
/// each once. None when that is too little to tell groups apart: a single word that is no alert's name.
pub fn title_key<'a>(name: &'a str, values: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut words: BTreeSet<&str> = tokens(name).collect();
    let named = words.iter().any(|word| is_alert_name(word));
    words.extend(values.into_iter().flat_map(tokens));
    let words: Vec<&str> = words.into_iter().collect();
    (words.len() > 1 || named).then(|| words.join(" "))
}

/// Whether a value is the name of one of several Prometheus servers that watch the same: `prometheus-k8s-0`. The operator
/// gives it to the label that tells replicas apart.
pub fn is_replica(value: &str) -> bool {
    let numbered = |(_, digits): (&str, &str)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    value.starts_with("prometheus-") && value.rsplit_once('-').is_some_and(numbered)
}

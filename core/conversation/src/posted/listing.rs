//! Lists of alerts with their labels by name: `Labels:` with ` - name = value` below it as the default templates of
//! Alertmanager, Grafana and their copies for Teams write, and `*Alert:* ...`, `*Details:*` with ` • *name:* value`, as the
//! templates do that are copied from one Slack channel to the next.
//!
//! Must never take the words of a description for labels. Start at [`read`].

use super::labels::{grade, is_name, put};
use super::{ALERTS_CAP, PostedAlert};

/// What the lines below belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Words,
    Labels,
    Annotations,
    /// Labels of the group, that its alerts repeat.
    Group,
}

/// A line with its marks taken off.
struct Line<'a> {
    bullet: bool,
    key: Option<&'a str>,
    value: &'a str,
}

/// What is read so far.
struct Reader {
    mode: Mode,
    firing: bool,
    alert: PostedAlert,
    alerts: Vec<PostedAlert>,
    /// The annotation that lines without a name of their own go on with.
    open: Option<String>,
    /// The list of annotations has begun, so the labels before it are complete.
    annotated: bool,
}

/// Labels that templates also tell on a line of their own.
const TOLD_ALONE: [&str; 12] = [
    "cluster",
    "namespace",
    "pod",
    "container",
    "deployment",
    "statefulset",
    "daemonset",
    "node",
    "instance",
    "job",
    "service",
    "alertname",
];

/// Reads a list; its alerts fire or not as the words above them say, else as told. Alerts without a label are none.
pub(super) fn read(lines: &[String], firing: bool) -> Vec<PostedAlert> {
    let mut reader = Reader {
        mode: Mode::Words,
        firing,
        alert: PostedAlert { firing, ..PostedAlert::default() },
        alerts: Vec::new(),
        open: None,
        annotated: false,
    };
    for line in lines {
        reader.take(line);
        if reader.alerts.len() > ALERTS_CAP {
            break;
        }
    }
    // A platform cuts a long text off: labels that end in dots are not all of them.
    let is_cut = lines.iter().rfind(|line| !line.trim().is_empty()).is_some_and(|last| {
        let last = last.trim_end();
        last.ends_with('\u{2026}') || last.ends_with("...")
    });
    let is_whole = reader.mode != Mode::Labels || reader.annotated || reader.alerts.is_empty();
    if is_whole || !is_cut {
        reader.next();
    }
    reader.alerts
}

impl Reader {
    fn take(&mut self, text: &str) {
        let line = line(text);
        if let Some(mode) = self.header(&line) {
            self.mode = mode;
            self.open = None;
            return;
        }
        match (self.mode, line.key) {
            (Mode::Labels, Some(key)) if line.bullet => put(&mut self.alert.labels, key, line.value),
            (Mode::Group, Some(_)) if line.bullet => {}
            (Mode::Annotations, Some(key)) if line.bullet && (text.contains(" = ") || is_name(key)) => {
                self.annotate(key, line.value);
            }
            (_, Some(key)) if !line.bullet && self.told(&key.to_lowercase(), line.value) => {}
            _ => self.go_on(text),
        }
    }

    /// Words that say what follows.
    fn header(&mut self, line: &Line<'_>) -> Option<Mode> {
        let words = line.key.unwrap_or(line.value);
        if line.bullet || (line.key.is_some() && !line.value.is_empty()) {
            return None;
        }
        match words.trim_start_matches(['#', ' ']).trim_matches(['*', ':', ' ']).to_lowercase().as_str() {
            "firing" | "alerts firing" => Some(self.state(true)),
            "resolved" | "alerts resolved" => Some(self.state(false)),
            "labels" | "details" => {
                if !self.alert.labels.is_empty() && (self.mode != Mode::Words || self.annotated) {
                    self.next();
                }
                Some(Mode::Labels)
            }
            "additional labels" => Some(Mode::Labels),
            "annotations" | "additional annotations" => {
                self.annotated = true;
                Some(Mode::Annotations)
            }
            "group labels" | "common labels" => Some(Mode::Group),
            _ => None,
        }
    }

    fn state(&mut self, firing: bool) -> Mode {
        self.next();
        self.firing = firing;
        self.alert.firing = firing;
        Mode::Words
    }

    /// A line `Name: value`. Whether it is one of those that mean something.
    fn told(&mut self, key: &str, value: &str) -> bool {
        match key {
            "alert" | "value" => {
                self.next();
                self.alert_line(key, value);
            }
            "summary" | "description" | "message" | "value string" => self.annotate(key, value),
            "runbook" | "runbook url" | "runbook_url" => self.annotate("runbook_url", value),
            "dashboard" | "panel" | "silence" => self.annotate(&format!("{key}_url"), value),
            "source" | "graph" | "generator" => {
                self.alert.link = Some(value.to_owned()).filter(|link| !link.is_empty());
                self.mode = Mode::Words;
                self.open = None;
            }
            "severity" => grade(&mut self.alert.labels, value),
            key if TOLD_ALONE.contains(&key) => put(&mut self.alert.labels, key, value),
            _ => return false,
        }
        true
    }

    /// `*Alert:* Pod is crash looping - critical`, or Grafana's `Value: B=22`.
    fn alert_line(&mut self, key: &str, value: &str) {
        self.mode = Mode::Words;
        if key == "value" {
            return self.annotate("value", value);
        }
        let (summary, severity) = match value.rsplit_once(" - ") {
            Some((summary, severity)) => (summary, severity.trim().trim_matches(['`', '*'])),
            None => (value, ""),
        };
        grade(&mut self.alert.labels, severity);
        self.annotate("summary", summary);
    }

    fn annotate(&mut self, key: &str, value: &str) {
        if !value.trim().is_empty() {
            self.alert.annotations.insert(key.to_owned(), value.trim().to_owned());
        }
        self.open = Some(key.to_owned());
    }

    /// A line that goes on with what the last one told.
    fn go_on(&mut self, text: &str) {
        let Some(open) = &self.open else { return };
        if text.trim().is_empty() && self.mode != Mode::Annotations {
            return;
        }
        let told = self.alert.annotations.entry(open.clone()).or_default();
        if !told.is_empty() {
            told.push('\n');
        }
        told.push_str(text.trim_end());
    }

    /// The next alert begins.
    fn next(&mut self) {
        let next = PostedAlert { firing: self.firing, ..PostedAlert::default() };
        let mut alert = std::mem::replace(&mut self.alert, next);
        self.open = None;
        self.annotated = false;
        if alert.labels.is_empty() {
            return;
        }
        for text in alert.annotations.values_mut() {
            text.truncate(text.trim_end().len());
        }
        alert.annotations.retain(|_, text| !text.is_empty());
        alert.name = alert.labels.get("alertname").cloned().unwrap_or_default();
        self.alerts.push(alert);
    }
}

/// Takes the marks of quotes, lists, bold and code off a line.
fn line(text: &str) -> Line<'_> {
    let text = text.trim_start_matches(['>', ' ', '\t']).trim_end();
    let marked = ["- ", "\u{2022} ", "\u{b7} ", "* "].iter().find_map(|mark| text.strip_prefix(mark));
    let (bullet, text) = (marked.is_some(), marked.unwrap_or(text).trim_start());
    let by_equals = text.split_once(" = ").or_else(|| text.strip_suffix(" =").map(|name| (name, "")));
    let by_colon = text.split_once(':');
    let shorter = |a: Option<(&'_ str, _)>, b: Option<(&'_ str, _)>| match (a, b) {
        (Some((a, _)), Some((b, _))) => a.len() <= b.len(),
        (a, _) => a.is_some(),
    };
    let by_equals = by_equals.filter(|_| bullet && shorter(by_equals, by_colon));
    let is_exact = by_equals.is_some();
    let Some((key, value)) = by_equals.or(by_colon) else {
        return Line { bullet, key: None, value: text.trim_matches(['*', '`', ' ']) };
    };
    let key = key.trim_matches(['*', '`', ' ']);
    let value = if is_exact { value } else { unmarked(value) };
    Line { bullet, key: Some(key).filter(|key| !key.is_empty()), value }
}

fn unmarked(value: &str) -> &str {
    let value = value.trim_start_matches(['*', '_']).trim();
    value.strip_prefix('`').and_then(|inner| inner.strip_suffix('`')).unwrap_or(value)
}

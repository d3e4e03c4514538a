//! Evidence: the exact piece of a read that a claim stands on, and the command that shows it again.
//!
//! Start at the constructors ([`object`], [`event`], [`log`], [`metric`], [`absence`]): detectors cite with them, and a claim
//! without one cannot be made ([`crate::finding::Finding::because`] takes one).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entity::{EntityRef, Kind};
use crate::kube::Event;
use crate::logs::LogLine;
use crate::metrics::MetricQuery;
use crate::probe::{ContainerRef, log_command};
use crate::shell::word;

/// One cited piece.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is about.
    pub about: EntityRef,
    /// What it says.
    pub excerpt: Excerpt,
    /// The command that shows it.
    pub command: String,
}

/// What a piece of evidence says, by where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excerpt {
    /// Fields of an object, as `path=value` or in its own words.
    Object(String),
    /// An event.
    Event {
        /// `Warning` or `Normal`.
        kind: String,
        /// Its reason.
        reason: String,
        /// Its message.
        message: String,
        /// How often.
        count: u64,
        /// First time.
        first: Option<Timestamp>,
        /// Last time.
        last: Option<Timestamp>,
    },
    /// A log line.
    Log {
        /// Its text.
        line: String,
        /// Its number in the log, from 1.
        number: u64,
        /// When it was written, where it says so.
        at: Option<Timestamp>,
        /// From the run before the current one.
        previous: bool,
    },
    /// What an expression gave.
    Metric {
        /// The expression.
        expr: String,
        /// The series and its value, in words.
        says: String,
        /// When it had that value.
        at: Timestamp,
    },
    /// Something was looked for and is not there.
    Absence(String),
    /// What a read on behalf of a language model gave: the lines that its claim stands on.
    Answer {
        /// Which tool: `read_log`, `github.list_commits`.
        tool: String,
        /// The lines.
        text: String,
    },
}

impl Evidence {
    /// When it happened, where it says so.
    pub fn at(&self) -> Option<Timestamp> {
        match &self.excerpt {
            Excerpt::Event { last, .. } => *last,
            Excerpt::Log { at, .. } => *at,
            Excerpt::Metric { at, .. } => Some(*at),
            Excerpt::Object(_) | Excerpt::Absence(_) | Excerpt::Answer { .. } => None,
        }
    }

    /// The text that was seen.
    pub fn text(&self) -> &str {
        match &self.excerpt {
            Excerpt::Object(text) | Excerpt::Absence(text) | Excerpt::Answer { text, .. } => text,
            Excerpt::Event { message, .. } => message,
            Excerpt::Log { line, .. } => line,
            Excerpt::Metric { says, .. } => says,
        }
    }
}

/// Fields of an object: `status.containerStatuses[api].lastState.terminated: exitCode=1`.
pub fn object(about: &EntityRef, says: impl Into<String>) -> Evidence {
    let command = format!("{} -o yaml", get(about));
    Evidence { about: about.clone(), excerpt: Excerpt::Object(says.into()), command }
}

/// An event.
pub fn event(event: &Event) -> Evidence {
    let about = &event.involved_object;
    let entity = EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone());
    let namespace = if event.metadata.namespace.is_empty() { "default" } else { &event.metadata.namespace };
    let (namespace, name) = (word(namespace), word(&about.name));
    let command = format!("kubectl -n {namespace} get events --field-selector involvedObject.name={name}");
    let excerpt = Excerpt::Event {
        kind: event.r#type.clone(),
        reason: event.reason.clone(),
        message: event.text().to_owned(),
        count: event.times(),
        first: event.first(),
        last: event.last(),
    };
    Evidence { about: entity, excerpt, command }
}

/// A log line.
pub fn log(of: &ContainerRef, previous: bool, line: &LogLine) -> Evidence {
    let excerpt = Excerpt::Log { line: line.text.clone(), number: line.number, at: line.at, previous };
    let about = EntityRef::new(Kind::Pod, &of.namespace, of.pod.clone());
    Evidence { about, excerpt, command: log_command(of, previous) }
}

/// What a query gave, in words, and when.
pub fn metric(about: EntityRef, query: &MetricQuery, says: String, at: Timestamp) -> Evidence {
    let excerpt = Excerpt::Metric { expr: query.expr.clone(), says, at };
    Evidence { about, excerpt, command: query.command() }
}

/// An object that was looked for and is not there. Cite it only when [`crate::view::View::absent`] says so.
pub fn absence(of: &EntityRef) -> Evidence {
    Evidence {
        about: of.clone(),
        excerpt: Excerpt::Absence(format!("{of} is not among the {} that were read", of.kind.plural())),
        command: get(of),
    }
}

/// The command that shows an object.
fn get(of: &EntityRef) -> String {
    let namespace = of.namespace.as_ref().map(|ns| format!("-n {} ", word(ns))).unwrap_or_default();
    format!("kubectl {namespace}get {} {}", word(&of.kind.as_str().to_lowercase()), word(&of.name))
}

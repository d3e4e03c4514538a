//! One planned read: what a plan is made of, and what an evidence source is asked.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entity::Kind;
use crate::logs::Pick;
use crate::metrics::MetricQuery;
use crate::shell::word;

/// One container of one pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerRef {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Name of the container.
    pub container: String,
}

/// One planned read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// All objects of a kind, in one namespace, or everywhere (and for cluster-scoped kinds) when it is none.
    Objects {
        /// The kind to list.
        kind: Kind,
        /// The namespace, or none.
        namespace: Option<String>,
    },
    /// The log of a container.
    Log {
        /// Whose log.
        of: ContainerRef,
        /// The run before the current one.
        previous: bool,
        /// Log templates that appear after this moment are marked as new.
        onset: Option<Timestamp>,
    },
    /// Lines of the log of a container as they are, beside its digest.
    Lines {
        /// Whose log.
        of: ContainerRef,
        /// The run before the current one.
        previous: bool,
        /// Which lines.
        pick: Pick,
    },
    /// The rules that make alerts of a name: expression, `for`, labels.
    Rules {
        /// The alert's name.
        alert: String,
    },
    /// Series of a metrics source.
    Metric(MetricQuery),
}

/// What kind of source answers a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// Objects and events.
    Objects,
    /// Logs of containers.
    Logs,
    /// Series, and the rules that make alerts of them.
    Metrics,
}

impl Probe {
    /// What kind of source answers it.
    pub fn kind(&self) -> ProbeKind {
        match self {
            Probe::Objects { .. } => ProbeKind::Objects,
            Probe::Log { .. } | Probe::Lines { .. } => ProbeKind::Logs,
            Probe::Rules { .. } | Probe::Metric(_) => ProbeKind::Metrics,
        }
    }

    /// The command that reads the same by hand.
    pub fn command(&self) -> String {
        match self {
            Probe::Objects { kind, namespace: Some(ns) } => {
                format!("kubectl -n {} get {} -o json", word(ns), kind.plural())
            }
            Probe::Objects { kind, namespace: None } if kind.namespaced() => {
                format!("kubectl get {} -A -o json", kind.plural())
            }
            Probe::Objects { kind, namespace: None } => format!("kubectl get {} -o json", kind.plural()),
            Probe::Log { of, previous, .. } | Probe::Lines { of, previous, .. } => log_command(of, *previous),
            Probe::Rules { alert } => {
                let select = format!(".data.groups[].rules[] | select(.name == {})", serde_json::json!(alert));
                format!(r#"curl -sG "$PROMETHEUS_URL/api/v1/rules" -d type=alert | jq {}"#, word(&select))
            }
            Probe::Metric(query) => query.command(),
        }
    }
}

/// The command that shows a container's log.
pub fn log_command(of: &ContainerRef, previous: bool) -> String {
    let flag = if previous { " --previous" } else { "" };
    format!("kubectl -n {} logs {} -c {}{flag}", word(&of.namespace), word(&of.pod), word(&of.container))
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Objects { kind, namespace: Some(ns) } => write!(f, "{} in {ns}", kind.plural()),
            Probe::Objects { kind, namespace: None } => write!(f, "{}", kind.plural()),
            Probe::Log { of, previous, .. } | Probe::Lines { of, previous, .. } => {
                let which = if *previous { "previous log" } else { "log" };
                write!(f, "{which} of {}/{} container {}", of.namespace, of.pod, of.container)
            }
            Probe::Rules { alert } => write!(f, "the rule of alert {alert}"),
            Probe::Metric(query) => write!(f, "metrics: {}", query.purpose.why()),
        }
    }
}

/// The rule that lets a resource be read, word for word as it goes into a Role or ClusterRole. A subresource (`pods/log`)
/// is only read by name.
pub fn rbac_rule(group: &str, resource: &str, namespace: Option<&str>) -> String {
    let place = namespace.map_or("a ClusterRole".to_owned(), |ns| format!("a Role in {ns}"));
    let verbs = if resource.contains('/') { r#""get""# } else { r#""get", "list""# };
    format!(r#"grant in {place}: {{apiGroups: ["{group}"], resources: ["{resource}"], verbs: [{verbs}]}}"#)
}

/// Why a read gave nothing. "I saw nothing" and "I was not allowed to look" stay different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFailure {
    /// A recording does not hold it, or no source is configured that would.
    NotRecorded,
    /// The API server does not serve the kind, as older and newer versions and smaller distributions do.
    NotServed,
    /// The API server refused; its own words.
    Forbidden(String),
    /// The object is not there (any more).
    NotFound(String),
    /// The container has no previous run.
    NoPrevious,
    /// The container has not started, so there is no log yet.
    NotStarted,
    /// No answer within the time limit.
    TimedOut(String),
    /// There is an answer, but it cannot be used; why.
    Unreadable(String),
    /// The budget of the investigation was used up before this read.
    OutOfBudget,
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadFailure::NotRecorded => f.write_str("not in the recording"),
            ReadFailure::NotServed => f.write_str("the API server does not serve this kind"),
            ReadFailure::Forbidden(words) => write!(f, "forbidden: {words}"),
            ReadFailure::NotFound(words) => write!(f, "not found: {words}"),
            ReadFailure::NoPrevious => f.write_str("the container has no previous run"),
            ReadFailure::NotStarted => f.write_str("the container has not started"),
            ReadFailure::TimedOut(words) => write!(f, "no answer in time: {words}"),
            ReadFailure::Unreadable(words) => write!(f, "not readable: {words}"),
            ReadFailure::OutOfBudget => f.write_str("not read: the budget of this investigation was used up"),
        }
    }
}

//! What was read, without secrets: for what is kept of it.
//!
//! Must never leave out a field that holds text from outside. Objects name their own texts ([`crate::kube`]).

use midwatch_redact::{Redact, Redactor};

use super::Content;
use crate::logs::{Hit, LogDigest, LogLine, Pick, Picked, StackTrace, Template, Values};
use crate::metrics::seen::AlertRule;
use crate::metrics::{MetricQuery, Series};
use crate::probe::{ContainerRef, Probe, ReadFailure};

macro_rules! fields {
    ($($ty:ty { $($field:ident),* })*) => { $(
        impl Redact for $ty {
            fn redact(&mut self, redactor: &Redactor) {
                $(self.$field.redact(redactor);)*
            }
        }
    )* };
}

fields! {
    LogDigest { templates, hits, first_error, fatal, tail, traces, last_success, picked }
    LogLine { text }
    Template { pattern, first, last }
    StackTrace { head, root_cause, lines }
    Hit { values, first, last, success_after }
    Values { host, user, path, name, namespace, scope, verb, resource, api_group, number, until }
    Picked { lines }
    Pick { grep }
    ContainerRef { namespace, pod, container }
    AlertRule { name, expr, labels }
    Series { labels }
    MetricQuery { expr, agree_with }
}

impl Redact for Content {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Content::Objects(objects) => objects.redact(redactor),
            Content::Log(digest) => digest.redact(redactor),
            Content::Rules(rules) => rules.redact(redactor),
            Content::Series(series) => series.redact(redactor),
        }
    }
}

impl Redact for Probe {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Probe::Objects { kind: _, namespace } => namespace.redact(redactor),
            Probe::Log { of, .. } => of.redact(redactor),
            Probe::Lines { of, pick, .. } => {
                of.redact(redactor);
                pick.redact(redactor);
            }
            Probe::Rules { alert } => alert.redact(redactor),
            Probe::Metric(query) => query.redact(redactor),
        }
    }
}

impl Redact for ReadFailure {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            ReadFailure::Forbidden(words)
            | ReadFailure::NotFound(words)
            | ReadFailure::TimedOut(words)
            | ReadFailure::Unreadable(words) => words.redact(redactor),
            ReadFailure::NotRecorded
            | ReadFailure::NotServed
            | ReadFailure::NoPrevious
            | ReadFailure::NotStarted
            | ReadFailure::OutOfBudget => {}
        }
    }
}

//! Tools of the evidence sources: what a language model may have read of the cluster.
//!
//! ```text
//! arguments   schemas and their reading       desk    what the tools of one exploration share
//! objects     list_objects                    fields  get_fields
//! log         read_log
//! kubernetes  describe_object, list_events, list_changes, compare_with_past
//! metrics     query_metrics, get_alert_rule, container_usage
//! graph       get_neighbours, who_else_is_hit report  get_findings
//! time        date_math                       moments times as a model writes them
//! ```
//! They hold an [`EvidenceSource`], which only reads, so none of them can write. Must never read beyond the namespaces that
//! the request names, nor values of Secrets. Start at [`of`].

use std::sync::Arc;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Request, SourceKind};
use midwatch_diagnosis::probe::ProbeKind;
use midwatch_diagnosis::report::Report;
use midwatch_redact::{Redacted, Redactor};

use midwatch_diagnosis::entity::EntityRef;

use crate::tool::Tool;
use desk::{At, Desk};

pub mod arguments;
mod desk;
mod fields;
mod graph;
mod kubernetes;
mod log;
mod metrics;
mod moments;
mod objects;
mod report;
#[cfg(test)]
mod tests;
mod time;

/// The tools of one exploration: those whose source answers. They share one reading of the cluster, which `limits` bound;
/// what they give passed a redactor that learned from it, and still has to pass that of the shelf.
pub fn of(
    source: Arc<dyn EvidenceSource>,
    request: &Request,
    limits: &Limits,
    report: Option<&Redacted<Report>>,
    redactor: Redactor,
) -> Vec<Arc<dyn Tool>> {
    with_learned(source, request, limits, report, redactor).0
}

/// What the tools of one exploration learned by what they read.
#[derive(Clone)]
pub(crate) struct Learned(Arc<Desk>);

impl Learned {
    /// What hides secrets, those that were read in settings included.
    pub(crate) async fn redactor(&self) -> Redactor {
        self.0.redactor().await
    }

    /// Every object that is known by now.
    pub(crate) async fn names(&self) -> Vec<EntityRef> {
        self.0.names().await
    }
}

/// The tools, and what they learn.
pub(crate) fn with_learned(
    source: Arc<dyn EvidenceSource>,
    request: &Request,
    limits: &Limits,
    report: Option<&Redacted<Report>>,
    redactor: Redactor,
) -> (Vec<Arc<dyn Tool>>, Learned) {
    let serves = |kind| source.serves(kind);
    let (objects, logs) = (serves(ProbeKind::Objects), serves(ProbeKind::Logs));
    let metrics = limits.sources.contains(&SourceKind::Prometheus) && serves(ProbeKind::Metrics);
    let desk = Arc::new(Desk::new(source, request, limits, report, redactor));
    let mut tools = vec![At::<time::DateMath>::the(&desk)];
    if report.is_some() {
        tools.push(At::<report::Findings>::the(&desk));
    }
    if objects {
        tools.extend([
            At::<objects::List>::the(&desk),
            At::<fields::Fields>::the(&desk),
            At::<kubernetes::Describe>::the(&desk),
            At::<kubernetes::Events>::the(&desk),
            At::<kubernetes::Changes>::the(&desk),
            At::<kubernetes::Compare>::the(&desk),
            At::<graph::Neighbours>::the(&desk),
            At::<graph::WhoElse>::the(&desk),
        ]);
    }
    if objects && logs {
        tools.push(At::<log::Log>::the(&desk));
    }
    if objects && metrics {
        tools.extend([
            At::<metrics::Query>::the(&desk),
            At::<metrics::Rule>::the(&desk),
            At::<metrics::Usage>::the(&desk),
        ]);
    }
    (tools, Learned(desk))
}

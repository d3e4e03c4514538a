//! Tools of the evidence sources. (Stand-in.)

pub mod arguments;

use std::sync::Arc;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Request};
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;

use crate::tool::Tool;

/// Stand-in.
pub fn of(_: Arc<dyn EvidenceSource>, _: &Request, _: &Limits, _: Option<&Redacted<Report>>) -> Vec<Arc<dyn Tool>> {
    Vec::new()
}

//! A report as it is kept: every field, and on the way back the same promise as when it was composed.
//!
//! Must never give back a report whose claims cite what its ledger does not hold: a damaged one is an error. Start at
//! the `Deserialize` of [`Report`]. What other programs read is another form (`render::json` of the engine).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{EvidenceId, Report};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Report::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let report = Report::deserialize(deserializer)?;
        match report.unfounded() {
            None => Ok(report),
            Some(text) => Err(D::Error::custom(format!("a claim cites evidence that is not there: {text}"))),
        }
    }
}

impl Report {
    /// The first claim that cites nothing, or what the ledger does not hold.
    fn unfounded(&self) -> Option<&str> {
        let held = |id: &EvidenceId| id.0 >= 1 && id.0 as usize <= self.ledger.pieces.len();
        let claims = self.why.iter().chain(&self.ruled_out).chain(&self.blast_radius);
        let claims = claims.chain(self.incidents.iter().flat_map(|i| &i.why));
        let claims = claims.chain(self.model.iter().flat_map(super::ModelView::claims));
        let bad = claims.into_iter().find(|c| c.evidence.is_empty() || !c.evidence.iter().all(held));
        let moment = self.timeline.iter().find(|m| !m.evidence.iter().all(held));
        bad.map(|c| c.text.as_str()).or(moment.map(|m| m.event.as_str()))
    }
}

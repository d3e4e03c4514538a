//! What is kept of an investigation, so that it can be replayed elsewhere: an artifact of its job.
//!
//! Must never cost a job its report: without a recording it ends all the same. Start at [`Recording`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::recording::{self, Recorder};
use midwatch_agent::request::{Limits, Outcome};
use midwatch_explore::model::Recorder as Listener;
use midwatch_explore::{Brief, Explorer};
use midwatch_redact::Redacted;

use super::attempt::Attempt;
use crate::clock::after;
use crate::port::store::ARTIFACT_CAP;

/// Time to write it, within the deadline; the report waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

const _: () = assert!(recording::CAP <= ARTIFACT_CAP, "a recording must fit into an artifact");

/// What is heard while one job is done.
pub(super) struct Recording {
    evidence: Arc<Recorder>,
    model: Mutex<Option<(Arc<Listener>, Brief)>>,
}

impl Recording {
    pub(super) fn new(source: Arc<dyn EvidenceSource>) -> Self {
        Self { evidence: Recorder::new(source), model: Mutex::default() }
    }

    /// The source, listened to.
    pub(super) fn source(&self) -> Arc<dyn EvidenceSource> {
        Arc::<Recorder>::clone(&self.evidence)
    }

    /// The same explorer, its model listened to.
    pub(super) fn explorer(&self, explorer: &Explorer, brief: &Brief) -> Explorer {
        let listener = Listener::new(Arc::clone(&explorer.model));
        let model: Arc<Listener> = Arc::clone(&listener);
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = Some((listener, brief.clone()));
        Explorer { model, foreign: explorer.foreign.clone() }
    }

    fn conversation(&self) -> Option<serde_json::Value> {
        let model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let conversation = model.as_ref().and_then(|(listener, brief)| listener.conversation(brief))?;
        serde_json::to_value(conversation).ok()
    }
}

impl Attempt {
    /// The recording of an investigation that came to a report, as a text; none when that takes too long.
    pub(super) async fn recorded(
        &self,
        recording: Recording,
        limits: Limits,
        outcome: &Outcome,
    ) -> Option<Redacted<String>> {
        let (request, model) = (self.job.spec.request.clone(), recording.conversation());
        let (report, redactor) = (outcome.report.clone(), outcome.redactor.clone());
        // Thousands of objects are gone through: that must not hold up other jobs.
        let written = tokio::task::spawn_blocking(move || {
            recording::text(&recording.evidence.bundle(&request, &limits, (&report, &redactor), model))
        });
        let parts = &self.shared.parts;
        tokio::select! {
            written = written => {
                written.inspect_err(|error| tracing::error!("the investigation was not recorded: {error}")).ok()
            }
            () = parts.clock.sleep_until(after(self.shared.now(), PATIENCE).min(self.deadline.end())) => {
                tracing::warn!("the investigation was not recorded: that took too long");
                None
            }
        }
    }
}

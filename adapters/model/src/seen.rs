//! What genai does not tell: the raw events of a stream.
//!
//! Must never keep a stream whole: it counts, and looks for a few members. Start at [`Seen`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef};
use serde_json::Value;

/// Bytes of all events of one answer. An answer of 100,000 tokens comes in events of some 200 bytes for each.
const ANSWER_CAP: usize = 32 * 1024 * 1024;

/// Letters of a name that a provider gives.
const NAME_CAP: usize = 200;

/// What was seen of one answer.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Found>);

/// What was found in the events.
#[derive(Clone, Default)]
pub(crate) struct Found {
    /// The model that answers.
    pub(crate) model: Option<String>,
    /// Why the reply ended, where the format is OpenAI's.
    pub(crate) finish: Option<String>,
    /// Why the request is not answered at all, where the format is Gemini's.
    pub(crate) blocked: Option<String>,
    /// Whether there was any event.
    pub(crate) any: bool,
    bytes: usize,
}

impl Found {
    /// Whether it is more than an answer can be.
    pub(crate) fn too_much(&self) -> bool {
        self.bytes > ANSWER_CAP
    }
}

impl Seen {
    /// What was found so far.
    pub(crate) fn found(&self) -> Found {
        self.lock().clone()
    }

    /// Whether it is more than an answer can be.
    pub(crate) fn too_much(&self) -> bool {
        self.lock().too_much()
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// genai's side of it.
pub(crate) struct Sink(pub(crate) Arc<Seen>);

impl ChatFrameSink for Sink {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        let mut found = self.0.lock();
        found.bytes = found.bytes.saturating_add(frame.data.len());
        if frame.data.is_empty() {
            return;
        }
        found.any = true;
        let wanted = ["finish_reason", "blockReason"].iter().any(|name| frame.data.contains(name));
        if (found.model.is_some() && !wanted) || found.too_much() {
            return;
        }
        let Some(event) = frame.json() else { return };
        let short = |value: &Value| value.as_str().map(|text| text.chars().take(NAME_CAP).collect::<String>());
        let model = ["/model", "/message/model", "/modelVersion"].iter().filter_map(|at| event.pointer(at));
        found.model = found.model.take().or_else(|| model.filter_map(short).find(|name| !name.is_empty()));
        let finish = event.pointer("/choices/0/finish_reason").and_then(short);
        found.finish = finish.or_else(|| found.finish.take());
        let blocked = event.pointer("/promptFeedback/blockReason").and_then(short);
        found.blocked = blocked.or_else(|| found.blocked.take());
    }
}

//! Counting what others are asked: `midwatch_external_requests_total`.
//!
//! Wrappers around the sources, so that no adapter knows of the figures. Must never change what is read. Start at
//! [`Calls`].

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::LogCaps;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_explore::port::{ChatModel, ChatReply, ChatRequest, Hear, ModelFacts, ModelFailure, ToolSpec};
use midwatch_explore::tool::{Tool, ToolError, ToolResult, ToolSource};
use midwatch_redact::Redacted;
use midwatch_service::metrics::Metrics;
use midwatch_service::port::alerts::AlertSource;
use serde_json::Value;
use tokio::time::Instant;

/// Where calls are counted.
#[derive(Clone)]
pub(super) struct Calls(Arc<Metrics>);

impl Calls {
    /// In these figures.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self(metrics)
    }

    /// Makes a read, counts it, and takes its time.
    pub(super) async fn read<T>(
        &self,
        integration: &'static str,
        call: impl Future<Output = Result<T, ReadFailure>>,
    ) -> Result<T, ReadFailure> {
        let began = Instant::now();
        let read = call.await;
        if let Some(result) = read.as_ref().map_or_else(result, |_| Some("ok")) {
            self.0.called(integration, result, began.elapsed());
        }
        read
    }

    /// The same model; each request to it is counted, each try of one that is made again as well.
    pub(super) fn model(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(CountedModel { model, calls: self.clone() })
    }

    /// The same tools; each call of one is counted.
    pub(super) fn tools(&self, source: Arc<dyn ToolSource>) -> Arc<dyn ToolSource> {
        Arc::new(CountedTools { source, calls: self.clone() })
    }
}

/// How a call went whose read failed; none when nobody was asked.
fn result(failure: &ReadFailure) -> Option<&'static str> {
    match failure {
        ReadFailure::NotRecorded | ReadFailure::OutOfBudget => None,
        // An answer, and a useful one: there is no such thing.
        ReadFailure::NotServed | ReadFailure::NotFound(_) | ReadFailure::NoPrevious | ReadFailure::NotStarted => {
            Some("ok")
        }
        ReadFailure::Forbidden(_) => Some("denied"),
        ReadFailure::TimedOut(_) => Some("timeout"),
        ReadFailure::Unreadable(_) => Some("error"),
    }
}

/// A source whose reads are counted.
pub(super) struct Counted<S> {
    /// The source.
    pub(super) source: Arc<S>,
    /// What it is called in the figures.
    pub(super) integration: &'static str,
    /// Where they are counted.
    pub(super) calls: Calls,
}

#[async_trait]
impl<S: EvidenceSource> EvidenceSource for Counted<S> {
    fn describe(&self) -> String {
        self.source.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.calls.read(self.integration, self.source.namespaces()).await
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.source.other_kinds().await
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.source.serves(kind)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.calls.read(self.integration, self.source.read(probe)).await
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        self.calls.read(self.integration, self.source.read_within(probe, caps)).await
    }
}

#[async_trait]
impl<S: AlertSource> AlertSource for Counted<S> {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure> {
        self.calls.read(self.integration, self.source.firing()).await
    }
}

/// A model whose requests are counted.
struct CountedModel {
    model: Arc<dyn ChatModel>,
    calls: Calls,
}

#[async_trait]
impl ChatModel for CountedModel {
    fn facts(&self) -> &ModelFacts {
        self.model.facts()
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let began = Instant::now();
        let reply = self.model.chat(request, hear).await;
        let result = match &reply {
            Ok(_) => "ok",
            Err(ModelFailure::TimedOut(_)) => "timeout",
            Err(ModelFailure::Unauthorised(_) | ModelFailure::OutOfQuota(_)) => "denied",
            Err(_) => "error",
        };
        self.calls.0.called("model", result, began.elapsed());
        reply
    }
}

/// MCP servers whose tools are counted.
struct CountedTools {
    source: Arc<dyn ToolSource>,
    calls: Calls,
}

impl ToolSource for CountedTools {
    fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let counted = |tool| Arc::new(CountedTool { tool, calls: self.calls.clone() }) as Arc<dyn Tool>;
        self.source.tools().into_iter().map(counted).collect()
    }
}

struct CountedTool {
    tool: Arc<dyn Tool>,
    calls: Calls,
}

#[async_trait]
impl Tool for CountedTool {
    fn spec(&self) -> ToolSpec {
        self.tool.spec()
    }

    fn toolset(&self) -> &str {
        self.tool.toolset()
    }

    fn is_reading(&self) -> bool {
        self.tool.is_reading()
    }

    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError> {
        let began = Instant::now();
        let given = self.tool.call(arguments).await;
        let result = match &given {
            Ok(_) => Some("ok"),
            // Refused here: nobody was asked.
            Err(ToolError::Arguments(_)) => None,
            Err(ToolError::Denied(_)) => Some("denied"),
            Err(ToolError::TimedOut(_)) => Some("timeout"),
            Err(ToolError::Failed(_)) => Some("error"),
        };
        if let Some(result) = result {
            self.calls.0.called("mcp", result, began.elapsed());
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use midwatch_service::metrics::CallLabels;

    use super::*;

    #[tokio::test]
    async fn a_call_is_counted_by_its_result_and_no_call_is_not() {
        let metrics = Arc::<Metrics>::default();
        let calls = Calls::new(metrics.clone());
        for failure in [
            ReadFailure::Forbidden(String::new()),
            ReadFailure::TimedOut(String::new()),
            ReadFailure::TimedOut(String::new()),
            ReadFailure::Unreadable(String::new()),
            ReadFailure::NotFound(String::new()),
            ReadFailure::NotRecorded,
            ReadFailure::OutOfBudget,
        ] {
            let read: Result<(), _> = calls.read("kubernetes", async { Err(failure) }).await;
            assert!(read.is_err());
        }
        calls.read("kubernetes", async { Ok(()) }).await.unwrap();
        let count = |result| metrics.requests.get_or_create(&CallLabels { integration: "kubernetes", result }).get();
        assert_eq!(["ok", "denied", "timeout", "error"].map(count), [2, 1, 2, 1]);
        let text = metrics.encode();
        assert!(text.contains("_duration_seconds_count{integration=\"kubernetes\"} 6"), "{text}");
    }
}

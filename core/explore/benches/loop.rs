//! What the loop itself takes in an exploration of 20 calls, against a model and a tool that answer at once.
//!
//! Redaction, the shelf, marks, digests and the transcript are in it; waiting for a model or a cluster is not. The goal is
//! under 300 ms. Beside it stand the parts: the same with small results, the same with masked names, and what the redactor
//! alone takes for the same results. Run it with `cargo bench -p midwatch-explore --bench loop`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark is read by a person")]

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::{Limits, Request};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_explore::budget::Budget;
use midwatch_explore::port::{
    Arguments, ChatModel, ChatReply, ChatRequest, Choice, Hear, ModelFacts, ModelFailure, ToolCall, ToolSpec, Usage,
};
use midwatch_explore::tool::{Tool, ToolError, ToolResult};
use midwatch_explore::{Asked, Brief, Explorer, Open, explain};
use midwatch_redact::{Redacted, Redactor};
use serde_json::{Value, json};

/// Lines of each result, as a log has them: about 100 KB.
const LINES: usize = 1_000;

/// Lines of a small result, which a model is shown whole.
const FEW_LINES: usize = 20;

/// Calls of an exploration.
const CALLS: u32 = 20;

/// Asks for two logs at a time until it is told to conclude.
struct AtOnce(ModelFacts);

#[async_trait]
impl ChatModel for AtOnce {
    fn facts(&self) -> &ModelFacts {
        &self.0
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, _: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let call = |n: usize, name: &str, arguments| ToolCall {
            id: format!("call-{n}"),
            name: name.to_owned(),
            arguments: Arguments::Given(arguments),
        };
        let said = request.messages.len();
        let calls = match request.choice {
            Choice::Must(_) => vec![call(0, "conclude", json!({"verdict": "abstain"}))],
            Choice::Free | Choice::Words => {
                (0..2).map(|n| call(n, "read_pod", json!({"pod": format!("api-{said}-{n}")}))).collect()
            }
        };
        Ok(ChatReply { calls, usage: Usage { input: 5_000, output: 100, ..Usage::default() }, ..ChatReply::default() })
    }
}

/// A tool that gives so many lines.
struct Log(usize);

impl Log {
    fn text(&self, arguments: &Value) -> String {
        let line =
            |n| format!("2026-11-22T10:00:00Z ERROR {arguments} upstream db:5432 refused request {n} after 3 tries\n");
        (0..self.0).map(line).collect()
    }
}

#[async_trait]
impl Tool for Log {
    fn spec(&self) -> ToolSpec {
        let schema = json!({"type": "object", "properties": {"pod": {"type": "string"}}});
        ToolSpec { name: "read_pod".to_owned(), description: "Reads the log of a pod.".to_owned(), schema }
    }

    fn toolset(&self) -> &'static str {
        "mcp.bench"
    }

    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError> {
        let text = self.text(&arguments);
        let bytes = text.len() as u64;
        Ok(ToolResult { summary: format!("{} lines", self.0), text, bytes, ..ToolResult::default() })
    }
}

struct NoSource;

#[async_trait]
impl EvidenceSource for NoSource {
    fn describe(&self) -> String {
        "nothing".to_owned()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        Ok(Vec::new())
    }

    async fn read(&self, _: &Probe) -> Result<Reading, ReadFailure> {
        Err(ReadFailure::NotServed)
    }
}

fn explorer(lines: usize, masks_names: bool) -> Explorer {
    let facts = ModelFacts {
        name: "main".to_owned(),
        provider: "nobody".to_owned(),
        model: "at-once".to_owned(),
        context: 128_000,
        max_output: 4_096,
        calls_tools: true,
        masks_names,
        price: None,
    };
    Explorer { model: Arc::new(AtOnce(facts)), foreign: vec![Arc::new(Log(lines))] }
}

async fn once(lines: usize, masks_names: bool) {
    let report = Redactor::default().seal(midwatch_agent::render::sample::report(Verdict::Cause, ""));
    let (request, limits) = (Request::default(), Limits::default());
    let asked = Asked {
        source: Arc::new(NoSource),
        request: &request,
        limits: &limits,
        report: Some(&report),
        redactor: Redactor::default(),
        gate: &Open,
    };
    let budget = Budget { steps: 30, calls: CALLS, tokens: 10_000_000, ..Budget::default() };
    let brief = Brief { budget, ..Brief::default() };
    let begun = Instant::now();
    let explained = explain(&explorer(lines, masks_names), asked, &brief, &|_| ()).await;
    let (took, used) = (begun.elapsed(), explained.spent.used);
    let sent: u64 = explained.spent.sent.iter().map(|sent| sent.bytes).sum();
    let names = if masks_names { "masked" } else { "as they are" };
    println!(
        "{took:>8.1?} for {} requests and {} calls of {lines} lines, {} KB sent, names {names}",
        used.requests,
        used.calls,
        sent / 1_000
    );
}

/// What the redactor takes for the large results: each passes it once, whole.
fn redaction_alone() {
    let texts: Vec<String> = (0..CALLS).map(|n| Log(LINES).text(&json!({"pod": format!("api-{n}")}))).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let redactor = Redactor::default();
    let begun = Instant::now();
    let kept: usize = texts.iter().map(|text| redactor.redact_text(text).len()).sum();
    println!("{:>8.1?} for the redaction alone of {} KB, {} KB kept", begun.elapsed(), bytes / 1_000, kept / 1_000);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // The first one warms up what is made once in a process.
    for (lines, masks_names) in [(FEW_LINES, false), (FEW_LINES, false), (LINES, false), (LINES, true)] {
        runtime.block_on(once(lines, masks_names));
    }
    redaction_alone();
}

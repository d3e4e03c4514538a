//! The loop against a model that says what a script says: a double at the port.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::{Limits, Request};
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::report::{Heard, Report};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};
use serde_json::{Value, json};

use super::*;
use crate::port::Choice;
use crate::port::{
    Arguments, ChatReply, Delta, Hear, Message, ModelFacts, ModelFailure, Stop, ToolCall, ToolSpec, Usage,
};
use crate::tool::{ToolError, ToolResult};

mod answers;
mod budgets;
mod circles;
mod deep;
mod length;
mod replies;
mod safety;

/// What the script gives: a reply, a failure, or silence for good.
enum Turn {
    Reply(ChatReply),
    Fails(ModelFailure),
    Hangs,
}

type Script = Box<dyn Fn(usize, &ChatRequest) -> Turn + Send + Sync>;

struct Scripted {
    facts: ModelFacts,
    script: Script,
    seen: Mutex<Vec<ChatRequest>>,
}

impl Scripted {
    /// `script` is given the number of the request, from 0, and the request.
    fn new(script: impl Fn(usize, &ChatRequest) -> Turn + Send + Sync + 'static) -> Arc<Self> {
        Self::with(|_| (), script)
    }

    fn with(
        set: impl FnOnce(&mut ModelFacts),
        script: impl Fn(usize, &ChatRequest) -> Turn + Send + Sync + 'static,
    ) -> Arc<Self> {
        let mut facts = ModelFacts {
            name: "main".into(),
            provider: "nobody at 127.0.0.1".into(),
            model: "scripted".into(),
            context: 128_000,
            max_output: 4_096,
            calls_tools: true,
            masks_names: false,
            price: None,
        };
        set(&mut facts);
        Arc::new(Self { facts, script: Box::new(script), seen: Mutex::default() })
    }

    fn seen(&self) -> Vec<ChatRequest> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((**request).clone());
            seen.len() - 1
        };
        match (self.script)(number, request) {
            Turn::Reply(reply) => {
                for piece in reply.text.split_inclusive(' ') {
                    hear(Delta::Text(piece));
                }
                Ok(ChatReply { price: self.facts.price, ..reply })
            }
            Turn::Fails(failure) => Err(failure),
            Turn::Hangs => std::future::pending().await,
        }
    }
}

fn calls(calls: impl IntoIterator<Item = (&'static str, Value)>) -> Turn {
    let calls = calls.into_iter().enumerate().map(|(index, (name, arguments))| ToolCall {
        id: format!("call-{index}"),
        name: name.into(),
        arguments: Arguments::Given(arguments),
    });
    Turn::Reply(ChatReply { calls: calls.collect(), usage: used(), ..ChatReply::default() })
}

fn says(text: &str) -> Turn {
    Turn::Reply(ChatReply { text: text.into(), usage: used(), ..ChatReply::default() })
}

fn stopped(stop: Stop) -> Turn {
    Turn::Reply(ChatReply { text: "half of".into(), stop, usage: used(), ..ChatReply::default() })
}

fn used() -> Usage {
    Usage { input: 1_000, output: 50, ..Usage::default() }
}

/// A conclusion that the tests can tell from others.
fn concludes(cause: &str) -> Turn {
    calls([("conclude", json!({"verdict": "cause", "root_cause": {"text": cause, "evidence": ["e1"]}}))])
}

fn must_conclude(request: &ChatRequest) -> bool {
    request.choice == Choice::Must("conclude".into())
}

type Reads = Box<dyn Fn(usize, &Value) -> Result<ToolResult, ToolError> + Send + Sync>;

/// A tool that gives what a closure gives; some wait first, so that they end in another order than they began.
struct Reader {
    name: &'static str,
    set: &'static str,
    reads: Reads,
    wait: Duration,
    calls: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Reader {
    fn new(
        name: &'static str,
        reads: impl Fn(usize, &Value) -> Result<ToolResult, ToolError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::slow(name, Duration::ZERO, reads)
    }

    fn slow(
        name: &'static str,
        wait: Duration,
        reads: impl Fn(usize, &Value) -> Result<ToolResult, ToolError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (calls, at_once, most_at_once) = Default::default();
        let set = "mcp.tests";
        Arc::new(Self { name, set, reads: Box::new(reads), wait, calls, at_once, most_at_once })
    }

    /// One of ours, which may be told names.
    fn own(
        name: &'static str,
        reads: impl Fn(usize, &Value) -> Result<ToolResult, ToolError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (calls, at_once, most_at_once) = Default::default();
        let (set, wait) = ("tests", Duration::ZERO);
        Arc::new(Self { name, set, reads: Box::new(reads), wait, calls, at_once, most_at_once })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Tool for Reader {
    fn spec(&self) -> ToolSpec {
        ToolSpec { name: self.name.into(), description: "Reads.".into(), schema: json!({"type": "object"}) }
    }

    fn toolset(&self) -> &'static str {
        self.set
    }

    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        if arguments["slow"] == true || !self.wait.is_zero() {
            tokio::time::sleep(self.wait.max(Duration::from_millis(30))).await;
        }
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        (self.reads)(number, &arguments)
    }
}

/// A tool whose result says which arguments it was given.
fn echo() -> Arc<Reader> {
    Reader::new("read_pod", |_, arguments| Ok(result(&format!("the log of {arguments}"))))
}

fn result(text: &str) -> ToolResult {
    ToolResult { summary: format!("summary of {text}"), text: text.into(), bytes: 10, ..ToolResult::default() }
}

struct NoSource;

#[async_trait]
impl EvidenceSource for NoSource {
    fn describe(&self) -> String {
        "nothing".into()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        Ok(vec!["shop".into()])
    }

    async fn read(&self, _: &Probe) -> Result<Reading, ReadFailure> {
        Err(ReadFailure::NotServed)
    }
}

fn report() -> Redacted<Report> {
    Redactor::default().seal(midwatch_agent::render::sample::report(Verdict::Cause, ""))
}

/// The number of the first result beyond the report's own evidence, and those after it.
fn read_id(nth: usize) -> String {
    format!("e{}", report().ledger.iter().count() + nth)
}

struct Ran {
    explained: Explained,
    progress: Vec<String>,
    model: Arc<Scripted>,
}

impl Ran {
    fn cause(&self) -> Option<&str> {
        match &self.explained.opinion.heard {
            Heard::Said(says) => says.root_cause.as_ref().map(|cause| cause.text.as_str()),
            Heard::Nothing { .. } => None,
        }
    }

    fn why_nothing(&self) -> &str {
        match &self.explained.opinion.heard {
            Heard::Said(_) => panic!("it said something"),
            Heard::Nothing { why } => why,
        }
    }

    fn cut_short(&self) -> Option<&str> {
        match &self.explained.opinion.heard {
            Heard::Said(says) => says.cut_short.as_deref(),
            Heard::Nothing { .. } => None,
        }
    }
}

/// Every text of a request, one after the other.
fn told(request: &ChatRequest) -> String {
    let texts = request.messages.iter().map(|message| match message {
        Message::User { text } | Message::Assistant { text, .. } | Message::Tool { text, .. } => text.as_str(),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// What the calls of the last round were answered, in order.
fn answers(request: &ChatRequest) -> Vec<String> {
    let last = request.messages.iter().rposition(|message| matches!(message, Message::Assistant { .. }));
    let behind = request.messages.iter().skip(last.map_or(usize::MAX, |at| at + 1));
    let tools = behind.filter_map(|message| match message {
        Message::Tool { text, .. } => Some(text.clone()),
        _ => None,
    });
    tools.collect()
}

async fn run(model: Arc<Scripted>, tools: Vec<Arc<Reader>>, brief: Brief) -> Ran {
    run_behind(model, tools, brief, &Open).await
}

async fn run_behind(model: Arc<Scripted>, tools: Vec<Arc<Reader>>, brief: Brief, gate: &dyn Gate) -> Ran {
    let report = report();
    let (request, limits) = (Request::default(), Limits::default());
    let asked = Asked {
        source: Arc::new(NoSource),
        request: &request,
        limits: &limits,
        report: Some(&report),
        redactor: Redactor::default(),
        gate,
    };
    let foreign = tools.into_iter().map(|tool| tool as Arc<dyn Tool>).collect();
    let explorer = Explorer { model: model.clone(), foreign };
    let progress = Mutex::new(Vec::new());
    let watcher = |line: Redacted<midwatch_agent::request::Progress>| progress.lock().unwrap().push(line.text.clone());
    let explained = explain(&explorer, asked, &brief, &watcher).await;
    Ran { explained, progress: progress.into_inner().unwrap(), model }
}

/// Only the tools of the test.
fn plain() -> Brief {
    Brief { toolsets: Toolsets::Only(["mcp".to_owned(), "tests".to_owned()].into()), ..Brief::default() }
}

fn brief(set: impl FnOnce(&mut Budget)) -> Brief {
    let mut brief = plain();
    set(&mut brief.budget);
    brief
}

/// Reads something else each time, for ever.
fn endless(number: usize, _: &ChatRequest) -> Turn {
    calls([("read_pod", json!({"pod": format!("api-{number}")}))])
}

/// As long as it is not told to conclude, reads something else each time.
fn obedient(number: usize, request: &ChatRequest) -> Turn {
    if must_conclude(request) { concludes("what is known") } else { endless(number, request) }
}

fn pod(name: &str) -> EntityRef {
    EntityRef::new(Kind::Pod, "shop", name)
}

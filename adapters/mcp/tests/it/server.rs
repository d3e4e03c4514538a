//! Our server against the official SDK's client, over a backend that waits or answers as it is told.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use midwatch_mcp::server::{Backend, Found, Investigate, Reported, Standing, Tell, Trouble, serve};
use midwatch_redact::Redacted;
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use tokio_util::sync::CancellationToken;

use super::*;

#[derive(Default)]
struct Kept {
    stopped: Arc<AtomicBool>,
}

/// Tells when it is dropped before its end.
struct Stopped(Arc<AtomicBool>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn report() -> Reported {
    let text = |text: &str| Redactor::default().redact_text(text);
    Reported {
        job: "job-1".into(),
        markdown: text("# It is the disk\n\x1b[2Jfull"),
        json: text(r#"{"verdict":"cause"}"#),
    }
}

#[async_trait]
impl Backend for Kept {
    async fn investigate(&self, wanted: Investigate, tell: Tell<'_>) -> Result<Reported, Trouble> {
        tell(Redacted::fixed("looking"));
        if wanted.question == "for ever" {
            let _stopped = Stopped(self.stopped.clone());
            std::future::pending::<()>().await;
        }
        Ok(report())
    }

    async fn status(&self) -> Result<Redacted<Vec<Standing>>, Trouble> {
        Ok(Redactor::default().seal(Vec::new()))
    }

    async fn report(&self, job: Option<&str>) -> Result<Reported, Trouble> {
        if job.is_none_or(|job| job == "job-1") { Ok(report()) } else { Err(Trouble::fixed("there is no such report")) }
    }

    async fn search(&self, words: &str, limit: usize) -> Result<Redacted<Vec<Found>>, Trouble> {
        let found = Found {
            job: "job-1".into(),
            at: "2026-11-22T04:36:31Z".into(),
            verdict: "cause".into(),
            headline: format!("{words} {limit}"),
            snippet: "the disk".into(),
        };
        Ok(Redactor::default().seal(vec![found]))
    }
}

type Asking = RunningService<rmcp::RoleClient, ()>;

async fn asking(backend: Kept) -> Asking {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(ours);
    tokio::spawn(serve(Arc::new(backend), input, output, CancellationToken::new()));
    ().serve(theirs).await.unwrap()
}

async fn ask(client: &Asking, tool: &'static str, arguments: Value) -> CallToolResult {
    let params = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
    client.call_tool(params).await.unwrap()
}

fn words(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

#[tokio::test]
async fn its_tools_answer() {
    let client = asking(Kept::default()).await;
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["investigate", "status", "report", "search"]);
    assert!(tools.iter().all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true)));

    let found = ask(&client, "investigate", json!({"question": "why"})).await;
    assert_eq!(words(&found), "# It is the disk\n\\x1b[2Jfull\n\nJob: job-1");
    assert_eq!(found.structured_content, Some(json!({"job": "job-1", "report": {"verdict": "cause"}})));
    assert_eq!(words(&ask(&client, "status", json!({})).await), "Nothing was investigated yet.");
    let searched = ask(&client, "search", json!({"words": "disk full", "limit": 3})).await;
    assert!(words(&searched).contains("cause: disk full 3"), "{}", words(&searched));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let client = asking(Kept::default()).await;
    for (tool, arguments, said) in [
        ("investigate", json!({}), "missing field `question`"),
        ("investigate", json!({"question": "x", "shell": "rm"}), "unknown field `shell`"),
        ("report", json!({"job": "job-2"}), "there is no such report"),
        ("search", json!({"words": ""}), "`words` is empty"),
    ] {
        let wrong = ask(&client, tool, arguments).await;
        assert!(wrong.is_error == Some(true) && words(&wrong).contains(said), "{wrong:?}");
    }
    let unknown = client.call_tool(CallToolRequestParams::new("delete")).await.unwrap_err();
    assert!(unknown.to_string().contains("investigate, status, report, search"), "{unknown}");
}

#[tokio::test]
async fn one_that_nobody_waits_for_is_stopped() {
    let backend = Kept::default();
    let stopped = backend.stopped.clone();
    let client = asking(backend).await;
    let waiting = ask(&client, "investigate", json!({"question": "for ever"}));
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
    until(async || stopped.load(Ordering::SeqCst).then_some(())).await;
    assert_eq!(words(&ask(&client, "status", json!({})).await), "Nothing was investigated yet.");
}

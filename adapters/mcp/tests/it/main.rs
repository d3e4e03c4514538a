//! The client against the official SDK's server: as a program of its own, and over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]
#![allow(missing_docs, reason = "tests")]

mod http;
mod server;
mod stdio;
mod stranger;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use midwatch_explore::tool::{Tool, ToolError, ToolResult};
use midwatch_mcp::client::{Connected, ServerOptions, Transport, connect};
use midwatch_redact::Redactor;
use secrecy::SecretString;
use serde_json::{Value, json};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server of `examples/stranger.rs`, which cargo builds with the tests.
fn stranger(how: &str) -> Transport {
    let tests = std::env::current_exe().unwrap();
    let command: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples/stranger");
    let environment = vec![("STRANGER".to_owned(), SecretString::from("only this"))];
    Transport::Stdio { command, arguments: vec![how.to_owned()], environment }
}

fn options(transport: Transport, tools: &[&str]) -> ServerOptions {
    let mut options = ServerOptions::new("hub".parse().unwrap(), transport);
    options.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
    options.connect_timeout = PATIENCE;
    options.call_timeout = PATIENCE;
    options
}

async fn connected(options: ServerOptions) -> Connected {
    let connected = connect(vec![options], &Redactor::default());
    connected.settled(PATIENCE).await;
    connected
}

fn tool(connected: &Connected, name: &str) -> Option<Arc<dyn Tool>> {
    connected.tools().into_iter().find(|tool| tool.spec().name == name)
}

async fn call(connected: &Connected, name: &str, arguments: Value) -> Result<ToolResult, ToolError> {
    tool(connected, name).unwrap_or_else(|| panic!("no tool {name}")).call(arguments).await
}

/// Asks until it is so.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    found.await.expect("it did not come to be")
}

/// What holds however a server is reached.
async fn behaves(connected: &Connected) {
    let echoed = call(connected, "hub_echo", json!({"say": "é"})).await.unwrap();
    assert_eq!(echoed.text, r#"{"say":"é"}"#);
    assert_eq!(echoed.summary, "1 line from echo of the MCP server hub");
    assert_eq!(echoed.command, r#"mcp hub echo {"say":"é"}"#);

    let giant = call(connected, "hub_giant", json!({})).await.unwrap();
    assert!(giant.text.len() < 257 * 1024 && giant.text.contains("[cut after 262144 of 3600000 bytes]"));
    assert_eq!(giant.bytes, 3_600_000);

    let failed = call(connected, "hub_fails", json!({})).await.unwrap_err();
    assert_eq!(failed.to_string(), "the MCP server hub reports an error: no such thing:\\x1b[31m 42");
    let refused = call(connected, "hub_refuses", json!({})).await.unwrap_err();
    assert!(
        matches!(&refused, ToolError::Arguments(said) if said.ends_with("refuses: `say` must be a word")),
        "{refused}"
    );
    let picture = call(connected, "hub_picture", json!({})).await.unwrap();
    assert_eq!(picture.text, "a picture of it:\n[1 image left out: only text is read]");

    for wrong in [json!([1]), json!("echo"), json!({"say": "x".repeat(20_000)})] {
        let refused = call(connected, "hub_echo", wrong).await.unwrap_err();
        assert!(matches!(refused, ToolError::Arguments(_)), "{refused}");
    }
}

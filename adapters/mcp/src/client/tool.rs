//! A tool of another server, as one of ours.
//!
//! Must never send what is not a small JSON object, nor call what the server's present list and the operator's do not both
//! have. Start at [`Foreign`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_explore::port::ToolSpec;
use midwatch_explore::tool::{Tool, ToolError, ToolResult};
use rmcp::ServiceError;
use rmcp::model::{CallToolRequestParams, CallToolResponse};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::answer::{self, Asked};
use super::catalogue::Entry;
use super::failure;
use super::link::Link;

/// Bytes of the arguments of one call.
const ARGUMENTS_CAP: usize = 16 * 1024;

/// One tool.
pub(super) struct Foreign {
    link: Arc<Link>,
    entry: Entry,
    toolset: String,
}

impl Foreign {
    pub(super) fn new(link: Arc<Link>, entry: Entry) -> Self {
        let toolset = format!("mcp.{}", link.options.name);
        Self { link, entry, toolset }
    }

    async fn ask(&self, arguments: &Map<String, Value>) -> Result<ToolResult, ToolError> {
        let options = &self.link.options;
        let server = &options.name;
        let slot = self.link.slots.acquire().await;
        let _slot = slot.map_err(|_| ToolError::Failed(format!("the MCP server {server} is being closed")))?;
        let peer = self.link.peer().await;
        let peer = peer.map_err(|why| ToolError::Failed(format!("the MCP server {server} is not there: {why}")))?;
        // Since a model was told of it, the server may have changed what it is.
        let offered = self.link.catalogue().is_some_and(|known| known.allowed.contains_key(&self.entry.spec.name));
        if !offered {
            return Err(ToolError::Denied(format!("the MCP server {server} offers no such tool any more")));
        }
        let params = CallToolRequestParams::new(self.entry.name.clone()).with_arguments(arguments.clone());
        // Dropped before its end, it tells the server that nobody waits any longer.
        let answered = peer.call_tool_once(params).await.map_err(|error| self.failed(&error))?;
        let asked = Asked { server, tool: &self.entry.name, arguments, cap: options.result_cap };
        match answered {
            CallToolResponse::Complete(result) => answer::read(&asked, &result),
            _ => Err(ToolError::Failed(format!(
                "the MCP server {server} wants a person's answer or more time before it answers; it gets neither"
            ))),
        }
    }

    fn failed(&self, error: &ServiceError) -> ToolError {
        let server = &self.link.options.name;
        if let ServiceError::McpError(error) = error {
            return answer::refused(server, error);
        }
        self.link.doubt();
        ToolError::Failed(format!("the MCP server {server} broke off: {}", failure::service(error, &self.link.options)))
    }

    fn late(&self, after: Duration) -> ToolError {
        self.link.doubt();
        ToolError::TimedOut(after)
    }
}

#[async_trait]
impl Tool for Foreign {
    fn spec(&self) -> ToolSpec {
        self.entry.spec.clone()
    }

    fn toolset(&self) -> &str {
        &self.toolset
    }

    async fn call(&self, arguments: Value) -> Result<ToolResult, ToolError> {
        let Value::Object(arguments) = arguments else {
            return Err(ToolError::Arguments("the arguments must be a JSON object".to_owned()));
        };
        let size = serde_json::to_vec(&arguments).map_or(usize::MAX, |bytes| bytes.len());
        if size > ARGUMENTS_CAP {
            let words = format!("the arguments take {size} bytes; at most {ARGUMENTS_CAP} are sent");
            return Err(ToolError::Arguments(words));
        }
        let patience = self.link.options.call_timeout;
        timeout(patience, self.ask(&arguments)).await.unwrap_or_else(|_| Err(self.late(patience)))
    }
}

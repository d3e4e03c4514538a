//! MCP servers: whether each can be reached, and which of its tools may be used.

use midwatch_config::Settings;
use midwatch_mcp::client::{Catalogue, CheckFailure, ServerOptions};
use midwatch_service::check::Check;

use crate::{model, settings};

/// Looks at each configured server.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    match model::servers(settings) {
        Ok(servers) => futures::future::join_all(servers.iter().map(|server| check(settings, server))).await,
        Err(failure) => vec![Check::fail("mcp", "cannot be set up", failure.words())],
    }
}

async fn check(settings: &Settings, server: &ServerOptions) -> Check {
    let name = format!("mcp {}", server.name);
    match midwatch_mcp::client::check(server, &settings::redactor(settings)).await {
        Ok(found) => told(name, &found.is, &found.tools),
        Err(CheckFailure { failure, last_words }) => {
            let words = last_words.map(|words| format!("; it wrote last: {words}")).unwrap_or_default();
            Check::fail(name, format!("{failure}{words}"), "check its `command` or `url`, its `env` and its token")
        }
    }
}

/// What may be used of it; what is listed and not there is most likely misspelt.
fn told(name: String, is: &str, tools: &Catalogue) -> Check {
    let allowed: Vec<String> = tools.allowed().map(str::to_owned).collect();
    let text =
        format!("{is}; may be used: {}", if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") });
    if let Some(missing) = tools.unknown.first() {
        return Check::warn(
            name,
            text,
            format!("it has no tool `{missing}`: see `tools` of the server in `mcp.servers`"),
        );
    }
    if allowed.is_empty() {
        return Check::warn(
            name,
            text,
            "list its tools under `tools`; one that does not say it only reads, by its exact name",
        );
    }
    Check::ok(name, text)
}

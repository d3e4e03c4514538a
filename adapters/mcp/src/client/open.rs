//! Reaching a server: a program is started or an address asked, the protocol agreed on, the tools listed.
//!
//! Must never give a program to a shell, hand our environment down, follow a redirect to another origin, or wait without an
//! end: the caller bounds all of it. Start at [`open`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use process_wrap::tokio::{CommandWrap, KillOnDrop, ProcessGroup};
use reqwest::redirect::{Attempt, Policy};
use rmcp::handler::client::ClientHandler;
use rmcp::model::{ClientConfig, Implementation, PaginatedRequestParams, ProtocolVersion, Tool};
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, NotificationContext, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{Peer, RoleClient};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;
use url::Url;

use super::failure::ConnectFailure;
use super::options::{ServerOptions, Transport};
use super::stderr::Stderr;

/// Bytes of one message over HTTP; over standard streams, the SDK keeps 16 MiB.
const MESSAGE_CAP: usize = 8 * 1024 * 1024;

/// Redirects that are followed, within the origin of the address.
const REDIRECTS: usize = 3;

/// Pages of the list of tools.
const PAGES: usize = 20;

/// Tools of one server.
const TOOLS: usize = 500;

/// A server that was reached.
pub(super) struct Session {
    /// The connection; dropped, it ends, and the program with it.
    pub(super) service: RunningService<RoleClient, Listener>,
    /// What it offers.
    pub(super) tools: Vec<Tool>,
}

impl Session {
    /// What it says it is: `grafana 1.2, protocol 2025-11-25`.
    pub(super) fn says_it_is(&self) -> String {
        let Some(info) = self.service.peer_info() else { return "a server without a name".to_owned() };
        let name = info.server_info.as_ref().map(|is| format!("{} {}", is.name, is.version));
        let name = super::words::brief(name.as_deref().unwrap_or("a server without a name"), 80);
        format!("{name}, protocol {}", super::words::brief(info.protocol_version.as_str(), 20))
    }
}

/// Our side of a connection: it offers a server nothing, and listens for one thing.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// Told when the list of tools is to be read again.
    pub(super) again: Arc<Notify>,
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        // No sampling, no elicitation, no roots: a server gets no model, no person and no files of ours.
        let us = Implementation::new("midwatch", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(rmcp::model::ClientCapabilities::default(), us)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.again.notify_one();
    }
}

/// Reaches a server and lists its tools. What it writes to its standard error goes to `stderr`.
pub(super) async fn open(
    options: &ServerOptions,
    listener: &Listener,
    stderr: &Stderr,
) -> Result<Session, ConnectFailure> {
    // The handshake that every server before 2026-07-28 needs and most later ones take. One that knows only what came after
    // it says so, and is asked the other way, on a new connection.
    let service = match start(options, listener, stderr, ClientLifecycleMode::Initialize).await? {
        Err(ClientInitializeError::JsonRpcError(_)) => {
            let preferred_versions = vec![ProtocolVersion::LATEST];
            start(options, listener, stderr, ClientLifecycleMode::Discover { preferred_versions }).await?
        }
        other => other,
    };
    let service = service.map_err(|error| ConnectFailure::handshake(&error, options))?;
    let tools = list(service.peer()).await.map_err(|error| ConnectFailure::listing(&error, options))?;
    Ok(Session { service, tools })
}

/// The tools of a server, those beyond the caps left out.
pub(super) async fn list(peer: &Peer<RoleClient>) -> Result<Vec<Tool>, rmcp::ServiceError> {
    let mut tools = Vec::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let page = peer.list_tools(Some(PaginatedRequestParams::default().with_cursor(cursor))).await?;
        tools.extend(page.tools);
        cursor = page.next_cursor;
        if cursor.is_none() || tools.len() >= TOOLS {
            break;
        }
    }
    tools.truncate(TOOLS);
    Ok(tools)
}

type Started = Result<RunningService<RoleClient, Listener>, ClientInitializeError>;

async fn start(
    options: &ServerOptions,
    listener: &Listener,
    stderr: &Stderr,
    how: ClientLifecycleMode,
) -> Result<Started, ConnectFailure> {
    let listener = listener.clone();
    match &options.transport {
        Transport::Stdio { command, arguments, environment } => {
            let program = program(command, arguments, environment)?;
            let (process, said) =
                program.map_err(|source| ConnectFailure::Program { command: command.clone(), source })?;
            if let Some(said) = said {
                stderr.follow(said);
            }
            Ok(rmcp::service::serve_client_with_lifecycle(listener, process, how).await)
        }
        Transport::Http { url, headers } => {
            let transport = http_transport(url, headers)?;
            Ok(rmcp::service::serve_client_with_lifecycle(listener, transport, how).await)
        }
    }
}

type Spawned = std::io::Result<(TokioChildProcess, Option<tokio::process::ChildStderr>)>;

/// Starts a program in a process group of its own, so that what it starts ends with it, and Ctrl-C is ours alone.
fn program(
    command: &Path,
    arguments: &[String],
    environment: &[(String, SecretString)],
) -> Result<Spawned, ConnectFailure> {
    let path = found(command).ok_or_else(|| ConnectFailure::NoProgram(command.to_owned()))?;
    let mut program = tokio::process::Command::new(path);
    program.args(arguments).env_clear();
    for (name, value) in environment {
        program.env(name, value.expose_secret());
    }
    let mut program = CommandWrap::from(program);
    program.wrap(KillOnDrop).wrap(ProcessGroup::leader());
    Ok(TokioChildProcess::builder(program).stderr(Stdio::piped()).spawn())
}

/// A path as it is; a bare name as our own `PATH` has it, since the program gets none of ours.
fn found(command: &Path) -> Option<PathBuf> {
    if command.components().count() > 1 || command.is_absolute() {
        return Some(command.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(command)).find(|candidate| candidate.is_file())
}

fn http_transport(
    url: &Url,
    headers: &[(String, SecretString)],
) -> Result<StreamableHttpClientTransport<reqwest::Client>, ConnectFailure> {
    // No time limit over a whole answer: a server may keep a stream open for its news. Each call has one of its own.
    let client = reqwest::Client::builder()
        .redirect(Policy::custom(within_origin))
        .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ConnectFailure::Client)?;
    let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .custom_headers(self::headers(headers)?)
        .max_sse_event_size(MESSAGE_CAP)
        .max_json_response_size(MESSAGE_CAP);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// Headers can hold tokens, and tokens stay with the origin that they were given for.
fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin = attempt.previous().first().map(Url::origin);
    let same = origin.is_some_and(|origin| origin == attempt.url().origin());
    if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}

fn headers(given: &[(String, SecretString)]) -> Result<HashMap<HeaderName, HeaderValue>, ConnectFailure> {
    let mut headers = HashMap::new();
    for (name, value) in given {
        let wrong = || ConnectFailure::Header(name.clone());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

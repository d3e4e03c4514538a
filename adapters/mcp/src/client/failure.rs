//! Why a server cannot be used, in words that say what to do.
//!
//! Must never hold a header's value, nor the path or query of an address: both can be secrets. Start at [`ConnectFailure`].

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;

use super::options::{ServerOptions, Transport};
use super::words;

/// Letters of what a server or a library says.
const CAP: usize = 300;

/// Why a server could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFailure {
    /// No such program.
    #[error("there is no program `{}`; give its whole path (mcp.servers: command)", .0.display())]
    NoProgram(PathBuf),
    /// The program cannot be started.
    #[error("`{}` cannot be started: {source}", .command.display())]
    Program {
        /// The program.
        command: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A header that cannot be sent.
    #[error("`{0}` cannot be sent as a header: its name or value holds characters that headers must not hold")]
    Header(String),
    /// No HTTP client can be made.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
    /// It wants to know who we are.
    #[error("it refuses us ({0}); check the headers that are sent to it")]
    Unauthorised(String),
    /// It was reached and did not agree on the protocol, or it was not reached at all.
    #[error("{0}")]
    Protocol(String),
    /// It took too long.
    #[error("it did not answer and list its tools within {0:?}")]
    TimedOut(Duration),
}

impl ConnectFailure {
    /// The protocol was not agreed on.
    pub(super) fn handshake(error: &ClientInitializeError, options: &ServerOptions) -> Self {
        let said = chain(error, options);
        if error.is_authorization_required() {
            return Self::Unauthorised(said);
        }
        match (error, &options.transport) {
            (
                ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. },
                Transport::Stdio { .. },
            ) => Self::Protocol("the program ended, or closed its streams, before it answered".to_owned()),
            _ => Self::Protocol(said),
        }
    }

    /// The tools could not be listed.
    pub(super) fn listing(error: &ServiceError, options: &ServerOptions) -> Self {
        Self::Protocol(format!("it does not list its tools: {}", service(error, options)))
    }
}

/// Why a request to a server failed.
pub(super) fn service(error: &ServiceError, options: &ServerOptions) -> String {
    match error {
        ServiceError::TransportClosed => "the connection is closed".to_owned(),
        other => chain(other, options),
    }
}

/// An error with its last cause, without the address it was about.
fn chain(error: &(dyn Error + 'static), options: &ServerOptions) -> String {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let last = causes.by_ref().last().map(ToString::to_string);
    let mut said = error.to_string();
    if let Some(last) = last.filter(|last| !said.contains(last)) {
        said = format!("{said}: {last}");
    }
    if let Transport::Http { url, .. } = &options.transport {
        said = said.replace(url.as_str(), &url.origin().ascii_serialization());
    }
    words::brief(&said, CAP)
}

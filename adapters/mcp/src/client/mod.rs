//! The client: tools of other servers, for the model that looks further.
//!
//! Servers are strangers. Each is reached in the background and looked after by a task of its own, so that none holds up
//! another or the start. Of its tools only those that the operator allows are there; what it says of them is cleaned and
//! quoted, what they answer is cut and goes to the shelf as evidence like any other.
//!
//! ```text
//! options    what an operator says about a server
//! link       one server over all of its lives: reached, looked after, reached again
//! open       starting a program or asking an address; stderr what the program complains of
//! catalogue  its tools against what is allowed: allow, schema, words
//! tool       one of them as a `dyn Tool`; answer what a call came to
//! ```
//! Start at [`connect`]; for a look at one server, at [`check`].

mod allow;
mod answer;
mod catalogue;
mod failure;
mod link;
mod open;
mod options;
mod schema;
mod stderr;
mod tool;
mod words;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use midwatch_explore::tool::Tool;
use midwatch_redact::Redactor;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use link::Link;
use open::Listener;
use stderr::Stderr;
use tool::Foreign;

pub use allow::Refusal;
pub use catalogue::Catalogue;
pub use failure::ConnectFailure;
pub use options::{BadName, ServerName, ServerOptions, Transport};

/// Other servers, each looked after. Dropped, all of them are ended; [`Connected::close`] waits for that.
pub struct Connected {
    links: Vec<Arc<Link>>,
    tasks: JoinSet<()>,
    stop: DropGuard,
}

/// Begins to reach these servers and comes back at once. Two of one name: the first counts.
///
/// Inside a tokio runtime; a TLS provider has to be installed.
pub fn connect(servers: Vec<ServerOptions>, redactor: &Redactor) -> Connected {
    let stop = CancellationToken::new();
    let mut links: Vec<Arc<Link>> = Vec::new();
    for options in servers {
        if links.iter().all(|known| known.options.name != options.name) {
            links.push(Arc::new(Link::new(options, redactor.clone())));
        }
    }
    let mut tasks = JoinSet::new();
    for link in &links {
        tasks.spawn(link.clone().keep(stop.clone()));
    }
    Connected { links, tasks, stop: stop.drop_guard() }
}

impl Connected {
    /// The tools that are known now, in the order of the servers and of their names. Those of a server that died since stay,
    /// and say so when they are called; those of one that was never reached are missing.
    pub fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let mut tools: Vec<Arc<dyn Tool>> = Vec::new();
        for link in &self.links {
            for entry in link.catalogue().iter().flat_map(|catalogue| catalogue.allowed.values()) {
                tools.push(Arc::new(Foreign::new(link.clone(), entry.clone())));
            }
        }
        tools
    }

    /// Waits until each server was tried once, at most this long: for a command that asks once and ends.
    pub async fn settled(&self, patience: Duration) {
        let _ = timeout(patience, join_all(self.links.iter().map(|link| link.tried()))).await;
    }

    /// Ends all of them: a started program is asked to end, then told to, then killed; 8 s at the most.
    pub async fn close(mut self) {
        self.stop.disarm().cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What one look at a server came to.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it says it is, cleaned: `grafana 1.2, protocol 2025-11-25`.
    pub is: String,
    /// Its tools against the operator's list.
    pub tools: Catalogue,
}

/// Looks at one server: reaches it, lists its tools, and ends it again.
///
/// # Errors
/// Why it cannot be used.
pub async fn check(options: &ServerOptions, redactor: &Redactor) -> Result<Found, CheckFailure> {
    let listener = Listener { again: Arc::default() };
    let stderr = Stderr::new(options.name.clone(), redactor.clone());
    let patience = options.connect_timeout;
    let opened = timeout(patience, open::open(options, &listener, &stderr)).await;
    let opened = opened.map_err(|_| ConnectFailure::TimedOut(patience)).and_then(|opened| opened);
    let mut session = match opened {
        Ok(session) => session,
        Err(failure) => return Err(CheckFailure { failure, last_words: stderr.last_words().await }),
    };
    let found = Found { is: session.says_it_is(), tools: Catalogue::of(options, std::mem::take(&mut session.tools)) };
    let _ = session.service.close().await;
    Ok(found)
}

/// Why a server cannot be used, with what it wrote last.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct CheckFailure {
    /// Why.
    #[source]
    pub failure: ConnectFailure,
    /// The last line of its standard error, redacted.
    pub last_words: Option<String>,
}

//! One server over all of its lives: reached in the background, looked after, reached again when it dies.
//!
//! Must never hold anybody up: who calls a tool of a server that is not there is told so within the call's own time limit.
//! Start at [`Link::keep`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch_redact::Redactor;
use rmcp::RoleClient;
use rmcp::service::Peer;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::catalogue::Catalogue;
use super::failure::ConnectFailure;
use super::open::{self, Listener, Session};
use super::options::ServerOptions;
use super::stderr::Stderr;

/// Calls to one server at the same time, over all investigations.
const CALLS: usize = 8;

/// Shortest time from one try to reach a server to the next.
const SHORTEST: Duration = Duration::from_secs(1);

/// Longest time from one try to the next; a call of one of its tools cuts it short.
const LONGEST: Duration = Duration::from_mins(1);

/// After so long without a break, a server counts as well again.
const WELL: Duration = Duration::from_secs(30);

/// The list of tools is read again after this time, also by servers that do not tell when it changes; it shows too whether
/// the server still answers.
const RELIST: Duration = Duration::from_mins(5);

/// Time for a server to end when we do: the SDK closes its input, waits 3 s, sends SIGTERM, waits 3 s, kills.
const CLOSING: Duration = Duration::from_secs(8);

/// How a server stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It is being reached.
    Trying,
    /// It answers.
    Up(Peer<RoleClient>),
    /// It does not: why.
    Down(String),
}

/// One server.
pub(super) struct Link {
    pub(super) options: ServerOptions,
    /// Calls at the same time.
    pub(super) slots: Semaphore,
    state: watch::Sender<State>,
    catalogue: watch::Sender<Option<Arc<Catalogue>>>,
    /// The list of tools is to be read again: it changed, or a call failed in a way that makes one doubt the connection.
    again: Arc<Notify>,
    /// Somebody wants it while it is down.
    wanted: Notify,
    stderr: Stderr,
    /// What a server says of itself, and why it cannot be used, may hold what it was started with.
    redactor: Redactor,
}

impl Link {
    pub(super) fn new(options: ServerOptions, redactor: Redactor) -> Self {
        Self {
            slots: Semaphore::new(CALLS),
            state: watch::Sender::new(State::Trying),
            catalogue: watch::Sender::new(None),
            again: Arc::default(),
            wanted: Notify::new(),
            stderr: Stderr::new(options.name.clone(), redactor.clone()),
            redactor,
            options,
        }
    }

    /// What it offered when it was last asked; none while it was never reached.
    pub(super) fn catalogue(&self) -> Option<Arc<Catalogue>> {
        self.catalogue.borrow().clone()
    }

    /// Waits until it was tried once.
    pub(super) async fn tried(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.subscribe().wait_for(|state| !matches!(state, State::Trying)).await;
    }

    /// A way to ask it now; waits while it is being reached.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn peer(&self) -> Result<Peer<RoleClient>, String> {
        let mut state = self.state.subscribe();
        let state = state.wait_for(|state| !matches!(state, State::Trying)).await.map(|state| state.clone());
        match state {
            Ok(State::Up(peer)) => Ok(peer),
            Ok(State::Down(why)) => {
                self.wanted.notify_one();
                Err(why)
            }
            Ok(State::Trying) | Err(_) => Err("it is being reached".to_owned()),
        }
    }

    /// A call went wrong in a way that the connection may be to blame for.
    pub(super) fn doubt(&self) {
        self.again.notify_one();
    }

    /// Reaches the server and looks after it until `stop`.
    pub(super) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            self.state.send_replace(State::Trying);
            let began = Instant::now();
            let why = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                opened = self.open() => match opened {
                    Ok(session) => match self.attend(session, &stop).await {
                        Some(why) => why,
                        None => return,
                    },
                    Err(failure) => self.with_last_words(failure.to_string()).await,
                },
            };
            let why = self.redactor.redact_text(&why).into_inner();
            failures = if began.elapsed() >= WELL { 0 } else { failures + 1 };
            let pause = pause(failures);
            tracing::warn!(server = %self.options.name, ?pause, "an MCP server cannot be used: {why}");
            self.state.send_replace(State::Down(why));
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
                () = async { sleep(SHORTEST).await; self.wanted.notified().await; } => {}
            }
        }
    }

    async fn open(&self) -> Result<Session, ConnectFailure> {
        let listener = Listener { again: self.again.clone() };
        let patience = self.options.connect_timeout;
        let opening = open::open(&self.options, &listener, &self.stderr);
        timeout(patience, opening).await.map_err(|_| ConnectFailure::TimedOut(patience))?
    }

    /// Looks after a connection until it breaks (why), or until `stop` (none).
    async fn attend(&self, mut session: Session, stop: &CancellationToken) -> Option<String> {
        let is = self.redactor.redact_text(&session.says_it_is());
        tracing::info!(server = %self.options.name, "an MCP server is there: {is}");
        let peer = session.service.peer().clone();
        self.offer(std::mem::take(&mut session.tools));
        self.state.send_replace(State::Up(peer.clone()));
        let end = session.service.cancellation_token();
        let mut waiting = std::pin::pin!(session.service.waiting());
        let why = loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break None,
                _ = &mut waiting => return Some(self.with_last_words("it ended".to_owned()).await),
                () = self.doubted() => {}
                () = sleep(RELIST) => {}
            }
            match timeout(self.options.connect_timeout, open::list(&peer)).await {
                Ok(Ok(tools)) => self.offer(tools),
                Ok(Err(error)) => break Some(ConnectFailure::listing(&error, &self.options).to_string()),
                Err(_) => break Some(ConnectFailure::TimedOut(self.options.connect_timeout).to_string()),
            }
        };
        // No call goes to what is about to end.
        self.state.send_replace(State::Trying);
        end.cancel();
        let _ = timeout(CLOSING, waiting).await;
        why
    }

    /// A server that tells of changes all the time is not asked all the time.
    async fn doubted(&self) {
        self.again.notified().await;
        sleep(SHORTEST / 5).await;
    }

    fn offer(&self, tools: Vec<rmcp::model::Tool>) {
        let catalogue = Catalogue::of(&self.options, tools);
        self.catalogue.send_if_modified(|known| {
            if known.as_deref() == Some(&catalogue) {
                return false;
            }
            let allowed: Vec<_> = catalogue.allowed().collect();
            let (refused, unknown) = (catalogue.refused.len(), &catalogue.unknown);
            tracing::info!(server = %self.options.name, ?allowed, refused, ?unknown, "tools of an MCP server");
            *known = Some(Arc::new(catalogue.clone()));
            true
        });
    }

    async fn with_last_words(&self, why: String) -> String {
        match self.stderr.last_words().await {
            Some(words) => format!("{why} (its last words: {words})"),
            None => why,
        }
    }
}

/// Time to the next try: doubled with each failure.
fn pause(failures: u32) -> Duration {
    SHORTEST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_and_has_an_end() {
        let seconds: Vec<_> = (0..9).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX), LONGEST);
    }
}

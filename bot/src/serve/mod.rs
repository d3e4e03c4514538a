//! `midwatch serve`: everything wired together, from the first byte on the disk to the last request.
//!
//! ```text
//! wiring      the parts, in the order they need each other
//! roles       which of them this process runs
//! kept        the store: its own, or one that several share
//! lead        what only one process at a time does
//! clusters    evidence, opened when the first job needs it
//! calls       counts what others are asked
//! memory      what the process holds of it
//! lookout     whether those that are read answer
//! names       what clusters and packs hold, for those who type
//! http        who may come in, and within which bounds
//! policy      who may do what
//! reload      packs whose files changed
//! own         what intake and worker are told
//! upkeep      switched packs, checkpoints of the audit trail
//! stop        signals, and the end within the grace period
//! ```
//!
//! Must never wait for the world at start: the store, the packs and the port are all that readiness needs. Start at [`run`].

mod calls;
mod chats;
mod clusters;
#[cfg(feature = "discord")]
mod discord;
#[cfg(not(feature = "discord"))]
#[path = "discord/absent.rs"]
mod discord;
mod http;
mod kept;
mod lead;
mod lookout;
mod memory;
mod models;
mod names;
mod own;
mod policy;
mod reload;
mod roles;
mod slack;
mod stop;
mod upkeep;
mod wiring;

use std::io;
use std::net::SocketAddr;

use midwatch_config::Settings;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

#[cfg(feature = "discord")]
pub(crate) use discord::Discord;
pub(crate) use http::http_settings;
pub(crate) use slack::Slack;
use wiring::Wiring;

/// Serves until a signal says otherwise.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let listen = settings.server.listen;
    http_settings(settings).check(listen).map_err(Failure::usage)?;
    let listener = TcpListener::bind(listen).await.map_err(|error| taken(listen, &error))?;
    let stop = CancellationToken::new();
    let signals = stop::on_signals(stop.clone()).map_err(|error| Failure::no_report(format!("signals: {error}")))?;
    let wiring = Wiring::build(settings).await?;
    let address = listener.local_addr().unwrap_or(listen);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    let ended = Box::pin(wiring.serve(listener, settings, stop)).await;
    signals.abort();
    tracing::info!("ended");
    ended.map_err(Failure::no_report)
}

fn taken(listen: SocketAddr, error: &io::Error) -> Failure {
    let next = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there; end it, or give another address with --listen",
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; give a higher one with --listen",
        _ => "give an address of this machine with --listen",
    };
    Failure::no_report(format!("cannot listen on {listen}: {error}\n  {next}"))
}

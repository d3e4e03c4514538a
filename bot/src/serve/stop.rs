//! The end: SIGTERM and SIGINT ask for it, a second one insists.
//!
//! Must never end the process while a hand-back is under way, unless it is asked twice. Start at [`on_signals`].

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a shell reports of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Cancels the token at the first signal and ends the process at the second. Signals count from this call on.
pub(super) fn on_signals(stop: CancellationToken) -> io::Result<JoinHandle<()>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::spawn(async move {
        let name = first(&mut term, &mut int).await;
        tracing::info!(signal = name, "stopping: what runs is finished or handed back");
        stop.cancel();
        let name = first(&mut term, &mut int).await;
        tracing::warn!(signal = name, "stopping at once: what runs is handed back when its lease ends");
        std::process::exit(INTERRUPTED);
    }))
}

async fn first(term: &mut Signal, int: &mut Signal) -> &'static str {
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}

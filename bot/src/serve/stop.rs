//! The end: SIGTERM and SIGINT ask for it, a second one insists. So does SIGHUP, when the terminal or the session closes.
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
    let mut signals = Signals {
        term: signal(SignalKind::terminate())?,
        int: signal(SignalKind::interrupt())?,
        hangup: signal(SignalKind::hangup())?,
    };
    Ok(tokio::spawn(async move {
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping: what runs is finished or handed back");
        stop.cancel();
        let name = signals.next().await;
        tracing::warn!(signal = name, "stopping at once: what runs is handed back when its lease ends");
        std::process::exit(INTERRUPTED);
    }))
}

struct Signals {
    term: Signal,
    int: Signal,
    hangup: Signal,
}

impl Signals {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}

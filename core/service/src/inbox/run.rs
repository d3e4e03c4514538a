//! The loop: takes what was heard, one thing of a thread (or of a user at the top of a channel) at a time, and tries again
//! what could not be done.
//!
//! Must never let one handling hold up the others, nor end one without a record of it while the store takes one. Start at
//! [`run`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Desk, HEALTH, hearing};
use crate::backoff::{backoff, spread};
use crate::clock::after;
use crate::health::Status;
use crate::intake::Refused;
use crate::metrics::ResultLabel;
use crate::port::store::{CommitError, DueHeard, Write};

/// The longest that the store is not looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest, so that a due time that has passed makes no hot loop.
const BLINK: Duration = Duration::from_millis(20);

/// How often a record is tried while the storage fails; without one it comes back when its lease ends.
const TRIES: u32 = 3;

/// Handles what is heard until it is told to stop; then what is under way still ends, as far as time allows.
pub(super) async fn run(desk: &Arc<Desk>, stop: &CancellationToken) {
    let mut busy: JoinSet<()> = JoinSet::new();
    while !stop.is_cancelled() {
        let wake = fill(desk, &mut busy).await;
        let has_room = busy.len() < desk.parts.settings.parallel;
        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = busy.join_next(), if !busy.is_empty() => complain(ended),
            () = desk.parts.signals.heard.notified(), if has_room => {}
            () = desk.parts.clock.sleep_until(wake) => {}
        }
    }
    let last = after(desk.now(), desk.parts.settings.last);
    let ending = async {
        while let Some(ended) = busy.join_next().await {
            complain(ended);
        }
    };
    tokio::select! {
        () = ending => {}
        () = desk.parts.clock.sleep_until(last) => tracing::warn!("what was being handled is handled after the restart"),
    }
}

/// A panic is a bug of ours; what was being handled comes back when its lease ends.
fn complain(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("handling something that was said ended badly: {error}");
    }
}

/// Takes what is due while there is room; when to look again at the latest.
async fn fill(desk: &Arc<Desk>, busy: &mut JoinSet<()>) -> Timestamp {
    let (store, settings) = (&desk.parts.store, &desk.parts.settings);
    let now = desk.now();
    let free = settings.parallel.saturating_sub(busy.len());
    if free == 0 {
        return after(now, LOOK);
    }
    let next = match store.take_heard(&settings.worker, now, settings.lease, free).await {
        Ok(taken) => {
            for due in taken {
                let desk = Arc::clone(desk);
                busy.spawn(async move { one(&desk, due).await });
            }
            store.next_heard().await
        }
        Err(error) => Err(error),
    };
    match next {
        Ok(next) => {
            desk.parts.health.report(HEALTH, Status::Up, "", None, now);
            next.unwrap_or(Timestamp::MAX).clamp(after(now, BLINK), after(now, LOOK))
        }
        Err(error) => {
            tracing::error!("what was said cannot be taken up: {error}");
            let reason = format!("what was said cannot be taken up: {error}");
            desk.parts.health.report(HEALTH, Status::Degraded, &reason, None, now);
            after(now, LOOK)
        }
    }
}

/// Handles one thing, within its time.
async fn one(desk: &Desk, due: DueHeard) {
    let limit = desk.parts.settings.limit;
    let handled = if due.tries >= desk.parts.settings.tries {
        // Each of its tries ended without a word, so it is not begun once more.
        Err("Midwatch stopped in the middle of it again and again".to_owned())
    } else {
        tokio::select! {
            handled = desk.handle(&due) => handled.map_err(|refused| refused.to_string()),
            () = desk.parts.clock.sleep_until(after(desk.now(), limit)) => {
                Err(format!("it took longer than {} s", limit.as_secs()))
            }
        }
    };
    let result = match handled {
        Ok(result) => result,
        Err(why) => again(desk, &due, &why).await,
    };
    desk.parts.metrics.handled.get_or_create(&ResultLabel { result }).inc();
    if result != "again" {
        let delay = desk.now().duration_since(due.heard.at);
        desk.parts.metrics.heard_delay.observe(delay.as_secs_f64().max(0.0));
    }
}

/// Puts off what could not be done; after so many tries it is told that it cannot be.
async fn again(desk: &Desk, due: &DueHeard, why: &str) -> &'static str {
    let (id, tries) = (&due.taken.id, due.tries.saturating_add(1));
    let kind = hearing::kind(&due.heard.said);
    if tries >= desk.parts.settings.tries && desk.give_up(due, why).await.is_ok() {
        tracing::error!(%id, kind, tries, "what was said could not be handled: {why}");
        return "failed";
    }
    tracing::warn!(%id, kind, tries, "what was said could not be handled yet: {why}");
    let wait = spread(backoff(tries), (id, tries));
    let again = after(desk.now(), wait);
    let write = Write::NotHandled { taken: due.taken.clone(), again, why: why.to_owned() };
    record(desk, due, write).await;
    "again"
}

async fn record(desk: &Desk, due: &DueHeard, write: Write) {
    for tried in 0..TRIES {
        match desk.parts.store.commit(desk.now(), vec![write.clone()]).await {
            Ok(()) => return,
            Err(CommitError::Storage(error)) => tracing::warn!(id = %due.taken.id, "not recorded yet: {error}"),
            // Another handles it, or has.
            Err(error) => return tracing::debug!(id = %due.taken.id, "not recorded: {error}"),
        }
        let wait = Duration::from_millis(200 << tried);
        desk.parts.clock.sleep_until(after(desk.now(), wait)).await;
    }
}

/// Whether it may go better at another time.
pub(super) fn may_be_tried_again(refused: &Refused) -> bool {
    matches!(refused, Refused::Storage(_) | Refused::Draining)
}

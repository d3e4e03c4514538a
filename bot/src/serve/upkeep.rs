//! What has to be looked at now and then: switched packs, checkpoints of the audit trail.
//!
//! Must never end the server: what fails is logged and tried again. Start at [`run`].

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::audit::Checkpoints;
use midwatch_service::pack::Packs;
use midwatch_service::port::store::Store as _;
use midwatch_sqlite::SqliteStore;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How soon a switch that another process made is seen.
const PACKS: Duration = Duration::from_secs(2);

/// How often it is asked whether a checkpoint is due.
const TRAIL: Duration = Duration::from_mins(1);

/// Keeps up until it is stopped; a last checkpoint then.
pub(super) async fn run(store: &SqliteStore, packs: &Packs, checkpoints: PathBuf, stop: CancellationToken) {
    let mut ticks = interval(PACKS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trail = Trail { file: checkpoints, open: None };
    let mut looked = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        if let Err(error) = packs.refresh(store).await {
            tracing::warn!(%error, "which packs are switched off is not known anew");
        }
        if looked.elapsed() >= TRAIL {
            trail.look(store).await;
            looked = Instant::now();
        }
    }
    trail.look(store).await;
}

/// The checkpoints, opened when they are first needed.
struct Trail {
    file: PathBuf,
    open: Option<Checkpoints>,
}

impl Trail {
    async fn look(&mut self, store: &SqliteStore) {
        if self.open.is_none() {
            match Checkpoints::open(&self.file).await {
                Ok(checkpoints) => self.open = Some(checkpoints),
                Err(error) => return tracing::error!(%error, "checkpoints of the audit trail cannot be kept"),
            }
        }
        let Some(checkpoints) = &mut self.open else { return };
        let page = async |after: u64, limit: usize| store.audit(after, limit).await;
        // A trail that was changed is reported by the round itself, as an alarm.
        if let Err(error) = checkpoints.round(Timestamp::now(), page).await {
            tracing::warn!(%error, "no checkpoint of the audit trail was written");
        }
    }
}

//! What has to be looked at now and then: quiet windows and storms, switched packs, the store, checkpoints of the audit
//! trail. Of several processes one looks at incidents and writes checkpoints, into a file of its own machine.
//!
//! Must never end the server: what fails is logged and tried again. Start at [`Upkeep::run`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::audit::Checkpoints;
use midwatch_service::clock::SharedClock;
use midwatch_service::health::{Health, Status};
use midwatch_service::intake::Intake;
use midwatch_service::pack::Packs;
use midwatch_service::port::store::Store;
use midwatch_service::signals::Signals;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::lead::UPKEEP;

/// The name under which the store's health is reported.
pub(super) const STORE: &str = "store";

/// How often quiet windows and storms are looked at, and switches that another process made.
const LOOK: Duration = Duration::from_secs(2);

/// How many looks there are between two tries of the store, each of which writes to the disk.
const STORE_EVERY: u32 = 5;

/// How many looks there are between two questions whether a checkpoint is due.
const TRAIL_EVERY: u32 = 30;

/// What is kept up.
pub(super) struct Upkeep {
    pub(super) intake: Arc<Intake>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: SharedClock,
    pub(super) signals: Arc<Signals>,
    pub(super) packs: Arc<Packs>,
    pub(super) health: Arc<Health>,
    /// The file of the trail's checkpoints.
    pub(super) checkpoints: PathBuf,
}

impl Upkeep {
    /// Keeps up until it is stopped; a last checkpoint then.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trail = None;
        for look in (1..=u32::MAX).cycle() {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.packs.refresh(&*self.store).await {
                tracing::warn!(%error, "which packs are switched off is not known anew");
            }
            if look % STORE_EVERY == 0 {
                self.try_store().await;
            }
            if !self.leads() {
                continue;
            }
            if let Err(error) = self.intake.tick().await {
                tracing::warn!(%error, "incidents could not be closed, nor storms be investigated");
            }
            if look % TRAIL_EVERY == 0 {
                self.checkpoint(&mut trail).await;
            }
        }
        if self.leads() {
            self.checkpoint(&mut trail).await;
        }
    }

    fn leads(&self) -> bool {
        self.signals.standing.leads(UPKEEP, self.clock.now())
    }

    async fn try_store(&self) {
        let began = Instant::now();
        let (status, why) = match self.store.check().await {
            Ok(()) => (Status::Up, String::new()),
            Err(error) => (Status::Down, error.to_string()),
        };
        self.health.report(STORE, status, &why, Some(began.elapsed()), Timestamp::now());
    }

    /// The checkpoints are opened when they are first needed.
    async fn checkpoint(&self, trail: &mut Option<Checkpoints>) {
        let opened = match trail {
            Some(opened) => opened,
            None => match Checkpoints::open(&self.checkpoints).await {
                Ok(opened) => trail.insert(opened),
                Err(error) => return tracing::error!(%error, "checkpoints of the audit trail cannot be kept"),
            },
        };
        let page = async |after: u64, limit: usize| self.store.audit(after, limit).await;
        // A trail that was changed is reported by the round itself, as an alarm.
        if let Err(error) = opened.round(Timestamp::now(), page).await {
            tracing::warn!(%error, "no checkpoint of the audit trail was written");
        }
    }
}

//! Keeps the gauges true: looks at the store and at the health of the parts, again and again, in every role.
//!
//! What a look cannot read keeps its last value: that the store does not answer is told by its health. Must never be waited
//! for by `/metrics`. Start at [`Gauges::run`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::set::late;
use super::{Connections, Metrics, PlatformLabel};
use crate::clock::{SharedClock, after};
use crate::health::Health;
use crate::port::store::{Closed, Store, StoreError};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Longest time for one look.
const LIMIT: Duration = Duration::from_secs(10);

/// Tells how the connections to a store do.
pub type AskConnections = Box<dyn Fn() -> Connections + Send + Sync>;

/// What is looked at, and where it is told.
pub struct Gauges {
    /// Everything durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// How the parts do.
    pub health: Arc<Health>,
    /// The figures.
    pub metrics: Arc<Metrics>,
    /// The platforms that messages go to.
    pub platforms: Vec<&'static str>,
    /// Tells how the connections to the store do; none where it is embedded.
    pub connections: Option<AskConnections>,
    /// Jobs that this process may run at the same time; they count where no process has told how many it may run.
    pub slots: u64,
    /// Pending jobs that are admitted.
    pub queue_bound: u64,
}

impl Gauges {
    /// Looks until it is stopped.
    pub async fn run(&self, stop: CancellationToken) {
        // What nobody leads any more is told as such.
        let mut duties = BTreeSet::new();
        loop {
            self.metrics.parts(&self.health.parts());
            if let Some(connections) = &self.connections {
                self.metrics.connections(&connections());
            }
            let began = self.clock.now();
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look(&mut duties) => looked.map_err(|error| error.to_string()),
                () = self.clock.sleep_until(after(began, LIMIT)) => Err("no answer in time".to_owned()),
            };
            if let Err(why) = looked {
                tracing::debug!("the gauges keep their values: {why}");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep_until(after(self.clock.now(), EVERY)) => {}
            }
        }
    }

    /// One look at the store.
    ///
    /// # Errors
    /// When the storage failed.
    async fn look(&self, duties: &mut BTreeSet<String>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let replicas = self.store.replicas(now).await?;
        duties.extend(replicas.iter().flat_map(|replica| replica.leads.iter().cloned()));
        self.metrics.fleet(&replicas, duties);
        let told: u64 = replicas.iter().map(|replica| u64::from(replica.slots)).sum();
        let slots = if told == 0 { self.slots } else { told };
        self.metrics.load(&self.store.load().await?, slots.saturating_add(self.queue_bound));
        self.metrics.waiting(&self.store.waiting().await?, now);
        self.metrics.kill_switch.set(i64::from(self.store.kill_switch().await?.is_some()));
        for platform in &self.platforms {
            self.delay(platform, now).await?;
        }
        Ok(())
    }

    async fn delay(&self, platform: &'static str, now: Timestamp) -> Result<(), StoreError> {
        let due = self.store.next_post(platform, &Closed::default()).await?;
        let delay = due.map_or(0.0, |due| late(due, now));
        self.metrics.outbox_delay.get_or_create(&PlatformLabel { platform }).set(delay);
        Ok(())
    }
}

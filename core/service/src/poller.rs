//! Asking for alerts: for those who cannot send a webhook, every 30 s by default.
//!
//! Each round that succeeds hands all alerts that fire to the intake. A round that fails hands over nothing: that an alert
//! could not be read must never look as if it had ended. Start at [`Poller::run`].

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redactor;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::{SharedClock, after};
use crate::health::{Health, Status};
use crate::intake::Intake;
use crate::job::{Actor, Origin};
use crate::port::alerts::AlertSource;

/// Time between two rounds, if nothing else is configured.
pub const INTERVAL: Duration = Duration::from_secs(30);

/// Longest time between two rounds of a source that fails, unless the interval itself is longer.
const LONGEST: Duration = Duration::from_mins(5);

/// Failures in a row after which the source counts as down.
const DOWN_AFTER: u32 = 3;

/// Why the alerts of a round were not taken.
pub type NotTaken = Box<dyn std::error::Error + Send + Sync>;

/// Where polled alerts go: the intake.
#[async_trait]
pub trait PollSink: Send + Sync {
    /// Takes all alerts of a source that fire now; those it knew and that are not among them have ended.
    ///
    /// # Errors
    /// Why they were not taken; the next round brings what fires then.
    async fn polled(&self, source: &str, firing: Vec<Alert>) -> Result<(), NotTaken>;
}

#[async_trait]
impl PollSink for Intake {
    async fn polled(&self, source: &str, firing: Vec<Alert>) -> Result<(), NotTaken> {
        let actor = Actor { platform: "poll".to_owned(), user: source.to_owned(), ..Actor::default() };
        let origin = Origin { actor, request_id: Uuid::now_v7().simple().to_string() };
        Intake::polled(self, firing, origin).await.map(drop).map_err(Into::into)
    }
}

/// What a poller is made of.
pub struct PollerParts {
    /// Whom to ask.
    pub source: Arc<dyn AlertSource>,
    /// Who takes the alerts.
    pub sink: Arc<dyn PollSink>,
    /// The time.
    pub clock: SharedClock,
    /// Where to report how it goes.
    pub health: Arc<Health>,
    /// Redacts what is reported: a failure holds words of a server.
    pub redactor: Redactor,
    /// Time between two rounds.
    pub interval: Duration,
}

/// Asks one source again and again.
pub struct Poller {
    parts: PollerParts,
    random: RandomState,
}

impl Poller {
    /// With these parts. From now on the source is expected to report its health.
    pub fn new(parts: PollerParts) -> Self {
        parts.health.expect(parts.source.name(), false);
        Self { parts, random: RandomState::new() }
    }

    /// Polls until it is stopped. A round that was read is handed over even then.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0_u32;
        let mut round = 0_u64;
        loop {
            let read = tokio::select! {
                () = stop.cancelled() => return,
                worked = self.round() => worked,
            };
            let worked = match read {
                Ok(firing) => self.hand_over(firing).await,
                Err(failed) => Err(failed),
            };
            failures = if worked.is_ok() { 0 } else { failures.saturating_add(1) };
            self.report(&worked, failures);
            round = round.wrapping_add(1);
            let pause = pause(self.parts.interval, failures, self.random.hash_one(round));
            let next = after(self.parts.clock.now(), pause);
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.parts.clock.sleep_until(next) => {}
            }
        }
    }

    /// What fires, with how long it took to read.
    async fn round(&self) -> Result<(Vec<Alert>, Duration), String> {
        let began = self.parts.clock.now();
        let firing = self.parts.source.firing().await.map_err(|failure| failure.to_string())?;
        let took = Duration::try_from(self.parts.clock.now().duration_since(began)).unwrap_or_default();
        Ok((firing, took))
    }

    async fn hand_over(&self, (firing, took): (Vec<Alert>, Duration)) -> Result<Duration, String> {
        let count = firing.len();
        let name = self.parts.source.name();
        let taken = self.parts.sink.polled(name, firing).await;
        taken.map_err(|error| format!("{count} alerts were read and not taken in: {error}"))?;
        tracing::debug!(source = name, firing = count, "polled");
        Ok(took)
    }

    fn report(&self, worked: &Result<Duration, String>, failures: u32) {
        let PollerParts { source, clock, health, redactor, .. } = &self.parts;
        let name = source.name();
        match worked {
            Ok(took) => health.report(name, Status::Up, "", Some(*took), clock.now()),
            Err(why) => {
                let status = if failures < DOWN_AFTER { Status::Degraded } else { Status::Down };
                let why = redactor.redact_text(why);
                tracing::warn!(source = name, failures, "alerts were not polled: {}", *why);
                health.report(name, status, &why, None, clock.now());
            }
        }
    }
}

/// How long to wait: the interval, doubled with every failure after the first, and a tenth more or less by chance, so that
/// replicas do not ask in step.
fn pause(interval: Duration, failures: u32, chance: u64) -> Duration {
    let doubled = interval.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    let base = doubled.min(LONGEST.max(interval));
    let per_mille = 900 + u32::try_from(chance % 201).unwrap_or_default();
    base.saturating_mul(per_mille) / 1000
}

#[cfg(test)]
mod tests;

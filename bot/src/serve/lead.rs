//! What only one process at a time does: begun when this one leads it, ended when it does not any more.
//!
//! Must never let something go on beyond the lead, nor begin again without a pause. Start at [`Lead::keep`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::SharedClock;
use midwatch_service::fleet::Member;
use midwatch_service::health::{Health, Status};
use midwatch_service::signals::Signals;
use tokio_util::sync::CancellationToken;

/// The pause before something begins again that ended by itself.
const PAUSE: Duration = Duration::from_secs(1);

/// What the process that writes quiet windows, storms and checkpoints leads.
pub(super) const UPKEEP: &str = "upkeep";

/// What the process that polls Alertmanager leads.
pub(super) const POLL: &str = "poll:alertmanager";

/// What the process leads that listens at Discord's gateway: the platform lets a bot do that once.
pub(super) const DISCORD_GATEWAY: &str = "gateway:discord";

/// One thing that is led.
pub(super) struct Lead {
    pub(super) what: &'static str,
    /// The part of the health that speaks of it.
    pub(super) part: &'static str,
    pub(super) member: Arc<Member>,
    pub(super) signals: Arc<Signals>,
    pub(super) clock: SharedClock,
    pub(super) health: Arc<Health>,
}

impl Lead {
    /// Does it while this process leads it, until `stop`; then gives it up, so that another takes it over at once. The token
    /// ends one time of leading.
    pub(super) async fn keep<F: Future<Output = ()>>(
        &self,
        stop: &CancellationToken,
        work: impl Fn(CancellationToken) -> F,
    ) {
        while stop.run_until_cancelled(self.taken()).await.is_some() {
            let turn = stop.child_token();
            let lost = async {
                tokio::select! {
                    () = turn.cancelled() => {}
                    () = self.lost() => turn.cancel(),
                }
            };
            let working = async {
                work(turn.clone()).await;
                turn.cancel();
            };
            tokio::join!(working, lost);
            stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
        self.member.resign(self.what).await;
    }

    /// Returns when this process leads it. Until then another does, and nothing is wrong with that.
    async fn taken(&self) {
        let mut changes = self.signals.standing.changes();
        let mut told = false;
        while !self.signals.standing.leads(self.what, self.clock.now()) {
            if !told {
                told = true;
                self.health.report(self.part, Status::Up, "another process does it now", None, Timestamp::now());
            }
            changes.next().await;
        }
        self.health.report(self.part, Status::Starting, "begins", None, Timestamp::now());
    }

    /// Returns when this process does not lead it any more.
    async fn lost(&self) {
        let mut changes = self.signals.standing.changes();
        while let Some(until) = self.signals.standing.leads_until(self.what) {
            if until <= self.clock.now() {
                return;
            }
            tokio::select! {
                () = self.clock.sleep_until(until) => {}
                () = changes.next() => {}
            }
        }
        // Nobody else could.
        std::future::pending::<()>().await;
    }
}

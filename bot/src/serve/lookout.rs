//! Whether those that Midwatch reads answer: each cluster, Prometheus, and Alertmanager where it is not polled.
//!
//! Each is asked something cheap every 30 s, beside everything else. Must never be waited for at start, nor make the
//! program unready: what cannot be seen is told in the health and in every report. Start at [`Lookout::run`].

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use midwatch_alertmanager::Alertmanager;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_redact::Redactor;
use midwatch_service::health::{Health, Status};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::clusters::Clusters;

/// The parts that health knows them by.
pub(super) const PROMETHEUS: &str = "prometheus";
pub(super) const ALERTMANAGER: &str = "alertmanager";

/// Time between two looks at one of them.
const EVERY: Duration = Duration::from_secs(30);

/// Longest time for one look, connecting included.
const LIMIT: Duration = Duration::from_secs(10);

/// What is looked at.
pub(super) struct Lookout {
    pub(super) clusters: Arc<Clusters>,
    /// None when there is none, or when the poller tells how it does.
    pub(super) alertmanager: Option<Arc<Alertmanager>>,
    pub(super) health: Arc<Health>,
    pub(super) calls: Calls,
    pub(super) redactor: Redactor,
}

impl Lookout {
    /// Looks until it is stopped.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let clusters = join_all(self.clusters.names().iter().map(|name| self.clusters_again(name)));
        tokio::select! {
            () = stop.cancelled() => {}
            _ = async { tokio::join!(clusters, self.prometheus_again(), self.alertmanager_again()) } => {}
        }
    }

    async fn clusters_again(&self, name: &str) {
        loop {
            self.cluster(name).await;
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn prometheus_again(&self) {
        while self.clusters.has_metrics() {
            self.prometheus().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn alertmanager_again(&self) {
        while let Some(alertmanager) = &self.alertmanager {
            self.alertmanager(alertmanager).await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// `/version` is readable for everyone who is let in at all (`system:public-info-viewer`).
    async fn cluster(&self, name: &str) {
        let began = Instant::now();
        let seen = within(async {
            let cluster = self.clusters.cluster(name).await.map_err(|error| error.message)?;
            let version = self.calls.read(super::clusters::PART, cluster.version()).await;
            version.map(drop).map_err(words)
        })
        .await;
        self.clusters.report(name, seen, Some(began.elapsed()));
    }

    async fn prometheus(&self) {
        let began = Instant::now();
        let seen = within(async {
            let Some(prometheus) = self.clusters.prometheus().await.map_err(|error| error.to_string())? else {
                return Ok(());
            };
            let answer = self.calls.read(PROMETHEUS, prometheus.check()).await;
            answer.map(drop).map_err(words)
        })
        .await;
        self.report(PROMETHEUS, seen, began.elapsed());
    }

    async fn alertmanager(&self, alertmanager: &Alertmanager) {
        let began = Instant::now();
        let seen = within(async {
            let answer = self.calls.read(ALERTMANAGER, alertmanager.status()).await;
            answer.map(drop).map_err(words)
        })
        .await;
        self.report(ALERTMANAGER, seen, began.elapsed());
    }

    fn report(&self, part: &str, seen: Result<(), String>, took: Duration) {
        let (status, why) = match seen {
            Ok(()) => (Status::Up, String::new()),
            Err(why) => (Status::Down, self.redactor.redact_text(&why).into_inner()),
        };
        self.health.report(part, status, &why, Some(took), Timestamp::now());
    }
}

fn words(failure: ReadFailure) -> String {
    failure.to_string()
}

async fn within(look: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = || Err(format!("no answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, look).await.unwrap_or_else(|_| late())
}

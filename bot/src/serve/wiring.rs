//! The parts of the server, in the order they need each other.
//!
//! Must never hold logic: each part does its own. Start at [`Wiring::build`].

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use midwatch_config::Settings;
use midwatch_http::{Api, HttpSettings};
use midwatch_redact::Redactor;
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::health::{Health, Status};
use midwatch_service::intake::{Intake, IntakeParts, IntakeSettings};
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::Packs;
use midwatch_service::policy::Policy;
use midwatch_service::port::store::Store;
use midwatch_service::signals::Signals;
use midwatch_sqlite::{Options, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::command::load_packs as packs;
use crate::failure::Failure;
use crate::{settings, store};

use super::clusters::{self, Clusters};
use super::http::http_settings;
use super::policy::policy;

/// What the parts share.
pub(super) struct Wiring {
    store: Arc<SqliteStore>,
    clock: SharedClock,
    signals: Arc<Signals>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    policy: Arc<Policy>,
    intake: Arc<Intake>,
    redactor: Redactor,
}

impl Wiring {
    /// Opens the store, reads the packs, and puts the rest together. Asks nothing of any other machine.
    pub(super) async fn build(settings: &Settings) -> Result<Self, Failure> {
        let health = Arc::new(Health::default());
        for (part, required) in [("store", true), ("packs", true), (clusters::PART, false)] {
            health.expect(part, required);
        }
        let store = open(settings).await?;
        health.report("store", Status::Up, "", None, Timestamp::now());
        let packs = Arc::new(packs(settings).map_err(|errors| Failure::usage(format!("packs cannot be used:\n{errors}")))?);
        packs.refresh(&*store).await.map_err(Failure::no_report)?;
        health.report("packs", Status::Up, "", None, Timestamp::now());
        let redactor = settings::redactor(settings);
        let clusters = Arc::new(Clusters::new(settings, redactor.clone(), Arc::clone(&health)));
        let clock: SharedClock = Arc::new(SystemClock);
        let (signals, metrics) = (Arc::<Signals>::default(), Arc::<Metrics>::default());
        let policy = Arc::new(policy(&settings.permissions));
        let intake = Arc::new(Intake::new(IntakeParts {
            store: store.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            policy: policy.clone(),
            packs,
            redactor: redactor.clone(),
            settings: intake_settings(settings, &clusters),
        }));
        Ok(Self { store, clock, signals, health, metrics, policy, intake, redactor })
    }

    /// Listens until `stop`, then lets what is under way end.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        settings: &Settings,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let http = http_settings(settings);
        let limits = http.limits;
        let intake = self.intake.clone();
        let refusing = stop.clone();
        let drain = async move {
            refusing.cancelled().await;
            intake.drain();
        };
        let serving = midwatch_http::serve(listener, midwatch_http::router(self.api(http)), limits, stop);
        let (ended, ()) = tokio::join!(serving, drain);
        ended
    }

    fn api(&self, settings: HttpSettings) -> Api {
        Api {
            intake: self.intake.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            signals: self.signals.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
            alerts: None,
            policy: self.policy.clone(),
            redactor: Arc::new(self.redactor.clone()),
            settings,
        }
    }
}

/// The store, with the key of its trail. On a blocking thread: it waits for the disk.
async fn open(settings: &Settings) -> Result<Arc<SqliteStore>, Failure> {
    let directory: PathBuf = store::directory(settings).map_err(Failure::usage)?;
    let chain_key = store::chain_key_or_new(settings, &directory).map_err(Failure::no_report)?;
    let options = Options { directory, chain_key, max_bytes: Some(settings.store.max_size), now: Timestamp::now() };
    // Without it a file that may not grow ends the process instead of failing the write.
    midwatch_sqlite::outlive_file_size_limit().map_err(|error| Failure::no_report(format!("signals: {error}")))?;
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(options)).await;
    let opened = opening.map_err(|error| Failure::no_report(format!("the store could not be opened: {error}")))?;
    opened.map(Arc::new).map_err(Failure::no_report)
}

fn intake_settings(settings: &Settings, clusters: &Clusters) -> IntakeSettings {
    use midwatch_service::port::sources::SourceProvider as _;
    let (jobs, incidents, bounds) = (&settings.jobs, &settings.incidents, &settings.investigation);
    IntakeSettings {
        slots: u64::from(jobs.concurrency),
        queue_bound: u64::from(jobs.queue),
        refuse_at: f64::from(jobs.refuse_at) / 100.0,
        quiet: incidents.quiet,
        storm_groups: usize::try_from(incidents.storm_groups).unwrap_or(usize::MAX),
        storm_window: incidents.storm_window,
        channel: incidents.channel.clone(),
        max_attempts: jobs.attempts,
        deadline: bounds.deadline,
        lookback: bounds.lookback,
        replica_labels: incidents.replica_labels.clone(),
        clusters: clusters.clusters(),
        ..IntakeSettings::default()
    }
}

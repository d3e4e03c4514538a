//! The parts of the server, in the order they need each other.
//!
//! Must never hold logic: each part does its own. Start at [`Wiring::build`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use jiff::Timestamp;
use midwatch_alertmanager::Alertmanager;
use midwatch_config::Settings;
use midwatch_console::ConsolePlatform;
use midwatch_diagnosis::alert::Alert;
use midwatch_http::{Api, HttpSettings};
use midwatch_redact::Redactor;
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::health::{Health, Status};
use midwatch_service::id::WorkerId;
use midwatch_service::inbox::{Inbox, InboxParts};
use midwatch_service::intake::{Intake, IntakeParts};
use midwatch_service::job::{Actor, Origin};
use midwatch_service::metrics::{Gauges, Metrics};
use midwatch_service::pack::Packs;
use midwatch_service::policy::Policy;
use midwatch_service::poller::{NotTaken, PollSink, Poller, PollerParts};
use midwatch_service::port::alerts::AlertSource;
use midwatch_service::port::chat::ChatPlatform;
use midwatch_service::port::events::EventLog;
use midwatch_service::port::sources::SourceProvider as _;
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::worker::{ModelParts, Worker, WorkerParts};
use midwatch_sqlite::{SqliteEvents, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command::load_packs;
use crate::failure::Failure;
use crate::{live, model, output, settings, store};

use super::calls::{Calls, Counted};
use super::chats::{Chats, Ear};
use super::clusters::Clusters;
use super::http::http_settings;
use super::lookout::{ALERTMANAGER, Lookout};
use super::memory;
use super::names::KnownNames;
use super::own;
use super::policy::policy;
use super::reload::{PACKS, Reloading};
use super::upkeep::{STORE, Upkeep};

/// What the parts share.
pub(super) struct Wiring {
    store: Arc<SqliteStore>,
    events: Arc<dyn EventLog>,
    clock: SharedClock,
    signals: Arc<Signals>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    policy: Arc<Policy>,
    packs: Arc<Packs>,
    intake: Arc<Intake>,
    worker: Worker,
    inbox: Arc<Inbox>,
    senders: Vec<Sender>,
    gauges: Gauges,
    chats: Chats,
    alerts: Option<Arc<dyn AlertSource>>,
    lookout: Arc<Lookout>,
    names: Arc<KnownNames>,
    checkpoints: PathBuf,
    redactor: Redactor,
}

impl Wiring {
    /// Opens the store, reads the packs, and puts the rest together. Asks nothing of any other machine.
    pub(super) async fn build(settings: &Settings) -> Result<Self, Failure> {
        let health = Arc::new(Health::default());
        for part in [STORE, PACKS] {
            health.expect(part, true);
        }
        let directory = store::directory(settings).map_err(Failure::usage)?;
        let store = open(settings, &directory).await?;
        let events: Arc<dyn EventLog> = Arc::new(SqliteEvents::start(store.clone()));
        health.report(STORE, Status::Up, "", None, Timestamp::now());
        let packs = packs(settings, &store, &health).await?;
        let redactor = settings::redactor(settings);
        let clock: SharedClock = Arc::new(SystemClock);
        let (signals, metrics) = (Arc::<Signals>::default(), Arc::<Metrics>::default());
        let calls = Calls::new(metrics.clone());
        let clusters = Arc::new(Clusters::new(settings, redactor.clone(), health.clone(), calls.clone()));
        let alertmanager = live::alertmanager(&settings.alertmanager).map_err(Failure::usage)?.map(Arc::new);
        let alerts = alertmanager.clone().map(|source| counted(source, calls.clone()));
        // Who is polled is known by that.
        let alertmanager = alertmanager.filter(|_| settings.alertmanager.poll.is_none());
        if alertmanager.is_some() {
            health.expect(ALERTMANAGER, false);
        }
        let policy = Arc::new(policy(&settings.permissions));
        let (known, rules) = (clusters.clone(), policy.clone());
        let names = Arc::new(KnownNames::new(settings, known, rules, packs.clone(), calls.clone()));
        let lookout = Arc::new(Lookout {
            clusters: clusters.clone(),
            alertmanager,
            health: health.clone(),
            calls: calls.clone(),
            redactor: redactor.clone(),
        });
        let intake = Arc::new(Intake::new(IntakeParts {
            store: store.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            redactor: redactor.clone(),
            settings: own::intake(settings, clusters.clusters()),
        }));
        let id = WorkerId::new(&host());
        let model = modelled(settings, &calls)?;
        let worker = Worker::new(WorkerParts {
            store: store.clone(),
            events: events.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            sources: clusters.clone(),
            packs: packs.clone(),
            model,
            redactor: redactor.clone(),
            settings: own::worker(settings, id.clone()),
        });
        let chats = Chats::new(settings)?;
        chats.expect(settings, &health);
        let inbox = Arc::new(Inbox::new(InboxParts {
            store: store.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            intake: intake.clone(),
            alerts: alerts.clone(),
            directories: chats.directories(),
            redactor: redactor.clone(),
            settings: own::inbox(settings, id.clone(), clusters.clusters()),
        }));
        let console: Arc<dyn ChatPlatform> = Arc::new(console(settings, &directory)?);
        let platforms: Vec<_> = std::iter::once(console).chain(chats.platforms()).collect();
        let gauges = Gauges {
            store: store.clone(),
            clock: clock.clone(),
            health: health.clone(),
            metrics: metrics.clone(),
            platforms: platforms.iter().map(|platform| platform.name()).collect(),
            slots: u64::from(settings.jobs.concurrency),
            queue_bound: u64::from(settings.jobs.queue),
        };
        let sender = |platform| {
            let (store, clock, signals) = (store.clone(), clock.clone(), signals.clone());
            let own = SenderSettings::new(id.clone());
            Sender::new(store, clock, signals, metrics.clone(), health.clone(), platform, own)
        };
        let senders = platforms.into_iter().map(sender).collect();
        let checkpoints = store::checkpoints(&directory);
        Ok(Self {
            store,
            events,
            clock,
            signals,
            health,
            metrics,
            policy,
            packs,
            intake,
            worker,
            inbox,
            senders,
            gauges,
            chats,
            alerts,
            lookout,
            names,
            checkpoints,
            redactor,
        })
    }

    /// Works until `stop`, then lets what is under way end: nothing new is taken, jobs finish or are handed back, and
    /// only then the last messages leave.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        settings: &Settings,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let http = http_settings(settings);
        let limits = http.limits;
        // On its own: reading certificates and kubeconfigs takes the time of a processor.
        let _lookout = AbortOnDropHandle::new(tokio::spawn(self.lookout.clone().run(stop.clone())));
        let sent = CancellationToken::new();
        // Only where there are forms to complete.
        let named = settings.discord.bot_token.is_some();
        let _names = named.then(|| AbortOnDropHandle::new(tokio::spawn(self.names.clone().run(stop.clone()))));
        let ear = Ear {
            ears: self.inbox.clone(),
            names: self.names.clone(),
            clock: self.clock.clone(),
            health: self.health.clone(),
        };
        let chats = self.chats.router(&ear)?;
        let router = midwatch_http::router(self.api(http)).merge(chats);
        let working = async {
            let drained = self.worker.run(stop.clone()).await;
            tracing::info!(finished = drained.finished, handed_back = drained.handed_back, "jobs have ended");
            sent.cancel();
        };
        let listening = async {
            let ended = midwatch_http::serve(listener, router, limits, stop.clone()).await;
            // Without ears there is no watch to stand: the rest ends, too.
            stop.cancel();
            ended
        };
        let refusing = async {
            stop.cancelled().await;
            self.intake.drain();
        };
        let upkeep = Upkeep {
            intake: self.intake.clone(),
            store: self.store.clone(),
            packs: self.packs.clone(),
            health: self.health.clone(),
            checkpoints: self.checkpoints.clone(),
        };
        let reloading = Reloading {
            directory: settings.packs.directory.clone(),
            packs: self.packs.clone(),
            store: self.store.clone(),
            health: self.health.clone(),
            redactor: self.redactor.clone(),
        };
        let sending = join_all(self.senders.iter().map(|sender| sender.run(sent.clone())));
        let (ended, (), (), (), (), _, (), (), (), (), ()) = tokio::join!(
            listening,
            working,
            refusing,
            self.chats.listen(&ear, stop.clone()),
            self.inbox.run(stop.clone()),
            sending,
            upkeep.run(stop.clone()),
            reloading.run(stop.clone()),
            self.polling(settings, stop.clone()),
            self.gauges.run(stop.clone()),
            memory::run(&self.metrics, stop.clone())
        );
        ended
    }

    async fn polling(&self, settings: &Settings, stop: CancellationToken) {
        let (Some(source), Some(interval)) = (&self.alerts, settings.alertmanager.poll) else { return };
        let parts = PollerParts {
            source: source.clone(),
            sink: Arc::new(Polled(self.intake.clone())),
            clock: self.clock.clone(),
            health: self.health.clone(),
            redactor: self.redactor.clone(),
            interval,
        };
        Poller::new(parts).run(stop).await;
    }

    fn api(&self, settings: HttpSettings) -> Api {
        Api {
            intake: self.intake.clone(),
            inbox: self.inbox.clone(),
            store: self.store.clone(),
            events: self.events.clone(),
            clock: self.clock.clone(),
            signals: self.signals.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
            alerts: self.alerts.clone(),
            policy: self.policy.clone(),
            packs: self.packs.clone(),
            redactor: Arc::new(self.redactor.clone()),
            settings,
        }
    }
}

/// The store, with the key of its trail. On a blocking thread: it waits for the disk.
async fn open(settings: &Settings, directory: &Path) -> Result<Arc<SqliteStore>, Failure> {
    // Without it a file that may not grow ends the process instead of failing the write.
    midwatch_sqlite::outlive_file_size_limit().map_err(|error| Failure::no_report(format!("signals: {error}")))?;
    let (settings, directory) = (settings.clone(), directory.to_owned());
    let opening = tokio::task::spawn_blocking(move || store::open(&settings, &directory)).await;
    let opened = opening.map_err(|error| Failure::no_report(format!("the store could not be opened: {error}")))?;
    opened.map(Arc::new).map_err(Failure::no_report)
}

/// Alertmanager, whose answers are counted.
fn counted(source: Arc<Alertmanager>, calls: Calls) -> Arc<dyn AlertSource> {
    Arc::new(Counted { source, integration: ALERTMANAGER, calls })
}

/// The language model with the tools of MCP servers, which are reached in the background.
fn modelled(settings: &Settings, calls: &Calls) -> Result<Option<Arc<ModelParts>>, Failure> {
    let Some(mut parts) = model::open(settings, |model| calls.model(model))? else { return Ok(None) };
    parts.foreign = calls.tools(Arc::new(model::connect(settings)?));
    Ok(Some(Arc::new(parts)))
}

/// The packs, as far as they are switched on.
async fn packs(settings: &Settings, store: &SqliteStore, health: &Health) -> Result<Arc<Packs>, Failure> {
    let packs = load_packs(settings).map_err(|errors| Failure::usage(format!("packs cannot be used:\n{errors}")))?;
    packs.refresh(store).await.map_err(Failure::no_report)?;
    health.report(PACKS, Status::Up, "", None, Timestamp::now());
    Ok(Arc::new(packs))
}

/// The platform that needs no chat: threads as files, told on standard output.
fn console(settings: &Settings, directory: &Path) -> Result<ConsolePlatform, Failure> {
    let threads = settings.console.directory.clone().unwrap_or_else(|| directory.join("threads"));
    ConsolePlatform::open(&threads, io::stdout(), output::look(settings)).map_err(Failure::no_report)
}

/// What tells this machine from others in the job history.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "midwatch".to_owned() } else { name.to_owned() }
}

/// The intake as the poller knows it.
struct Polled(Arc<Intake>);

#[async_trait]
impl PollSink for Polled {
    async fn polled(&self, source: &str, firing: Vec<Alert>) -> Result<(), NotTaken> {
        let actor = Actor { platform: "webhook".to_owned(), user: source.to_owned(), ..Actor::default() };
        let origin = Origin { actor, request_id: String::new() };
        self.0.polled(firing, origin).await.map(drop).map_err(Into::into)
    }
}

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
use midwatch_service::fleet::{Member, MemberParts, Role};
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
use midwatch_service::port::sources::SourceProvider as _;
use midwatch_service::port::store::Store;
use midwatch_service::sender::{self, Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::worker::{ModelParts, SWEEP, Worker, WorkerParts};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command::load_packs;
use crate::failure::Failure;
use crate::{live, model, output, settings, store};

use super::calls::{Calls, Counted};
use super::chats::{Chats, Ear};
use super::clusters::Clusters;
use super::discord;
use super::http::http_settings;
use super::kept::Kept;
use super::lead::{DISCORD_GATEWAY, Lead, POLL, UPKEEP};
use super::lookout::{ALERTMANAGER, Lookout};
use super::memory;
use super::models::Watched;
use super::names::KnownNames;
use super::own;
use super::policy::policy;
use super::reload::{PACKS, Reloading};
use super::roles::Roles;
use super::upkeep::{STORE, Upkeep};

/// What the parts share.
pub(super) struct Wiring {
    kept: Kept,
    roles: Roles,
    signals: Arc<Signals>,
    gauges: Gauges,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    member: Arc<Member>,
    policy: Arc<Policy>,
    packs: Arc<Packs>,
    intake: Arc<Intake>,
    worker: Option<Worker>,
    inbox: Arc<Inbox>,
    senders: Vec<Sender>,
    chats: Option<Chats>,
    alerts: Option<Arc<dyn AlertSource>>,
    lookout: Arc<Lookout>,
    names: Arc<KnownNames>,
    checkpoints: PathBuf,
    redactor: Redactor,
}

impl Wiring {
    /// Opens the store, reads the packs, and puts the rest together. Asks nothing of any other machine but of the one that has
    /// the store.
    pub(super) async fn build(settings: &Settings) -> Result<Self, Failure> {
        let health = Arc::new(Health::default());
        for part in [STORE, PACKS] {
            health.expect(part, true);
        }
        let roles = Roles::of(settings);
        let directory = store::directory(settings).map_err(Failure::usage)?;
        let kept = Kept::open(settings, &directory).await?;
        health.report(STORE, Status::Up, "", None, Timestamp::now());
        let packs = packs(settings, &*kept.store, &health).await?;
        let redactor = settings::redactor(settings);
        let (signals, metrics) = (Arc::new(Signals::among_others()), Arc::<Metrics>::default());
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
        let (shown, allowed) = (clusters.clone(), policy.clone());
        let names = Arc::new(KnownNames::new(settings, shown, allowed, packs.clone(), calls.clone()));
        let lookout = Arc::new(Lookout {
            clusters: clusters.clone(),
            alertmanager,
            health: health.clone(),
            calls: calls.clone(),
            redactor: redactor.clone(),
        });
        let intake = Arc::new(Intake::new(IntakeParts {
            store: kept.store.clone(),
            clock: kept.clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            redactor: redactor.clone(),
            settings: own::intake(settings, clusters.clusters()),
        }));
        let host = host();
        let id = WorkerId::new(&host);
        let worker = roles.has(Role::Worker).then(|| {
            Ok::<_, Failure>(Worker::new(WorkerParts {
                store: kept.store.clone(),
                events: kept.events.clone(),
                clock: kept.clock.clone(),
                signals: signals.clone(),
                metrics: metrics.clone(),
                health: health.clone(),
                sources: clusters.clone(),
                packs: packs.clone(),
                model: modelled(settings, &calls, &health, &redactor)?,
                redactor: redactor.clone(),
                settings: own::worker(settings, id.clone(), kept.shared.is_none()),
            }))
        });
        let chats = roles.has(Role::Gateway).then(|| Chats::new(settings)).transpose()?;
        chats.iter().for_each(|chats| chats.expect(settings, &health));
        let inbox = Arc::new(Inbox::new(InboxParts {
            store: kept.store.clone(),
            clock: kept.clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            intake: intake.clone(),
            alerts: alerts.clone(),
            directories: chats.as_ref().map(Chats::directories).unwrap_or_default(),
            redactor: redactor.clone(),
            settings: own::inbox(settings, id.clone(), clusters.clusters()),
        }));
        let platforms: Vec<Arc<dyn ChatPlatform>> = match &chats {
            Some(chats) => {
                let console: Arc<dyn ChatPlatform> = Arc::new(console(settings, &directory)?);
                std::iter::once(console).chain(chats.platforms()).collect()
            }
            None => Vec::new(),
        };
        let member = Arc::new(Member::new(MemberParts {
            store: kept.store.clone(),
            clock: kept.clock.clone(),
            signals: signals.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            replica: own::replica(settings, id.clone(), host, roles.all(), kept.clock.now()),
            leads: leads(settings, &roles, &platforms, alerts.is_some()),
        }));
        let gauges = Gauges {
            store: kept.store.clone(),
            clock: kept.clock.clone(),
            health: health.clone(),
            metrics: metrics.clone(),
            platforms: platforms.iter().map(|platform| platform.name()).collect(),
            connections: kept.ask_connections(),
            slots: u64::from(settings.jobs.concurrency),
            queue_bound: u64::from(settings.jobs.queue),
        };
        let sender = |platform| {
            let (store, clock, signals) = (kept.store.clone(), kept.clock.clone(), signals.clone());
            let own = SenderSettings::new(id.clone());
            Sender::new(store, clock, signals, metrics.clone(), health.clone(), platform, own)
        };
        let senders = platforms.into_iter().map(sender).collect();
        let checkpoints = store::checkpoints(&directory);
        Ok(Self {
            kept,
            roles,
            signals,
            gauges,
            health,
            metrics,
            member,
            policy,
            packs,
            intake,
            worker: worker.transpose()?,
            inbox,
            senders,
            chats,
            alerts,
            lookout,
            names,
            checkpoints,
            redactor,
        })
    }

    /// Works until `stop`, then lets what is under way end: nothing new is taken, jobs finish or are handed back, and
    /// only then the last messages leave. The other processes hear of it from the beginning to the end.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        settings: &Settings,
        stop: CancellationToken,
    ) -> io::Result<()> {
        // On its own: reading certificates and kubeconfigs takes the time of a processor.
        let _lookout = AbortOnDropHandle::new(tokio::spawn(self.lookout.clone().run(stop.clone())));
        // Only where there are forms to complete.
        let named = self.chats.is_some() && settings.discord.bot_token.is_some();
        let _names = named.then(|| AbortOnDropHandle::new(tokio::spawn(self.names.clone().run(stop.clone()))));
        let ended = CancellationToken::new();
        let working = async {
            let worked = self.work(listener, settings, &stop).await;
            ended.cancel();
            worked
        };
        let (worked, (), ()) = tokio::join!(
            working,
            self.member.run(stop.clone(), ended.clone()),
            self.kept.follow(&self.signals, &ended)
        );
        worked
    }

    /// Everything that this process does besides saying that it is there.
    async fn work(&self, listener: TcpListener, settings: &Settings, stop: &CancellationToken) -> io::Result<()> {
        let http = http_settings(settings);
        let limits = http.limits;
        let ear = Ear {
            ears: self.inbox.clone(),
            names: self.names.clone(),
            clock: self.kept.clock.clone(),
            health: self.health.clone(),
        };
        let chats = self.chats.as_ref().map(|chats| chats.router(&ear)).transpose()?.unwrap_or_default();
        let (api, serves_api) = (self.api(http), self.roles.has(Role::Api));
        let router = if serves_api { midwatch_http::router(api) } else { midwatch_http::probes(api) };
        let listening = async {
            let ended = midwatch_http::serve(listener, router.merge(chats), limits, stop.clone()).await;
            // Without ears there is no watch to stand: the rest ends, too.
            stop.cancel();
            ended
        };
        let sent = CancellationToken::new();
        let jobs = async {
            self.jobs(stop).await;
            sent.cancel();
        };
        let refusing = async {
            stop.cancelled().await;
            self.intake.drain();
        };
        let sending = join_all(self.senders.iter().map(|sender| sender.run(sent.clone())));
        let (ended, (), (), (), _, (), (), (), (), ()) = tokio::join!(
            listening,
            jobs,
            refusing,
            self.talk(&ear, stop),
            sending,
            self.keep_up(stop),
            self.reloading(settings).run(stop.clone()),
            self.polling(settings, stop),
            self.gauges.run(stop.clone()),
            memory::run(&self.metrics, stop.clone())
        );
        ended
    }

    /// Jobs, where they are run.
    async fn jobs(&self, stop: &CancellationToken) {
        let Some(worker) = &self.worker else { return stop.cancelled().await };
        let drained = worker.run(stop.clone()).await;
        tracing::info!(finished = drained.finished, handed_back = drained.handed_back, "jobs have ended");
        self.member.resign(SWEEP).await;
    }

    /// What is said, where it is heard.
    async fn talk(&self, ear: &Ear, stop: &CancellationToken) {
        let Some(chats) = &self.chats else {
            let elsewhere = "handled by the processes with the role `gateway`";
            return self.health.report(midwatch_service::inbox::HEALTH, Status::Up, elsewhere, None, Timestamp::now());
        };
        let gateway = self.lead(DISCORD_GATEWAY, discord::HEALTH);
        tokio::join!(chats.listen(ear, &gateway, stop), self.inbox.run(stop.clone()));
    }

    async fn keep_up(&self, stop: &CancellationToken) {
        let upkeep = Upkeep {
            intake: self.intake.clone(),
            store: self.kept.store.clone(),
            clock: self.kept.clock.clone(),
            signals: self.signals.clone(),
            packs: self.packs.clone(),
            health: self.health.clone(),
            checkpoints: self.checkpoints.clone(),
        };
        upkeep.run(stop.clone()).await;
        self.member.resign(UPKEEP).await;
    }

    fn reloading(&self, settings: &Settings) -> Reloading {
        Reloading {
            directory: settings.packs.directory.clone(),
            packs: self.packs.clone(),
            store: self.kept.store.clone(),
            health: self.health.clone(),
            redactor: self.redactor.clone(),
        }
    }

    async fn polling(&self, settings: &Settings, stop: &CancellationToken) {
        let (Some(source), Some(interval)) = (&self.alerts, settings.alertmanager.poll) else { return };
        if !self.roles.has(Role::Api) {
            return;
        }
        let polling = |turn| {
            let parts = PollerParts {
                source: source.clone(),
                sink: Arc::new(Polled(self.intake.clone())),
                clock: self.kept.clock.clone(),
                health: self.health.clone(),
                redactor: self.redactor.clone(),
                interval,
            };
            Poller::new(parts).run(turn)
        };
        self.lead(POLL, ALERTMANAGER).keep(stop, polling).await;
    }

    fn lead(&self, what: &'static str, part: &'static str) -> Lead {
        Lead {
            what,
            part,
            member: self.member.clone(),
            signals: self.signals.clone(),
            clock: self.kept.clock.clone(),
            health: self.health.clone(),
        }
    }

    fn api(&self, settings: HttpSettings) -> Api {
        Api {
            intake: self.intake.clone(),
            inbox: self.inbox.clone(),
            store: self.kept.store.clone(),
            events: self.kept.events.clone(),
            clock: self.kept.clock.clone(),
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

/// What this process would lead: what goes with its roles, and the upkeep that any can do.
fn leads(settings: &Settings, roles: &Roles, platforms: &[Arc<dyn ChatPlatform>], alerts: bool) -> Vec<String> {
    let sends = platforms.iter().map(|platform| sender::lead(platform.name()));
    let discord = roles.has(Role::Gateway) && settings.discord.bot_token.is_some();
    let polls = alerts && roles.has(Role::Api) && settings.alertmanager.poll.is_some();
    let named = [(true, UPKEEP), (discord, DISCORD_GATEWAY), (polls, POLL), (roles.has(Role::Worker), SWEEP)];
    sends.chain(named.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| name.to_owned())).collect()
}

/// Alertmanager, whose answers are counted.
fn counted(source: Arc<Alertmanager>, calls: Calls) -> Arc<dyn AlertSource> {
    Arc::new(Counted { source, integration: ALERTMANAGER, calls })
}

/// The language model with the tools of MCP servers, which are reached in the background.
fn modelled(
    settings: &Settings,
    calls: &Calls,
    health: &Arc<Health>,
    redactor: &Redactor,
) -> Result<Option<Arc<ModelParts>>, Failure> {
    let watched = |model| Arc::new(Watched::new(model, health.clone(), redactor.clone()));
    let Some(mut parts) = model::open(settings, |model| calls.model(watched(model)))? else { return Ok(None) };
    parts.foreign = calls.tools(Arc::new(model::connect(settings)?));
    Ok(Some(Arc::new(parts)))
}

/// The packs, as far as they are switched on.
async fn packs(settings: &Settings, store: &dyn Store, health: &Health) -> Result<Arc<Packs>, Failure> {
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

//! What the gateway brings, sorted: messages in their order, interactions at once, and what tells of channels.
//!
//! Must never let a message that cannot be written down now hold up an interaction, nor keep more than its bounds: when they
//! are full the session ends, and what is missed is read again by the next. Start at [`Events::start`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use serenity::model::application::Interaction;
use serenity::model::channel::GuildChannel;
use serenity::model::event::Event;
use serenity::model::gateway::Ready;
use serenity::model::id::GuildId;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::Shared;
use super::lanes::{Lanes, Listener};
use crate::catch_up::{CatchUp, Missed};
use crate::fault::Fault;
use crate::heard::interaction::is_thread;
use crate::heard::{Delivered, Me};
use crate::reception::WRITE;
use crate::route::Route;
use crate::snowflake;

/// Events that wait to be sorted: a few kilobytes each.
const WAITING: usize = 2_048;

/// Interactions that are answered at the same time, and that wait for it.
const ANSWERED: usize = 64;

/// Discord waits so long for the answer to an interaction.
const ANSWER: Duration = Duration::from_secs(3);

/// Pause before what was missed is read again that could not be read, doubled each time up to `LONGEST`.
const AGAIN: Duration = Duration::from_mins(1);

/// The longest pause: as far back as is read.
const LONGEST: Duration = Duration::from_mins(15);

/// How far Discord's clock and ours may be apart. Generous: with less, a clock that is a little ahead would leave every command
/// without an answer.
const SKEW: Duration = Duration::from_secs(20);

/// Where a session puts what comes in.
#[derive(Clone)]
pub(super) struct Inlet {
    events: mpsc::Sender<Event>,
    interactions: mpsc::Sender<(Instant, Interaction)>,
}

impl Inlet {
    /// Takes an event; not when too many wait.
    pub(super) fn put(&self, event: Event) -> bool {
        match event {
            Event::InteractionCreate(event) => {
                // Nobody delivers it again, and in three seconds nobody waits for it.
                if self.interactions.try_send((Instant::now(), event.interaction)).is_err() {
                    tracing::error!("an interaction is not answered: too many wait");
                }
                true
            }
            event => self.events.try_send(event).is_ok(),
        }
    }
}

/// What sorts. Ends when it is dropped.
pub(super) struct Events {
    inlet: Inlet,
    me: watch::Sender<Me>,
    begun: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Events {
    /// Begins.
    pub(super) fn start(shared: &Shared, expects_interactions: bool) -> Self {
        let (events, coming) = mpsc::channel(WAITING);
        let (interactions, answered) = mpsc::channel(ANSWERED);
        let (me, known) = watch::channel(Me { user: String::new(), application: String::new(), may_read: false });
        let begun = Arc::new(Notify::new());
        let listener = Listener::new(shared.clone(), known);
        let mut tasks = JoinSet::new();
        let lanes = Lanes::start(&listener, &mut tasks);
        let sorter = Sorter { shared: shared.clone(), listener, lanes, begun: begun.clone(), again: None };
        tasks.spawn(sorter.run(coming));
        tasks.spawn(answer(shared.clone(), expects_interactions, answered));
        Self { inlet: Inlet { events, interactions }, me, begun, _tasks: tasks }
    }

    /// Where a session puts what comes in.
    pub(super) fn inlet(&self) -> Inlet {
        self.inlet.clone()
    }

    /// Who we are, known before anything comes in.
    pub(super) fn are_ours(&self, me: Me) {
        self.me.send_replace(me);
    }

    /// Waits until a session has been begun anew.
    pub(super) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Waits until nothing waits any more.
    pub(super) async fn drained(&self) {
        let all = self.inlet.events.max_capacity();
        drop(self.inlet.events.reserve_many(all).await);
    }
}

struct Sorter {
    shared: Shared,
    listener: Listener,
    lanes: Lanes,
    begun: Arc<Notify>,
    /// When what was missed is read again, and the pause before that.
    again: Option<(tokio::time::Instant, Duration)>,
}

impl Sorter {
    async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        loop {
            let again = async {
                match self.again {
                    Some((at, _)) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(event).await,
                    None => return,
                },
                () = again => self.catch_up().await,
            }
        }
    }

    async fn take(&mut self, event: Event) {
        match event {
            Event::MessageCreate(event) => self.lanes.put(Delivered::new(event.message)).await,
            Event::MessageUpdate(event) => {
                if let Some(delivered) = Delivered::edit(&event) {
                    self.lanes.put(delivered).await;
                }
            }
            Event::Ready(event) => self.ready(&event.ready).await,
            Event::GuildCreate(event) if self.is_ours(event.guild.id) => {
                self.shared.standing.guild(None);
                for channel in event.guild.channels.values().chain(&event.guild.threads) {
                    self.note(channel).await;
                }
            }
            Event::GuildDelete(event) if self.is_ours(event.guild.id) && !event.guild.unavailable => self.homeless(),
            Event::ThreadListSync(event) => {
                for thread in &event.threads {
                    self.note(thread).await;
                }
            }
            Event::ThreadCreate(event) => self.note(&event.thread).await,
            Event::ThreadUpdate(event) => self.note(&event.thread).await,
            Event::ChannelCreate(event) => self.note(&event.channel).await,
            Event::ThreadDelete(event) => self.shared.places.forget(&event.thread.id.to_string()).await,
            Event::ChannelDelete(event) => self.shared.places.forget(&event.channel.id.to_string()).await,
            _ => {}
        }
    }

    /// A session was begun anew: what came while there was none is read before what comes now.
    async fn ready(&mut self, ready: &Ready) {
        self.begun.notify_one();
        if ready.guilds.iter().any(|guild| self.is_ours(guild.id)) {
            self.shared.standing.guild(None);
        } else {
            self.homeless();
        }
        self.again = None;
        self.catch_up().await;
    }

    /// Reads what was missed; again after a while, when not all of it could be read.
    async fn catch_up(&mut self) {
        let Shared { reception, places, platform, standing, .. } = &self.shared;
        let reader = CatchUp::new(platform.client(), &reception.listening, reception.clock.now());
        let me = self.listener.me();
        // What begins a thread is heard before what is said in it.
        let above = self.hear_all(reader.channels().await).await;
        let trouble = above.or(self.hear_all(reader.threads(places, &me).await).await);
        let pause = self.again.map_or(AGAIN, |(_, before)| (before * 2).min(LONGEST));
        self.again = trouble.is_some().then(|| (tokio::time::Instant::now() + pause, pause));
        standing.missed(trouble.map(|why| {
            format!(
                "not all that was said while nobody listened could be read, so an alert may have been missed: {why}"
            )
        }));
    }

    /// Hears what was missed; what could not be read of it.
    async fn hear_all(&self, missed: Missed) -> Option<String> {
        if let Some(why) = &missed.trouble {
            tracing::warn!("not all that was said while nobody listened can be read: {why}");
        }
        for delivered in missed.messages {
            self.listener.hear(&delivered).await;
        }
        missed.trouble
    }

    fn homeless(&self) {
        let guild = &self.shared.reception.listening.guild;
        let why = format!(
            "the bot is not in the guild {guild}: open the link that `midwatch discord invite` prints, or set the \
             right discord.guild"
        );
        tracing::error!("{why}");
        self.shared.standing.guild(Some(why));
    }

    fn is_ours(&self, guild: GuildId) -> bool {
        guild.to_string() == self.shared.reception.listening.guild
    }

    async fn note(&self, channel: &GuildChannel) {
        let parent = channel.parent_id.filter(|_| is_thread(channel.kind)).map(|parent| parent.to_string());
        self.shared.places.note(channel.id.to_string(), parent).await;
    }
}

/// Answers interactions, several at the same time.
async fn answer(shared: Shared, expected: bool, mut interactions: mpsc::Receiver<(Instant, Interaction)>) {
    let room = Arc::new(Semaphore::new(ANSWERED));
    let mut answering = JoinSet::new();
    let mut told = expected;
    while let Some((arrived, interaction)) = interactions.recv().await {
        while answering.try_join_next().is_some() {}
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(
                "interactions come over the gateway though there is an endpoint for them: enter its address as \
                 Interactions Endpoint URL on the General Information page of the application in Discord's developer portal"
            );
        }
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let shared = shared.clone();
        answering.spawn(async move {
            answer_one(&shared, arrived, &interaction).await;
            drop(permit);
        });
    }
}

async fn answer_one(shared: &Shared, arrived: Instant, interaction: &Interaction) {
    // Who did it was told by Discord that it failed, and does it again: it must not be done twice.
    let age = snowflake::age(interaction.id().get(), shared.reception.clock.now());
    if age > ANSWER + SKEW {
        let (id, seconds) = (interaction.id().get(), age.as_secs());
        tracing::warn!(id, seconds, "an interaction is dropped: it comes too late to be answered");
        return;
    }
    let left = WRITE.saturating_sub(arrived.elapsed());
    let body = shared.reception.interaction(interaction, &shared.places, left).await;
    let id = interaction.id().to_string();
    let route = || Route::Callback { id: &id, token: interaction.token() };
    let mut met = shared.platform.client().call(route(), Some(&body)).await;
    // Twice does no harm: the second is told that it is one.
    if matches!(met, Err(Fault::NotSent(_) | Fault::Unknown(_))) && arrived.elapsed() < ANSWER {
        met = shared.platform.client().call(route(), Some(&body)).await;
    }
    match met {
        Ok(_) => {}
        Err(fault) if fault.code() == Some(ANSWERED_BEFORE) => {}
        Err(fault) => tracing::warn!(id, "an interaction could not be acknowledged: {}", fault.words()),
    }
}

/// Discord's code for an interaction that was answered:
/// <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>.
const ANSWERED_BEFORE: u64 = 40_060;

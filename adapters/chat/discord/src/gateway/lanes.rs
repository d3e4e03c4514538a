//! Messages on their way to the ears: those of one channel one after the other, each until it is written down.
//!
//! Nobody delivers over the gateway again, so nothing is given up while the storage is away. Must never change the order
//! within a channel. Start at [`Lanes::put`] and [`Listener::hear`].

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::Shared;
use crate::fault::Fault;
use crate::heard::{Delivered, Listening, Me};
use crate::reception::NotWritten;

/// Channels that are heard at the same time: writes of several are one commit of the store.
const LANES: u64 = 8;

/// Messages that wait in one lane.
const WAITING: usize = 64;

/// Time for one try to write a message down; nobody waits for it.
const WRITE: Duration = Duration::from_secs(10);

/// Pause between two tries, doubled each time up to `LONGEST`.
const SHORTEST: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(10);

/// Times that Discord is asked what a channel is before a message in it is given up.
const ASKED: u32 = 10;

/// Channels that are remembered because Discord would not tell what they are.
const REFUSED: u64 = 1_000;

/// How long it is not asked again for one: each refusal is counted by Discord
/// (<https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>).
const REFUSAL: Duration = Duration::from_mins(5);

/// Lanes, each channel always in the same.
pub(super) struct Lanes(Vec<mpsc::Sender<Delivered>>);

impl Lanes {
    /// Opens them.
    pub(super) fn start(listener: &Listener, tasks: &mut JoinSet<()>) -> Self {
        let lane = |_| {
            let (sender, mut messages) = mpsc::channel::<Delivered>(WAITING);
            let listener = listener.clone();
            tasks.spawn(async move {
                while let Some(delivered) = messages.recv().await {
                    listener.hear(&delivered).await;
                }
            });
            sender
        };
        Self((0..LANES).map(lane).collect())
    }

    /// Takes a message; waits while its lane is full.
    pub(super) async fn put(&self, delivered: Delivered) {
        let mut hasher = DefaultHasher::new();
        delivered.message.channel_id.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES).unwrap_or_default();
        if let Some(lane) = self.0.get(lane) {
            // Closed only when everything ends.
            let _ = lane.send(delivered).await;
        }
    }
}

/// What hears.
#[derive(Clone)]
pub(super) struct Listener {
    shared: Shared,
    me: watch::Receiver<Me>,
    /// Channels that Discord did not tell of lately.
    refused: Cache<String, ()>,
}

impl Listener {
    /// With who we are, as it becomes known.
    pub(super) fn new(shared: Shared, me: watch::Receiver<Me>) -> Self {
        let refused = Cache::builder().max_capacity(REFUSED).time_to_live(REFUSAL).build();
        Self { shared, me, refused }
    }

    /// Who we are.
    pub(super) fn me(&self) -> Me {
        self.me.borrow().clone()
    }

    /// Hears a message: returns when it is written down, is nothing for us, or everything stops.
    pub(super) async fn hear(&self, delivered: &Delivered) {
        tokio::select! {
            () = self.shared.stop.cancelled() => {}
            () = self.heard(delivered) => {}
        }
    }

    async fn heard(&self, delivered: &Delivered) {
        let (me, reception) = (self.me(), &self.shared.reception);
        if !reception.listening.concerns(delivered, &me) {
            return;
        }
        let Some(parent) = self.parent(&delivered.channel()).await else { return };
        let now = reception.clock.now();
        let Some(heard) = reception.listening.message(delivered, parent.as_deref(), &me, now) else { return };
        let (mut pause, mut failed) = (SHORTEST, false);
        loop {
            match reception.write(heard.clone(), WRITE).await {
                Ok(_) => break,
                Err(not) if not.is_for_now() => {
                    self.not_yet(&heard.id, &not);
                    failed = true;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST);
                }
                Err(never) => {
                    tracing::error!(id = heard.id, "not heard: {never}");
                    break;
                }
            }
        }
        if failed {
            self.shared.standing.hearing(None);
        }
    }

    fn not_yet(&self, id: &str, not: &NotWritten) {
        tracing::error!(id, "not written down yet: {not}");
        self.shared.standing.hearing(Some(format!("what comes from Discord is not taken: {not}")));
    }

    /// The channel that this is a thread of, if it is one; none when that cannot be known, so nothing can be heard there.
    async fn parent(&self, channel: &str) -> Option<Option<String>> {
        if self.refused.contains_key(channel) && self.shared.places.known(channel).await.is_none() {
            return self.is_configured(channel).then_some(None);
        }
        let mut pause = SHORTEST;
        for _ in 0..ASKED {
            let fault: Arc<Fault> = match self.shared.places.parent(channel).await {
                Ok(parent) => {
                    self.shared.standing.unplaced(channel, None);
                    return Some(parent);
                }
                Err(fault) => fault,
            };
            if matches!(*fault, Fault::Refused { .. }) {
                return self.refused(channel, &fault).await;
            }
            tracing::warn!(channel, "what the channel is will be asked again: {}", fault.words());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
        tracing::error!(channel, "a message is not heard: what its channel is could not be asked");
        None
    }

    /// Discord does not tell what the channel is: that is told once, and not asked again for a while.
    async fn refused(&self, channel: &str, fault: &Fault) -> Option<Option<String>> {
        self.refused.insert(channel.to_owned(), ()).await;
        let known = self.is_configured(channel);
        if !known {
            let why = format!("nothing is heard in channel {channel}, for it cannot be read: {}", fault.words());
            tracing::warn!("{why}");
            self.shared.standing.unplaced(channel, Some(why));
        }
        known.then_some(None)
    }

    /// A channel that the operator named is no thread.
    fn is_configured(&self, channel: &str) -> bool {
        let Listening { alert_channels, channels, .. } = &self.shared.reception.listening;
        alert_channels.contains(channel) || channels.contains(channel)
    }
}

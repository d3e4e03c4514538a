//! A round of deliveries: read what is known of all of them, decide one after the other (`route`, `compose`), each on what
//! those before it leave behind, commit once; again when another writer was first.
//!
//! Must never write a part of a delivery, nor tell anyone before the commit. Start at [`Intake::round`].

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::debug;

use super::compose::{Desk, Facts, compose};
use super::known::Known;
use super::lane::{Answer, Order, Taken, Waiting};
use super::route::{Routed, Scene, Target, route};
use super::{Hang, Intake, Refused};
use crate::collision::{TRIES, pause};
use crate::fleet;
use crate::id::{IncidentId, ThreadId};
use crate::incident::Incident;
use crate::living::Seen;
use crate::mute::Mute;
use crate::port::store::{CommitError, StoreError, Write};

/// Keys that the store is asked for at once.
const KEYS_AT_ONCE: usize = 20_000;

/// What is known before a round is decided.
struct Read {
    /// Every incident that any of its deliveries could join.
    found: Vec<Incident>,
    /// Threads that hang on the messages its deliveries were read from.
    hung: BTreeMap<Hang, ThreadId>,
    mutes: Vec<Mute>,
}

/// A round that is decided and not yet written.
struct Decided {
    writes: Vec<Write>,
    /// In the order of the deliveries.
    answers: Vec<Answer>,
    /// New incidents that count towards a storm.
    opened: usize,
}

impl Intake {
    /// Decides what waits, writes it and answers.
    pub(super) async fn round(&self, mut waiting: Vec<Waiting>) {
        let mut full = false;
        for tries in 1.. {
            let now = self.parts.clock.now();
            let (left, error) = match self.attempt(waiting, now, full).await {
                Ok(()) => return,
                Err(failed) => failed,
            };
            waiting = left;
            full |= matches!(error, CommitError::Full { .. });
            if tries >= TRIES || !can_be_mended(&error) {
                return self.give_up(waiting, error).await;
            }
            debug!(tries, %error, deliveries = waiting.len(), "deliveries are decided anew");
            tokio::time::sleep(pause(tries, now)).await;
        }
    }

    async fn attempt(
        &self,
        waiting: Vec<Waiting>,
        now: Timestamp,
        full: bool,
    ) -> Result<(), (Vec<Waiting>, CommitError)> {
        let read = match self.read(&waiting, now).await {
            Ok(read) => read,
            Err(error) => return Err((waiting, error.into())),
        };
        match self.decide(read, &waiting, now, full).await {
            Ok(decided) => self.write(decided, waiting, now).await,
            Err(error) => Err((waiting, error.into())),
        }
    }

    async fn read(&self, waiting: &[Waiting], now: Timestamp) -> Result<Read, StoreError> {
        let mut hung = BTreeMap::new();
        for place in waiting.iter().filter_map(|one| one.order.batch.place.as_ref()) {
            let thread = self.parts.store.thread_at(&place.platform, &place.channel, &place.root).await?;
            hung.extend(thread.map(|thread| (place.clone(), thread.id)));
        }
        Ok(Read { found: self.found(waiting).await?, hung, mutes: self.parts.store.mutes(now).await? })
    }

    /// Every incident that any of these deliveries could join.
    async fn found(&self, waiting: &[Waiting]) -> Result<Vec<Incident>, StoreError> {
        let mut keys: Vec<String> = waiting.iter().flat_map(|one| one.order.keys.iter().cloned()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found = BTreeMap::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let incidents = self.parts.store.incidents_by_keys(keys).await?;
            found.extend(incidents.into_iter().map(|incident| (incident.id, incident)));
        }
        Ok(found.into_values().collect())
    }

    async fn decide(&self, read: Read, waiting: &[Waiting], now: Timestamp, full: bool) -> Result<Decided, StoreError> {
        let Read { found, hung, mutes } = read;
        let kill = self.parts.signals.standing.kill();
        let mut facts = Facts { load: self.parts.store.load().await?, full, hung, ..Facts::default() };
        let mut known = Known::new(found);
        let settings = &self.parts.settings;
        let (mut answers, mut opened) = (Vec::with_capacity(waiting.len()), 0);
        for Waiting { order, .. } in waiting {
            let opened_lately = self.gusts.lately(now, settings.storm_window) + opened;
            let found = known.of(&order.keys);
            let routed = route(&order.batch, Scene { found: &found, opened_lately, now, settings, mutes: &mutes });
            drop(found);
            let opens = routed.parts.iter().filter(|part| part.target == Target::New).count();
            self.facts(&routed, &mut facts).await?;
            answers.push(match compose(routed, &facts, self.desk(order, now, kill.as_ref())) {
                Ok(plan) => {
                    opened += opens;
                    known.absorb(plan.writes, &mut facts);
                    Ok(Taken { receipt: plan.receipt, packs: plan.packs })
                }
                Err(refused) => Err(refused),
            });
        }
        Ok(Decided { writes: known.into_writes(), answers, opened })
    }

    fn desk<'a>(&'a self, order: &'a Order, now: Timestamp, kill: Option<&'a fleet::Order>) -> Desk<'a> {
        Desk {
            pen: self.pen_at(&order.origin, now),
            settings: &self.parts.settings,
            packs: &*self.parts.packs,
            source: &order.batch.source,
            cluster: order.batch.cluster.as_deref(),
            overload: order.overload,
            place: order.batch.place.as_ref(),
            notes: &order.batch.notes,
            kill,
        }
    }

    /// Reads what a delivery needs and no earlier one of the round has read.
    async fn facts(&self, routed: &Routed, facts: &mut Facts) -> Result<(), StoreError> {
        facts.previous.clear();
        for (at, part) in routed.parts.iter().enumerate() {
            match &part.target {
                Target::Open(incident) if facts.living.contains_key(&incident.thread) => {}
                Target::Open(incident) => self.facts_of(incident, facts).await?,
                Target::New | Target::NewStorm => {
                    let over = routed.over.iter().rfind(|over| over.keys.iter().any(|key| part.keys.contains(key)));
                    let previous = match over {
                        Some(over) => Some((over.id, over.thread)),
                        None => self.previous(&part.keys).await?,
                    };
                    facts.previous.extend(previous.map(|previous| (at, previous)));
                }
            }
        }
        Ok(())
    }

    /// What is shown of an incident, and whether its job is live.
    pub(super) async fn facts_of(&self, incident: &Incident, facts: &mut Facts) -> Result<(), StoreError> {
        let seen = Seen::read(&*self.parts.store, incident.thread).await?;
        facts.living.extend(seen.map(|seen| (incident.thread, seen)));
        if let Some(id) = incident.job {
            let job = self.parts.store.job(id).await?;
            facts.live.extend(job.filter(|job| !job.state.is_final()).map(|_| id));
        }
        Ok(())
    }

    async fn previous(&self, keys: &[String]) -> Result<Option<(IncidentId, ThreadId)>, StoreError> {
        let Some(closed) = self.parts.store.last_closed(keys).await? else { return Ok(None) };
        Ok(self.parts.store.incident(closed).await?.map(|incident| (incident.id, incident.thread)))
    }

    /// Commits and answers in a task of its own, so that those who were taken along hear of it even when the caller whose
    /// turn it is goes away meanwhile.
    async fn write(
        &self,
        decided: Decided,
        waiting: Vec<Waiting>,
        now: Timestamp,
    ) -> Result<(), (Vec<Waiting>, CommitError)> {
        let Decided { writes, answers, opened } = decided;
        let (store, at) = (Arc::clone(&self.parts.store), self.parts.clock.now());
        let task = tokio::spawn(async move {
            if !writes.is_empty()
                && let Err(error) = store.commit(at, writes).await
            {
                return Err((waiting, error));
            }
            for (one, answer) in waiting.into_iter().zip(answers) {
                // Whoever went away does not want to know.
                let _ = one.reply.send(answer);
            }
            Ok(())
        });
        // A task that ended badly took the replies with it; their callers line up again.
        task.await.unwrap_or(Ok(()))?;
        self.gusts.opened(now, opened);
        Ok(())
    }

    /// Tells each why it failed. Where the fault may be one delivery's own, each is tried alone first.
    async fn give_up(&self, waiting: Vec<Waiting>, error: CommitError) {
        match error {
            CommitError::Storage(error) => {
                let error = Arc::new(error);
                for one in waiting {
                    let _ = one.reply.send(Err(Refused::Storage(shared(&error))));
                }
            }
            error if waiting.len() > 1 => {
                debug!(%error, "deliveries are decided one by one");
                for one in waiting {
                    Box::pin(self.round(vec![one])).await;
                }
            }
            error => {
                if let Some(one) = waiting.into_iter().next() {
                    let _ = one.reply.send(Err(error.into()));
                }
            }
        }
    }
}

/// The same failure for one more caller.
fn shared(error: &Arc<StoreError>) -> StoreError {
    match &**error {
        StoreError::NoRoom(why) => StoreError::NoRoom(why.clone()),
        StoreError::ReadOnly(why) => StoreError::ReadOnly(why.clone()),
        StoreError::Busy(why) => StoreError::Busy(why.clone()),
        StoreError::Damaged(why) => StoreError::Damaged(why.clone()),
        StoreError::Other { what, .. } => StoreError::Other { what: what.clone(), source: Box::new(Arc::clone(error)) },
    }
}

/// Whether reading again and deciding anew can help.
fn can_be_mended(error: &CommitError) -> bool {
    matches!(error, CommitError::Stale | CommitError::Duplicate(_) | CommitError::Full { .. })
}

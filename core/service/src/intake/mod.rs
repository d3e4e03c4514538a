//! The intake: what comes in becomes incidents, jobs and threads, durably, before anyone is told that it was taken.
//!
//! Must never acknowledge what is not committed, and never start work that [`Policy`] was not asked about.
//! Start at [`Intake::deliver`] (alerts) and [`Intake::ask`] (questions).

mod admission;
mod alias;
mod ask;
mod compose;
mod deliver;
mod gusts;
pub(crate) mod identity;
mod known;
mod lane;
mod operate;
mod pen;
mod poll;
mod posted;
mod refused;
mod round;
mod route;
mod settings;
mod switch;
mod tick;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use midwatch_agent::request::Request;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redactor;

pub use self::ask::namespaces_of;
pub(crate) use self::identity::{namespace_of, namespaces_of_alerts};
pub use self::operate::{CLEARED, Cleared};
pub(crate) use self::pen::Pen;
pub use self::refused::Refused;
pub use self::settings::IntakeSettings;
use crate::clock::SharedClock;
use crate::fleet::Order;
use crate::id::{IncidentId, JobId, MessageId, ThreadId};
use crate::job::{Origin, Task};
use crate::metrics::Metrics;
use crate::pack::Pack;
use crate::policy::{Policy, Verb};
use crate::port::store::{Store, StoreError, Write};
use crate::signals::Signals;

/// The source of alerts that were polled and not delivered.
pub const POLL: &str = "poll";

/// Alerts as they were delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Who delivers: `alertmanager`, `grafana`, `poll`.
    pub source: String,
    /// What the source groups them by; alerts of one key are one incident.
    pub group_key: Option<String>,
    /// The alerts, firing and resolved.
    pub alerts: Vec<Alert>,
    /// Alerts as a post tells of them, with only some of their labels: each stands for whatever has those.
    pub told: Vec<Alert>,
    /// Alerts that the source left out, or that could not be read.
    pub truncated: u64,
    /// The cluster they are from, when the address says so.
    pub cluster: Option<String>,
    /// Who delivers, for the permissions.
    pub origin: Origin,
    /// More keys that a new incident of it is found by: the post it was read from, the title a post of the same group has.
    pub aliases: Vec<String>,
    /// Where its incidents are shown; where the settings say when none is named.
    pub place: Option<Hang>,
    /// What the thread of a new incident says besides.
    pub notes: Vec<String>,
}

/// A message of another that a thread hangs on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hang {
    /// The platform.
    pub platform: String,
    /// The channel.
    pub channel: String,
    /// The message.
    pub root: MessageId,
}

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Alerts that were taken: each is counted in exactly one incident.
    pub received: u64,
    /// Those of them that went to incidents which were open already.
    pub joined: u64,
    /// Resolves of alerts that no incident knows. There is nothing to do about them, and they are in no count.
    pub unknown: u64,
    /// Alerts of a poll that would need a new job while the queue is too full: the next poll brings them again.
    pub put_off: u64,
    /// Alerts that say nothing is wrong: they always fire, or were sent to try the way. Nothing is opened for them.
    pub heartbeats: u64,
    /// Alerts that are muted and belong to no open incident. Nothing is opened for them.
    pub muted: u64,
    /// Incidents that were opened.
    pub opened: Vec<IncidentId>,
    /// Jobs that were handed in.
    pub jobs: Vec<JobId>,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What to investigate.
    pub request: Request,
    /// In which cluster.
    pub cluster: Option<String>,
    /// What to do with it.
    pub task: Task,
    /// The verb, for the permissions and the pack.
    pub verb: Verb,
    /// Who asks.
    pub origin: Origin,
    /// Time for it; none: the pack's.
    pub deadline: Option<Duration>,
    /// By this pack, as an earlier job was; none, or one that is there no more: the one that takes the verb.
    pub pack: Option<String>,
    /// Where the answer goes.
    pub reply: Reply,
    /// While a job with this key is live, its id is the answer.
    pub dedup: Option<String>,
    /// What is written with it, or not at all.
    pub also: Vec<Write>,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To the caller, who waits for the job.
    Caller,
    /// To a new thread.
    Thread {
        /// The platform.
        platform: String,
        /// The channel.
        channel: String,
    },
    /// To a new thread below a message of another.
    Below(Hang),
    /// To a thread that exists.
    Existing(ThreadId),
}

/// Chooses packs.
pub trait PackChoice: Send + Sync {
    /// The pack for these alerts.
    fn for_alerts(&self, alerts: &[Alert]) -> Option<Pack>;

    /// The pack of this name.
    fn by_name(&self, name: &str) -> Option<Pack>;

    /// The pack for a verb, asked in a channel.
    fn for_verb(&self, verb: Verb, channel: Option<&str>) -> Option<Pack>;

    /// Whether a pack is switched on.
    fn is_enabled(&self, name: &str) -> bool;
}

/// What an intake is made of.
pub struct IntakeParts {
    /// Everything durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// Wake-up calls for worker and sender.
    pub signals: Arc<Signals>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Permissions.
    pub policy: Arc<Policy>,
    /// Packs.
    pub packs: Arc<dyn PackChoice>,
    /// Redacts what is kept and shown.
    pub redactor: Redactor,
    /// Bounds and windows.
    pub settings: IntakeSettings,
}

/// The intake.
pub struct Intake {
    parts: IntakeParts,
    draining: AtomicBool,
    lane: lane::Lane,
    gusts: gusts::Gusts,
    /// Alerts that the last poll missed, by incident; an alert that is lost from here is resolved one poll later.
    missed: Mutex<BTreeMap<IncidentId, BTreeSet<u64>>>,
}

impl Intake {
    /// With these parts.
    pub fn new(parts: IntakeParts) -> Self {
        Self {
            parts,
            draining: AtomicBool::new(false),
            lane: lane::Lane::default(),
            gusts: gusts::Gusts::default(),
            missed: Mutex::default(),
        }
    }

    /// From now on everything that would start work is refused with [`Refused::Draining`].
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// (running + queued) / (slots + queue bound).
    ///
    /// # Errors
    /// When the storage failed.
    pub async fn utilisation(&self) -> Result<f64, StoreError> {
        let load = self.parts.store.load().await?;
        Ok(admission::Room::of(&load, &self.parts.settings).utilisation)
    }

    /// Alerts are taken while the kill switch is on: they wait in the queue. Questions are not, and who asks is told.
    fn not_killed(&self) -> Result<(), Refused> {
        match self.parts.signals.standing.kill() {
            Some(Order { by, reason, at }) => Err(Refused::Killed { by: by.user, at, reason }),
            None => Ok(()),
        }
    }

    fn not_draining(&self) -> Result<(), Refused> {
        if self.draining.load(Ordering::Relaxed) { Err(Refused::Draining) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;

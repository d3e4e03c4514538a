//! The inbox: what is said to Midwatch is heard durably and handled exactly once.
//!
//! ```text
//! hearing      one durable write, and what is answered on the spot
//! run          takes what was heard, one thing of a thread at a time, and tries again
//! handle       what kind of thing it is; who said it, and where
//! turn         what a handler is given, what it gives back, and how that is written
//! investigate, jobs, status, list, evidence, mutes, upkeep     the verbs
//! followup     questions in a thread
//! press        buttons
//! posts        alerts that other programs post
//! find         the job or the incident that is meant
//! people       groups and channels, as the platform knows them
//! words, span  pure: words for people, and times as people write them
//! ```
//! What is said leads to one commit with everything that follows from it and the mark that it was handled, so a crash at
//! any point neither loses nor doubles it. What cannot be part of that commit (a wish to stop, a switched pack, alerts)
//! is done before it, and doing it twice does no harm.
//!
//! Must never answer but through the outbox or the caller's own hands, and never act before [`Policy`] was asked. Start at
//! [`Inbox::hear`] and [`Inbox::run`].

mod evidence;
mod find;
mod followup;
mod handle;
mod hearing;
mod investigate;
mod jobs;
mod list;
mod mutes;
mod people;
mod posts;
mod press;
mod run;
mod settings;
mod span;
mod status;
mod turn;
mod upkeep;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use midwatch_conversation::answer::Answer;
use midwatch_redact::{Redacted, Redactor};
use tokio_util::sync::CancellationToken;

pub use self::settings::{ChannelDefaults, InboxSettings};
use crate::allowance::Allowance;
use crate::clock::SharedClock;
use crate::health::Health;
use crate::heard::Heard;
use crate::id::{JobId, ThreadId};
use crate::intake::{Intake, Refused};
use crate::job::Origin;
use crate::metrics::Metrics;
use crate::pack::Packs;
use crate::policy::Policy;
use crate::port::alerts::AlertSource;
use crate::port::chat::Directory;
use crate::port::store::Store;
use crate::signals::Signals;

/// The name under which the inbox reports its health.
pub const HEALTH: &str = "inbox";

/// What an inbox is made of.
pub struct InboxParts {
    /// Everything durable.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// Wake-up calls.
    pub signals: Arc<Signals>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Where it reports how it does, and what `doctor` reads.
    pub health: Arc<Health>,
    /// Permissions.
    pub policy: Arc<Policy>,
    /// Packs.
    pub packs: Arc<Packs>,
    /// Where questions and alerts become jobs.
    pub intake: Arc<Intake>,
    /// Where the full labels of posted alerts are looked up.
    pub alerts: Option<Arc<dyn AlertSource>>,
    /// What platforms know of their channels and people, by the platform's name.
    pub directories: BTreeMap<String, Arc<dyn Directory>>,
    /// Redacts what is kept and shown.
    pub redactor: Redactor,
    /// Bounds and defaults.
    pub settings: InboxSettings,
}

/// What is answered on the spot. It carries no evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum Ack {
    /// Nothing: what follows says enough.
    Silent,
    /// This.
    Say(Redacted<Answer>),
}

/// Something that was said at a terminal or through the API.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The words.
    pub text: String,
    /// Who spoke.
    pub origin: Origin,
    /// The thread it is about.
    pub thread: Option<ThreadId>,
}

/// What is answered to the caller.
#[derive(Clone, Debug)]
pub struct Spoke {
    /// The words.
    pub answer: Redacted<Answer>,
    /// The job that was handed in, when one was.
    pub job: Option<JobId>,
}

/// Whoever hears what a platform brings.
#[async_trait]
pub trait Ears: Send + Sync {
    /// Hears something: when it returns, it is durable and will be handled.
    ///
    /// # Errors
    /// It was not heard; the platform should bring it again.
    async fn hear(&self, heard: Heard) -> Result<Ack, Refused>;
}

/// What the handlers share.
struct Desk {
    parts: InboxParts,
    allowance: Allowance,
    people: people::People,
}

/// The inbox.
pub struct Inbox {
    desk: Arc<Desk>,
}

impl Inbox {
    /// With these parts.
    pub fn new(parts: InboxParts) -> Self {
        parts.health.expect(HEALTH, false);
        let allowance = Allowance::new(parts.settings.allowance, &parts.clock);
        Self { desk: Arc::new(Desk { parts, allowance, people: people::People::default() }) }
    }

    /// Hears something: one durable write, and an answer on the spot. The same delivery again changes nothing. While the
    /// program stops it still hears; what was heard is handled after the restart.
    ///
    /// # Errors
    /// It was not heard: the storage failed, or too much waits already.
    pub async fn hear(&self, heard: Heard) -> Result<Ack, Refused> {
        self.desk.hear(heard).await
    }

    /// Handles what is heard until it is told to stop; what is being handled then still ends.
    pub async fn run(&self, stop: CancellationToken) {
        run::run(&self.desk, &stop).await;
    }

    /// Handles what was said at a terminal or through the API, and answers at once.
    ///
    /// # Errors
    /// See [`Refused`]. Nothing was done then.
    pub async fn say(&self, spoken: Spoken) -> Result<Spoke, Refused> {
        self.desk.say(spoken).await
    }
}

#[async_trait]
impl Ears for Inbox {
    async fn hear(&self, heard: Heard) -> Result<Ack, Refused> {
        Self::hear(self, heard).await
    }
}

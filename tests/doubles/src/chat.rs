//! A chat platform of the tests: remembers what was posted, fails when told to, enforces limits.
//!
//! Like a real one it knows no idempotency keys: posting twice makes two messages. Start at [`Chat`].

#![allow(clippy::expect_used, reason = "tests may panic")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::id::{MessageId, PostKey, ThreadId};
use midwatch_service::port::chat::{Call, ChatPlatform, Found, Limit, Scope, SendFailure};
use midwatch_service::post::{PostBody, Private};
use midwatch_service::thread::Thread;
use tokio::sync::watch;

use crate::quota::{Quotas, TooMany};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not sent: 429 or 5xx.
    Retry(Option<Duration>),
    /// Not tried: the platform said before that it takes none for so long.
    Shut(Duration),
    /// It arrives, and the answer is lost.
    Landed,
    /// It does not arrive, and that is not known.
    Vanished,
    /// The channel is gone.
    Refused,
    /// No answer ever comes; it does not arrive.
    Hangs,
    /// No answer ever comes; it arrives.
    LandsAndHangs,
}

/// A message as the channel shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its thread.
    pub thread: ThreadId,
    /// The idempotency key it was sent with.
    pub key: PostKey,
    /// Its id here.
    pub id: MessageId,
    /// What it said at first, and after each edit.
    pub revisions: Vec<PostBody>,
}

impl Shown {
    /// What it says now.
    pub fn now(&self) -> &PostBody {
        self.revisions.last().expect("a message says something")
    }
}

/// A call as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// When.
    pub at: Timestamp,
    /// A new message or an edit.
    pub call: Call,
    /// In which channel.
    pub channel: String,
    /// In which thread.
    pub thread: ThreadId,
    /// The idempotency key of the message.
    pub key: PostKey,
    /// What it says.
    pub body: PostBody,
    /// The limit that refused it, if one did.
    pub refused: Option<Scope>,
}

/// Which messages a fault is for.
pub type Matches = fn(&PostBody) -> bool;

#[derive(Default)]
struct State {
    shown: Vec<Shown>,
    faults: VecDeque<(Matches, Fault)>,
    finds: usize,
    quotas: Quotas,
    calls: Vec<Called>,
}

/// The platform.
pub struct Chat {
    name: &'static str,
    state: Mutex<State>,
    /// Whether messages can be looked up by key.
    findable: bool,
    /// Whether a private answer replaces what was shown.
    replaces: bool,
    /// The limits that it tells of.
    limits: Vec<Limit>,
    clock: SharedClock,
    changes: watch::Sender<u64>,
}

impl Default for Chat {
    fn default() -> Self {
        Self::new(true)
    }
}

impl Chat {
    /// With or without a way to look messages up.
    pub fn new(findable: bool) -> Self {
        let (limits, clock) = (Vec::new(), Arc::new(SystemClock));
        let (state, changes) = (Mutex::default(), watch::Sender::new(0));
        Self { name: "double", state, findable, replaces: false, limits, clock, changes }
    }

    /// Under another name.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// A private answer that has a handle replaces what was shown by it.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// With limits that it tells of, and those that it enforces, by this clock: some platforms tell too little.
    pub fn limited(told: Vec<Limit>, enforced: Vec<Limit>, clock: SharedClock) -> Self {
        let state = Mutex::new(State { quotas: Quotas::new(enforced), ..State::default() });
        Self { state, limits: told, clock, ..Self::new(true) }
    }

    /// Every call that came, in order, and those that a limit refused.
    pub fn calls(&self) -> Vec<Called> {
        self.state().calls.clone()
    }

    /// Takes note of a call, and lets it pass or refuses it.
    fn admit(&self, call: Call, thread: &Thread, key: &PostKey, body: &PostBody) -> Result<(), SendFailure> {
        let at = self.clock.now();
        let mut state = self.state();
        let admitted = state.quotas.admit(at, call, &thread.channel);
        let (channel, thread, key, body) = (thread.channel.clone(), thread.id, key.clone(), body.clone());
        let refused = admitted.err().map(|TooMany { scope, .. }| scope);
        state.calls.push(Called { at, call, channel, thread, key, body, refused });
        admitted.map_err(|TooMany { scope, after }| SendFailure::Retry {
            why: "too many requests".to_owned(),
            after: Some(after),
            hold: Some(scope),
        })
    }

    /// The next message of this kind meets a fault. Several for one kind are met one after the other.
    pub fn fail(&self, which: Matches, fault: Fault) {
        self.state().faults.push_back((which, fault));
    }

    /// Everything that the channel shows, in the order it was sent.
    pub fn shown(&self) -> Vec<Shown> {
        self.state().shown.clone()
    }

    /// How often a message was looked up.
    pub fn finds(&self) -> usize {
        self.state().finds
    }

    /// Waits until the channel shows what is wanted.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn until(&self, what: &str, is_there: impl Fn(&[Shown]) -> bool) -> Vec<Shown> {
        let mut changes = self.changes.subscribe();
        let wait = async {
            loop {
                let shown = self.shown();
                if is_there(&shown) {
                    return shown;
                }
                changes.changed().await.expect("the platform lives");
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, wait).await;
        outcome.unwrap_or_else(|_| panic!("{what} did not come; shown: {:#?}", self.shown()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_for(&self, body: &PostBody) -> Option<Fault> {
        let mut state = self.state();
        let at = state.faults.iter().position(|(which, _)| which(body))?;
        state.faults.remove(at).map(|(_, fault)| fault)
    }

    /// Does what the call does, unless a fault keeps it from that; the answer is given by [`Chat::answer`].
    fn apply<T>(&self, body: &PostBody, act: impl FnOnce(&mut State) -> T) -> (Option<T>, Option<Fault>) {
        let fault = self.fault_for(body);
        let lands = matches!(fault, None | Some(Fault::Landed | Fault::LandsAndHangs));
        let done = lands.then(|| act(&mut self.state()));
        self.changes.send_modify(|n| *n += 1);
        (done, fault)
    }

    async fn answer<T>((done, fault): (Option<T>, Option<Fault>)) -> Result<T, SendFailure> {
        let why = || "told to fail".to_owned();
        match fault {
            None => Ok(done.expect("it was done")),
            Some(Fault::Retry(after)) => Err(SendFailure::Retry { why: why(), after, hold: None }),
            Some(Fault::Shut(after)) => Err(SendFailure::Wait { after }),
            Some(Fault::Landed | Fault::Vanished) => Err(SendFailure::Unknown { why: why() }),
            Some(Fault::Refused) => Err(SendFailure::Refused { why: why() }),
            Some(Fault::Hangs | Fault::LandsAndHangs) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl ChatPlatform for Chat {
    fn name(&self) -> &'static str {
        self.name
    }

    fn limits(&self) -> Vec<Limit> {
        self.limits.clone()
    }

    async fn post(&self, thread: &Thread, key: &PostKey, body: &Redacted<PostBody>) -> Result<MessageId, SendFailure> {
        self.admit(Call::Post, thread, key, body)?;
        let replaced = matches!(body.as_ref(), PostBody::Private(private) if self.shows_again(private));
        let applied = self.apply(body, |state| {
            if let Some(shown) = state.shown.iter_mut().find(|shown| replaced && shown.key == *key) {
                shown.revisions.push(body.as_ref().clone());
                return shown.id.clone();
            }
            let id = MessageId(format!("{}", state.shown.len() + 1));
            let revisions = vec![body.as_ref().clone()];
            state.shown.push(Shown { thread: thread.id, key: key.clone(), id: id.clone(), revisions });
            id
        });
        Self::answer(applied).await
    }

    async fn edit(
        &self,
        thread: &Thread,
        key: &PostKey,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), SendFailure> {
        self.admit(Call::Edit, thread, key, body)?;
        let applied = self.apply(body, |state| {
            let shown = state.shown.iter_mut().find(|shown| shown.id == *message);
            shown.expect("what is edited was sent").revisions.push(body.as_ref().clone());
        });
        Self::answer(applied).await
    }

    fn shows_again(&self, private: &Private) -> bool {
        self.replaces && private.reply.is_some()
    }

    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure> {
        let mut state = self.state();
        state.finds += 1;
        if !self.findable {
            return Ok(Found::Unknowable);
        }
        let found = state.shown.iter().find(|shown| shown.thread == thread.id && shown.key == *key);
        Ok(found.map_or(Found::NotSent, |shown| Found::Sent(shown.id.clone())))
    }
}

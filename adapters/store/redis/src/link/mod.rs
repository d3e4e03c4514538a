//! The connections of this process: one for commands, one for reads that block, one for subscriptions; made when first used,
//! and made anew after they broke. However many tasks work, there are no more of them.
//!
//! The server that takes writes is looked up at each connect ([`place`]): after a failover the connection breaks or answers
//! `READONLY` or `MOVED`, and the next one goes to the new server. Since all our keys share a slot, a cluster is to us one server
//! that may move. While that slot itself is being moved, calls are refused for the moment.
//!
//! Must never wait without a deadline, queue without a bound, or send a command that changes something a second time, unless
//! that changes nothing. Start at [`Link::run`].

mod line;
mod place;
mod time;

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use midwatch_service::metrics::Connections;
use midwatch_service::port::store::StoreError;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, Value};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::line::Line;
pub(crate) use self::place::Place;
pub(crate) use self::time::ServerTime;
use crate::error::{Remedy, remedy, storage};
use crate::options::Options;

/// The wait before a call is tried again, for each try so far.
const PAUSE: Duration = Duration::from_millis(25);

/// The longest such wait.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// What the connections are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Connections that are open.
    pub connections: u64,
    /// Calls under way.
    pub waiting: u64,
    /// Calls that may be under way at a time.
    pub room: u64,
    /// Calls refused so far because there was no room.
    pub refused: u64,
    /// Connections made so far.
    pub connected: u64,
    /// Units of work that began anew because another writer was first, so far.
    pub conflicts: u64,
}

impl From<Figures> for Connections {
    fn from(now: Figures) -> Self {
        let Figures { connections, waiting, room, refused, connected, conflicts } = now;
        Self { open: connections, active: waiting, room, refused, made: connected, conflicts }
    }
}

/// The connections of this process.
#[derive(Debug)]
pub(crate) struct Link {
    place: Place,
    commands: Line,
    blocking: Line,
    subscribing: Subscribing,
    room: Semaphore,
    bound: usize,
    call: Duration,
    time: ServerTime,
    refused: AtomicU64,
    pub(crate) conflicts: AtomicU64,
}

impl Link {
    pub(crate) fn new(options: &Options) -> Result<Self, StoreError> {
        let waits = options.waits;
        Ok(Self {
            place: Place::new(options)?,
            commands: Line::new(waits.connect, Some(waits.command)),
            blocking: Line::new(waits.connect, None),
            subscribing: Subscribing::default(),
            room: Semaphore::new(options.room),
            bound: options.room,
            call: waits.call,
            time: ServerTime::default(),
            refused: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
        })
    }

    /// What time it is for the server.
    pub(crate) fn time(&self) -> &ServerTime {
        &self.time
    }

    /// How long one call may take.
    pub(crate) fn call(&self) -> Duration {
        self.call
    }

    pub(crate) fn figures(&self) -> Figures {
        let room = u64::try_from(self.bound).unwrap_or(u64::MAX);
        let free = u64::try_from(self.room.available_permits()).unwrap_or(u64::MAX);
        Figures {
            connections: u64::from(self.commands.is_open())
                + u64::from(self.blocking.is_open())
                + u64::from(self.subscribing.open.load(Ordering::Relaxed)),
            waiting: room.saturating_sub(free),
            room,
            refused: self.refused.load(Ordering::Relaxed),
            connected: self.commands.made() + self.blocking.made() + self.subscribing.made.load(Ordering::Relaxed),
            conflicts: self.conflicts.load(Ordering::Relaxed),
        }
    }

    /// One command; it is sent again when the connection broke, so it must not matter how often it is done.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.run(Request::Command(command), self.deadline()).await
    }

    /// Some commands at once, as with [`Link::ask`]. One that fails fails all.
    pub(crate) async fn pipe(&self, pipeline: &Pipeline) -> Result<Vec<Value>, StoreError> {
        self.run(Request::Pipeline(pipeline), self.deadline()).await
    }

    /// Asks the server what time it is.
    pub(crate) async fn ask_time(&self) -> Result<(), StoreError> {
        let before = Instant::now();
        let there = self.ask(&redis::cmd("TIME")).await?;
        self.time.learn(before, there);
        Ok(())
    }

    /// When a call that begins now must have ended.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.call
    }

    /// Something that may be done more than once, tried until the deadline.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<T, StoreError> {
        let Ok(_permit) = self.room.try_acquire() else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let bound = self.bound;
            return Err(StoreError::Busy(format!("{bound} calls wait for Redis at {}", self.place)));
        };
        let (mut tries, mut met) = (0, None);
        loop {
            let error = match bounded(deadline, self.once(&self.commands, request)).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let pause = (PAUSE * tries).min(LONGEST_PAUSE);
            if remedy(&error) == Remedy::None || Instant::now() + pause >= deadline {
                // What cut the last try short says less than what the tries before it met.
                let cut = Instant::now() >= deadline;
                return Err(storage(&self.place.to_string(), met.filter(|_| cut).unwrap_or(error)));
            }
            met = Some(error);
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// One command that waits on the server for so long at most, on the connection that is there for that. One at a time.
    pub(crate) async fn block<T: FromRedisValue>(&self, command: &Cmd, wait: Duration) -> Result<T, StoreError> {
        let deadline = Instant::now() + wait + self.call;
        let answer = bounded(deadline, self.once(&self.blocking, Request::Command(command))).await;
        answer.map_err(|error| storage(&self.place.to_string(), error))
    }

    /// The connection for subscriptions, which whoever asks for it keeps, until [`Link::subscriber_lost`].
    pub(crate) async fn subscriber(&self) -> RedisResult<PubSub> {
        let deadline = Instant::now() + self.call;
        let connection = bounded(deadline, self.place.subscriber()).await?;
        self.subscribing.open.store(true, Ordering::Relaxed);
        self.subscribing.made.fetch_add(1, Ordering::Relaxed);
        Ok(connection)
    }

    /// Says that there is no connection for subscriptions any more.
    pub(crate) fn subscriber_lost(&self) {
        self.subscribing.open.store(false, Ordering::Relaxed);
    }

    async fn once<T: FromRedisValue>(&self, line: &Line, request: Request<'_>) -> RedisResult<T> {
        let (mut connection, made) = line.get(&self.place, &self.time).await?;
        let result = request.send(&mut connection).await;
        if let Err(error) = &result
            && remedy(error) == Remedy::Reconnect
        {
            line.broken(made).await;
        }
        result
    }
}

/// Whether there is a connection for subscriptions, and how many were made.
#[derive(Debug, Default)]
struct Subscribing {
    open: AtomicBool,
    made: AtomicU64,
}

/// What is sent at once.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Request<'_> {
    async fn send<T: FromRedisValue>(self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        match self {
            Request::Command(command) => command.query_async(connection).await,
            Request::Pipeline(pipeline) => pipeline.query_async(connection).await,
            Request::Script(script) => script.invoke_async(connection).await,
        }
    }
}

/// What is not there by the deadline is a timeout.
async fn bounded<T>(deadline: Instant, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout_at(deadline, work).await {
        Ok(result) => result,
        Err(_) => Err(timeout()),
    }
}

fn timeout() -> RedisError {
    RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, "it did not answer in time"))
}

//! One connection of serenity's, from its beginning to its end.
//!
//! serenity spawns a task for each event, so their order is that in which tasks begin. On a runtime of one thread that is the
//! order they were spawned in (<https://docs.rs/tokio/latest/tokio/runtime/index.html#detailed-runtime-behavior>), so the
//! connection has a thread of its own; its heartbeats then wait for nothing else either. Must never await anything in
//! [`Handler`]. Start at [`Session::run`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serenity::client::{ClientBuilder, Context, RawEventHandler};
use serenity::gateway::{ConnectionStage, GatewayError, ShardManager};
use serenity::http::{Http, HttpBuilder};
use serenity::model::event::Event;
use serenity::model::gateway::GatewayIntents;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::events::{Events, Inlet};
use super::standing::Standing;
use super::{Shared, starts};
use crate::options::DiscordOptions;

/// How often it is looked whether the connection stands.
const LOOK: Duration = Duration::from_millis(500);

/// How long serenity may take to mend a connection before health tells.
const HICCUP: Duration = Duration::from_secs(3);

/// How long serenity may take before it is given up and another is made: it waits 10 s between two tries.
const GIVEN_UP: Duration = Duration::from_secs(45);

/// Time for serenity's own question, whose answer is not used, and for its farewell.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long nothing may be heard of a connection's own thread: serenity turns in circles on a connection that was closed
/// without a code, until its next heartbeat fails. More than its own waits together.
const STILL: Duration = Duration::from_secs(10);

/// Threads of connections that there may be: one, and some that were abandoned and will end.
pub(super) const THREADS: usize = 4;

/// Shows that the connection's thread lives.
type Pulse = watch::Sender<()>;

/// Why a session ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// For a reason that passes.
    Lost(String),
    /// For a reason that only the operator can mend.
    Operator(String),
    /// No other may be begun for so long.
    Spent(Duration),
    /// Discord does not grant all that was asked for (4014).
    Disallowed,
    /// More came in than could be taken.
    Full,
}

/// A session to be.
pub(super) struct Session<'a> {
    pub(super) options: &'a DiscordOptions,
    /// Where the gateway is.
    pub(super) address: String,
    pub(super) intents: GatewayIntents,
}

impl Session<'_> {
    /// Listens until it ends, or until it is told to stop.
    pub(super) async fn run(self, shared: &Shared, events: &Events) -> Ended {
        let Ok(permit) = shared.threads.clone().try_acquire_owned() else {
            return Ended::Lost("earlier connections hang".to_owned());
        };
        let (pulse, mut beats) = watch::channel(());
        let over = shared.stop.child_token();
        let _over = over.clone().drop_guard();
        let thrifty = Arc::new(AtomicBool::new(false));
        let line = Line {
            http: self.http(),
            address: self.address,
            intents: self.intents,
            inlet: events.inlet(),
            full: CancellationToken::new(),
            standing: shared.standing.clone(),
            thrifty: thrifty.clone(),
            pulse,
            over,
            _thread: permit,
        };
        let (told, mut ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("discord".to_owned());
        if let Err(error) = thread.spawn(move || told.send(line.listen())) {
            return Ended::Lost(format!("no thread can be begun: {error}"));
        }
        loop {
            tokio::select! {
                () = stopped(&mut beats) => return Ended::Lost("its thread stands still".to_owned()),
                ended = &mut ended => return ended.unwrap_or_else(|_| Ended::Lost("its thread broke off".to_owned())),
                () = events.begun() => {
                    // With few beginnings left none is wasted: the next loss ends this session instead.
                    let start = starts::ask(shared.platform.client()).await;
                    thrifty.store(start.is_ok_and(|start| start.must_wait().is_some()), Ordering::Relaxed);
                }
            }
        }
    }

    /// serenity's own client of the REST API, which asks for an address that is not used. Without its limiter, which sleeps
    /// and passes the proxy by.
    fn http(&self) -> Http {
        let host = self.options.api_url.origin().ascii_serialization();
        HttpBuilder::new(self.options.bot_token.expose_secret()).proxy(host).ratelimiter_disabled(true).build()
    }
}

/// What the connection's own thread has.
struct Line {
    http: Http,
    address: String,
    intents: GatewayIntents,
    inlet: Inlet,
    full: CancellationToken,
    standing: Arc<Standing>,
    thrifty: Arc<AtomicBool>,
    pulse: Pulse,
    over: CancellationToken,
    /// One of the few threads there may be.
    _thread: OwnedSemaphorePermit,
}

impl Line {
    fn listen(self) -> Ended {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return Ended::Lost(format!("no runtime can be made: {error}")),
        };
        let ended = runtime.block_on(self.listening());
        // Nothing of serenity's may go on, nor be waited for.
        runtime.shutdown_background();
        ended
    }

    async fn listening(self) -> Ended {
        let handler = Handler { inlet: self.inlet, full: self.full.clone() };
        let client = ClientBuilder::new_with_http(self.http, self.intents).raw_event_handler(handler);
        let mut client = match tokio::time::timeout(PATIENCE, client).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Ended::Lost(error.to_string()),
            Err(_) => return Ended::Lost("Discord does not answer".to_owned()),
        };
        // serenity goes to the real Discord when it was not told an address.
        *client.ws_url.lock().await = self.address;
        let manager = client.shard_manager.clone();
        let ended = tokio::select! {
            // First, so that a connection that was abandoned says nothing any more.
            biased;
            () = self.over.cancelled() => Ended::Lost("stopped".to_owned()),
            ended = client.start() => return of_end(ended),
            why = look(&manager, &self.standing, &self.thrifty, &self.pulse) => Ended::Lost(why),
            () = self.full.cancelled() => Ended::Full,
        };
        // A farewell; without it Discord shows the bot as present for another minute.
        let _ = tokio::time::timeout(PATIENCE, manager.shutdown_all()).await;
        ended
    }
}

/// Waits until nothing was heard of the connection's thread for too long. That it ended is told otherwise.
async fn stopped(beats: &mut watch::Receiver<()>) {
    while let Ok(changed) = tokio::time::timeout(STILL, beats.changed()).await {
        if changed.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Tells how the connection stands, until it does not for too long.
async fn look(manager: &ShardManager, standing: &Standing, thrifty: &AtomicBool, pulse: &Pulse) -> String {
    let (mut lost, mut told) = (Instant::now(), true);
    loop {
        let stage = manager.runners.lock().await.values().next().map(|shard| shard.stage);
        pulse.send_replace(());
        let stands = stage == Some(ConnectionStage::Connected);
        if stands {
            if told {
                tracing::info!("listening to Discord");
                standing.line(None);
            }
            (lost, told) = (Instant::now(), false);
        } else if !told && lost.elapsed() >= HICCUP {
            tracing::warn!("the connection to Discord is lost; it is made again");
            standing.line(Some("the connection to Discord's gateway was lost and is made again".to_owned()));
            told = true;
        }
        if lost.elapsed() >= GIVEN_UP {
            return given_up(stage);
        }
        if !stands && told && thrifty.load(Ordering::Relaxed) {
            return "few beginnings are left".to_owned();
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How far the connection came that is given up.
fn given_up(stage: Option<ConnectionStage>) -> String {
    let why = match stage {
        Some(ConnectionStage::Handshake) => "a connection stands, but the gateway does not greet (no HELLO)",
        Some(ConnectionStage::Identifying) => "the gateway greets, but begins no session (no READY)",
        Some(ConnectionStage::Resuming) => "the gateway greets, but does not go on with the session (no RESUMED)",
        _ => "no connection",
    };
    format!("{why} within {} s", GIVEN_UP.as_secs())
}

/// What serenity's end means: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>.
fn of_end(ended: serenity::Result<()>) -> Ended {
    let error = match ended {
        Ok(()) => return Ended::Lost("the connection was closed".to_owned()),
        Err(serenity::Error::Gateway(error)) => error,
        Err(other) => return Ended::Lost(other.to_string()),
    };
    let why = match error {
        GatewayError::InvalidAuthentication => {
            "Discord does not take the bot's token (4004): reset it on the Bot page of the application in Discord's \
             developer portal, and set discord.bot_token to the new one"
        }
        GatewayError::InvalidGatewayIntents => {
            "Discord does not know what Midwatch asks to be told (4013): please report it as a defect of Midwatch"
        }
        GatewayError::DisallowedGatewayIntents => return Ended::Disallowed,
        other => return Ended::Lost(other.to_string()),
    };
    Ended::Operator(why.to_owned())
}

/// What serenity calls.
struct Handler {
    inlet: Inlet,
    full: CancellationToken,
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, _context: Context, event: Event) {
        if !self.inlet.put(event) {
            self.full.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_operator_can_mend_is_told_with_what_to_do() {
        for (error, expected) in
            [(GatewayError::InvalidAuthentication, "4004"), (GatewayError::InvalidGatewayIntents, "4013")]
        {
            let Ended::Operator(why) = of_end(Err(serenity::Error::Gateway(error))) else { panic!("tried again") };
            assert!(why.contains(expected), "{why}");
        }
        let disallowed = of_end(Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents)));
        assert_eq!(disallowed, Ended::Disallowed);
        assert!(matches!(of_end(Err(serenity::Error::Gateway(GatewayError::HeartbeatFailed))), Ended::Lost(_)));
        assert!(matches!(of_end(Ok(())), Ended::Lost(_)));
    }
}

//! Discord as a chat platform: messages are sent, edited and looked up.
//!
//! ```text
//! send      new messages, and edits
//! private   answers for one person
//! files     what goes beside a message
//! ```
//!
//! Must never send anything but what the outbox hands in, nor wait for a limit: it says how long, and the sender waits. What
//! is doubtful when a call broke off is looked up by its key ([`crate::find`]). Start at [`DiscordPlatform`].

mod files;
mod private;
mod send;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch_redact::Redacted;
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::id::{MessageId, PostKey};
use midwatch_service::port::chat::{ChatPlatform, Found, Limit, Scope, SendFailure};
use midwatch_service::post::{PostBody, Private};
use midwatch_service::thread::Thread;
use moka::future::Cache;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::directory::{Known, Standing};
use crate::fault::Fault;
use crate::find::{self, Bounds, Search};
use crate::key::Tag;
use crate::options::{DiscordError, DiscordOptions};
use crate::permissions::Permissions;
use crate::route::Route;
use crate::threads::Threads;

/// Messages, tokens and people that are remembered.
const KEPT: u64 = 1_024;

/// How long an interaction's token is good: 15 minutes. Nonces are kept for less.
const TOKEN: Duration = Duration::from_mins(15);

/// A guild of Discord. Cheap to clone; clones are the same guild.
#[derive(Clone)]
pub struct DiscordPlatform {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: Arc<Client>,
    pub(crate) guild: String,
    pub(crate) known: Known,
    application: OnceCell<Application>,
    threads: Threads,
    /// Tags of messages that were looked for and not found: they may land yet.
    doubts: Cache<String, ()>,
    /// When the answer to an interaction was first tried, by a hash of its token.
    replies: Cache<String, Instant>,
    /// Channels of direct messages, by person.
    directs: Cache<String, String>,
}

/// The application that the token is of: <https://docs.discord.com/developers/resources/application#application-object>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The bot's id as a user.
    pub(crate) bot: String,
    /// What it was granted, as bits; none where that is not told.
    pub(crate) flags: Option<u64>,
    /// The public key of its interactions, in hexadecimal.
    pub(crate) verify_key: String,
    /// Where its interactions go, when not over the gateway.
    pub(crate) endpoint: Option<String>,
}

impl DiscordPlatform {
    /// With these options; nothing is asked yet.
    ///
    /// # Errors
    /// When the address of the API is none, or the HTTP client cannot be made.
    pub fn new(options: &DiscordOptions) -> Result<Self, DiscordError> {
        Self::timed(options, Arc::new(SystemClock))
    }

    /// With another clock for its limits: that of the senders.
    ///
    /// # Errors
    /// See [`DiscordPlatform::new`].
    pub fn timed(options: &DiscordOptions, clock: SharedClock) -> Result<Self, DiscordError> {
        let client = Arc::new(Client::new(options, clock)?);
        let inner = Inner {
            guild: options.guild.clone(),
            known: Known::default(),
            application: OnceCell::new(),
            threads: Threads::new(Arc::clone(&client)),
            doubts: Cache::builder().max_capacity(KEPT).time_to_live(TOKEN).build(),
            replies: Cache::builder().max_capacity(KEPT).time_to_live(TOKEN).build(),
            directs: Cache::new(KEPT),
            client,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What speaks to Discord.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.inner.client
    }

    /// The application; asked of Discord once.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) async fn application(&self) -> Result<Application, Fault> {
        self.inner.application().await.cloned()
    }
}

#[async_trait]
impl ChatPlatform for DiscordPlatform {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn limits(&self) -> Vec<Limit> {
        vec![global()]
    }

    async fn post(&self, thread: &Thread, key: &PostKey, body: &Redacted<PostBody>) -> Result<MessageId, SendFailure> {
        let tag = Tag::of(key);
        match body.as_ref() {
            PostBody::Private(private) => self.inner.whisper(private, &tag, body).await,
            _ => self.inner.post(thread, &tag, body).await.map_err(Fault::into_failure),
        }
    }

    async fn edit(
        &self,
        thread: &Thread,
        key: &PostKey,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), SendFailure> {
        self.inner.edit(thread, &Tag::of(key), message, body).await.map_err(Fault::into_failure)
    }

    fn shows_again(&self, private: &Private) -> bool {
        private.reply.is_some()
    }

    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure> {
        let tag = Tag::of(key);
        let found = self.inner.find(thread, &tag, Bounds::USUAL).await.map_err(Fault::into_failure)?;
        // The same sender sends it again right after this.
        if found == Found::NotSent {
            self.inner.doubts.insert(tag.to_string(), ()).await;
        }
        Ok(found)
    }
}

impl Inner {
    pub(crate) async fn application(&self) -> Result<&Application, Fault> {
        self.application.get_or_try_init(|| self.ask_for_application()).await
    }

    /// The application as it is now.
    pub(crate) async fn ask_for_application(&self) -> Result<Application, Fault> {
        let answer = match self.client.read_patiently(Route::Me, &[]).await {
            // What does not know of applications knows its users: the bot of a new one has the same id.
            Err(fault) if fault.is_gone() => {
                let bot = self.client.read_patiently(Route::Bot, &[]).await?;
                json!({"id": bot["id"], "name": bot["username"]})
            }
            answer => answer?,
        };
        application(&answer).ok_or_else(|| Fault::Unknown("the answer is no application".to_owned()))
    }

    pub(crate) async fn find(&self, thread: &Thread, tag: &Tag, bounds: Bounds) -> Result<Found, Fault> {
        let bot = &self.application().await?.bot;
        let forum = thread.root.is_none() && self.threads.is_forum(&thread.channel).await?;
        let search = Search { client: &self.client, bot, guild: &self.guild, tag, bounds };
        if let Some(found) = find::look(&search, thread, forum).await? {
            return Ok(found);
        }
        // Without the permission, Discord answers as if nothing had ever been said.
        let reads = match self.standing(&thread.channel).await? {
            Standing::Unseen => false,
            Standing::Lacks(missing) => !missing.contains(Permissions::READ_MESSAGE_HISTORY),
        };
        Ok(if reads { Found::NotSent } else { Found::Unknowable })
    }
}

fn application(body: &Value) -> Option<Application> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = body["id"].as_str()?;
    Some(Application {
        id: id.to_owned(),
        name: text(&body["name"]),
        // Old applications have a bot with an id of its own; new ones have one for both.
        bot: body["bot"]["id"].as_str().unwrap_or(id).to_owned(),
        flags: body["flags"].as_u64(),
        verify_key: text(&body["verify_key"]),
        endpoint: body["interactions_endpoint_url"].as_str().filter(|url| !url.is_empty()).map(str::to_owned),
    })
}

/// 50 requests in a second, of which some are left to searches, to threads that are begun, and to those who ask for names:
/// <https://docs.discord.com/developers/topics/rate-limits#global-rate-limit>. What may come at once is taken off the rate,
/// so that no window of a second holds more. All other limits are learned ([`crate::buckets`]).
fn global() -> Limit {
    const fn count(n: u32) -> NonZeroU32 {
        match NonZeroU32::new(n) {
            Some(n) => n,
            None => NonZeroU32::MIN,
        }
    }
    Limit { call: None, scope: Scope::Workspace, calls: count(30), every: Duration::from_secs(1), burst: count(10) }
}

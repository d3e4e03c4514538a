//! Discord as a chat platform: messages are sent, edited and looked up.
//!
//! Must never send anything but what the outbox hands in, nor wait for a limit: it says how long, and the sender waits.
//! Start at [`DiscordPlatform`].

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::fault::Fault;
use crate::options::{DiscordError, DiscordOptions};
use crate::route::Route;

/// A guild of Discord. Cheap to clone; clones are the same guild.
#[derive(Clone)]
pub struct DiscordPlatform {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: Arc<Client>,
    pub(crate) guild: String,
    application: OnceCell<Application>,
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
    /// What it was granted, as bits.
    pub(crate) flags: u64,
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
        let client = Arc::new(Client::new(options)?);
        let inner = Inner { client, guild: options.guild.clone(), application: OnceCell::new() };
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

impl Inner {
    pub(crate) async fn application(&self) -> Result<&Application, Fault> {
        self.application.get_or_try_init(|| self.ask_for_application()).await
    }

    /// The application as it is now.
    pub(crate) async fn ask_for_application(&self) -> Result<Application, Fault> {
        let answer = self.client.read_patiently(Route::Me, &[]).await?;
        application(&answer).ok_or_else(|| Fault::Unknown("the answer is no application".to_owned()))
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
        flags: body["flags"].as_u64().unwrap_or_default(),
        verify_key: text(&body["verify_key"]),
        endpoint: body["interactions_endpoint_url"].as_str().filter(|url| !url.is_empty()).map(str::to_owned),
    })
}

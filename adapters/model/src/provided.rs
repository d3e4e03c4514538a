//! The port over genai: one request, within its time.
//!
//! Dropped in the middle, the connection is closed: nothing goes on behind the caller's back. Start at [`open`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, Headers, ModelIden, ServiceTarget};
use midwatch_explore::model::PlainTools;
use midwatch_explore::port::{ChatModel, ChatReply, ChatRequest, Delta, Hear, ModelFacts, ModelFailure};
use midwatch_redact::{Redacted, Redactor, SecretKind};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;

use crate::address::{self, Address};
use crate::asking::{self, Manner};
use crate::failure::Failures;
use crate::hearing::{self, Hearing};
use crate::options::{ModelOptions, OpenError, Provider};
use crate::room::Room;
use crate::seen::Seen;

/// Time to connect: an address where nobody listens must not cost the time of a whole answer.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens a model. Nothing is sent. Where it does not call tools by itself, [`PlainTools`] stands before it.
///
/// A TLS provider must be installed in the process before.
///
/// # Errors
/// An address, key or header that cannot be one.
pub fn open(options: &ModelOptions) -> Result<Arc<dyn ChatModel>, OpenError> {
    let model: Arc<dyn ChatModel> = Arc::new(Provided::new(options)?);
    Ok(if options.calls_tools { model } else { Arc::new(PlainTools::new(model)) })
}

/// One model of one provider.
struct Provided {
    inner: Arc<Inner>,
    room: Room,
}

/// What the thread of its own needs.
struct Inner {
    facts: ModelFacts,
    provider: Provider,
    /// Provider and model, for what is carried back.
    by: String,
    address: Address,
    client: Client,
    failures: Failures,
    timeout: Duration,
    silence: Duration,
    limits_completion: bool,
}

impl Provided {
    fn new(options: &ModelOptions) -> Result<Self, OpenError> {
        let thread = |source| OpenError::Thread { model: options.name.clone(), source };
        Ok(Self { inner: Arc::new(Inner::new(options)?), room: Room::open().map_err(thread)? })
    }

    /// Asks on the thread of its own, and passes on what is told there. Words wait unbounded, but no answer is longer than
    /// [`crate::seen`] allows.
    async fn ask(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let (tell, mut told) = mpsc::unbounded_channel::<String>();
        let (inner, request) = (Arc::clone(&self.inner), request.clone());
        let mut running = self.room.run(async move {
            let pass_on = |delta: Delta<'_>| {
                if let Delta::Text(text) = delta {
                    // Nobody hears it: then the whole is about to be dropped.
                    let _ = tell.send(text.to_owned());
                }
            };
            inner.ask(&request, &pass_on).await
        });
        // The channel closes when the asking has ended.
        while let Some(text) = told.recv().await {
            hear(Delta::Text(&text));
        }
        let broken = || ModelFailure::Garbled("the library of providers failed on the answer".to_owned());
        running.done().await.unwrap_or_else(|| Err(broken()))
    }
}

impl Inner {
    fn new(options: &ModelOptions) -> Result<Self, OpenError> {
        let address = Address::of(options)?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_gzip()
            .connect_timeout(CONNECT.min(options.timeout))
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| OpenError::Client { model: options.name.clone(), source })?;
        let library = |error: genai::Error| OpenError::Library { model: options.name.clone(), why: error.to_string() };
        let client = Client::builder().with_reqwest(http).build().map_err(library)?;
        let place = address::shown(&address.url);
        let mut redactor = Redactor::default();
        for secret in options.headers.iter().map(|(_, value)| value).chain(&options.key) {
            redactor.learn_literal(SecretKind::Literal, secret.expose_secret());
        }
        redactor.freeze();
        Ok(Self {
            facts: facts(options, &place),
            provider: options.provider,
            by: format!("{}/{}", word(options.provider), options.model),
            address,
            client,
            failures: Failures { place, redactor, silence: options.silence },
            timeout: options.timeout,
            silence: options.silence,
            limits_completion: address::limits_completion(options),
        })
    }

    async fn ask(&self, request: &ChatRequest, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let seen = Arc::new(Seen::default());
        let manner = Manner {
            provider: self.provider,
            model: &self.facts.model,
            silence: self.silence,
            limits_completion: self.limits_completion,
        };
        let options = asking::options(request, &manner, &seen);
        let conversation = asking::conversation(request, self.provider, &self.by);
        let asked = self.client.exec_chat_stream(self.target(), conversation, Some(&options)).await;
        let answer = asked.map_err(|error| self.failures.of(error))?;
        let hearing = Hearing {
            provider: self.provider,
            request,
            by: &self.by,
            model: &self.facts.model,
            seen,
            failures: &self.failures,
        };
        hearing::hear(answer.stream, hearing, hear).await
    }

    /// Where genai sends it: our address and our headers, whatever it would make of the model's name.
    fn target(&self) -> ServiceTarget {
        let plain = |(name, value): &(String, secrecy::SecretString)| (name.clone(), value.expose_secret().to_owned());
        let headers: Vec<(String, String)> = self.address.headers.iter().map(plain).collect();
        let kind = match self.provider {
            Provider::OpenAi | Provider::Azure => AdapterKind::OpenAI,
            Provider::Anthropic => AdapterKind::Anthropic,
            Provider::Gemini => AdapterKind::Gemini,
        };
        ServiceTarget {
            endpoint: Endpoint::from_owned(address::shown(&self.address.url)),
            auth: AuthData::RequestOverride { url: self.address.url.to_string(), headers: Headers::from(headers) },
            model: ModelIden::new(kind, asking::meaningless(&self.facts.model)),
        }
    }
}

#[async_trait]
impl ChatModel for Provided {
    fn facts(&self) -> &ModelFacts {
        &self.inner.facts
    }

    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure> {
        let time = self.inner.timeout;
        let asked = tokio::time::timeout(time, self.ask(request, hear)).await;
        let reply = asked.map_err(|_| ModelFailure::TimedOut(time))??;
        Ok(ChatReply { price: self.inner.facts.price, ..reply })
    }
}

fn facts(options: &ModelOptions, place: &str) -> ModelFacts {
    ModelFacts {
        name: options.name.clone(),
        provider: format!("{} at {place}", word(options.provider)),
        model: options.model.clone(),
        context: options.context,
        max_output: options.max_output,
        calls_tools: options.calls_tools,
        masks_names: options.masks_names,
        price: options.price,
    }
}

fn word(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "anthropic",
        Provider::OpenAi => "openai",
        Provider::Azure => "azure",
        Provider::Gemini => "gemini",
    }
}

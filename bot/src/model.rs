//! Language models and MCP servers, from the settings to what asks them.
//!
//! Must never ask one that was not configured, nor give it a tool that the operator did not allow. Start at [`open`].

use std::sync::Arc;
use std::time::Duration;

use midwatch_config::{McpServer, ModelProvider, ModelSettings, OtherModel, Settings, TokenPrices};
use midwatch_explore::budget::Budget;
use midwatch_explore::model::{Fallback, Patience, Patient};
use midwatch_explore::port::{ChatModel, Price};
use midwatch_explore::tool::{Tool, ToolSource, Toolsets};
use midwatch_mcp::client::{Connected, ServerOptions, Transport};
use midwatch_model::{ModelOptions, Provider};
use midwatch_service::spend::{DayLimit, DayLimits};
use midwatch_service::worker::ModelParts;
use secrecy::SecretString;

use crate::failure::Failure;
use crate::settings;

/// How the first model is called in figures and in the trail.
const FIRST: &str = "main";

/// Bytes that a file with instructions may have: they are sent with every request.
const INSTRUCTIONS_CAP: usize = 32 * 1024;

/// The language model as configured, each behind what `behind` puts before it, without tools of others; none when none is.
///
/// # Errors
/// When it cannot be set up. Nothing is asked yet.
pub(crate) fn open(
    settings: &Settings,
    behind: impl Fn(Arc<dyn ChatModel>) -> Arc<dyn ChatModel>,
) -> Result<Option<ModelParts>, Failure> {
    let wanted = &settings.model;
    let patient = |model| Arc::new(Patient::new(behind(model), Patience::default())) as Arc<dyn ChatModel>;
    let mut models = each(settings)?.into_iter().map(patient);
    let Some(first) = models.next() else { return Ok(None) };
    let others: Vec<Arc<dyn ChatModel>> = models.collect();
    let model = if others.is_empty() { first } else { Arc::new(Fallback::new(first, others)) };
    Ok(Some(ModelParts {
        model,
        foreign: Arc::new(()),
        budget: budget(wanted),
        instructions: instructions(wanted)?,
        toolsets: toolsets(wanted),
        day: DayLimits { all: day(wanted.day), user: day(wanted.user_day) },
    }))
}

/// Every configured model, the first one first, without patience.
///
/// # Errors
/// When one cannot be set up.
pub(crate) fn each(settings: &Settings) -> Result<Vec<Arc<dyn ChatModel>>, Failure> {
    let wanted = &settings.model;
    let others = wanted.fallback.iter().filter_map(|other| another(wanted, other));
    first(wanted).into_iter().chain(others).map(|options| opened(&options)).collect()
}

fn opened(options: &ModelOptions) -> Result<Arc<dyn ChatModel>, Failure> {
    let unusable = |error| Failure::usage(format!("the language model {} cannot be used: {error}", options.name));
    midwatch_model::open(options).map_err(unusable)
}

fn first(wanted: &ModelSettings) -> Option<ModelOptions> {
    let headers = wanted.headers.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Some(ModelOptions {
        name: FIRST.to_owned(),
        provider: provider(wanted.provider)?,
        url: wanted.url.clone(),
        model: wanted.name.clone().unwrap_or_default(),
        key: wanted.key.clone(),
        headers,
        timeout: wanted.timeout,
        silence: silence(wanted.timeout),
        context: u64::from(wanted.context),
        max_output: wanted.max_output,
        calls_tools: wanted.calls_tools,
        masks_names: wanted.mask_names,
        price: price(&wanted.prices),
    })
}

/// Another model: what cannot be said of it is as with the first, but for headers, which are the first's own.
fn another(wanted: &ModelSettings, other: &OtherModel) -> Option<ModelOptions> {
    Some(ModelOptions {
        name: other.id.clone(),
        provider: provider(other.provider)?,
        url: other.url.clone(),
        model: other.name.clone(),
        key: other.key.clone(),
        headers: Vec::new(),
        calls_tools: other.calls_tools,
        masks_names: other.mask_names,
        price: price(&other.prices),
        ..first(wanted)?
    })
}

fn provider(wanted: ModelProvider) -> Option<Provider> {
    match wanted {
        ModelProvider::Off => None,
        ModelProvider::Anthropic => Some(Provider::Anthropic),
        ModelProvider::OpenAi => Some(Provider::OpenAi),
        ModelProvider::Azure => Some(Provider::Azure),
        ModelProvider::Gemini => Some(Provider::Gemini),
    }
}

/// Time without a byte: half of what a request may take, so that one that hangs is noticed while another can still be made.
fn silence(timeout: Duration) -> Duration {
    (timeout / 2).max(Duration::from_secs(1))
}

/// Known only where both directions are.
fn price(prices: &TokenPrices) -> Option<Price> {
    let (input, output) = prices.input.zip(prices.output)?;
    let cached = prices.cached.unwrap_or(input);
    let cache_write = prices.cache_write.unwrap_or(input);
    Some(Price { input, cached, cache_write, output })
}

fn budget(wanted: &ModelSettings) -> Budget {
    let bounds = &wanted.budget;
    Budget {
        steps: bounds.steps,
        calls: bounds.calls,
        tokens: u64::from(bounds.tokens),
        micro_usd: bounds.usd,
        wall: bounds.wall,
        bytes: bounds.bytes,
        per_call: bounds.call_timeout,
        ..Budget::default()
    }
}

fn toolsets(wanted: &ModelSettings) -> Toolsets {
    if wanted.toolsets.is_empty() { Toolsets::All } else { Toolsets::Only(wanted.toolsets.iter().cloned().collect()) }
}

fn day(wanted: midwatch_config::DayBudget) -> DayLimit {
    DayLimit { micro_usd: wanted.usd, tokens: Some(u64::from(wanted.tokens)).filter(|tokens| *tokens > 0) }
}

fn instructions(wanted: &ModelSettings) -> Result<String, Failure> {
    let Some(path) = &wanted.instructions_file else { return Ok(String::new()) };
    let unusable = |why: String| Failure::usage(format!("model.instructions_file {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    if text.len() > INSTRUCTIONS_CAP {
        return Err(unusable(format!(
            "it has more than {} KiB, and is sent with every request",
            INSTRUCTIONS_CAP / 1024
        )));
    }
    Ok(text)
}

/// MCP servers that are being reached.
pub(crate) struct Servers(Connected);

impl Servers {
    /// Waits until each was tried once, at most this long.
    pub(crate) async fn settled(&self, patience: Duration) {
        self.0.settled(patience).await;
    }
}

impl ToolSource for Servers {
    fn tools(&self) -> Vec<Arc<dyn Tool>> {
        self.0.tools()
    }
}

/// Begins to reach the MCP servers.
///
/// # Errors
/// When a name cannot be used.
pub(crate) fn connect(settings: &Settings) -> Result<Servers, Failure> {
    Ok(Servers(midwatch_mcp::client::connect(servers(settings)?, &settings::redactor(settings))))
}

/// The MCP servers as configured.
///
/// # Errors
/// When a name cannot be used.
pub(crate) fn servers(settings: &Settings) -> Result<Vec<ServerOptions>, Failure> {
    settings.mcp.servers.iter().map(server).collect()
}

fn server(wanted: &McpServer) -> Result<ServerOptions, Failure> {
    let name = wanted.name.parse().map_err(|error| Failure::usage(format!("mcp.servers: {error}")))?;
    let bearer = |token: &SecretString| {
        use secrecy::ExposeSecret as _;
        ("Authorization".to_owned(), SecretString::from(format!("Bearer {}", token.expose_secret())))
    };
    let transport = match (&wanted.command, &wanted.url) {
        (Some(command), _) => Transport::Stdio {
            command: command.into(),
            arguments: wanted.args.clone(),
            environment: wanted
                .environment(|name| std::env::var(name).ok())
                .into_iter()
                .map(|(name, value)| (name, SecretString::from(value)))
                .collect(),
        },
        (None, Some(url)) => Transport::Http { url: url.clone(), headers: wanted.token.iter().map(bearer).collect() },
        (None, None) => return Err(Failure::usage(format!("mcp.servers: {} has no way to be reached", wanted.name))),
    };
    let (tools, call_timeout) = (wanted.tools.clone(), wanted.timeout);
    Ok(ServerOptions { tools, call_timeout, ..ServerOptions::new(name, transport) })
}

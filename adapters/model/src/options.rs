//! What an operator says about a model.
//!
//! Plain data; the key never shows in `Debug`. Start at [`ModelOptions`].

use std::time::Duration;

use midwatch_explore::port::Price;
use secrecy::SecretString;
use url::Url;

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Anthropic's Messages API.
    Anthropic,
    /// OpenAI's Chat Completions API, and what speaks it: vLLM, Ollama, llama.cpp, OpenRouter, LiteLLM.
    OpenAi,
    /// Azure OpenAI: the same with Azure's paths and headers.
    Azure,
    /// Google's Gemini API.
    Gemini,
}

/// One model.
#[derive(Clone, Debug)]
pub struct ModelOptions {
    /// How the configuration calls it.
    pub name: String,
    /// Which protocol.
    pub provider: Provider,
    /// Base of the API; none: the provider's own.
    pub url: Option<Url>,
    /// How the provider calls it; on Azure, the deployment.
    pub model: String,
    /// The key; none where the server wants none.
    pub key: Option<SecretString>,
    /// Headers sent with every request; values are secret.
    pub headers: Vec<(String, SecretString)>,
    /// Time for one request, its whole answer included.
    pub timeout: Duration,
    /// Time without a byte of an answer that is streamed.
    pub silence: Duration,
    /// Tokens of request and reply together.
    pub context: u64,
    /// Tokens of one reply.
    pub max_output: u32,
    /// Whether it calls tools by itself.
    pub calls_tools: bool,
    /// Whether names are masked before they leave for it.
    pub masks_names: bool,
    /// What tokens cost.
    pub price: Option<Price>,
}

//! What an operator says about a model.
//!
//! Plain data; the key never shows in `Debug`. Start at [`ModelOptions`].
//!
//! How `url` is written, by provider; a URL that already ends with the path of the requests is taken as it is:
//!
//! | provider | none | given |
//! | --- | --- | --- |
//! | OpenAI | `https://api.openai.com/v1` | with its version: `http://vllm:8000/v1`, `http://ollama:11434/v1`, `https://openrouter.ai/api/v1`; without any path, `/v1` is added |
//! | Anthropic | `https://api.anthropic.com` | with or without `/v1` |
//! | Gemini | `https://generativelanguage.googleapis.com` | with or without `/v1beta` |
//! | Azure | refused | the resource, `https://NAME.openai.azure.com`: the deployment's path and an `api-version` are added; or `https://NAME.openai.azure.com/openai/v1` |

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

/// Why a model cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Azure has no address of its own for all.
    #[error("model {0:?}: Azure needs the URL of the resource, such as https://NAME.openai.azure.com")]
    NoUrl(String),
    /// No address over which requests can go.
    #[error("model {model:?}: {url} is no address of a provider: it must be http or https, with a host")]
    Url {
        /// The model.
        model: String,
        /// Without user, password and query.
        url: String,
    },
    /// A header, or the key, that cannot be sent.
    #[error("model {model:?}: the value of the header {header:?} has characters that no header may have")]
    Header {
        /// The model.
        model: String,
        /// Its name.
        header: String,
    },
    /// A name of a header that cannot be one.
    #[error("model {model:?}: {header:?} is no name of a header")]
    HeaderName {
        /// The model.
        model: String,
        /// What was given.
        header: String,
    },
    /// The client could not be made.
    #[error("model {model:?}: the HTTP client cannot be made")]
    Client {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// No thread could be started.
    #[error("model {model:?}: its thread cannot be started")]
    Thread {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The library did not take our client.
    #[error("model {model:?}: the client of the provider cannot be made: {why}")]
    Library {
        /// The model.
        model: String,
        /// Its words.
        why: String,
    },
}

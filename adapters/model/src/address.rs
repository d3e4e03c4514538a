//! Where a request goes, and the headers that it carries.
//!
//! Must never show a key. Start at [`Address::of`].

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::options::{ModelOptions, OpenError, Provider};

/// The version of the Messages API that the format here is of.
/// <https://docs.anthropic.com/en/api/versioning>
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// The newest stable version of Azure's own paths.
/// <https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle>
const AZURE_VERSION: &str = "2024-10-21";

/// An address with its headers.
pub(crate) struct Address {
    /// Of requests whose answers are streamed.
    pub(crate) url: Url,
    /// Names and values.
    pub(crate) headers: Vec<(String, SecretString)>,
}

impl Address {
    /// That of a model.
    pub(crate) fn of(options: &ModelOptions) -> Result<Self, OpenError> {
        let default = match options.provider {
            Provider::OpenAi => "https://api.openai.com/v1",
            Provider::Anthropic => "https://api.anthropic.com/v1",
            Provider::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Provider::Azure => "",
        };
        let base = match &options.url {
            Some(url) => url.clone(),
            None => Url::parse(default).map_err(|_| OpenError::NoUrl(options.name.clone()))?,
        };
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none_or(str::is_empty) {
            return Err(OpenError::Url { model: options.name.clone(), url: shown(&base) });
        }
        let url = requests(options.provider, base, &options.model);
        Ok(Self { url, headers: headers(options)? })
    }
}

/// An address as it may be shown.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or("?"))
}

/// Whether tokens of the reply are limited by `max_completion_tokens`: OpenAI's own models refuse the older `max_tokens` or
/// will, and other servers know only that.
pub(crate) fn limits_completion(options: &ModelOptions) -> bool {
    let host = options.url.as_ref().and_then(Url::host_str);
    match options.provider {
        Provider::Azure => true,
        Provider::OpenAi => host.is_none_or(|host| host == "api.openai.com"),
        Provider::Anthropic | Provider::Gemini => false,
    }
}

/// The address of requests below a base.
fn requests(provider: Provider, mut url: Url, model: &str) -> Url {
    let mut path: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
    path.retain(|segment| !segment.is_empty());
    let last = path.last().cloned().unwrap_or_default();
    let versioned = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let mut add = |words: &[&str]| path.extend(words.iter().map(|word| (*word).to_owned()));
    match provider {
        Provider::OpenAi | Provider::Azure if last == "completions" => {}
        Provider::OpenAi if last.is_empty() => add(&["v1", "chat", "completions"]),
        Provider::OpenAi => add(&["chat", "completions"]),
        Provider::Anthropic if last == "messages" => {}
        Provider::Anthropic if versioned => add(&["messages"]),
        Provider::Anthropic => add(&["v1", "messages"]),
        Provider::Gemini => {
            if !versioned {
                add(&["v1beta"]);
            }
            let model = model.strip_prefix("models/").unwrap_or(model);
            add(&["models", &format!("{model}:streamGenerateContent")]);
        }
        Provider::Azure if versioned => add(&["chat", "completions"]),
        Provider::Azure if last == "openai" => add(&["deployments", model, "chat", "completions"]),
        Provider::Azure => add(&["openai", "deployments", model, "chat", "completions"]),
    }
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(&path);
    }
    let has = |url: &Url, name: &str| url.query_pairs().any(|(key, _)| key == name);
    match provider {
        Provider::Gemini if !has(&url, "alt") => drop(url.query_pairs_mut().append_pair("alt", "sse")),
        Provider::Azure if !versioned && !has(&url, "api-version") => {
            url.query_pairs_mut().append_pair("api-version", AZURE_VERSION);
        }
        _ => {}
    }
    url
}

/// The key in the header of the provider, then what the operator adds; of two with one name the operator's counts.
fn headers(options: &ModelOptions) -> Result<Vec<(String, SecretString)>, OpenError> {
    let mut headers: Vec<(String, SecretString)> = Vec::new();
    if let Some(key) = &options.key {
        let (name, value) = match options.provider {
            Provider::OpenAi => ("authorization", format!("Bearer {}", key.expose_secret()).into()),
            Provider::Anthropic => ("x-api-key", key.clone()),
            Provider::Azure => ("api-key", key.clone()),
            Provider::Gemini => ("x-goog-api-key", key.clone()),
        };
        headers.push((name.to_owned(), value));
    }
    if options.provider == Provider::Anthropic {
        headers.push(("anthropic-version".to_owned(), ANTHROPIC_VERSION.into()));
    }
    for (name, value) in &options.headers {
        let Ok(name) = name.parse::<HeaderName>() else {
            return Err(OpenError::HeaderName { model: options.name.clone(), header: name.clone() });
        };
        headers.retain(|(known, _)| known != name.as_str());
        headers.push((name.as_str().to_owned(), value.clone()));
    }
    let bad = headers.iter().find(|(_, value)| HeaderValue::from_str(value.expose_secret()).is_err());
    match bad {
        Some((name, _)) => Err(OpenError::Header { model: options.name.clone(), header: name.clone() }),
        None => Ok(headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_base_leads_to_the_requests() {
        let cases = [
            (Provider::OpenAi, "http://vllm:8000", "http://vllm:8000/v1/chat/completions"),
            (Provider::OpenAi, "http://vllm:8000/v1/", "http://vllm:8000/v1/chat/completions"),
            (Provider::OpenAi, "https://o.example/api/v1?team=a", "https://o.example/api/v1/chat/completions?team=a"),
            (Provider::OpenAi, "https://gw/x/chat/completions", "https://gw/x/chat/completions"),
            (Provider::Anthropic, "https://a.example", "https://a.example/v1/messages"),
            (Provider::Anthropic, "https://a.example/v1", "https://a.example/v1/messages"),
            (Provider::Anthropic, "https://gw/anthropic/", "https://gw/anthropic/v1/messages"),
            (Provider::Anthropic, "https://gw/v1/messages", "https://gw/v1/messages"),
            (
                Provider::Gemini,
                "https://g.example",
                "https://g.example/v1beta/models/m-1:streamGenerateContent?alt=sse",
            ),
            (Provider::Gemini, "https://g.example/v1", "https://g.example/v1/models/m-1:streamGenerateContent?alt=sse"),
            (
                Provider::Azure,
                "https://r.openai.azure.com/",
                "https://r.openai.azure.com/openai/deployments/m-1/chat/completions?api-version=2024-10-21",
            ),
            (
                Provider::Azure,
                "https://r.openai.azure.com?api-version=2025-01-01-preview",
                "https://r.openai.azure.com/openai/deployments/m-1/chat/completions?api-version=2025-01-01-preview",
            ),
            (
                Provider::Azure,
                "https://r.openai.azure.com/openai/v1",
                "https://r.openai.azure.com/openai/v1/chat/completions",
            ),
        ];
        for (provider, base, want) in cases {
            assert_eq!(requests(provider, base.parse().unwrap(), "m-1").as_str(), want);
        }
    }
}

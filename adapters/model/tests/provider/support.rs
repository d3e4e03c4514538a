//! A model of each format, opened at the scripted server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use midwatch_doubles::model::ModelServer;
use midwatch_explore::port::{ChatModel, ChatReply, ChatRequest, Delta, Message, ModelFailure, ToolSpec};
use midwatch_model::{ModelOptions, Provider, open};
use midwatch_redact::Redactor;
use serde_json::json;

/// What a provider must never show.
pub(crate) const KEY: &str = "sk-test-0a1b2c3d4e5f6071";

pub(crate) fn options(provider: Provider, server: &ModelServer) -> ModelOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    ModelOptions {
        name: "main".into(),
        provider,
        url: Some(server.url().parse().unwrap()),
        model: "model-1".into(),
        key: Some(KEY.into()),
        headers: Vec::new(),
        timeout: Duration::from_secs(20),
        silence: Duration::from_secs(10),
        context: 128_000,
        max_output: 1_000,
        calls_tools: true,
        masks_names: false,
        price: None,
    }
}

pub(crate) fn model(provider: Provider, server: &ModelServer) -> Arc<dyn ChatModel> {
    open(&options(provider, server)).unwrap()
}

pub(crate) fn tool(name: &str) -> ToolSpec {
    let schema = json!({"type": "object", "properties": {"pod": {"type": "string"}}, "required": ["pod"]});
    ToolSpec { name: name.into(), description: format!("Reads what {name} says."), schema }
}

/// A question with two tools.
pub(crate) fn question() -> ChatRequest {
    ChatRequest {
        system: "You look at clusters.".into(),
        messages: vec![Message::User { text: "Why does api-1 crash?".into() }],
        tools: vec![tool("read_log"), tool("read_events")],
        max_output: 500,
        ..ChatRequest::default()
    }
}

/// What came of asking: the reply, and what was heard before it.
pub(crate) async fn ask(
    model: &dyn ChatModel,
    request: &ChatRequest,
) -> (Result<ChatReply, ModelFailure>, Vec<String>) {
    let heard = Mutex::new(Vec::new());
    let hear = |delta: Delta<'_>| {
        let word = match delta {
            Delta::Text(text) => text.to_owned(),
            Delta::Again => "<again>".to_owned(),
        };
        heard.lock().unwrap().push(word);
    };
    let reply = model.chat(&Redactor::default().seal(request.clone()), &hear).await;
    (reply, heard.into_inner().unwrap())
}

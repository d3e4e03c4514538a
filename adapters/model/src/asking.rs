//! Our request as genai's.
//!
//! Must never add words of its own, or anything that differs from one request of a conversation to the next: the beginning
//! has to be found in the provider's cache. Start at [`conversation`] and [`options`].

use std::sync::Arc;
use std::time::Duration;

use genai::chat::{
    CacheControl, ChatMessage, ChatOptions, ChatRequest as Conversation, ContentPart, MessageContent, Tool, ToolCall,
    ToolChoice, ToolResponse,
};
use midwatch_explore::port::{Arguments, ChatRequest, Choice, Message, ToolCall as Call};
use serde_json::json;

use crate::carried::Kept;
use crate::options::Provider;
use crate::seen::{Seen, Sink};

/// Letters of arguments that could not be read, as the model sees them again.
const BROKEN_CAP: usize = 2_000;

/// What the wire has to be told beside the conversation.
pub(crate) struct Manner<'a> {
    pub(crate) provider: Provider,
    pub(crate) model: &'a str,
    pub(crate) silence: Duration,
    pub(crate) limits_completion: bool,
}

/// The conversation. Two marks say what is to be kept in the provider's cache (genai leaves them out where a format has none):
/// the end of the system text, which stands after the tools, and the end of the conversation so far.
pub(crate) fn conversation(request: &ChatRequest, provider: Provider, by: &str) -> Conversation {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(ChatMessage::system(request.system.as_str()).with_options(CacheControl::Ephemeral));
    }
    let mut turn = Turn::default();
    for message in &request.messages {
        match message {
            Message::Tool { call, name, text } => {
                turn.end_words(&mut messages);
                let answer = ToolResponse::new(wire_id(provider, call), text.as_str()).with_fn_name(name.as_str());
                turn.results.push(ContentPart::ToolResponse(answer));
            }
            Message::User { text } => {
                turn.end_results(&mut messages);
                turn.words.push(text);
            }
            Message::Assistant { text, calls, carried } => {
                let kept = Kept::returned(carried.as_ref(), by);
                let parts = assistant(provider, text, calls, kept);
                if !parts.is_empty() {
                    turn.end(&mut messages);
                    messages.push(ChatMessage::assistant(MessageContent::from_parts(parts)));
                }
            }
        }
    }
    turn.end(&mut messages);
    if let Some(last) = messages.pop() {
        messages.push(last.with_options(CacheControl::Ephemeral));
    }
    let conversation = Conversation::new(messages);
    if request.tools.is_empty() {
        return conversation;
    }
    let tool = |spec: &midwatch_explore::port::ToolSpec| {
        Tool::new(spec.name.as_str()).with_description(spec.description.as_str()).with_schema(spec.schema.clone())
    };
    conversation.with_tools(request.tools.iter().map(tool))
}

/// What is said to the model between two of its replies. Results stand in one message: Anthropic and Gemini want it so.
/// Words in a row do, too: the templates of some open models refuse two messages of one role.
#[derive(Default)]
struct Turn<'a> {
    results: Vec<ContentPart>,
    words: Vec<&'a str>,
}

impl Turn<'_> {
    fn end_results(&mut self, messages: &mut Vec<ChatMessage>) {
        if !self.results.is_empty() {
            messages.push(ChatMessage::tool(MessageContent::from_parts(std::mem::take(&mut self.results))));
        }
    }

    fn end_words(&mut self, messages: &mut Vec<ChatMessage>) {
        if !self.words.is_empty() {
            messages.push(ChatMessage::user(std::mem::take(&mut self.words).join("\n\n")));
        }
    }

    /// Only one of both is there: what begins one ends the other.
    fn end(&mut self, messages: &mut Vec<ChatMessage>) {
        self.end_results(messages);
        self.end_words(messages);
    }
}

fn assistant(provider: Provider, text: &str, calls: &[Call], kept: Kept) -> Vec<ContentPart> {
    let Kept { leading, signatures } = kept;
    let mut parts = leading;
    if !text.is_empty() {
        parts.push(ContentPart::from_text(text));
    }
    for (at, call) in calls.iter().enumerate() {
        let fn_arguments = match &call.arguments {
            Arguments::Given(value) => value.clone(),
            // No format takes what is no JSON back.
            Arguments::Broken(text) => json!({"unreadable": text.chars().take(BROKEN_CAP).collect::<String>()}),
        };
        let call_id = wire_id(provider, &call.id);
        let thought_signatures = signatures.get(at).cloned().flatten();
        let fn_name = call.name.clone();
        parts.push(ContentPart::ToolCall(ToolCall { call_id, fn_name, fn_arguments, thought_signatures }));
    }
    parts
}

/// Ids of another provider may have characters that this one refuses: Anthropic takes letters, digits, `_` and `-`.
fn wire_id(provider: Provider, id: &str) -> String {
    if provider == Provider::Gemini {
        return id.to_owned();
    }
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

/// The name that genai is told: no part of it means anything to it, and its beginning is the real one, by which it knows
/// what a model can do.
pub(crate) fn meaningless(model: &str) -> String {
    format!("{}-", model.replace("::", "-"))
}

/// Everything else.
pub(crate) fn options(request: &ChatRequest, manner: &Manner<'_>, seen: &Arc<Seen>) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_content(false)
        .with_capture_tool_calls(false)
        .with_stream_read_timeout(manner.silence)
        .with_raw_frame_sink(Sink(Arc::clone(seen)));
    let body = match manner.provider {
        Provider::Gemini => None,
        Provider::Anthropic => Some(json!({"model": manner.model})),
        Provider::OpenAi | Provider::Azure => {
            let limit = if manner.limits_completion { "max_completion_tokens" } else { "max_tokens" };
            Some(json!({"model": manner.model, limit: request.max_output}))
        }
    };
    if let Some(body) = body {
        options = options.with_extra_body(body);
    }
    match manner.provider {
        // Thoughts are signed: they have to be gathered to be given back.
        Provider::Anthropic => {
            options = options.with_max_tokens(request.max_output).with_capture_reasoning_content(true);
        }
        Provider::Gemini => options = options.with_max_tokens(request.max_output),
        Provider::OpenAi | Provider::Azure => {}
    }
    match &request.choice {
        _ if request.tools.is_empty() => options,
        Choice::Free => options,
        Choice::Words => options.with_tool_choice(ToolChoice::None),
        Choice::Must(name) => options.with_tool_choice(ToolChoice::tool(name.as_str())),
    }
}

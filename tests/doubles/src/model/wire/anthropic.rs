//! Anthropic's messages: <https://docs.anthropic.com/en/api/messages>

use serde_json::{Value, json};

use super::super::asked::{Asked, AskedTool, Called, Chosen, Said};
use super::super::fault::Refusal;
use super::super::turn::{Ends, Turn};
use super::{Event, content_text, parsed, pieces, text};

pub(super) fn read(asked: &mut Asked) {
    let body = asked.body.clone();
    asked.streams = body["stream"] == true;
    asked.model = text(&body["model"]);
    asked.max_output = body["max_tokens"].as_u64();
    asked.system = content_text(&body["system"]);
    for message in body["messages"].as_array().into_iter().flatten() {
        if message["role"] == "assistant" {
            let calls = blocks(message, "tool_use").map(|block| Called {
                id: text(&block["id"]),
                name: text(&block["name"]),
                arguments: block["input"].clone(),
            });
            let said = Said::Assistant { text: content_text(&message["content"]), calls: calls.collect() };
            asked.messages.push(said);
            continue;
        }
        for result in blocks(message, "tool_result") {
            let call = text(&result["tool_use_id"]);
            asked.messages.push(Said::Tool { call, name: String::new(), text: content_text(&result["content"]) });
        }
        let words = content_text(&message["content"]);
        if !words.is_empty() {
            asked.messages.push(Said::User(words));
        }
    }
    let tool = |tool: &Value| AskedTool {
        name: text(&tool["name"]),
        description: text(&tool["description"]),
        schema: tool["input_schema"].clone(),
    };
    asked.tools = body["tools"].as_array().into_iter().flatten().map(tool).collect();
    asked.choice = match body["tool_choice"]["type"].as_str() {
        Some("none") => Chosen::Words,
        Some("any") => Chosen::Any,
        Some("tool") => Chosen::Must(text(&body["tool_choice"]["name"])),
        _ => Chosen::Free,
    };
}

fn blocks<'a>(message: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    message["content"].as_array().into_iter().flatten().filter(move |block| block["type"] == kind)
}

fn stop_reason(turn: &Turn) -> &'static str {
    match turn.ends {
        Ends::Length => "max_tokens",
        Ends::Filtered => "refusal",
        Ends::Done if turn.calls.is_empty() => "end_turn",
        Ends::Done => "tool_use",
    }
}

/// `input_tokens` are without those of the cache.
fn usage(turn: &Turn, output: u64) -> Value {
    let tokens = turn.tokens;
    json!({
        "input_tokens": tokens.input.saturating_sub(tokens.cached).saturating_sub(tokens.cache_write),
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": output,
    })
}

fn id(asked: &Asked, at: usize) -> String {
    format!("toolu_{}x{at}", asked.number)
}

fn message(turn: &Turn, asked: &Asked, content: Value, stop: Value, output: u64) -> Value {
    json!({
        "id": format!("msg_{}", asked.number),
        "type": "message",
        "role": "assistant",
        "model": turn.model.as_deref().unwrap_or(&asked.model),
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": usage(turn, output),
    })
}

pub(super) fn whole(turn: &Turn, asked: &Asked) -> Value {
    let mut content = Vec::new();
    if let Some((thoughts, signature)) = &turn.thinking {
        content.push(json!({"type": "thinking", "thinking": thoughts, "signature": signature}));
    }
    if !turn.text.is_empty() {
        content.push(json!({"type": "text", "text": turn.text}));
    }
    for (at, call) in turn.calls.iter().enumerate() {
        let input = parsed(&call.arguments);
        content.push(json!({"type": "tool_use", "id": id(asked, at), "name": call.name, "input": input}));
    }
    message(turn, asked, content.into(), stop_reason(turn).into(), turn.tokens.output)
}

pub(super) fn events(turn: &Turn, asked: &Asked) -> Vec<Event> {
    let start = json!({"type": "message_start", "message": message(turn, asked, json!([]), Value::Null, 1)});
    let mut events = vec![Event::named("message_start", &start), Event::named("ping", &json!({"type": "ping"}))];
    let mut index = 0;
    let mut block = |head: Value, deltas: Vec<Value>| {
        let start = json!({"type": "content_block_start", "index": index, "content_block": head});
        events.push(Event::named("content_block_start", &start));
        for delta in deltas {
            let data = json!({"type": "content_block_delta", "index": index, "delta": delta});
            events.push(Event::named("content_block_delta", &data));
        }
        events.push(Event::named("content_block_stop", &json!({"type": "content_block_stop", "index": index})));
        index += 1;
    };
    if let Some((thoughts, signature)) = &turn.thinking {
        let thought = |piece| json!({"type": "thinking_delta", "thinking": piece});
        let mut deltas: Vec<Value> = pieces(thoughts).into_iter().map(thought).collect();
        deltas.push(json!({"type": "signature_delta", "signature": signature}));
        block(json!({"type": "thinking", "thinking": "", "signature": ""}), deltas);
    }
    if !turn.text.is_empty() {
        let words = |piece| json!({"type": "text_delta", "text": piece});
        block(json!({"type": "text", "text": ""}), pieces(&turn.text).into_iter().map(words).collect());
    }
    for (at, call) in turn.calls.iter().enumerate() {
        let partial = |piece| json!({"type": "input_json_delta", "partial_json": piece});
        let head = json!({"type": "tool_use", "id": id(asked, at), "name": call.name, "input": {}});
        block(head, pieces(&call.arguments).into_iter().map(partial).collect());
    }
    let delta = json!({"stop_reason": stop_reason(turn), "stop_sequence": null});
    let usage = json!({"output_tokens": turn.tokens.output});
    events.push(Event::named("message_delta", &json!({"type": "message_delta", "delta": delta, "usage": usage})));
    events.push(Event::named("message_stop", &json!({"type": "message_stop"})));
    events
}

pub(super) fn refusal(refusal: Refusal, asked: &Asked) -> (u16, Value) {
    let (status, kind, message) = match refusal {
        Refusal::RateLimited => {
            (429, "rate_limit_error", "This request would exceed your organization's rate limit.".to_owned())
        }
        Refusal::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
        Refusal::OutOfQuota => {
            let words = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to \
                         upgrade or purchase credits.";
            (400, "invalid_request_error", words.to_owned())
        }
        Refusal::Unauthorised => (401, "authentication_error", "invalid x-api-key".to_owned()),
        Refusal::Forbidden => {
            (403, "permission_error", "Your API key does not have permission to use this resource.".to_owned())
        }
        Refusal::TooLong => {
            (400, "invalid_request_error", "prompt is too long: 212010 tokens > 200000 maximum".to_owned())
        }
        Refusal::NoModel => (404, "not_found_error", format!("model: {}", asked.model)),
        Refusal::Invalid => (400, "invalid_request_error", "tools.0.input_schema: Field required".to_owned()),
        Refusal::Broken => (500, "api_error", "Internal server error".to_owned()),
    };
    let id = format!("req_{}", asked.number);
    (status, json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": id}))
}

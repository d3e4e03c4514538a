//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>

use serde_json::{Value, json};

use super::super::asked::{Asked, AskedTool, Called, Chosen, Said};
use super::super::fault::Refusal;
use super::super::turn::{Ends, Turn};
use super::{Event, content_text, parsed, pieces, text};

pub(super) fn read(asked: &mut Asked) {
    let body = asked.body.clone();
    asked.streams = body["stream"] == true;
    asked.model = text(&body["model"]);
    asked.max_output = body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64());
    let mut systems = Vec::new();
    for message in body["messages"].as_array().into_iter().flatten() {
        let words = content_text(&message["content"]);
        match message["role"].as_str() {
            Some("system" | "developer") => systems.push(words),
            Some("assistant") => asked.messages.push(Said::Assistant { text: words, calls: calls(message) }),
            Some("tool") => {
                let call = text(&message["tool_call_id"]);
                asked.messages.push(Said::Tool { call, name: text(&message["name"]), text: words });
            }
            _ => asked.messages.push(Said::User(words)),
        }
    }
    asked.system = systems.join("\n");
    let tools = body["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]);
    asked.tools = tools
        .map(|f| AskedTool {
            name: text(&f["name"]),
            description: text(&f["description"]),
            schema: f["parameters"].clone(),
        })
        .collect();
    asked.choice = match &body["tool_choice"] {
        Value::String(word) if word == "none" => Chosen::Words,
        Value::String(word) if word == "required" => Chosen::Any,
        choice @ Value::Object(_) => Chosen::Must(text(&choice["function"]["name"])),
        _ => Chosen::Free,
    };
}

fn calls(message: &Value) -> Vec<Called> {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let call = |call: &Value| Called {
        id: text(&call["id"]),
        name: text(&call["function"]["name"]),
        arguments: parsed(call["function"]["arguments"].as_str().unwrap_or_default()),
    };
    calls.map(call).collect()
}

fn finish(turn: &Turn) -> &'static str {
    match turn.ends {
        Ends::Length => "length",
        Ends::Filtered => "content_filter",
        Ends::Done if turn.calls.is_empty() => "stop",
        Ends::Done => "tool_calls",
    }
}

fn usage(turn: &Turn) -> Value {
    let tokens = turn.tokens;
    json!({
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
    })
}

fn id(asked: &Asked, at: usize) -> String {
    format!("call_{}x{at}", asked.number)
}

fn model<'a>(turn: &'a Turn, asked: &'a Asked) -> &'a str {
    turn.model.as_deref().unwrap_or(&asked.model)
}

pub(super) fn whole(turn: &Turn, asked: &Asked) -> Value {
    let mut message = json!({"role": "assistant", "content": turn.text, "refusal": null});
    if turn.text.is_empty() {
        message["content"] = Value::Null;
    }
    if !turn.calls.is_empty() {
        let call = |(at, call): (usize, &super::super::turn::Call)| {
            json!({
                "id": id(asked, at),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            })
        };
        message["tool_calls"] = turn.calls.iter().enumerate().map(call).collect();
    }
    if let Some((thoughts, _)) = &turn.thinking {
        message["reasoning_content"] = thoughts.as_str().into();
    }
    json!({
        "id": format!("chatcmpl-{}", asked.number),
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model(turn, asked),
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(turn)}],
        "usage": usage(turn),
    })
}

pub(super) fn events(turn: &Turn, asked: &Asked) -> Vec<Event> {
    let chunk = |choices: Value, usage: Value| {
        Event::of(&json!({
            "id": format!("chatcmpl-{}", asked.number),
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": model(turn, asked),
            "choices": choices,
            "usage": usage,
        }))
    };
    let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}))];
    if let Some((thoughts, _)) = &turn.thinking {
        events.extend(pieces(thoughts).into_iter().map(|piece| delta(json!({"reasoning_content": piece}))));
    }
    events.extend(pieces(&turn.text).into_iter().map(|piece| delta(json!({"content": piece}))));
    for (at, call) in turn.calls.iter().enumerate() {
        let function = json!({"name": call.name, "arguments": ""});
        let head = json!({"index": at, "id": id(asked, at), "type": "function", "function": function});
        events.push(delta(json!({"tool_calls": [head]})));
        let more = |piece| delta(json!({"tool_calls": [{"index": at, "function": {"arguments": piece}}]}));
        events.extend(pieces(&call.arguments).into_iter().map(more));
    }
    events.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": finish(turn)}]), Value::Null));
    if asked.body["stream_options"]["include_usage"] == true {
        events.push(chunk(json!([]), usage(turn)));
    }
    events.push(Event { name: None, data: "[DONE]".to_owned() });
    events
}

pub(super) fn refusal(refusal: Refusal, asked: &Asked) -> (u16, Value) {
    let model = &asked.model;
    let (status, kind, code, message) = match refusal {
        Refusal::RateLimited => {
            let words = format!("Rate limit reached for {model} in organization org-x on tokens per min (TPM).");
            (429, "tokens", "rate_limit_exceeded", words)
        }
        Refusal::Overloaded => {
            (503, "server_error", "", "The server is currently overloaded with other requests.".to_owned())
        }
        Refusal::OutOfQuota => {
            let words = "You exceeded your current quota, please check your plan and billing details.";
            (429, "insufficient_quota", "insufficient_quota", words.to_owned())
        }
        Refusal::Unauthorised => {
            let words = "Incorrect API key provided: sk-test-****cret. You can find your API key at the dashboard.";
            (401, "invalid_request_error", "invalid_api_key", words.to_owned())
        }
        Refusal::Forbidden => {
            let words = format!("Project `proj_x` does not have access to model `{model}`");
            (403, "invalid_request_error", "model_not_found", words)
        }
        Refusal::TooLong => {
            let words = "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 \
                         tokens. Please reduce the length of the messages.";
            (400, "invalid_request_error", "context_length_exceeded", words.to_owned())
        }
        Refusal::NoModel => {
            let words = format!("The model `{model}` does not exist or you do not have access to it.");
            (404, "invalid_request_error", "model_not_found", words)
        }
        Refusal::Invalid => (400, "invalid_request_error", "", "Invalid value for 'tools[0].function'.".to_owned()),
        Refusal::Broken => (500, "server_error", "", "The server had an error while processing.".to_owned()),
    };
    let code = if code.is_empty() { Value::Null } else { code.into() };
    (status, json!({"error": {"message": message, "type": kind, "param": null, "code": code}}))
}

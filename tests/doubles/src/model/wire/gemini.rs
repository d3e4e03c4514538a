//! Gemini's `generateContent`: <https://ai.google.dev/api/generate-content>

use serde_json::{Value, json};

use super::super::asked::{Asked, AskedTool, Called, Chosen, Said};
use super::super::fault::Refusal;
use super::super::turn::{Ends, Turn};
use super::{Event, content_text, parsed, pieces, text};

pub(super) fn read(asked: &mut Asked) {
    let body = asked.body.clone();
    let method = asked.path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let (model, verb) = method.rsplit_once(':').unwrap_or((method, ""));
    asked.streams = verb == "streamGenerateContent";
    asked.model = model.to_owned();
    asked.max_output = body["generationConfig"]["maxOutputTokens"].as_u64();
    asked.system = content_text(&body["systemInstruction"]["parts"]);
    for content in body["contents"].as_array().into_iter().flatten() {
        let parts: Vec<&Value> = content["parts"].as_array().into_iter().flatten().collect();
        let words = content_text(&content["parts"]);
        if content["role"] == "model" {
            let calls = parts.iter().map(|part| &part["functionCall"]).filter(|call| call.is_object());
            let call = |call: &Value| Called {
                id: text(&call["id"]),
                name: text(&call["name"]),
                arguments: call["args"].clone(),
            };
            asked.messages.push(Said::Assistant { text: words, calls: calls.map(call).collect() });
            continue;
        }
        for result in parts.iter().map(|part| &part["functionResponse"]).filter(|result| result.is_object()) {
            let text_of = match &result["response"]["content"] {
                Value::String(text) => text.clone(),
                _ => result["response"].to_string(),
            };
            asked.messages.push(Said::Tool { call: text(&result["id"]), name: text(&result["name"]), text: text_of });
        }
        if !words.is_empty() {
            asked.messages.push(Said::User(words));
        }
    }
    let tools = body["tools"].as_array().into_iter().flatten();
    let declared = tools.flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten());
    let tool = |f: &Value| AskedTool {
        name: text(&f["name"]),
        description: text(&f["description"]),
        schema: if f["parametersJsonSchema"].is_null() {
            f["parameters"].clone()
        } else {
            f["parametersJsonSchema"].clone()
        },
    };
    asked.tools = declared.map(tool).collect();
    let config = &body["toolConfig"]["functionCallingConfig"];
    asked.choice = match (config["mode"].as_str(), config["allowedFunctionNames"][0].as_str()) {
        (Some("NONE"), _) => Chosen::Words,
        (Some("ANY"), Some(name)) => Chosen::Must(name.to_owned()),
        (Some("ANY"), None) => Chosen::Any,
        _ => Chosen::Free,
    };
}

fn finish(turn: &Turn) -> &'static str {
    match turn.ends {
        Ends::Length => "MAX_TOKENS",
        Ends::Filtered => "SAFETY",
        Ends::Done => "STOP",
    }
}

fn answer(turn: &Turn, asked: &Asked, parts: Vec<Value>, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    let tokens = turn.tokens;
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": tokens.input,
            "cachedContentTokenCount": tokens.cached,
            "candidatesTokenCount": tokens.output,
            "totalTokenCount": tokens.input + tokens.output,
        },
        "modelVersion": turn.model.as_deref().unwrap_or(&asked.model),
        "responseId": format!("resp-{}", asked.number),
    })
}

/// Calls have no id. The first carries the signature of the thoughts.
fn calls(turn: &Turn) -> Vec<Value> {
    let mut parts: Vec<Value> = Vec::new();
    for (at, call) in turn.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"name": call.name, "args": parsed(&call.arguments)}});
        if let Some((_, signature)) = turn.thinking.as_ref().filter(|_| at == 0) {
            part["thoughtSignature"] = signature.as_str().into();
        }
        parts.push(part);
    }
    parts
}

pub(super) fn whole(turn: &Turn, asked: &Asked) -> Value {
    let mut parts = Vec::new();
    if !turn.text.is_empty() {
        parts.push(json!({"text": turn.text}));
    }
    parts.extend(calls(turn));
    answer(turn, asked, parts, Some(finish(turn)))
}

/// Every call comes in an event of its own.
pub(super) fn events(turn: &Turn, asked: &Asked) -> Vec<Event> {
    let words = pieces(&turn.text).into_iter().map(|piece| json!({"text": piece}));
    let parts = words.chain(calls(turn)).map(|part| answer(turn, asked, vec![part], None));
    let mut events: Vec<Event> = parts.map(|data| Event::of(&data)).collect();
    events.push(Event::of(&answer(turn, asked, vec![json!({"text": ""})], Some(finish(turn)))));
    events
}

pub(super) fn refusal(refusal: Refusal, asked: &Asked) -> (u16, Value) {
    let mut details = json!([]);
    let (status, kind, message) = match refusal {
        Refusal::RateLimited => {
            details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]);
            (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).".to_owned())
        }
        Refusal::Overloaded => (503, "UNAVAILABLE", "The model is overloaded. Please try again later.".to_owned()),
        Refusal::OutOfQuota => {
            let quota = json!([{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}]);
            details = json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": quota}]);
            let words = "You exceeded your current quota, please check your plan and billing details.";
            (429, "RESOURCE_EXHAUSTED", words.to_owned())
        }
        Refusal::Unauthorised => {
            details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
            (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.".to_owned())
        }
        Refusal::Forbidden => (403, "PERMISSION_DENIED", "The caller does not have permission".to_owned()),
        Refusal::TooLong => {
            let words = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
            (400, "INVALID_ARGUMENT", words.to_owned())
        }
        Refusal::NoModel => {
            let words = format!("models/{} is not found for API version v1beta.", asked.model);
            (404, "NOT_FOUND", words)
        }
        Refusal::Invalid => {
            (400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"x\" at 'tools[0]'".to_owned())
        }
        Refusal::Broken => (500, "INTERNAL", "An internal error has occurred.".to_owned()),
    };
    (status, json!({"error": {"code": status, "message": message, "status": kind, "details": details}}))
}

//! The model server as a client sees it that does not stream; streams are read by the tests of `adapters/model`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::time::Duration;

use midwatch_doubles::model::{Chosen, Ends, Fault, ModelServer, Refusal, Script, Tokens, Turn};
use rstest::rstest;
use serde_json::{Value, json};

/// Path, a request with one tool, and where the words, the call, its arguments, the end and the tokens stand.
struct Format {
    path: &'static str,
    body: Value,
    words: &'static str,
    call: &'static str,
    arguments: &'static str,
    end: (&'static str, &'static str),
    input: (&'static str, u64),
}

fn openai() -> Format {
    Format {
        path: "/v1/chat/completions",
        body: json!({
            "model": "m",
            "messages": [{"role": "system", "content": "Look."}, {"role": "user", "content": "Why?"}],
            "tools": [{"type": "function", "function": {"name": "read", "description": "Reads.", "parameters": {}}}],
            "tool_choice": "required",
        }),
        words: "/choices/0/message/content",
        call: "/choices/0/message/tool_calls/0/function/name",
        arguments: "/choices/0/message/tool_calls/0/function/arguments",
        end: ("/choices/0/finish_reason", "length"),
        input: ("/usage/prompt_tokens", 70),
    }
}

fn anthropic() -> Format {
    Format {
        path: "/v1/messages",
        body: json!({
            "model": "m",
            "max_tokens": 10,
            "system": [{"type": "text", "text": "Look."}],
            "messages": [{"role": "user", "content": "Why?"}],
            "tools": [{"name": "read", "description": "Reads.", "input_schema": {}}],
            "tool_choice": {"type": "any"},
        }),
        words: "/content/0/text",
        call: "/content/1/name",
        arguments: "/content/1/input",
        end: ("/stop_reason", "max_tokens"),
        // Those of the cache are counted apart.
        input: ("/usage/input_tokens", 30),
    }
}

fn gemini() -> Format {
    Format {
        path: "/v1beta/models/m:generateContent",
        body: json!({
            "systemInstruction": {"parts": [{"text": "Look."}]},
            "contents": [{"role": "user", "parts": [{"text": "Why?"}]}],
            "tools": [{"functionDeclarations": [{"name": "read", "description": "Reads.", "parameters": {}}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        }),
        words: "/candidates/0/content/parts/0/text",
        call: "/candidates/0/content/parts/1/functionCall/name",
        arguments: "/candidates/0/content/parts/1/functionCall/args",
        end: ("/candidates/0/finishReason", "MAX_TOKENS"),
        input: ("/usageMetadata/promptTokenCount", 70),
    }
}

async fn post(server: &ModelServer, format: &Format) -> reqwest::Result<reqwest::Response> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    client.post(format!("{}{}", server.url(), format.path)).json(&format.body).send().await
}

#[rstest]
#[case(openai())]
#[case(anthropic())]
#[case(gemini())]
#[tokio::test]
async fn one_script_serves_every_format(#[case] format: Format) {
    let turn = Turn::text("So.").and_call("read", &json!({"a": 1})).ends(Ends::Length).tokens(Tokens {
        input: 70,
        cached: 40,
        cache_write: 0,
        output: 5,
    });
    let server = ModelServer::start(turn).await;
    let reply: Value = post(&server, &format).await.unwrap().json().await.unwrap();
    let at = |path: &str| reply.pointer(path).cloned().unwrap_or_default();
    assert_eq!((at(format.words), at(format.call)), (json!("So."), json!("read")), "{reply}");
    let arguments = at(format.arguments);
    assert!(arguments == json!({"a": 1}) || arguments == json!("{\"a\":1}"), "{arguments}");
    assert_eq!((at(format.end.0), at(format.input.0)), (json!(format.end.1), json!(format.input.1)));
    let asked = server.requests().remove(0);
    assert_eq!((asked.model.as_str(), asked.system.as_str(), asked.last_user()), ("m", "Look.", "Why?"));
    assert!(!asked.streams && asked.offers("read") && asked.choice == Chosen::Any);
    assert_eq!(asked.raw, serde_json::to_vec(&format.body).unwrap());
}

#[rstest]
#[case(openai())]
#[case(anthropic())]
#[case(gemini())]
#[tokio::test]
async fn what_goes_wrong_is_seen_by_the_client(#[case] format: Format) {
    let server = ModelServer::start([
        Turn::refused(Refusal::RateLimited).header("retry-after", "3"),
        Turn::status(418, "short and stout"),
        Turn::fault(Fault::Reset),
        Turn::fault(Fault::ResetMidway),
        Turn::fault(Fault::CutOff),
        Turn::fault(Fault::Garbage),
    ])
    .await;
    let limited = post(&server, &format).await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "3"));
    assert!(limited.json::<Value>().await.unwrap()["error"].is_object());
    let odd = post(&server, &format).await.unwrap();
    assert_eq!((odd.status().as_u16(), odd.text().await.unwrap().as_str()), (418, "short and stout"));
    assert!(post(&server, &format).await.is_err());
    for what in ["the connection breaks", "half of it", "a web page"] {
        let answer = post(&server, &format).await.unwrap();
        assert!(answer.status().is_success() && answer.json::<Value>().await.is_err(), "{what}");
    }
    let ended = post(&server, &format).await.unwrap();
    assert_eq!(ended.status().as_u16(), 500);
    assert!(ended.text().await.unwrap().contains("no more turns"));
}

#[tokio::test]
async fn a_script_may_answer_by_what_it_is_asked_and_sees_results() {
    let server = ModelServer::start(Script::by(|asked| match &asked.results()[..] {
        [] => Turn::call("read", &json!({})),
        [(tool, text)] => Turn::text(format!("{tool} says {text}")),
        more => Turn::text(format!("{} results", more.len())),
    }))
    .await;
    let mut format = openai();
    assert!(post(&server, &format).await.unwrap().text().await.unwrap().contains("tool_calls"));
    let call = json!({"id": "c", "type": "function", "function": {"name": "read", "arguments": "{}"}});
    let messages = format.body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
    messages.push(json!({"role": "tool", "tool_call_id": "c", "content": "panic"}));
    assert!(post(&server, &format).await.unwrap().text().await.unwrap().contains("read says panic"));
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed() {
    let server = ModelServer::start(Script::always(Turn::fault(Fault::Silent))).await;
    let format = openai();
    let gone = tokio::time::timeout(Duration::from_millis(200), post(&server, &format)).await;
    assert!(gone.is_err());
    tokio::time::timeout(Duration::from_secs(10), server.until_abandoned(1)).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

//! What is sent: one request of the port, in the format of each provider.

use midwatch_doubles::model::{Asked, AskedTool, Called, Chosen, ModelServer, Said, Turn, Wire};
use midwatch_explore::port::{Arguments, ChatRequest, Choice, Message, ToolCall};
use midwatch_model::{OpenError, Provider, open};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{KEY, ask, model, options, question, tool};

async fn sent(provider: Provider, request: &ChatRequest) -> Asked {
    let server = ModelServer::start(Turn::text("Well.")).await;
    ask(&*model(provider, &server), request).await.0.unwrap();
    server.requests().remove(0)
}

fn call(id: &str, arguments: Arguments) -> ToolCall {
    ToolCall { id: id.into(), name: "read_log".into(), arguments }
}

#[rstest]
#[tokio::test]
async fn a_conversation_arrives_as_it_is(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let mut request = question();
    let calls = vec![
        call("call-a", Arguments::Given(json!({"pod": "a"}))),
        call("call#odd", Arguments::Broken("{\"pod\": ".into())),
    ];
    let result =
        |call: &str, text: &str| Message::Tool { call: call.into(), name: "read_log".into(), text: text.into() };
    request.messages.extend([
        Message::Assistant { text: "I look.".into(), calls, carried: None },
        result("call-a", "panic: no route"),
        result("call#odd", "the arguments are no JSON"),
        Message::User { text: "Go on.".into() },
    ]);
    let asked = sent(provider, &request).await;
    assert!(asked.streams);
    assert_eq!((asked.system.as_str(), asked.max_output), ("You look at clusters.", Some(500)));
    if provider != Provider::Azure {
        assert_eq!(asked.model, "model-1");
    }
    let offered = |name| {
        let spec = tool(name);
        AskedTool { name: spec.name, description: spec.description, schema: spec.schema }
    };
    assert_eq!(asked.tools, [offered("read_log"), offered("read_events")]);
    assert_eq!(asked.choice, Chosen::Free);
    let [Said::User(first), Said::Assistant { text, calls }, results @ .., Said::User(last)] = &asked.messages[..]
    else {
        panic!("{:?}", asked.messages);
    };
    assert_eq!([first, text, last], ["Why does api-1 crash?", "I look.", "Go on."]);
    let [Called { name, arguments, id }, broken] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((name.as_str(), arguments), ("read_log", &json!({"pod": "a"})));
    assert!(broken.arguments.is_object(), "what is no JSON is not sent as such: {broken:?}");
    let texts: Vec<&str> = results
        .iter()
        .map(|said| match said {
            Said::Tool { text, .. } => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["panic: no route", "the arguments are no JSON"]);
    let answered =
        results.iter().zip(calls).all(|(said, called)| matches!(said, Said::Tool { call, .. } if *call == called.id));
    assert!(answered && id == "call-a", "results belong to their calls: {results:?}");
}

/// The templates of some open models refuse two messages of one role.
#[rstest]
#[tokio::test]
async fn words_in_a_row_are_one_message(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let user = |text: &str| Message::User { text: text.into() };
    let mut request = question();
    let nothing = Message::Assistant { text: String::new(), calls: Vec::new(), carried: None };
    let said = Message::Assistant { text: "I look.".into(), calls: Vec::new(), carried: None };
    request.messages.extend([user("Your part: the log."), nothing, user("Say something."), said, user("Go on.")]);
    let asked = sent(provider, &request).await;
    let [Said::User(first), Said::Assistant { .. }, Said::User(last)] = &asked.messages[..] else {
        panic!("{:?}", asked.messages);
    };
    assert_eq!(first, "Why does api-1 crash?\n\nYour part: the log.\n\nSay something.");
    assert_eq!(last, "Go on.");
}

#[rstest]
#[tokio::test]
async fn a_choice_is_sent(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values((Choice::Words, Chosen::Words), (Choice::Must("read_events".into()), Chosen::Must("read_events".into())))]
    choice: (Choice, Chosen),
) {
    let request = ChatRequest { choice: choice.0, ..question() };
    assert_eq!(sent(provider, &request).await.choice, choice.1);
    let without = ChatRequest { tools: Vec::new(), ..request };
    let asked = sent(provider, &without).await;
    assert!(asked.tools.is_empty() && asked.choice == Chosen::Free, "no choice without tools");
}

#[rstest]
#[case(Provider::OpenAi, "/v1/chat/completions", "authorization", "Bearer ")]
#[case(Provider::Azure, "/openai/deployments/model-1/chat/completions?api-version=2024-10-21", "api-key", "")]
#[case(Provider::Anthropic, "/v1/messages", "x-api-key", "")]
#[case(Provider::Gemini, "/v1beta/models/model-1:streamGenerateContent?alt=sse", "x-goog-api-key", "")]
#[tokio::test]
async fn the_key_goes_where_the_provider_wants_it(
    #[case] provider: Provider,
    #[case] path: &str,
    #[case] header: &str,
    #[case] before: &str,
) {
    let asked = sent(provider, &question()).await;
    assert_eq!(asked.path, path);
    assert_eq!(asked.header(header), Some(format!("{before}{KEY}").as_str()));
    let others = asked.headers.iter().filter(|(name, value)| *name != header && value.contains(KEY));
    assert_eq!(others.count(), 0);
    assert!(!asked.text().contains(KEY) && !asked.path.contains(KEY));
}

#[rstest]
#[tokio::test]
async fn without_a_key_none_is_sent(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let server = ModelServer::start(Turn::text("Well.")).await;
    let mut without = options(provider, &server);
    without.key = None;
    without.headers = vec![("X-Team".into(), "night".into()), ("user-agent".into(), "ours".into())];
    ask(&*open(&without).unwrap(), &question()).await.0.unwrap();
    let asked = server.requests().remove(0);
    for header in ["authorization", "x-api-key", "api-key", "x-goog-api-key"] {
        assert_eq!(asked.header(header), None, "{header}");
    }
    assert_eq!((asked.header("x-team"), asked.header("user-agent")), (Some("night"), Some("ours")));
}

/// genai would send `qwen` with an effort, and cut off what stands before `::`.
#[rstest]
#[tokio::test]
async fn the_name_of_a_model_is_sent_as_it_is(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values("qwen-max", "o-high", "team::model", "claude-x-none", "org/model:7b-low")] name: &str,
) {
    let server = ModelServer::start(Turn::text("Well.")).await;
    let mut named = options(provider, &server);
    named.model = name.into();
    ask(&*open(&named).unwrap(), &question()).await.0.unwrap();
    let asked = server.requests().remove(0);
    if asked.wire == Wire::Gemini {
        let path = name.replace('/', "%2F");
        assert_eq!(asked.path, format!("/v1beta/models/{path}:streamGenerateContent?alt=sse"));
    } else {
        assert_eq!(asked.model, name);
    }
    for word in ["effort", "thinking", "output_config"] {
        assert!(!asked.text().contains(word), "{word}: {}", asked.text());
    }
}

#[tokio::test]
async fn the_stable_beginning_is_marked_for_the_cache_of_anthropic() {
    let mut request = question();
    request.messages.push(Message::Assistant { text: "Hm.".into(), calls: Vec::new(), carried: None });
    request.messages.push(Message::User { text: "And now?".into() });
    let body = sent(Provider::Anthropic, &request).await.body;
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["system"][0]["cache_control"], mark);
    assert_eq!(body["messages"][2]["content"][0]["cache_control"], mark);
    let marks = body.to_string().matches("cache_control").count();
    assert_eq!(marks, 2, "one after tools and system, one at the end: {body}");
    let order: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert!(order.iter().position(|key| *key == "tools") < order.iter().position(|key| *key == "messages"));
}

#[tokio::test]
async fn the_same_request_gives_the_same_bytes() {
    for provider in [Provider::OpenAi, Provider::Anthropic, Provider::Gemini] {
        let (one, two) = (sent(provider, &question()).await, sent(provider, &question()).await);
        assert_eq!(one.raw, two.raw);
    }
}

#[rstest]
#[case(Provider::Azure, "max_completion_tokens")]
#[case(Provider::OpenAi, "max_tokens")]
#[tokio::test]
async fn the_limit_of_the_reply_has_the_name_that_the_server_knows(#[case] provider: Provider, #[case] name: &str) {
    let body = sent(provider, &question()).await.body;
    let limits: Vec<(&str, &Value)> = body
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| key.contains("tokens"))
        .map(|(k, v)| (k.as_str(), v))
        .collect();
    assert_eq!(limits, [(name, &json!(500))]);
}

#[tokio::test]
async fn facts_and_errors_show_no_secret() {
    let server = ModelServer::start(Turn::text("Well.")).await;
    let mut odd = options(Provider::OpenAi, &server);
    let url = server.url().replace("http://", "http://user:hunter2secret@");
    odd.url = Some(format!("{url}/v1?token=hunter3secret").parse().unwrap());
    let facts = format!("{:?}", open(&odd).unwrap().facts());
    assert!(!facts.contains("secret") && facts.contains("openai at http://127.0.0.1"), "{facts}");
    odd.url = Some("ftp://user:hunter2secret@host/".parse().unwrap());
    let error = open(&odd).err().unwrap();
    assert!(matches!(error, OpenError::Url { .. }) && !error.to_string().contains("hunter2"), "{error}");
    odd.url = None;
    odd.key = Some("line\nbreak-hunter2".into());
    let error = open(&odd).err().unwrap();
    assert!(matches!(error, OpenError::Header { .. }) && !format!("{error:?}").contains("hunter2"), "{error}");
    odd.provider = Provider::Azure;
    assert!(matches!(open(&odd).err().unwrap(), OpenError::NoUrl(_)));
}

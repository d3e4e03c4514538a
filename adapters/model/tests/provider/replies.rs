//! What comes back when all goes well, or nearly.

use std::time::Duration;

use midwatch_doubles::model::{Ends, Fault, ModelServer, Script, Tokens, Turn};
use midwatch_explore::port::{Arguments, Message, ModelFailure, Stop, Usage};
use midwatch_model::{Provider, open};
use rstest::rstest;
use serde_json::json;

use crate::support::{ask, model, options, question};

#[rstest]
#[tokio::test]
async fn words_come_as_they_are_said(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let said = "The probe fails: port 8080 is closed. Größe, 漢字.";
    let tokens = Tokens { input: 1_200, cached: 900, cache_write: 0, output: 34 };
    let server = ModelServer::start(Turn::text(said).tokens(tokens).by("model-1-2026-10")).await;
    let (reply, heard) = ask(&*model(provider, &server), &question()).await;
    let reply = reply.unwrap();
    assert_eq!(reply.text, said);
    assert_eq!((reply.stop, reply.model.as_str()), (Stop::End, "model-1-2026-10"));
    assert_eq!(reply.usage, Usage { input: 1_200, cached: 900, cache_write: 0, output: 34 });
    assert!(heard.len() > 3, "it was streamed: {heard:?}");
    assert_eq!(heard.concat(), said);
    assert!(reply.calls.is_empty() && reply.carried.is_none());
}

#[rstest]
#[tokio::test]
async fn several_calls_of_one_turn_are_put_together(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let long = json!({"pod": "shop/api-1", "grep": ["a longer text, so that it comes in pieces", "ünïcode"]});
    let turn = Turn::text("Let me look.")
        .and_call("read_log", &long)
        .and_call("read_log", &json!({"pod": "shop/api-2"}))
        .and_call("no_such_tool", &json!({}));
    let server = ModelServer::start(turn).await;
    let (reply, _) = ask(&*model(provider, &server), &question()).await;
    let reply = reply.unwrap();
    let names: Vec<&str> = reply.calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["read_log", "read_log", "no_such_tool"]);
    assert_eq!(reply.calls[0].arguments, Arguments::Given(long));
    assert_eq!(reply.calls[1].arguments, Arguments::Given(json!({"pod": "shop/api-2"})));
    assert_eq!(reply.calls[2].arguments, Arguments::Given(json!({})));
    let ids: std::collections::BTreeSet<&str> = reply.calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids.len(), 3, "each has an id of its own: {ids:?}");
    assert_eq!((reply.text.as_str(), reply.stop), ("Let me look.", Stop::End));
}

#[rstest]
#[tokio::test]
async fn arguments_that_cannot_be_read_are_broken_and_no_failure(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let turn = Turn::raw_call("read_log", "{\"pod\": \"shop/api-1\", ").and_raw_call("read_events", "[\"x\"]");
    let server = ModelServer::start(turn).await;
    let (reply, _) = ask(&*model(provider, &server), &question()).await;
    let calls = reply.unwrap().calls;
    assert_eq!(calls[0].arguments, Arguments::Broken("{\"pod\": \"shop/api-1\", ".into()));
    assert_eq!(calls[1].arguments, Arguments::Broken("[\"x\"]".into()));
}

#[rstest]
#[tokio::test]
async fn why_it_ends_is_known(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values((Ends::Length, Stop::Length), (Ends::Filtered, Stop::Filtered))] ends: (Ends, Stop),
) {
    let server = ModelServer::start(Turn::text("As far as").ends(ends.0)).await;
    let (reply, _) = ask(&*model(provider, &server), &question()).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("As far as", ends.1));
}

#[tokio::test]
async fn a_prompt_that_gemini_blocks_is_filtered() {
    let body = "data: {\"promptFeedback\": {\"blockReason\": \"PROHIBITED_CONTENT\"}, \"modelVersion\": \"g-1\"}\n\n";
    let server = ModelServer::start(Turn::status(200, body)).await;
    let (reply, _) = ask(&*model(Provider::Gemini, &server), &question()).await;
    let reply = reply.unwrap();
    assert_eq!((reply.stop, reply.model.as_str(), reply.text.as_str()), (Stop::Filtered, "g-1", ""));
}

#[tokio::test]
async fn what_was_put_into_the_cache_is_counted() {
    let tokens = Tokens { input: 5_000, cached: 1_000, cache_write: 3_500, output: 9 };
    let server = ModelServer::start(Turn::text("Yes.").tokens(tokens)).await;
    let (reply, _) = ask(&*model(Provider::Anthropic, &server), &question()).await;
    assert_eq!(reply.unwrap().usage, Usage { input: 5_000, cached: 1_000, cache_write: 3_500, output: 9 });
}

#[rstest]
#[tokio::test]
async fn an_empty_reply_is_garbled(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values(Turn::empty(), Turn::text("  \n"), Turn::fault(Fault::Nothing), Turn::fault(Fault::Garbage))] turn: Turn,
) {
    let server = ModelServer::start(turn).await;
    let (reply, _) = ask(&*model(provider, &server), &question()).await;
    assert!(matches!(reply, Err(ModelFailure::Garbled(_))), "{reply:?}");
}

#[rstest]
#[tokio::test]
async fn thoughts_go_back_signed_to_the_model_that_had_them(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let turn = Turn::call("read_log", &json!({"pod": "shop/api-1"})).thinking("Look at the log first.", "c2lnbmVk");
    let server = ModelServer::start([turn, Turn::text("Done."), Turn::text("Done.")]).await;
    let thinker = model(provider, &server);
    let mut request = question();
    let reply = ask(&*thinker, &request).await.0.unwrap();
    assert!(reply.text.is_empty(), "thoughts are no words: {}", reply.text);
    let answer = Message::Tool { call: reply.calls[0].id.clone(), name: "read_log".into(), text: "panic".into() };
    request.messages.push(Message::Assistant { text: reply.text, calls: reply.calls, carried: reply.carried });
    request.messages.push(answer);
    ask(&*thinker, &request).await.0.unwrap();
    let mut other = options(provider, &server);
    other.model = "model-2".into();
    ask(&*open(&other).unwrap(), &request).await.0.unwrap();
    let asked = server.requests();
    let want = if provider == Provider::OpenAi { "Look at the log first." } else { "c2lnbmVk" };
    assert!(asked[1].text().contains(want), "{}", asked[1].text());
    assert!(!asked[2].text().contains(want), "another model does not get them");
}

#[rstest]
#[tokio::test]
async fn a_giant_reply_is_heard_whole(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let server = ModelServer::start(Turn::giant(2_000_000)).await;
    let (reply, heard) = ask(&*model(provider, &server), &question()).await;
    let reply = reply.unwrap();
    assert!(reply.text.len() >= 2_000_000);
    assert_eq!(heard.concat().len(), reply.text.len());
}

#[rstest]
#[tokio::test]
async fn dropped_in_the_middle_the_connection_is_closed(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values(Fault::Silent, Fault::SilentMidway)] fault: Fault,
) {
    let server = ModelServer::start(Turn::fault(fault)).await;
    let asked = model(provider, &server);
    let task = tokio::spawn(async move { ask(&*asked, &question()).await });
    server.until_asked(1).await;
    assert_eq!(server.abandoned(), 0);
    task.abort();
    tokio::time::timeout(Duration::from_secs(10), server.until_abandoned(1)).await.unwrap();
}

#[tokio::test]
async fn a_model_without_tool_calling_calls_in_its_text() {
    let block =
        "I look.\n```tool_calls\n[{\"tool\": \"read_log\", \"arguments\": {\"pod\": \"a\"}}]\n```\nResult: fine";
    let server = ModelServer::start(Script::by(move |asked| {
        if asked.last_user().contains("Result of the tool read_log") {
            Turn::text("Port 8080.")
        } else {
            Turn::text(block)
        }
    }))
    .await;
    let mut plain = options(Provider::OpenAi, &server);
    plain.calls_tools = false;
    let plain = open(&plain).unwrap();
    let mut request = question();
    let (reply, heard) = ask(&*plain, &request).await;
    let reply = reply.unwrap();
    assert_eq!(heard.concat().trim(), "I look.", "the block is not told");
    assert_eq!((reply.text.as_str(), reply.calls[0].name.as_str()), ("I look.", "read_log"));
    let answer = Message::Tool { call: reply.calls[0].id.clone(), name: "read_log".into(), text: "panic".into() };
    request.messages.push(Message::Assistant { text: reply.text, calls: reply.calls, carried: None });
    request.messages.push(answer);
    assert_eq!(ask(&*plain, &request).await.0.unwrap().text, "Port 8080.");
    let asked = server.requests();
    assert!(asked.iter().all(|asked| asked.tools.is_empty()), "no tools are sent");
    assert!(asked[0].system.contains("## read_log") && asked[0].system.contains("\"pod\""));
    assert_eq!(asked[0].system, asked[1].system);
}

use std::sync::Arc;

use midwatch_redact::{Redacted, Redactor};

use super::*;
use crate::port::{Arguments, ChatModel, ChatReply, ChatRequest, Message, ModelFacts, ModelFailure, ToolCall};
use crate::run::Brief;

const LINES: &str = r#"
# What a person wrote.
{"text": "I look at the log.", "calls": [{"name": "read_log", "arguments": {"pod": "api-1"}}, {"name": "events", "arguments": {}}]}
{"failure": {"unavailable": {"why": "overloaded", "after": null}}}
{"text": "Done."}
"#;

fn facts() -> ModelFacts {
    ModelFacts {
        name: "main".into(),
        provider: "nobody".into(),
        model: "written".into(),
        context: 100_000,
        max_output: 4_000,
        calls_tools: true,
        masks_names: false,
        price: None,
    }
}

fn written() -> Recorded {
    Recorded::new(facts(), Exchange::read(LINES).unwrap())
}

fn request(system: &str, said: Option<&ChatReply>, results: &[&str]) -> Redacted<ChatRequest> {
    let mut messages = vec![Message::User { text: "why?".into() }];
    if let Some(ChatReply { text, calls, carried, .. }) = said.cloned() {
        messages.push(Message::Assistant { text, calls, carried });
    }
    for call in results {
        messages.push(Message::Tool { call: (*call).into(), name: "t".into(), text: "r".into() });
    }
    Redactor::default().seal(ChatRequest { system: system.into(), messages, ..ChatRequest::default() })
}

async fn ask(model: &dyn ChatModel, request: &Redacted<ChatRequest>) -> Result<ChatReply, ModelFailure> {
    model.chat(request, &|_| {}).await
}

#[tokio::test]
async fn what_a_person_wrote_is_given_in_its_order() {
    let model = written();
    let first = ask(&model, &request("s", None, &[])).await.unwrap();
    let ids: Vec<&str> = first.calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!((first.text.as_str(), ids.as_slice()), ("I look at the log.", ["call-1", "call-2"].as_slice()));
    assert_eq!(first.calls[0].arguments, Arguments::Given(serde_json::json!({"pod": "api-1"})));
    let failed = ask(&model, &request("s", Some(&first), &["call-1", "call-2"])).await;
    assert!(matches!(failed, Err(ModelFailure::Unavailable { .. })));
    assert_eq!((ask(&model, &request("s", None, &[])).await.unwrap().text.as_str(), model.left()), ("Done.", 0));
    let beyond = ask(&model, &request("s", None, &[])).await;
    assert!(matches!(beyond, Err(ModelFailure::Refused(why)) if why.contains("none left")));
}

#[tokio::test]
async fn another_question_than_was_answered_is_a_failure() {
    let model = written();
    let first = ask(&model, &request("s", None, &[])).await.unwrap();
    let other = ask(&model, &request("s", Some(&first), &["call-2"])).await;
    assert!(matches!(other, Err(ModelFailure::Refused(why)) if why.contains("[call-2]")));
}

#[tokio::test]
async fn two_tracks_find_their_own_replies_whatever_the_order() {
    let recorder = Recorder::new(Arc::new(written()));
    let start = request("s", None, &[]);
    let first = ask(&*recorder, &start).await.unwrap();
    let second = request("s", Some(&first), &["call-1", "call-2"]);
    let _ = ask(&*recorder, &second).await;
    let third = request("t", None, &[]);
    ask(&*recorder, &third).await.unwrap();

    let kept = recorder.conversation(&Brief::default()).unwrap();
    let line = serde_json::to_string(&kept).unwrap();
    let again = Recorded::of(&serde_json::from_str(&line).unwrap());
    assert_eq!(ask(&again, &third).await.unwrap().text, "Done.", "the same request has the same reply");
    assert_eq!(ask(&again, &start).await.unwrap(), first);
    assert!(ask(&again, &second).await.is_err());
    assert_eq!((again.left(), again.reworded()), (0, 0));
}

#[tokio::test]
async fn a_request_in_other_words_is_told_apart_by_the_results_it_brings() {
    let recorder = Recorder::new(Arc::new(written()));
    let first = ask(&*recorder, &request("s", None, &[])).await.unwrap();
    let again = Recorded::of(&recorder.conversation(&Brief::default()).unwrap());
    assert_eq!(ask(&again, &request("other words", None, &[])).await.unwrap().calls, first.calls);
    assert_eq!(again.reworded(), 1);
}

#[test]
fn what_only_the_provider_reads_is_not_kept_and_no_part_of_what_was_asked() {
    let said = |carried| ChatReply { text: "x".into(), carried, ..ChatReply::default() };
    let carried = Some(crate::port::Carried(serde_json::json!({"signature": "abc"})));
    let (with, without) = (request("s", Some(&said(carried.clone())), &[]), request("s", Some(&said(None)), &[]));
    let kept = Exchange::of(&with, &Ok(said(carried)));
    assert_eq!(kept.asked, Exchange::of(&without, &Ok(said(None))).asked);
    assert!(!serde_json::to_string(&kept).unwrap().contains("signature"));
}

#[test]
fn a_line_that_is_none_is_named() {
    let why = Exchange::read("{\"text\": \"a\"}\n{\"txt\": 1}").unwrap_err();
    assert!(why.to_string().starts_with("line 2 is no reply"), "{why}");
}

#[test]
fn secrets_in_what_was_said_do_not_stay() {
    let call = ToolCall {
        id: "1".into(),
        name: "read_log".into(),
        arguments: Arguments::Given(serde_json::json!({"grep": "postgres://app:hunter2secret@db:5432/x"})),
    };
    let reply = ChatReply { calls: vec![call], ..ChatReply::default() };
    let kept = Redactor::default().seal(Exchange::of(&request("s", None, &[]), &Ok(reply)));
    assert!(!serde_json::to_string(&*kept).unwrap().contains("hunter2secret"));
}

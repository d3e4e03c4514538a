//! Tools in words.

use rstest::rstest;
use serde_json::json;

use super::{Said, ask, question, says};
use crate::model::PlainTools;
use crate::port::{Arguments, ChatReply, ChatRequest, Choice, Message, ModelFailure, Stop, ToolCall, ToolSpec};

fn with_tools() -> ChatRequest {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: "Reads.".into(),
        schema: json!({"type": "object", "properties": {"pod": {"type": "string"}}}),
    };
    ChatRequest { tools: vec![tool("read_log"), tool("read_events")], ..question() }
}

async fn told(text: &str) -> (ChatReply, String) {
    let (reply, heard) = ask(&PlainTools::new(Said::new("a", [says(text)])), &with_tools()).await;
    (reply.unwrap(), heard)
}

fn given(reply: &ChatReply) -> Vec<(&str, Arguments)> {
    reply.calls.iter().map(|call| (call.name.as_str(), call.arguments.clone())).collect()
}

#[rstest]
#[case::as_asked("I look.\n```tool_calls\n[{\"tool\": \"read_log\", \"arguments\": {\"pod\": \"a\"}}]\n```")]
#[case::one_without_a_list("I look.\n```tool_call\n{\"tool\": \"read_log\", \"arguments\": {\"pod\": \"a\"}}\n```")]
#[case::other_names(
    "I look.\n```json\n{\"name\": \"read_log\", \"parameters\": {\"pod\": \"a\"}}\n```\nThe result is:"
)]
#[case::like_openai(
    "I look. ```\n[{\"function\": {\"name\": \"read_log\", \"arguments\": \"{\\\"pod\\\": \\\"a\\\"}\"}}]\n```"
)]
#[case::tags("I look.\n<tool_call>\n{\"name\": \"read_log\", \"arguments\": {\"pod\": \"a\"}}\n</tool_call>")]
#[case::not_closed("I look.\n```tool_calls\n[{\"tool\": \"read_log\", \"arguments\": {\"pod\": \"a\"}}]")]
#[case::after_thoughts(
    "<think>\n```tool_calls\n[{\"tool\": \"no\"}]\n```</think>\n\nI look.\n<tool_call>{\"name\": \"read_log\", \"args\": {\"pod\": \"a\"}}"
)]
#[tokio::test]
async fn a_call_is_found_in_what_models_make_of_the_form(#[case] text: &str) {
    let (reply, heard) = told(text).await;
    assert_eq!(given(&reply), [("read_log", Arguments::Given(json!({"pod": "a"})))]);
    assert_eq!(reply.text, "I look.");
    assert_eq!(heard.trim(), "I look.", "the block is not told");
}

#[tokio::test]
async fn a_text_that_is_json_as_a_whole_is_a_call_when_it_names_a_tool() {
    let (reply, heard) = told("{\"tool\": \"read_log\"}").await;
    assert_eq!(given(&reply), [("read_log", Arguments::Given(json!({})))]);
    assert_eq!((reply.text.as_str(), heard.as_str()), ("", ""));
    let answer = "{\"tool\": \"hammer\"}";
    let (reply, heard) = told(answer).await;
    assert!(reply.calls.is_empty() && reply.text == answer && heard == answer);
}

#[rstest]
#[case("Run this:\n```bash\nkubectl logs api-1\n```\nand see.")]
#[case("It says\n```json\n{\"level\": \"error\"}\n```")]
#[case("One `tick` and a < b, two ``ticks``.")]
#[case("It ends with a tick `")]
#[tokio::test]
async fn an_answer_with_code_in_it_stays_an_answer(#[case] text: &str) {
    let (reply, heard) = told(text).await;
    assert!(reply.calls.is_empty());
    assert_eq!((reply.text.as_str(), heard.as_str()), (text, text));
}

#[rstest]
#[case::no_json("```tool_calls\n[{\"tool\": \"read_log\", \"arguments\": {\"pod\": \n```", "read_log")]
#[case::cut_off("```json\n{\"tool\": \"read_log\", \"argu", "read_log")]
#[case::arguments_are_text("```tool_calls\n[{\"tool\": \"read_log\", \"arguments\": \"pod a\"}]\n```", "read_log")]
#[case::no_name("```tool_calls\n[{\"pod\": \"a\"}]\n```", "")]
#[tokio::test]
async fn a_call_that_cannot_be_read_is_broken_and_not_lost(#[case] text: &str, #[case] name: &str) {
    let (reply, _) = told(text).await;
    let [(called, Arguments::Broken(_))] = &given(&reply)[..] else { panic!("{reply:?}") };
    assert_eq!(*called, name);
}

#[tokio::test]
async fn several_calls_have_ids_of_their_own_through_the_conversation() {
    let model = Said::new("a", [says("```tool_calls\n[{\"tool\": \"read_log\"}, {\"tool\": \"unknown\"}]\n```")]);
    let call = |id: &str| ToolCall {
        id: id.into(),
        name: "read_log".into(),
        arguments: Arguments::Given(json!({"pod": "a"})),
    };
    let mut request = with_tools();
    let result =
        |call: &str, text: &str| Message::Tool { call: call.into(), name: "read_log".into(), text: text.into() };
    request.messages.extend([
        Message::Assistant { text: "So.".into(), calls: vec![call("plain_0"), call("plain_1")], carried: None },
        result("plain_0", "one"),
        result("plain_1", "two"),
    ]);
    let reply = ask(&PlainTools::new(model.clone()), &request).await.0.unwrap();
    let ids: Vec<&str> = reply.calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["plain_2", "plain_3"]);
    let asked = model.asked.lock().unwrap().remove(0);
    assert!(asked.tools.is_empty() && asked.choice == Choice::Free);
    assert!(asked.system.starts_with("You look.") && asked.system.contains("## read_events\nReads.\n{"));
    let [Message::User { .. }, Message::Assistant { text, calls, .. }, Message::User { text: results }] =
        &asked.messages[..]
    else {
        panic!("roles take turns: {:?}", asked.messages)
    };
    assert!(calls.is_empty() && text.starts_with("So.\n```tool_calls\n[{\"tool\": \"read_log\""), "{text}");
    assert_eq!(results, "Result of the tool read_log:\none\n\nResult of the tool read_log:\ntwo");
}

#[tokio::test]
async fn a_choice_is_said_at_the_end() {
    let model = Said::new("a", [says("Fine."), says("```tool_calls\n[{\"tool\": \"read_log\"}]\n```")]);
    let plain = PlainTools::new(model.clone());
    let mut systems = Vec::new();
    for choice in [Choice::Must("conclude".into()), Choice::Words] {
        let reply = ask(&plain, &ChatRequest { choice: choice.clone(), ..with_tools() }).await.0.unwrap();
        // Whoever must answer in words calls nothing.
        assert!(reply.calls.is_empty());
        let asked = model.asked.lock().unwrap().pop().unwrap();
        let Some(Message::User { text }) = asked.messages.last() else { panic!("{asked:?}") };
        assert!(
            text.contains(if choice == Choice::Words { "plain words now" } else { "calls the tool conclude" }),
            "{text}"
        );
        systems.push(asked.system);
    }
    assert_eq!(systems[0], systems[1], "the beginning stays the same");
}

#[tokio::test]
async fn thoughts_are_no_words_also_where_nothing_may_be_called() {
    let model = Said::new("a", [says("<think>```</think>\nThe probe ```fails```.")]);
    let request = ChatRequest { choice: Choice::Words, ..with_tools() };
    let (reply, heard) = ask(&PlainTools::new(model), &request).await;
    assert_eq!((reply.unwrap().text.as_str(), heard.as_str()), ("The probe ```fails```.", "The probe ```fails```."));
}

#[tokio::test]
async fn nothing_but_thoughts_is_garbled_unless_it_was_cut_off() {
    let thoughts = "<think>Hm, the pod";
    let garbled = ask(&PlainTools::new(Said::new("a", [says(thoughts)])), &with_tools()).await.0;
    assert!(matches!(garbled, Err(ModelFailure::Garbled(_))));
    let cut = ChatReply { text: thoughts.into(), stop: Stop::Length, ..ChatReply::default() };
    let reply = ask(&PlainTools::new(Said::new("a", [("", Ok(cut))])), &with_tools()).await.0.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("", Stop::Length));
}

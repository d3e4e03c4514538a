//! Questions of a thread.

use std::sync::Mutex;

use midwatch_conversation::answer::{Answer, Part};
use midwatch_doubles::model::{Fault, ModelServer, Turn};
use midwatch_explore::ground::NOT_ASKED;
use midwatch_explore::{Answered, Brief, Explorer};
use midwatch_model::Provider;
use midwatch_redact::Redacted;
use rstest::rstest;

use crate::support::{CAUSE, Case, about, options, patient};

/// What came of a question, and the answer each time that it grew.
async fn answered(provider: Provider, server: &ModelServer) -> (Answered, Vec<String>) {
    let case = Case::open().await;
    let explorer = Explorer { model: patient(&options(provider, server)), foreign: Vec::new() };
    let heard = Mutex::new(Vec::new());
    let hear = |answer: Redacted<Answer>| heard.lock().unwrap().push(words(&answer));
    let memory = ["why does it crash?".to_owned()];
    let (asked, brief) = (case.asked(), Brief::default());
    let answered = midwatch_explore::answer(&explorer, asked, "and which port is it?", &memory, &brief, &hear).await;
    (answered, heard.into_inner().unwrap())
}

fn words(answer: &Answer) -> String {
    let texts = answer.parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[rstest]
#[tokio::test]
async fn a_question_is_answered_after_a_read_and_heard_as_it_comes(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let text = format!("{CAUSE} [e1]. It was bought in 1987 for 300 dollars [e1]. I cannot tell who opened it.");
    let server = ModelServer::start([Turn::call("describe_object", &about()), Turn::text(text)]).await;
    let (answered, heard) = answered(provider, &server).await;
    let answer = words(answered.answer.as_ref().unwrap());
    assert!(answer.contains(CAUSE) && answer.contains("I cannot tell who opened it"), "{answer}");
    assert!(!answer.contains("1987"), "what no evidence says is left out: {answer}");
    assert!(heard.first().is_some_and(|first| first.contains(CAUSE)), "{heard:?}");
    assert_eq!((answered.failed, answered.spent.used.calls), (None, 1));
    let asked = server.requests();
    assert!(asked[0].last_user().contains("and which port is it?") && !asked[0].offers("conclude"));
    assert_eq!(asked[1].results().len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_answer_that_breaks_off_is_made_again(#[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider) {
    let text = format!("{CAUSE} [e1]. I cannot tell more than this.");
    let broken = Turn::text(text.clone()).and_fault(Fault::ResetMidway);
    let server = ModelServer::start([broken, Turn::text(text)]).await;
    let (answered, _) = answered(provider, &server).await;
    let answer = words(answered.answer.as_ref().unwrap());
    assert_eq!((answer.matches(CAUSE).count(), server.requests().len()), (1, 2), "{answer}");
}

#[rstest]
#[tokio::test]
async fn who_was_not_asked_says_nothing(#[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider) {
    let server = ModelServer::start(Turn::text(NOT_ASKED)).await;
    let (answered, heard) = answered(provider, &server).await;
    assert!(answered.answer.is_none() && answered.failed.is_none() && heard.is_empty(), "{heard:?}");
}

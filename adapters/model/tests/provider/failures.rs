//! What a model gives when its provider refuses, breaks or is silent.

use std::sync::Arc;
use std::time::Duration;

use midwatch_doubles::model::{Fault, ModelServer, Refusal, Turn};
use midwatch_explore::model::{Patience, Patient};
use midwatch_explore::port::ModelFailure;
use midwatch_model::{Provider, open};
use rstest::rstest;

use crate::support::{KEY, ask, model, options, question};

/// Which of the port's failures it is.
fn kind(failure: &ModelFailure) -> &'static str {
    match failure {
        ModelFailure::RateLimited { .. } => "rate",
        ModelFailure::Unavailable { .. } => "unavailable",
        ModelFailure::TimedOut(_) => "time",
        ModelFailure::OutOfQuota(_) => "quota",
        ModelFailure::Unauthorised(_) => "key",
        ModelFailure::TooLong(_) => "long",
        ModelFailure::Refused(_) => "refused",
        ModelFailure::Garbled(_) => "garbled",
    }
}

async fn fails(provider: Provider, turn: Turn) -> ModelFailure {
    let server = ModelServer::start(turn).await;
    let failure = ask(&*model(provider, &server), &question()).await.0.unwrap_err();
    let shown = format!("{failure:?} {failure}");
    assert!(!shown.contains(KEY), "{shown}");
    assert_eq!(server.requests().len(), 1, "a model does not try again by itself");
    failure
}

#[rstest]
#[tokio::test]
async fn refusals_are_told_apart(
    #[values(Provider::OpenAi, Provider::Azure, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values(
        (Refusal::RateLimited, "rate"),
        (Refusal::Overloaded, "unavailable"),
        (Refusal::Broken, "unavailable"),
        (Refusal::OutOfQuota, "quota"),
        (Refusal::Unauthorised, "key"),
        (Refusal::Forbidden, "key"),
        (Refusal::TooLong, "long"),
        (Refusal::NoModel, "refused"),
        (Refusal::Invalid, "refused")
    )]
    refusal: (Refusal, &str),
) {
    let failure = fails(provider, Turn::refused(refusal.0)).await;
    assert_eq!(kind(&failure), refusal.1, "{failure}");
    let shown = failure.to_string();
    assert!(shown.contains("127.0.0.1") && shown.contains(" answers "), "who and what: {shown}");
}

#[rstest]
#[case(402, "{\"error\": {\"message\": \"Insufficient credits\"}}", "quota")]
#[case(502, "<html>Bad Gateway</html>", "unavailable")]
#[case(529, "", "unavailable")]
#[case(413, "too large", "long")]
#[case(404, "{\"error\": \"model 'x' not found, try pulling it first\"}", "refused")]
#[case(422, "{\"detail\": \"no\"}", "refused")]
#[tokio::test]
async fn statuses_without_words_of_the_format_are_understood(
    #[case] status: u16,
    #[case] body: &str,
    #[case] want: &str,
) {
    let failure = fails(Provider::OpenAi, Turn::status(status, body)).await;
    assert_eq!(kind(&failure), want, "{failure}");
    assert!(failure.to_string().contains(&status.to_string()));
}

#[rstest]
#[case(Fault::Reset, "unavailable")]
#[case(Fault::ResetMidway, "unavailable")]
#[case(Fault::CutOff, "unavailable")]
#[case(Fault::Unreadable, "garbled")]
#[case(Fault::OverloadedMidway, "unavailable")]
#[tokio::test]
async fn a_half_answer_is_never_a_whole_one(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[case] fault: Fault,
    #[case] want: &str,
) {
    let failure = fails(provider, Turn::fault(fault)).await;
    assert_eq!(kind(&failure), want, "{failure}");
    assert!(failure.is_passing());
}

#[rstest]
#[tokio::test]
async fn silence_and_slowness_end(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let server = ModelServer::start([
        Turn::fault(Fault::SilentMidway),
        Turn::fault(Fault::Silent),
        Turn::giant(100_000).pace(Duration::from_millis(100)),
    ])
    .await;
    let mut hasty = options(provider, &server);
    hasty.silence = Duration::from_millis(300);
    let failure = ask(&*open(&hasty).unwrap(), &question()).await.0.unwrap_err();
    assert_eq!(failure, ModelFailure::TimedOut(hasty.silence), "silence in the middle");
    hasty.timeout = Duration::from_millis(500);
    let hasty = open(&hasty).unwrap();
    for what in ["not a byte", "an answer that takes too long"] {
        let failure = ask(&*hasty, &question()).await.0.unwrap_err();
        assert_eq!(failure, ModelFailure::TimedOut(Duration::from_millis(500)), "{what}");
    }
    tokio::time::timeout(Duration::from_secs(10), server.until_abandoned(3)).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_without_end_end(#[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider) {
    let server = ModelServer::start(Turn::fault(Fault::Endless)).await;
    let mut hasty = options(provider, &server);
    hasty.timeout = Duration::from_millis(700);
    let failure = ask(&*open(&hasty).unwrap(), &question()).await.0.unwrap_err();
    assert_eq!(failure, ModelFailure::TimedOut(hasty.timeout));
}

#[tokio::test]
async fn nobody_listens() {
    let server = ModelServer::start(Turn::text("Well.")).await;
    let dead = options(Provider::OpenAi, &server);
    drop(server);
    let failure = ask(&*open(&dead).unwrap(), &question()).await.0.unwrap_err();
    assert_eq!(kind(&failure), "unavailable");
    // A socket that is closing resets what comes; one that is closed refuses it.
    let words = failure.to_string();
    assert!(words.contains("cannot be reached") || words.contains("broke the connection"), "{failure}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = ModelServer::start(Turn::text("I have your key.")).await;
    let turn = Turn::status(307, "").header("location", &format!("{}/v1/chat/completions", elsewhere.url()));
    let failure = fails(Provider::OpenAi, turn).await;
    assert_eq!(kind(&failure), "refused");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[rstest]
#[tokio::test]
async fn retry_after_is_read(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
    #[values(Refusal::RateLimited, Refusal::Overloaded)] refusal: Refusal,
) {
    let turn = Turn::refused(refusal).header("retry-after", "7");
    assert_eq!(fails(provider, turn).await.after(), Some(Duration::from_secs(7)));
    let dated = Turn::refused(refusal)
        .header("date", "Sun, 01 Nov 2026 10:00:00 GMT")
        .header("retry-after", "Sun, 01 Nov 2026 10:00:40 GMT");
    assert_eq!(fails(provider, dated).await.after(), Some(Duration::from_secs(40)));
}

#[tokio::test]
async fn the_day_in_the_body_of_gemini_is_read() {
    let failure = fails(Provider::Gemini, Turn::refused(Refusal::RateLimited)).await;
    assert_eq!(failure.after(), Some(Duration::from_secs(34)));
}

#[rstest]
#[tokio::test]
async fn patience_gets_the_answer_and_makes_what_was_heard_void(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let server = ModelServer::start([
        Turn::refused(Refusal::RateLimited).header("retry-after", "0"),
        Turn::text("Half of a sentence that never ends").and_fault(Fault::CutOff),
        Turn::text("Well then."),
    ])
    .await;
    let patience = Patience { first_wait: Duration::from_millis(1), ..Patience::default() };
    let patient = Patient::new(Arc::clone(&model(provider, &server)), patience);
    let (reply, heard) = ask(&patient, &question()).await;
    assert_eq!(reply.unwrap().text, "Well then.");
    let void = heard.iter().position(|word| word == "<again>").unwrap();
    assert!(void > 0 && heard[void + 1..].concat() == "Well then.", "{heard:?}");
}

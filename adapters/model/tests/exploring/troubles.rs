//! Models and providers that do not do as they should.

use std::time::Duration;

use midwatch_doubles::model::{Ends, Fault, ModelServer, Refusal, Script, Turn};
use midwatch_model::Provider;
use rstest::rstest;
use serde_json::json;

use crate::support::{CAUSE, Case, about, cause, concludes, explained, must_conclude, options, patient, said};

#[rstest]
#[tokio::test]
async fn calls_that_cannot_be_made_are_explained_to_the_model(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let wrong = Turn::raw_call("read_log", "{\"object\": ")
        .and_call("delete_pod", &json!({"pod": "points-api"}))
        .and_call("read_log", &json!({"objekt": 3}));
    let (explained, asked) = explained(provider, [wrong, concludes()]).await;
    assert_eq!(cause(&explained), Some(CAUSE));
    let results = asked[1].results();
    assert!(results[0].1.contains("not one JSON object"), "{results:?}");
    assert!(results[1].1.contains("There is no such tool") && results[1].1.contains("read_log"), "{results:?}");
    assert!(results[2].1.contains("objekt"), "{results:?}");
}

#[rstest]
#[tokio::test]
async fn who_asks_the_same_for_ever_is_told_to_conclude(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
    #[values(true, false)] obeys: bool,
) {
    let script =
        Script::by(
            move |asked| {
                if obeys && must_conclude(asked) { concludes() } else { Turn::call("describe_object", &about()) }
            },
        );
    let (explained, asked) = explained(provider, script).await;
    if obeys {
        assert_eq!(cause(&explained), Some(CAUSE));
        assert_eq!(said(&explained).cut_short.as_deref(), Some("it asked for the same again and again"));
    } else {
        let heard = format!("{:?}", explained.opinion.heard);
        assert!(heard.contains("it asked for the same again and again"), "{heard}");
    }
    assert_eq!(explained.spent.used.calls, 1, "it is read once");
    assert!(asked.len() <= 7, "{} requests", asked.len());
}

#[rstest]
#[case::empty(Turn::empty())]
#[case::cut_off(concludes().and_fault(Fault::CutOff))]
#[case::reset(concludes().and_fault(Fault::ResetMidway))]
#[case::garbage(Turn::fault(Fault::Garbage))]
#[case::limited(Turn::refused(Refusal::RateLimited).header("retry-after", "0"))]
#[case::overloaded(Turn::refused(Refusal::Overloaded))]
#[tokio::test]
async fn what_passes_is_asked_again(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
    #[case] turn: Turn,
) {
    let (explained, asked) = explained(provider, [turn, concludes()]).await;
    assert_eq!((cause(&explained), explained.spent.used.requests), (Some(CAUSE), 1));
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].raw, asked[1].raw, "the very same is asked again");
}

#[rstest]
#[tokio::test]
async fn a_reply_at_its_length_is_asked_to_be_shorter(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let (explained, asked) = explained(provider, [Turn::text("Half a").ends(Ends::Length), concludes()]).await;
    assert_eq!(cause(&explained), Some(CAUSE));
    assert!(asked[1].last_user().contains("cut off at its length"), "{}", asked[1].last_user());
    assert!(!asked[1].text().contains("Half a"), "none of it is used");
}

#[rstest]
#[tokio::test]
async fn a_provider_that_stays_away_is_told_to_the_reader(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let (explained, asked) = explained(provider, Script::always(Turn::refused(Refusal::Overloaded))).await;
    let heard = format!("{:?}", explained.opinion.heard);
    assert!(heard.contains("the provider is not available"), "{heard}");
    assert_eq!(asked.len(), 4, "as often as patience says");
}

#[rstest]
#[tokio::test]
async fn who_stops_waiting_closes_the_connection(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
    #[values(Fault::Silent, Fault::SilentMidway)] fault: Fault,
) {
    let server = ModelServer::start(Script::always(Turn::fault(fault))).await;
    let case = Case::open().await;
    tokio::select! {
        _ = case.explain(patient(&options(provider, &server)), Vec::new()) => panic!("nobody answered"),
        () = server.until_asked(1) => {}
    }
    tokio::time::timeout(Duration::from_secs(10), server.until_abandoned(1)).await.unwrap();
    assert_eq!(server.requests().len(), 1, "nothing goes on behind the caller's back");
}

//! Standing in.

use std::sync::Arc;

use super::{Said, ask, down, fails, question, says};
use crate::model::Fallback;
use crate::port::{ChatModel, ModelFailure, Price};

#[tokio::test]
async fn the_next_model_answers_and_the_first_is_passed_over_for_a_while() {
    let first = Said::new("first", [("half", Err(down())), says("never asked")]);
    let second = Said::new("second", [says("one"), says("two")]);
    let both = Fallback::new(first.clone(), vec![second.clone()]);
    let (answer, heard) = ask(&both, &question()).await;
    let answer = answer.unwrap();
    assert_eq!((answer.text.as_str(), answer.model.as_str()), ("one", "second-1"));
    assert_eq!(heard, "half|one");
    assert_eq!(ask(&both, &question()).await.0.unwrap().text, "two");
    assert_eq!((first.times(), second.times()), (1, 2));
}

#[tokio::test]
async fn what_a_stand_in_took_has_its_own_price() {
    let price = |input| Some(Price { input, ..Price::default() });
    let mut facts = Said::new("first", []).facts().clone();
    facts.price = price(1);
    let mut other = Said::new("second", []).facts().clone();
    other.price = price(7);
    let both = Fallback::new(Said::of(facts, [fails(down())]), vec![Said::of(other, [says("one")])]);
    assert_eq!(ask(&both, &question()).await.0.unwrap().price, price(7));
}

#[tokio::test]
async fn one_that_is_passed_over_is_asked_when_the_others_fail() {
    let first = Said::new("first", [fails(down()), says("back")]);
    let second = Said::new("second", [says("one"), fails(ModelFailure::OutOfQuota("no".into()))]);
    let both = Fallback::new(first.clone(), vec![second.clone()]);
    for want in ["one", "back"] {
        assert_eq!(ask(&both, &question()).await.0.unwrap().text, want);
    }
    // The first answered: it is first again.
    assert!(ask(&both, &question()).await.0.is_err());
    assert_eq!(first.times(), 3);
}

#[tokio::test]
async fn a_failure_of_the_request_is_not_held_against_the_model() {
    let refused = ModelFailure::Refused("odd".into());
    let first = Said::new("first", [fails(refused), says("fine")]);
    let both = Fallback::new(first, vec![Said::new("second", [says("one")])]);
    assert_eq!(ask(&both, &question()).await.0.unwrap().model, "second-1");
    assert_eq!(ask(&both, &question()).await.0.unwrap().model, "first-1");
}

#[tokio::test]
async fn what_is_too_long_goes_only_to_a_model_that_takes_more() {
    let long = ModelFailure::TooLong("long".into());
    let first = || Said::new("first", [fails(long.clone())]);
    let same = Said::new("same", [says("no")]);
    let mut facts = same.facts().clone();
    facts.context *= 2;
    let larger = Said::of(facts, [says("yes")]);
    let answer = ask(&Fallback::new(first(), vec![same.clone(), larger]), &question()).await.0;
    assert_eq!(answer.unwrap().text, "yes");
    assert_eq!(ask(&Fallback::new(first(), vec![same.clone()]), &question()).await.0, Err(long));
    assert_eq!(same.times(), 0);
}

#[tokio::test]
async fn when_all_fail_the_first_says_why() {
    let second = Said::new("second", [fails(ModelFailure::Unauthorised("no".into()))]);
    let both = Fallback::new(Said::new("first", [fails(down())]), vec![second]);
    assert_eq!(ask(&both, &question()).await.0, Err(down()));
}

#[test]
fn what_holds_for_one_holds_for_all() {
    let first = Said::new("first", []);
    let mut facts = first.facts().clone();
    facts.provider = "other at x".into();
    facts.masks_names = true;
    facts.max_output = 10;
    let both = Fallback::new(Arc::clone(&first) as Arc<dyn ChatModel>, vec![Said::of(facts, []), first]);
    assert!(both.facts().masks_names, "names are masked when one of them must not see them");
    assert_eq!(both.facts().max_output, 10);
    assert_eq!(both.facts().provider, "test at first, else other at x");
    assert_eq!(both.facts().name, "first");
}

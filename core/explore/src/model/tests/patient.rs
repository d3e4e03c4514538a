//! Asking again.

use std::time::{Duration, Instant};

use super::{Said, ask, down, fails, limited, question, says};
use crate::model::{Patience, Patient};
use crate::port::ModelFailure;

fn quick() -> Patience {
    Patience { tries: 3, first_wait: Duration::from_millis(1), ..Patience::default() }
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_was_heard_is_void() {
    let model = Said::new("a", [fails(down()), ("half", Err(down())), says("whole")]);
    let (answer, heard) = ask(&Patient::new(model.clone(), quick()), &question()).await;
    assert_eq!((answer.unwrap().text.as_str(), heard.as_str()), ("whole", "half|whole"));
    assert_eq!(model.times(), 3);
    let asked = model.asked.lock().unwrap();
    assert!(asked.iter().all(|request| *request == question()), "the same each time");
}

#[tokio::test]
async fn it_ends_with_the_tries_and_with_what_does_not_pass() {
    let model = Said::new("a", (0..9).map(|_| fails(down())));
    assert_eq!(ask(&Patient::new(model.clone(), quick()), &question()).await.0, Err(down()));
    assert_eq!(model.times(), 3);
    for lasting in [
        ModelFailure::Unauthorised("no".into()),
        ModelFailure::OutOfQuota("no".into()),
        ModelFailure::TooLong("no".into()),
        ModelFailure::Refused("no".into()),
    ] {
        let model = Said::new("a", [fails(lasting.clone()), says("too late")]);
        assert_eq!(ask(&Patient::new(model.clone(), quick()), &question()).await.0, Err(lasting));
        assert_eq!(model.times(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_says_when_is_believed_within_the_deadline() {
    let wait = Duration::from_millis(60);
    let model = Said::new("a", [fails(limited(wait)), says("now")]);
    let begun = Instant::now();
    assert!(ask(&Patient::new(model, quick()), &question()).await.0.is_ok());
    assert!(begun.elapsed() >= wait, "not before it may");
    // The deadline comes before the time that the provider names: there is no use in waiting.
    let model = Said::new("a", [fails(limited(Duration::from_hours(1))), says("never")]);
    let patience = Patience { deadline: Duration::from_mins(1), ..quick() };
    let answer = ask(&Patient::new(model.clone(), patience), &question()).await.0;
    assert_eq!((answer, model.times()), (Err(limited(Duration::from_hours(1))), 1));
}

#[test]
fn waits_grow_are_bounded_and_the_same_for_the_same_request() {
    let patience = Patience {
        tries: 40,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(8),
        deadline: Duration::from_hours(1),
    };
    let patient = Patient::new(Said::new("a", []), patience);
    let wait = |tries| patient.wait(&down(), tries, &question()).unwrap();
    for (tries, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (39, 8)] {
        let most = Duration::from_secs(most);
        assert!(wait(tries) <= most && wait(tries) >= most / 2, "{tries}: {:?}", wait(tries));
        assert_eq!(wait(tries), wait(tries));
    }
    let other = Patient::new(Said::new("b", []), patience).wait(&down(), 1, &question()).unwrap();
    assert_ne!(other, wait(1), "others do not come back at the same moment");
    assert_eq!(patient.wait(&down(), 40, &question()), None);
}

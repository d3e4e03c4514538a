//! Several conversations over one shelf and one budget.

use super::*;

fn deep(set: impl FnOnce(&mut Budget)) -> Brief {
    Brief { depth: Depth::Deep, ..brief(set) }
}

/// Which part of a deep exploration a request is.
fn part(request: &ChatRequest) -> &'static str {
    let told = told(request);
    let parts = [
        ("Three colleagues looked", "merging"),
        ("follow the leading", "leading"),
        ("try to refute", "refuting"),
        ("look beside", "beside"),
    ];
    parts.into_iter().find(|(words, _)| told.contains(words)).map_or("none", |(_, part)| part)
}

#[tokio::test]
async fn three_look_in_their_own_way_and_one_concludes() {
    let tool = echo();
    let model = Scripted::new(|_, request| match (part(request), request.messages.len()) {
        ("merging", _) => {
            assert!(must_conclude(request));
            let told = told(request);
            assert!(["leading", "refuting", "beside"].iter().all(|part| told.contains(&format!("{part} is done"))));
            assert!((1..=4).all(|nth| told.contains(&read_id(nth))), "{told}");
            concludes("all weighed")
        }
        // The first of each: the case and its part.
        (part, 2) => calls([
            ("read_pod", json!({"pod": part, "slow": part == "leading"})),
            ("read_pod", json!({"pod": "for all"})),
        ]),
        (part, _) => {
            let own = ["leading", "refuting", "beside"].iter().position(|name| *name == part).unwrap();
            let number = [1, 3, 4][own];
            assert!(answers(request)[0].contains(&read_id(number)), "{part}: {:?}", answers(request));
            assert!(answers(request)[1].contains(&read_id(2)), "{part}: {:?}", answers(request));
            concludes(&format!("{part} is done"))
        }
    });
    let ran = run(model, vec![tool.clone()], deep(|_| ())).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("all weighed"), None));
    assert_eq!(tool.calls(), 4, "what one read the others did not read again");
    assert_eq!(ran.explained.spent.used.requests, 7);
    let again = run(ran.model.clone(), vec![tool], deep(|_| ())).await;
    assert_eq!(ran.explained.spent.transcript, again.explained.spent.transcript);
}

#[tokio::test]
async fn all_share_one_budget_and_are_ended_in_time() {
    let (model, tool) = (Scripted::new(obedient), echo());
    let ran = run(model, vec![tool], deep(|_| ())).await;
    assert_eq!(
        (ran.cause(), ran.cut_short()),
        (Some("what is known"), Some("the budget of 12 requests to the model came to its end"))
    );
    let seen = ran.model.seen();
    assert!(seen.len() <= 12 && part(&seen[seen.len() - 1]) == "merging");
}

#[tokio::test]
async fn one_that_fails_leaves_the_others() {
    let model = Scripted::new(|_, request| match part(request) {
        "leading" => Turn::Fails(ModelFailure::Garbled("<html>".into())),
        "merging" => Turn::Fails(ModelFailure::OutOfQuota("no credit".into())),
        part => concludes(part),
    });
    let ran = run(model, vec![], deep(|_| ())).await;
    assert_eq!(ran.cause(), Some("refuting"));
    assert!(ran.cut_short().is_some_and(|why| why.contains("cannot be read")), "{:?}", ran.cut_short());
}

#[tokio::test]
async fn a_budget_that_bears_no_tracks_is_spent_on_one_conversation() {
    let ran = run(Scripted::new(obedient), vec![echo()], deep(|b| b.steps = 6)).await;
    assert_eq!(ran.cause(), Some("what is known"));
    assert!(ran.model.seen().iter().all(|request| part(request) == "none"));
}

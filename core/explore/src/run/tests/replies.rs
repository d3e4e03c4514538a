//! Replies that cannot be used, calls that cannot be made, failures of the model.

use rstest::rstest;

use super::*;

fn broken(name: &str, text: &str) -> Turn {
    let call = ToolCall { id: "x".into(), name: name.into(), arguments: Arguments::Broken(text.into()) };
    Turn::Reply(ChatReply { calls: vec![call], usage: used(), ..ChatReply::default() })
}

#[rstest]
#[case::empty(|| says(" "), "was empty", "its replies were empty")]
#[case::cut_off(|| stopped(Stop::Length), "was cut off", "its replies were cut off at their length")]
#[case::filtered(|| stopped(Stop::Filtered), "was withheld", "its replies were withheld by the provider's filter")]
#[tokio::test]
async fn bad_replies_are_told_and_bounded(#[case] bad: fn() -> Turn, #[case] word: &'static str, #[case] why: &str) {
    let once = Scripted::new(move |number, request| {
        if number == 0 {
            return bad();
        }
        assert!(told(request).contains(word), "{}", told(request));
        concludes("then it did")
    });
    assert_eq!(run(once, vec![], plain()).await.cause(), Some("then it did"));

    let ran = run(Scripted::new(move |_, _| bad()), vec![], plain()).await;
    assert_eq!((ran.why_nothing(), ran.model.seen().len()), (why, 3));
}

#[tokio::test]
async fn calls_that_cannot_be_made_are_answered_in_words() {
    let tool = Reader::new("read_pod", |_, _| Err(ToolError::Arguments("`pod` is missing".into())));
    let model = Scripted::new(|number, request| match number {
        0 => calls([("delete_pod", json!({})), ("read_pod", json!({})), ("read_evidence", json!({"id": "e999"}))]),
        1 => {
            let answers = answers(request);
            assert!(answers[0].contains("no such tool") && answers[0].contains("read_pod"), "{answers:?}");
            assert!(answers[1].contains("`pod` is missing") && answers[2].contains("e999"), "{answers:?}");
            broken("read_pod", "{\"pod\": ")
        }
        _ => {
            assert!(answers(request)[0].contains("not one JSON object"));
            concludes("done")
        }
    });
    let ran = run(model, vec![tool], plain()).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("done"), None));
}

#[tokio::test]
async fn who_makes_mistakes_only_is_ended() {
    let model = Scripted::new(|number, request| {
        if must_conclude(request) { concludes("enough") } else { calls([("delete_pod", json!({"n": number}))]) }
    });
    let ran = run(model, vec![], brief(|b| b.steps = 50)).await;
    assert_eq!(ran.cut_short(), Some("too many of its calls could not be understood"));
    assert_eq!(ran.model.seen().len(), 6);
}

#[tokio::test]
async fn a_conclusion_that_cannot_be_taken_is_asked_for_again() {
    let model = Scripted::new(|number, request| match number {
        0 => calls([("conclude", json!({"verdict": "certainly"})), ("read_pod", json!({}))]),
        1 => {
            assert!(answers(request)[0].contains("cannot be taken") && answers(request)[1].contains("Not made"));
            broken("conclude", "verdict: cause")
        }
        _ => concludes("now it can"),
    });
    let ran = run(model, vec![echo()], plain()).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("now it can"), None));
}

#[tokio::test]
async fn words_instead_of_a_conclusion_are_not_enough() {
    let model =
        Scripted::new(|_, request| if must_conclude(request) { concludes("at last") } else { says("I think so.") });
    let ran = run(model, vec![], plain()).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("at last"), Some("it did not come to a conclusion by itself")));

    let ran = run(Scripted::new(|_, _| says("I think so.")), vec![], plain()).await;
    assert_eq!(ran.why_nothing(), "it did not come to a conclusion by itself");
    // Whatever it says, the last message is not its own.
    let last_words = |request: &ChatRequest| matches!(request.messages.last(), Some(Message::User { .. }));
    assert!(ran.model.seen().iter().all(last_words));
}

#[rstest]
#[case(ModelFailure::Unavailable { why: "503".into(), after: None }, "the provider is not available: 503")]
#[case(ModelFailure::OutOfQuota("no credit".into()), "the provider's quota is used up: no credit")]
#[case(ModelFailure::Unauthorised("key sk-proj-abcdefghijklmnopqrstuvwx1234567890".into()), "refuses the key")]
#[tokio::test]
async fn a_model_that_fails_costs_prose_only(#[case] failure: ModelFailure, #[case] why: &str) {
    let model = Scripted::new(
        move |number, request| {
            if number < 2 { endless(number, request) } else { Turn::Fails(failure.clone()) }
        },
    );
    let ran = run(model, vec![echo()], plain()).await;
    assert!(ran.why_nothing().contains(why), "{}", ran.why_nothing());
    assert!(ran.why_nothing().contains("it had read 2 things"), "{}", ran.why_nothing());
    assert!(!ran.why_nothing().contains("sk-proj-abc"));
    assert_eq!(ran.explained.spent.sent.len(), 3);
    assert!(ran.explained.spent.sent[2].outcome.contains(why));
}

#[tokio::test]
async fn a_conclusion_counts_though_the_reply_was_cut_off_behind_it() {
    let model = Scripted::new(|_, _| {
        let Turn::Reply(reply) = concludes("whole") else { unreachable!() };
        Turn::Reply(ChatReply { stop: Stop::Length, ..reply })
    });
    assert_eq!(run(model, vec![], plain()).await.cause(), Some("whole"));
}

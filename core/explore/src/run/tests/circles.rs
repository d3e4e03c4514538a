//! Who asks the same again is answered from what was read, and ended when it goes on.

use rstest::rstest;

use super::*;

#[rstest]
#[case::the_same(|_: usize| json!({"pod": "api-1", "lines": 100}), 1)]
#[case::another_limit_each_time(|number: usize| json!({"pod": "api-1", "lines": 100 + number}), 3)]
#[case::two_in_turns(|number: usize| json!({"pod": format!("api-{}", number % 2)}), 2)]
#[tokio::test]
async fn repeats_are_not_read_again_and_end(#[case] arguments: fn(usize) -> Value, #[case] reads: usize) {
    let tool = Reader::new("read_pod", |number, arguments| Ok(result(&format!("{number}: the log of {arguments}"))));
    let model = Scripted::new(move |number, request| {
        if must_conclude(request) { concludes("enough") } else { calls([("read_pod", arguments(number))]) }
    });
    let ran = run(model, vec![tool.clone()], brief(|b| b.steps = 50)).await;
    assert_eq!(tool.calls(), reads);
    assert_eq!((ran.cause(), ran.cut_short()), (Some("enough"), Some("it asked for the same again and again")));
    assert!(ran.model.seen().len() <= 8, "{} requests", ran.model.seen().len());
}

#[tokio::test]
async fn a_repeat_is_answered_with_what_was_read() {
    let model = Scripted::new(|number, request| match number {
        0 | 1 => calls([("read_pod", json!({"pod": "api-1", "n": null})), ("read_pod", json!({"pod": "api-2"}))]),
        _ => {
            let answers = answers(request);
            assert!(answers[0].contains("You asked this already") && answers[0].contains(&read_id(1)), "{answers:?}");
            assert!(answers[0].contains("the log of") && answers[1].contains(&read_id(2)), "{answers:?}");
            concludes("done")
        }
    });
    let ran = run(model, vec![echo()], plain()).await;
    assert_eq!(ran.cause(), Some("done"));
}

#[tokio::test]
async fn the_same_call_twice_in_one_reply_is_made_once() {
    let tool = echo();
    let model = Scripted::new(|number, request| {
        if number == 0 {
            return calls([("read_pod", json!({"pod": "a"})), ("read_pod", json!({"pod": "a"}))]);
        }
        assert_eq!(answers(request)[0], answers(request)[1]);
        concludes("done")
    });
    let ran = run(model, vec![tool.clone()], plain()).await;
    assert_eq!((ran.cause(), tool.calls()), (Some("done"), 1));
}

#[tokio::test]
async fn equal_results_of_nearly_equal_calls_are_one() {
    let tool = Reader::new("read_pod", |_, _| Ok(result("nothing happens here")));
    let model = Scripted::new(|number, request| {
        if must_conclude(request) {
            return concludes("enough");
        }
        if number > 0 {
            assert!(!told(request).contains(&read_id(2)), "a second number for the same");
        }
        calls([("read_pod", json!({"pod": "a", "back": format!("{number}m")}))])
    });
    let ran = run(model, vec![tool], plain()).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("enough"), Some("it asked for the same again and again")));
}

#[tokio::test]
async fn going_to_and_fro_with_small_changes_is_seen() {
    let tool = Reader::new("read_pod", |number, _| Ok(result(&format!("{number}"))));
    let model = Scripted::new(|number, request| {
        if must_conclude(request) {
            return concludes("enough");
        }
        calls([("read_pod", json!({"pod": format!("p-{}", number % 2), "lines": number}))])
    });
    let ran = run(model, vec![tool], brief(|b| b.steps = 30)).await;
    assert!(ran.model.seen().iter().any(|request| told(request).contains("to and fro")));
    assert_eq!(ran.cut_short(), Some("it asked for the same again and again"));
}

#[tokio::test]
async fn what_failed_is_not_tried_again_but_what_took_too_long_is() {
    let refused = Reader::new("read_pod", |_, _| Err(ToolError::Denied("another namespace".into())));
    let model = Scripted::new(|number, request| match number {
        0 | 1 => calls([("read_pod", json!({"pod": "a"}))]),
        _ => {
            let answer = &answers(request)[0];
            assert!(answer.contains("You asked this already") && answer.contains("not allowed"), "{answer}");
            concludes("done")
        }
    });
    let ran = run(model, vec![refused.clone()], plain()).await;
    assert_eq!((ran.cause(), refused.calls()), (Some("done"), 1));

    let late = Reader::new("read_pod", |number, _| match number {
        0 => Err(ToolError::TimedOut(Duration::from_secs(1))),
        _ => Ok(result("there it is")),
    });
    let model = Scripted::new(
        |number, _| if number < 2 { calls([("read_pod", json!({"pod": "a"}))]) } else { concludes("done") },
    );
    let ran = run(model, vec![late.clone()], plain()).await;
    assert_eq!((ran.cause(), late.calls()), (Some("done"), 2));
}

#[tokio::test]
async fn a_model_that_only_plans_is_ended() {
    let model = Scripted::new(|_, request| {
        if must_conclude(request) { concludes("enough") } else { calls([("plan", json!({"tasks": []}))]) }
    });
    let ran = run(model, vec![], plain()).await;
    assert_eq!((ran.cause(), ran.model.seen().len()), (Some("enough"), 4));
}

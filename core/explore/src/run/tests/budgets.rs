//! Each budget has an end at which the model may still say what it knows.

use rstest::rstest;

use super::*;
use crate::port::Price;

fn priced(facts: &mut ModelFacts) {
    facts.price = Some(Price { input: 1_000_000, output: 1_000_000, ..Price::default() });
}

/// Asked for 1,000 tokens each time at 1 $ a million, a request costs about a tenth of a cent.
#[rstest]
#[case::steps(|b: &mut Budget| b.steps = 5, "the budget of 5 requests to the model")]
#[case::calls(|b: &mut Budget| b.calls = 3, "the budget of 3 calls of tools")]
#[case::tokens(|b: &mut Budget| b.tokens = 30_000, "the budget of 30,000 tokens")]
#[case::money(|b: &mut Budget| b.micro_usd = Some(30_000), "the budget of 0.030000 US dollars")]
#[case::bytes(|b: &mut Budget| b.bytes = 25, "the budget of 25 bytes read by tools")]
#[tokio::test]
async fn the_last_word_is_asked_for_and_counts(#[case] set: fn(&mut Budget), #[case] which: &str) {
    let (model, tool) = (Scripted::with(priced, obedient), echo());
    let ran = run(
        model,
        vec![tool.clone()],
        brief(|b| {
            b.steps = 100;
            b.calls = 100;
            b.tokens = 10_000_000;
            set(b);
        }),
    )
    .await;
    assert_eq!(ran.cause(), Some("what is known"));
    assert_eq!(ran.cut_short(), Some(format!("{which} came to its end").as_str()));
    let seen = ran.model.seen();
    let asked = seen.iter().filter(|request| told(request).contains("conclude now")).count();
    assert_eq!(asked, 1, "it was told once, in the last request");
    assert!(tool.calls() >= 1 && seen.len() == tool.calls() + 1);
}

#[rstest]
#[case::steps(|b: &mut Budget| b.steps = 5, "the budget of 5 requests")]
#[case::calls(|b: &mut Budget| b.calls = 3, "the budget of 3 calls")]
#[case::tokens(|b: &mut Budget| b.tokens = 30_000, "the budget of 30,000 tokens")]
#[case::money(|b: &mut Budget| b.micro_usd = Some(30_000), "the budget of 0.030000 US dollars")]
#[case::bytes(|b: &mut Budget| b.bytes = 25, "the budget of 25 bytes")]
#[tokio::test]
async fn who_does_not_take_it_is_ended_within_the_budget(#[case] set: fn(&mut Budget), #[case] which: &str) {
    let (model, tool) = (Scripted::with(priced, endless), echo());
    let brief = brief(|b| {
        b.steps = 100;
        b.calls = 100;
        b.tokens = 10_000_000;
        set(b);
    });
    let bounds = brief.budget.clone();
    let ran = run(model, vec![tool.clone()], brief).await;
    assert!(ran.why_nothing().contains(which), "{}", ran.why_nothing());
    assert!(ran.why_nothing().contains("beyond the rules"), "{}", ran.why_nothing());
    let used = ran.explained.spent.used;
    assert!(used.requests <= bounds.steps && used.calls <= bounds.calls && used.tokens() <= bounds.tokens);
    assert!(used.micro_usd <= bounds.micro_usd.or(used.micro_usd));
    let forced = ran.model.seen().iter().filter(|request| must_conclude(request)).count();
    assert_eq!(forced, 2);
}

#[tokio::test]
async fn a_model_that_hangs_is_told_to_conclude_and_then_left() {
    let model = Scripted::new(|_, request| if must_conclude(request) { concludes("in time") } else { Turn::Hangs });
    let ran = run(model, vec![], brief(|b| b.wall = Duration::from_millis(200))).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("in time"), Some("the time of 0 s came to its end")));

    let ran = run(Scripted::new(|_, _| Turn::Hangs), vec![], brief(|b| b.wall = Duration::from_millis(100))).await;
    assert!(ran.why_nothing().starts_with("the time of"), "{}", ran.why_nothing());
    assert_eq!(ran.explained.spent.sent[0].outcome, "no answer within the time of the exploration");
}

#[tokio::test]
async fn a_tool_that_hangs_costs_its_own_time_only() {
    let tool = Reader::slow("read_pod", Duration::from_hours(1), |_, _| Ok(result("never")));
    let model = Scripted::new(|number, request| match number {
        0 => calls([("read_pod", json!({"pod": "a"}))]),
        1 => {
            assert!(answers(request)[0].contains("no answer within 50ms"), "{:?}", answers(request));
            concludes("without it")
        }
        _ => Turn::Hangs,
    });
    let ran = run(model, vec![tool], brief(|b| b.per_call = Duration::from_millis(50))).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("without it"), None));
}

#[tokio::test]
async fn no_more_calls_are_made_at_the_same_time_than_allowed_and_answers_stand_in_order() {
    let tool = echo();
    let model = Scripted::new(|number, request| {
        if number > 0 {
            let answers = answers(request);
            assert_eq!(answers.len(), 6);
            for (index, answer) in answers.iter().enumerate() {
                assert!(answer.contains(&format!("p-{index}")) && answer.contains(&read_id(index + 1)), "{answer}");
            }
            return concludes("done");
        }
        // The first are the slowest.
        calls((0..6).map(|index| ("read_pod", json!({"pod": format!("p-{index}"), "slow": index < 3}))))
    });
    let ran = run(model, vec![tool.clone()], brief(|b| b.parallel = 3)).await;
    assert_eq!(ran.cause(), Some("done"));
    assert_eq!(tool.most_at_once.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn calls_beyond_the_budget_are_answered_not_made() {
    let tool = echo();
    let model = Scripted::new(|number, request| {
        if number > 0 {
            let made = answers(request).iter().filter(|answer| answer.contains("the log of")).count();
            assert_eq!((made, answers(request).len()), (2, 4));
            return concludes("done");
        }
        calls((0..4).map(|index| ("read_pod", json!({"pod": format!("p-{index}")}))))
    });
    let ran = run(model, vec![tool.clone()], brief(|b| b.calls = 2)).await;
    assert_eq!((ran.cause(), tool.calls()), (Some("done"), 2));
}

#[tokio::test]
async fn a_quick_look_takes_few_steps_whatever_the_budget() {
    let model = Scripted::new(obedient);
    let ran = run(model, vec![echo()], Brief { depth: Depth::Quick, ..plain() }).await;
    assert_eq!(ran.cause(), Some("what is known"));
    assert!(ran.explained.spent.used.requests <= 5);
}

#[tokio::test]
async fn twenty_calls_are_not_slowed_down_by_the_loop() {
    let tool = Reader::new("read_pod", |number, _| Ok(result(&format!("line {number}\n").repeat(5_000))));
    let ran = run(
        Scripted::new(obedient),
        vec![tool.clone()],
        brief(|b| {
            b.steps = 40;
            b.calls = 20;
            b.tokens = 10_000_000;
        }),
    )
    .await;
    assert_eq!((ran.cause(), tool.calls()), (Some("what is known"), 20));
}

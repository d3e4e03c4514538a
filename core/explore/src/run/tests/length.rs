//! Long results and long conversations.

use super::*;

#[tokio::test]
async fn half_a_million_tokens_of_output_are_shown_in_part_and_can_be_read() {
    let tool = Reader::new("read_pod", |_, _| {
        let lines = (1..=40_000).map(|n| format!("line {n} of a log that says the same for ever and ever\n"));
        Ok(result(&lines.collect::<String>()))
    });
    let model = Scripted::new(|number, request| match number {
        0 => calls([("read_pod", json!({"pod": "a"}))]),
        1 => {
            let answer = &answers(request)[0];
            assert!(
                answer.len() < 6_000 && answer.contains("line 1 of") && answer.contains("line 40000 of"),
                "{answer}"
            );
            calls([
                ("read_evidence", json!({"id": read_id(1), "from_line": 20_000, "to_line": 20_001})),
                ("read_evidence", json!({"id": read_id(1), "grep": "line 31337 "})),
            ])
        }
        _ => {
            let answers = answers(request);
            assert!(answers[0].contains("line 20000 of") && answers[1].contains("line 31337 of"), "{answers:?}");
            concludes("read")
        }
    });
    let ran = run(model, vec![tool], plain()).await;
    assert_eq!(ran.cause(), Some("read"));
    assert!(ran.explained.spent.sent.iter().all(|sent| sent.bytes < 60_000));
}

#[tokio::test]
async fn a_small_context_is_kept_to_and_no_number_is_lost() {
    let tool = Reader::new("read_pod", |number, _| Ok(result(&format!("{number} is a line of a log\n").repeat(400))));
    let model = Scripted::with(
        |facts| (facts.context, facts.max_output) = (8_000, 1_000),
        |number, request| {
            let bytes = serde_json::to_string(request).unwrap().len();
            assert!(bytes / 3 < 7_000, "{bytes} bytes in request {number}");
            let told = told(request);
            for read in 1..=number * 2 {
                assert!(told.contains(&read_id(read)), "{} is gone in request {number}", read_id(read));
            }
            if number == 12 {
                return concludes("all there");
            }
            let of = |name: &str| ("read_pod", json!({"pod": format!("{name}-{number}")}));
            let Turn::Reply(reply) = calls([of("a"), of("b")]) else { unreachable!() };
            // Counted as a provider does whose tokens have three bytes.
            Turn::Reply(ChatReply { usage: Usage { input: bytes as u64 / 3, ..used() }, ..reply })
        },
    );
    let ran = run(
        model,
        vec![tool],
        brief(|b| {
            b.steps = 50;
            b.tokens = 10_000_000;
        }),
    )
    .await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("all there"), None));
}

#[tokio::test]
async fn a_provider_that_finds_it_too_long_gets_it_shorter() {
    let tool = Reader::new("read_pod", |number, _| Ok(result(&format!("{number} is a line of a log\n").repeat(400))));
    let too_long = || Turn::Fails(ModelFailure::TooLong("at most 9000 tokens".into()));
    let longest = Arc::new(AtomicUsize::new(0));
    let before = longest.clone();
    let model = Scripted::new(move |number, request| {
        let bytes = serde_json::to_string(request).unwrap().len();
        match number {
            0..4 => endless(number, request),
            4 => {
                before.store(bytes, Ordering::SeqCst);
                too_long()
            }
            _ => {
                assert!(bytes < before.load(Ordering::SeqCst), "{bytes} bytes");
                assert!((1..=4).all(|nth| told(request).contains(&read_id(nth))));
                concludes("shorter")
            }
        }
    });
    let ran = run(model, vec![tool.clone()], plain()).await;
    assert_eq!((ran.cause(), ran.cut_short()), (Some("shorter"), None));
    assert!(longest.load(Ordering::SeqCst) > 10_000);

    let ran = run(Scripted::new(move |_, _| too_long()), vec![tool], plain()).await;
    assert_eq!(
        (ran.why_nothing(), ran.model.seen().len()),
        ("the conversation is too long for the model: at most 9000 tokens", 3)
    );
}

#[tokio::test]
async fn the_beginning_stays_the_same_so_that_it_is_found_in_a_cache() {
    let ran = run(Scripted::new(obedient), vec![echo()], plain()).await;
    let again = run(Scripted::new(obedient), vec![echo()], plain()).await;
    let (seen, seen_again) = (ran.model.seen(), again.model.seen());
    assert_eq!(seen, seen_again, "the same replies give the same requests");
    assert!(seen.len() > 5);
    for pair in seen.windows(2) {
        assert_eq!((&pair[0].system, &pair[0].tools), (&pair[1].system, &pair[1].tools));
        assert_eq!(pair[0].messages[..], pair[1].messages[..pair[0].messages.len()]);
    }
    assert_eq!(ran.explained.spent.sent, again.explained.spent.sent);
    assert_eq!(ran.explained.spent.transcript, again.explained.spent.transcript);
}

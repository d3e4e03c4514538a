//! What people type, and what it is read as.

use clap::ValueEnum as _;
use proptest::prelude::*;
use rstest::rstest;

use super::parse::grammar;
use super::*;
use crate::answer::{Answer, Part};
use crate::clean;

const ID: &str = "0199d2c4a81f7b62a1c4e1f0a7c3b5d2";

/// A command in a form that a table can hold.
fn shown(text: &str, spot: Spot) -> String {
    match parse(text, spot) {
        Ok(Parsed::Command(command)) => command.to_string(),
        Ok(Parsed::Free(text)) => format!("free: {text}"),
        Err(Misspoken { meant: Some(meant), .. }) => format!("meant: {meant}"),
        Err(wrong) => format!("wrong: {wrong}"),
    }
}

#[rstest]
// verbs and their arguments
#[case("investigate checkout -n shop --since 1h", "investigate -n shop --since 1h checkout")]
#[case("Investigate checkout --depth DEEP", "investigate --depth deep checkout")]
#[case("investigate", "investigate")]
#[case("diagnose checkout", "investigate checkout")]
#[case("investigate \"why is checkout slow\"", "investigate 'why is checkout slow'")]
#[case("investigate checkout --since 2 hours", "investigate --since 2h checkout")]
#[case("investigate checkout since 90 minutes", "investigate --since 1h30m checkout")]
#[case("ask why not the node?", "ask why not the node?")]
#[case("ask logs of api --previous --grep timeout", "ask -- logs of api --previous --grep timeout")]
#[case("status", "status")]
#[case("STATUS?", "status")]
#[case("status 0199D2C4-a81f-7b62-a1c4-e1f0a7c3b5d2", "status 0199d2c4-a81f-7b62-a1c4-e1f0a7c3b5d2")]
#[case("list", "list")]
#[case("ls Mutes", "list mutes")]
#[case("cancel", "stop")]
#[case("stop --reason 'found it'", "stop --reason 'found it'")]
#[case("rerun", "retry")]
#[case("explain E3", "explain e3")]
#[case("explain [e3]", "explain e3")]
#[case("mute KubePodCrashLooping for 2 hours -n shop", "mute -n shop --for 2h KubePodCrashLooping")]
#[case("mute this alert for 30m", "mute --for 30m")]
#[case("snooze", "mute")]
#[case("pack Disable crash", "pack disable crash")]
#[case("doctor", "doctor")]
#[case("?", "help")]
#[case("", "help")]
#[case("help why", "help why")]
#[case("investigate --help", "help investigate")]
#[case("stop -h", "help stop")]
// courtesy, names, and what chat programs make of a line
#[case("please investigate checkout", "investigate checkout")]
#[case("midwatch: status", "status")]
#[case(", stop!", "stop")]
#[case("hey midwatch, could you please stop", "stop")]
#[case("investigate checkout —since 1h", "investigate --since 1h checkout")]
#[case("mute —reason “known, fixed on Monday”", "mute --reason 'known, fixed on Monday'")]
#[case("investigate `deploy/checkout`\u{a0}\u{200b}-n\u{a0}shop", "investigate -n shop deploy/checkout")]
// free text is an investigation, flags understood
#[case("checkout is slow", "investigate checkout is slow")]
#[case("checkout is slow -n shop --since 1h", "investigate -n shop --since 1h checkout is slow")]
#[case("why is checkout slow", "investigate why is checkout slow")]
#[case("why doesn't checkout start", "investigate why doesn't checkout start")]
#[case("it's slow and we can't deploy", "investigate it's slow and we can't deploy")]
#[case("the \"checkout pod is slow", "investigate the checkout pod is slow")]
#[case("look at #42 now", "investigate look at #42 now")]
#[case("checkout -> payments fails", "investigate checkout → payments fails")]
#[case("checkout - slow", "investigate -- checkout - slow")]
#[case("midwatch: why is checkout slow", "investigate why is checkout slow")]
#[case("midwatch is slow", "investigate midwatch is slow")]
// other words that look like verbs
#[case("lost packets on worker-1", "investigate lost packets on worker-1")]
#[case("last deploy broke checkout", "investigate last deploy broke checkout")]
#[case("shop is down", "investigate shop is down")]
#[case("shop", "investigate shop")]
#[case("stats of checkout", "investigate stats of checkout")]
#[case("task queue grows", "investigate task queue grows")]
#[case("retries are failing", "investigate retries are failing")]
#[case("held messages", "investigate held messages")]
#[case("docker pull fails", "investigate docker pull fails")]
#[case("deadline exceeded", "investigate deadline exceeded")]
// slips: offered, not done
#[case("invesigate checkout", "meant: investigate checkout")]
#[case("Investgate checkout -n shop", "meant: investigate checkout -n shop")]
#[case("stauts", "meant: status")]
#[case("stats", "meant: status")]
#[case("lsit jobs", "meant: list jobs")]
#[case("hlep", "meant: help")]
#[case("explian e3", "meant: explain e3")]
#[case("timline", "meant: timeline")]
#[case("investigate checkout --sicne 1h", "meant: investigate checkout --since 1h")]
#[case("checkout is slow --namspace=shop", "meant: investigate checkout is slow --namespace=shop")]
#[case("investigate checkout --depth depe", "meant: investigate checkout --depth deep")]
#[case("list incident", "meant: list incidents")]
#[case("pack enabel crash", "meant: pack enable crash")]
// wrong
#[case(
    "stop everything",
    "wrong: `everything` does not fit `JOB`: ids look like 0199d2c4a81f7b62a1c4e1f0a7c3b5d2 or its end."
)]
#[case("doctor checkout", "wrong: `doctor` does not know what to do with `checkout`.")]
#[case(
    "investigate checkout --verbose",
    "wrong: `investigate` has no flag `--verbose`. What is no flag goes behind ` -- `."
)]
#[case("investigate checkout --since", "wrong: `--since` wants a value.")]
#[case(
    "investigate checkout --since soon",
    "wrong: `soon` does not fit `--since`: this is no length of time; write it like `30m`, `1h30m` or `2 hours`."
)]
#[case(
    "investigate checkout --since 60",
    "wrong: `60` does not fit `--since`: this is no length of time; write it like `30m`, `1h30m` or `2 hours`."
)]
#[case(
    "investigate checkout since 3 days",
    "wrong: `3 days` does not fit `--since`: the time to look back is from 1m to 24h."
)]
#[case("mute X --for 30d", "wrong: `30d` does not fit `--for`: the time of a mute is from 1m to 168h.")]
#[case(
    "investigate x -n Shop",
    "wrong: `Shop` does not fit `--namespace`: a namespace has 1 to 63 lower-case letters, digits, and `-` inside."
)]
#[case("ask", "wrong: `ask` wants QUESTION....")]
#[case("ask --of 0199d2c4a81f7b62a1c4e1f0a7c3b5d2", "wrong: `ask` wants QUESTION....")]
#[case("pack", "wrong: `pack` wants one of list, enable, disable.")]
fn at_the_top(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(shown(text, Spot::Top), expected, "{text}");
}

#[rstest]
#[case("stop", "stop")]
#[case("Please stop.", "stop")]
#[case("status", "status")]
#[case("retry", "retry")]
#[case("explain e3", "explain e3")]
#[case("mute for 2h", "mute --for 2h")]
#[case("investigate payments -n shop", "investigate -n shop payments")]
#[case("stpo", "meant: stop")]
#[case("stop --raeson x", "meant: stop --reason x")]
#[case("why do you rule out the node?", "free: why do you rule out the node?")]
#[case("why?", "free: why?")]
#[case("can you show me the logs?", "free: can you show me the logs?")]
#[case("can you", "free: can you")]
#[case("stop deploying", "free: stop deploying")]
#[case("stop it", "free: stop it")]
#[case("status page is red", "free: status page is red")]
#[case("list of affected pods?", "free: list of affected pods?")]
#[case("retry worked", "free: retry worked")]
#[case("explain why it is not the node", "free: explain why it is not the node")]
#[case("can you explain that?", "free: can you explain that?")]
#[case("pack it up", "free: pack it up")]
#[case("mute your mic please", "free: mute your mic please")]
#[case("timeline looks wrong", "free: timeline looks wrong")]
#[case("investigated it, it's the db", "free: investigated it, it's the db")]
#[case("stopped the rollout", "free: stopped the rollout")]
#[case("lgtm", "free: lgtm")]
fn in_a_thread(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(shown(text, Spot::Thread), expected, "{text}");
}

#[test]
fn every_verb_is_in_the_help_with_examples_that_are_understood() {
    let grammar = grammar();
    let Some(Part::Table { rows, .. }) = help(None).parts.into_iter().nth(1) else { panic!("no table") };
    assert_eq!(rows.len(), grammar.get_subcommands().count());
    for verb in grammar.get_subcommands() {
        let examples = help::examples(verb);
        assert!(!examples.is_empty(), "{} has no example", verb.get_name());
        for example in examples {
            let Ok(Parsed::Command(command)) = parse(&example, Spot::Top) else { panic!("{example}") };
            assert_eq!(command.verb_name(), verb.get_name(), "{example}");
        }
    }
}

#[test]
fn names_of_verbs_are_those_of_the_grammar() {
    for verb in grammar().get_subcommands().map(clap::Command::get_name) {
        let words = match verb {
            "ask" => "ask why".to_owned(),
            "pack" => "pack list".to_owned(),
            verb => verb.to_owned(),
        };
        let Ok(Parsed::Command(command)) = parse(&words, Spot::Thread) else { panic!("{verb}") };
        assert_eq!(command.verb_name(), verb);
    }
}

fn plain(answer: &Answer) -> String {
    let part = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        Part::Code { text } => text.lines().flat_map(|line| ["    ", line, "\n"]).collect(),
        Part::Table { rows, .. } => {
            rows.iter().flat_map(|row| ["| ".to_owned(), row.join(" | "), "\n".to_owned()]).collect()
        }
        Part::File(file) => file.text.clone(),
    };
    answer.parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

#[test]
fn help_of_everything_and_of_one() {
    insta::assert_snapshot!("help", plain(&help(None)));
    insta::assert_snapshot!("help_investigate", plain(&help(Some("why"))));
    insta::assert_snapshot!("help_pack", plain(&help(Some("pakc"))));
    assert_eq!(help(Some("weather")), help(None));
}

#[test]
fn what_is_said_wrongly_is_answered_with_the_way_to_say_it() {
    let wrong = parse("investigate checkout --sicne 1h", Spot::Top).unwrap_err();
    insta::assert_snapshot!("misspoken", plain(&wrong.answer()));
    let long = parse(&format!("stop {}", "x".repeat(500)), Spot::Top).unwrap_err();
    assert!(long.to_string().len() < 150, "{long}");
}

#[test]
fn a_long_text_is_cut_and_still_read() {
    let Ok(Parsed::Command(Command::Investigate(it))) = parse(&"why ".repeat(5_000), Spot::Top) else { panic!() };
    assert_eq!(it.words.len(), clean::TEXT_CAP.div_ceil(4));
}

/// Words that cleaning leaves alone.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/:.,?!#'\" $(){}é→*=-]{0,12}"
        .prop_filter("is clean", |word| clean::line(&format!("x {word} x")) == format!("x {word} x"))
}

pub(super) fn command() -> impl Strategy<Value = Command> {
    let words = || proptest::collection::vec(word(), 0..6);
    let length = || proptest::option::of((60_i64..86_400).prop_map(SignedDuration::from_secs));
    let namespace = || proptest::option::of("[a-z]([a-z0-9-]{0,10}[a-z0-9])?");
    let some = || proptest::option::of(word());
    let id = || proptest::option::of(Just(ID.to_owned()));
    let of = || id().prop_map(|of| Of { of });
    let depth = proptest::option::of(proptest::sample::select(Depth::value_variants()));
    let what = proptest::option::of(proptest::sample::select(Listed::value_variants()));
    let name = || word().prop_filter("is not empty", |word| !word.is_empty());
    let maybe = move || proptest::option::of(name());
    prop_oneof![
        (words(), namespace(), maybe(), length(), depth).prop_map(|(words, namespace, cluster, since, depth)| {
            Command::Investigate(Investigate { words, namespace, cluster, since, depth })
        }),
        (proptest::collection::vec(word(), 1..6), id()).prop_map(|(words, of)| Command::Ask(Ask { words, of })),
        of().prop_map(Command::Status),
        what.prop_map(|what| Command::List(List { what })),
        (id(), some()).prop_map(|(of, reason)| Command::Stop(Stop { of, reason })),
        of().prop_map(Command::Retry),
        (proptest::option::of("e[1-9]"), id()).prop_map(|(evidence, of)| Command::Explain(Explain { evidence, of })),
        of().prop_map(Command::Timeline),
        (maybe(), namespace(), length(), some()).prop_map(|(alert, namespace, how_long, reason)| Command::Mute(Mute {
            alert,
            namespace,
            how_long,
            reason
        })),
        (maybe(), namespace()).prop_map(|(alert, namespace)| Command::Unmute(Unmute { alert, namespace })),
        Just(Command::Pack(Pack::List)),
        name().prop_map(|name| Command::Pack(Pack::Enable { name })),
        name().prop_map(|name| Command::Pack(Pack::Disable { name })),
        Just(Command::Doctor),
        maybe().prop_map(|verb| Command::Help(Help { verb })),
    ]
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in "\\PC{0,80}", top in any::<bool>()) {
        let spot = if top { Spot::Top } else { Spot::Thread };
        if let Err(wrong) = parse(&text, spot) {
            prop_assert!(!wrong.answer().parts.is_empty());
        }
    }

    #[test]
    fn verbs_with_anything_behind_them_are_read_without_a_panic(
        verb in proptest::sample::select(vec!["investigate", "ask", "status", "list", "stop", "explain", "mute", "pack", "help"]),
        behind in "[-a-z0-9 \"'=\\\\#—“”]{0,40}",
        top in any::<bool>(),
    ) {
        let spot = if top { Spot::Top } else { Spot::Thread };
        let _ = parse(&format!("{verb} {behind}"), spot);
    }

    #[test]
    fn quoted_words_come_back(words in proptest::collection::vec(word(), 0..8)) {
        prop_assert_eq!(words::words(&words::join(&words)), words);
    }

    #[test]
    fn a_shells_own_quotes_are_understood(words in proptest::collection::vec("[a-z '\"#$-]{0,10}", 0..6)) {
        prop_assert_eq!(words::words(&shell_words::join(&words)), words);
    }

    #[test]
    fn a_command_that_is_written_down_parses_to_itself(command in command()) {
        prop_assert_eq!(parse(&command.to_string(), Spot::Top), Ok(Parsed::Command(command)));
    }
}

#[test]
fn a_target_may_name_its_namespace() {
    let place = |text: &str| match parse(text, Spot::Top).unwrap() {
        Parsed::Command(Command::Investigate(asked)) => asked.place(),
        other => panic!("{other:?}"),
    };
    assert_eq!(place("investigate shop/checkout").as_deref(), Some("shop"));
    assert_eq!(place("investigate shop/checkout -n pay").as_deref(), Some("pay"), "what is given counts");
    for none in
        ["deploy/checkout", "node/worker-1", "checkout", "a/b/c", "shop/", "/checkout", "why is shop/checkout slow"]
    {
        assert_eq!(place(&format!("investigate {none}")), None, "{none}");
    }
}

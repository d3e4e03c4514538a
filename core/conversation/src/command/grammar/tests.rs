//! The grammar as data, and forms that become lines.

use clap::ValueEnum as _;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::command::tests::command;
use crate::command::{Command, Pack, Parsed, Spot, parse as read};
use crate::length;

/// What a form calls the words of `investigate`.
const TARGET_FIELD: &str = "target-or-question";

fn verbs() -> Vec<(Vec<String>, Verb)> {
    let below = |name: &str, verb: &Verb| (vec![name.to_owned(), verb.name.clone()], verb.clone());
    let all = entries().into_iter().flat_map(|entry| match entry {
        Entry::Verb(verb) => vec![(vec![verb.name.clone()], verb)],
        Entry::Group { name, verbs, .. } => verbs.iter().map(|verb| below(&name, verb)).collect(),
    });
    all.collect()
}

#[test]
fn everything_that_can_be_said_is_in_it() {
    let shown = |argument: &Argument| {
        let Argument { name, place, required, kind, sought, .. } = argument;
        let sought = sought.map(|sought| format!(" of {sought:?}")).unwrap_or_default();
        format!("  {name}{} {place:?} {kind:?}{sought}\n", if *required { "!" } else { "" })
    };
    let all: Vec<String> = verbs()
        .iter()
        .map(|(path, verb)| format!("{}\n{}", path.join(" "), verb.arguments.iter().map(shown).collect::<String>()))
        .collect();
    insta::assert_snapshot!("grammar", all.concat());
}

#[test]
fn names_are_unique_and_everything_says_what_it_is() {
    for (path, verb) in verbs() {
        let mut names: Vec<&str> = verb.arguments.iter().map(|argument| argument.name.as_str()).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), verb.arguments.len(), "{path:?}");
        assert!(!verb.about.is_empty() && verb.arguments.iter().all(|argument| !argument.about.is_empty()), "{path:?}");
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        assert_eq!(arguments(&path), verb.arguments);
    }
}

#[test]
fn kinds_are_those_of_the_definition() {
    let of = |arg: Arg| kind(&clap::Command::new("x").arg(arg).get_arguments().next().unwrap().clone());
    assert_eq!(of(Arg::new("x").long("x").action(ArgAction::SetTrue)), Kind::Boolean);
    assert_eq!(of(Arg::new("x").long("x").value_parser(clap::value_parser!(u64))), Kind::Integer);
    assert_eq!(of(Arg::new("x").long("x").value_parser(["a", "b"])), Kind::Choice(vec!["a".into(), "b".into()]));
    assert_eq!(of(Arg::new("x").long("x").value_parser(length_of)), Kind::Duration);
    assert_eq!(of(Arg::new("x").long("x")), Kind::Text);
}

fn length_of(text: &str) -> Result<SignedDuration, String> {
    length::read(text).ok_or_else(|| "no length".to_owned())
}

#[rstest]
#[case(&["investigate"], &[(TARGET_FIELD, "deploy/checkout"), ("namespace", "shop"), ("since", "2 hours")],
    "investigate --namespace=shop '--since=2 hours' deploy/checkout")]
#[case(&["investigate"], &[(TARGET_FIELD, "why doesn't checkout start?")], "investigate why doesn't checkout start?")]
#[case(&["investigate"], &[(TARGET_FIELD, "checkout since 2h")], "investigate checkout since 2h")]
#[case(&["investigate"], &[("namespace", "shop --cluster prod")], "investigate '--namespace=shop --cluster prod'")]
#[case(&["stop"], &[("reason", "“found” it")], "stop '--reason=\"found\" it'")]
#[case(&["stop"], &[("job", "--reason=x")], "stop -- --reason=x")]
#[case(&["mute"], &[("alert", "this"), ("for", "2h")], "mute --for=2h -- this")]
#[case(&["pack", "enable"], &[("pack", "crash; pack disable storm")], "pack enable 'crash; pack disable storm'")]
#[case(&["status"], &[("gone", "a b")], "status '--gone=a b'")]
#[case(&["list"], &[], "list")]
fn a_form_as_a_line(#[case] path: &[&str], #[case] given: &[(&str, &str)], #[case] expected: &str) {
    assert_eq!(filled(path, given), expected);
}

/// A command as a form that was filled.
fn form(command: &Command) -> (Vec<&'static str>, Vec<(&'static str, String)>) {
    let length = |length: SignedDuration| length::show(length);
    // As it is typed: what looks like a flag behind `--`.
    let typed = |all: &[String]| {
        let dashes = words::want_dashes(all).then(|| "--".to_owned());
        words::join(&dashes.into_iter().chain(all.iter().cloned()).collect::<Vec<_>>())
    };
    let given: Vec<(&str, Option<String>)> = match command {
        Command::Investigate(it) => vec![
            (TARGET_FIELD, (!it.words.is_empty()).then(|| typed(&it.words))),
            ("namespace", it.namespace.clone()),
            ("cluster", it.cluster.clone()),
            ("since", it.since.map(length)),
            ("depth", it.depth.and_then(|d| Some(d.to_possible_value()?.get_name().to_owned()))),
        ],
        Command::Ask(it) => vec![("question", Some(typed(&it.words))), ("of", it.of.clone())],
        Command::Status(it) | Command::Retry(it) | Command::Timeline(it) => vec![("job", it.of.clone())],
        Command::List(it) => vec![("what", it.what.and_then(|w| Some(w.to_possible_value()?.get_name().to_owned())))],
        Command::Stop(it) => vec![("job", it.of.clone()), ("reason", it.reason.clone())],
        Command::Explain(it) => vec![("evidence", it.evidence.clone()), ("of", it.of.clone())],
        Command::Mute(it) => vec![
            ("alert", it.alert.clone()),
            ("namespace", it.namespace.clone()),
            ("for", it.how_long.map(length)),
            ("reason", it.reason.clone()),
        ],
        Command::Unmute(it) => vec![("alert", it.alert.clone()), ("namespace", it.namespace.clone())],
        Command::Pack(Pack::Enable { name } | Pack::Disable { name }) => vec![("pack", Some(name.clone()))],
        Command::Help(it) => vec![("verb", it.verb.clone())],
        Command::Pack(Pack::List) | Command::Doctor => vec![],
    };
    let path = match command {
        Command::Pack(Pack::List) => vec!["pack", "list"],
        Command::Pack(Pack::Enable { .. }) => vec!["pack", "enable"],
        Command::Pack(Pack::Disable { .. }) => vec!["pack", "disable"],
        other => vec![other.verb_name()],
    };
    (path, given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

proptest! {
    #[test]
    fn every_command_can_be_given_as_a_form(command in command(), thread in any::<bool>()) {
        let (path, given) = form(&command);
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let spot = if thread { Spot::Thread } else { Spot::Top };
        prop_assert_eq!(read(&filled(&path, &given), spot), Ok(Parsed::Command(command)));
    }

    #[test]
    fn free_text_in_a_form_is_read_as_when_it_is_typed(
        text in "(--? ?[a-z]{1,9}[ =]|[a-z'\": ]{0,9}|\\PC){0,9}".prop_filter("is clean", |text| clean::part(text) == *text),
    ) {
        let line = filled(&["investigate"], &[(TARGET_FIELD, &text)]);
        prop_assert_eq!(read(&line, Spot::Top), read(&format!("investigate {text}"), Spot::Top), "{}", line);
    }

    #[test]
    fn a_value_is_that_value_and_nothing_else(value in "([a-z]{0,3}|[-–—]{1,2}[a-z]{1,9}=?|['\"\\\\ $#]|\\PC){0,12}") {
        let line = filled(&["stop"], &[("reason", &value)]);
        match read(&line, Spot::Top) {
            Ok(Parsed::Command(Command::Stop(stop))) => {
                prop_assert_eq!(stop.of, None);
                prop_assert_eq!(stop.reason, Some(clean::part(&value)));
            }
            other => prop_assert!(false, "{} is {:?}", line, other),
        }
    }
}

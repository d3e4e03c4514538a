//! What a terminal sees.

use std::io::{self, Write};
use std::time::Duration;

use midwatch_agent::alertmanager::AlertGroup;
use midwatch_agent::render::{clean, sample};
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};
use unicode_width::UnicodeWidthStr as _;

use crate::{Console, Look, Motion, Opening, Pace, Question};

const HOSTILE: &str = "\x1b[2J\x1b]0;t\x07\u{202e}\u{9b}31m\r\u{8}";
const RUN: RunFacts = RunFacts { elapsed: Duration::from_millis(4100), reads: 19, bytes: 4096, model: None };

fn seal<T: midwatch_redact::Redact>(value: T) -> Redacted<T> {
    Redactor::default().seal(value)
}

fn opening(hostile: &str) -> Opening {
    let group = AlertGroup { alerts: vec![sample::alert(hostile)], more: 2 };
    Opening::Alerts(group, Question { source: "recording ./dump".to_owned(), ..Question::default() })
}

fn step(step: Step, state: StepState, text: &str) -> Redacted<Progress> {
    seal(Progress { step, state, text: text.to_owned() })
}

fn thread(look: Look, verdict: Verdict, hostile: &str) -> String {
    let mut out = Vec::new();
    let mut console = Console::new(&mut out, look, Pace::Full);
    console.open(&seal(opening(hostile)));
    console.progress(&step(Step::Scope, StepState::InProgress, "KubePodCrashLooping"));
    console.progress(&step(Step::Scope, StepState::Complete, &format!("Deployment shop/checkout{hostile}")));
    console.progress(&step(Step::Objects, StepState::Partial, "3 pods, 41 events"));
    console.report(&seal(sample::report(verdict, hostile)), RUN);
    console.note(&Redacted::gather([Redacted::fixed("On your own:"), Redacted::fixed("$ midwatch demo")]));
    console.failure().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_cause() {
    insta::assert_snapshot!(thread(Look::PLAIN, Verdict::Cause, ""));
}

#[test]
fn other_verdicts() {
    let all: Vec<String> = Verdict::ALL.into_iter().skip(1).map(|v| thread(Look::PLAIN, v, "")).collect();
    insta::assert_snapshot!(all.join("\n----------------\n\n"));
}

#[test]
fn narrow() {
    let text = thread(Look { width: 40, ..Look::PLAIN }, Verdict::Cause, "");
    for line in text.lines().filter(|line| !line.contains("kubectl")) {
        assert!(line.width() <= 40, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_width_breaks_a_line_or_hangs() {
    for width in [0, 1, 24, 40, 59, 60, 61, 80, 1000] {
        for verdict in Verdict::ALL {
            let text = thread(Look { width, ..Look::PLAIN }, verdict, "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字");
            for line in text.lines().filter(|line| !line.contains("kubectl")) {
                assert!(line.width() <= width.clamp(24, 200), "{width}: {line}");
            }
        }
    }
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    for verdict in Verdict::ALL {
        for motion in [Motion::Final, Motion::Append, Motion::Hidden] {
            let text = thread(Look { motion, ..Look::PLAIN }, verdict, HOSTILE);
            let acts = text.chars().find(|c| *c != '\n' && clean::is_active(*c));
            assert_eq!(acts, None, "{verdict:?} {}", text.escape_debug());
        }
    }
}

#[test]
fn a_terminal_gets_only_our_own_sequences() {
    let look = Look { width: 80, colour: true, motion: Motion::Edit };
    let mut text = thread(look, Verdict::Cause, HOSTILE);
    for own in ["\x1b[4A\x1b[J", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"] {
        text = text.replace(own, "");
    }
    assert!(!text.contains(|c: char| c != '\n' && clean::is_active(c)), "{}", text.escape_debug());
}

#[test]
fn colour_changes_no_letter() {
    let plain = thread(Look::PLAIN, Verdict::Cause, "");
    let mut coloured = thread(Look { colour: true, ..Look::PLAIN }, Verdict::Cause, "");
    assert!(coloured.contains("\x1b[1m"));
    for own in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"] {
        coloured = coloured.replace(own, "");
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&coloured), trimmed(&plain));
}

#[test]
fn the_living_message_is_edited_in_place() {
    let mut out = Vec::new();
    let look = Look { width: 60, colour: false, motion: Motion::Edit };
    let mut console = Console::new(&mut out, look, Pace::Full);
    console.progress(&step(Step::Scope, StepState::InProgress, ""));
    console.progress(&step(Step::Scope, StepState::InProgress, ""));
    console.progress(&step(Step::Scope, StepState::Complete, &"long ".repeat(40)));
    console.failure().unwrap();
    let text = String::from_utf8(out).unwrap();
    let messages: Vec<&str> = text.split("\x1b[4A\x1b[J").collect();
    assert_eq!(messages.len(), 2, "a repetition is no news");
    for message in messages {
        assert_eq!(message.lines().count(), 4);
        assert!(message.lines().all(|line| line.width() < 60), "{message}");
    }
}

#[test]
fn a_question_opens_a_thread() {
    let question =
        Question { text: Some("why is checkout slow".into()), namespace: Some("shop".into()), source: "x".into() };
    let mut out = Vec::new();
    Console::new(&mut out, Look::PLAIN, Pace::Full).open(&seal(Opening::Question(question)));
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
    you            why is checkout slow in namespace shop
     |
     +- Midwatch   Investigating x
    ");
}

/// A pipe whose reader goes away after the first write.
struct Closing(usize);

impl Write for Closing {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        if self.0 > 1 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(text.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_the_writing() {
    let mut pipe = Closing(0);
    let mut console = Console::new(&mut pipe, Look::PLAIN, Pace::Full);
    console.open(&seal(opening("")));
    console.report(&seal(sample::report(Verdict::Cause, "")), RUN);
    console.report(&seal(sample::report(Verdict::Cause, "")), RUN);
    assert_eq!(console.failure().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(pipe.0, 2, "nothing is written after the failure");
}

//! Threads in files and on a terminal: what is kept, what is told, what a killed process leaves.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::render::{clean, sample};
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redacted, Redactor};
use midwatch_service::id::{JobId, PostKey, ThreadId};
use midwatch_service::incident::StormRow;
use midwatch_service::port::chat::{ChatPlatform as _, Found, SendFailure};
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus, Opening, PostBody, StormTable};
use midwatch_service::thread::Thread;

use super::files::{FileError, Message, THREAD_CAP, ThreadFile, Threads};
use super::{ConsolePlatform, body};
use crate::look::{Look, Motion};

const LOOK: Look = Look { width: 100, colour: false, motion: Motion::Append };
const HOSTILE: &str = "\x1b[2J\x1b]0;t\x07\u{202e}\u{9b}31m\r\n[ffffff] forged\u{8}";

/// What was printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    /// Since the last look, the thread's tag taken off.
    fn take(&self, thread: &Thread) -> String {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let tag = super::tag(thread.id);
        assert!(text.lines().all(|line| line.starts_with(&tag)), "{tag}: {text}");
        text.replace(&tag, "[tag]")
    }
}

impl Write for Printed {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn thread() -> Thread {
    Thread {
        id: ThreadId::new(),
        platform: "console".into(),
        channel: "alerts".into(),
        root: None,
        opened_at: Timestamp::UNIX_EPOCH,
    }
}

fn key(name: &str) -> PostKey {
    PostKey(name.to_owned())
}

fn seal(body: PostBody) -> Redacted<PostBody> {
    Redactor::default().seal(body)
}

fn opening(hostile: &str) -> PostBody {
    PostBody::Opening(Opening {
        title: format!("KubePodCrashLooping shop{hostile}"),
        asked_by: Some(format!("alice{hostile}")),
        question: Some(format!("why?{hostile}")),
        alerts: vec![sample::alert(hostile)],
        more: 2,
        previous: None,
    })
}

fn living(status: LivingStatus, hostile: &str) -> LivingMessage {
    LivingMessage { title: format!("Deployment shop/checkout{hostile}"), status, ..LivingMessage::default() }
}

fn step(step: Step, state: StepState, text: &str) -> Progress {
    Progress { step, state, text: text.to_owned() }
}

fn storm(hostile: &str) -> StormTable {
    let row = |alert: &str, namespace: &str, firing, total| StormRow {
        alert: format!("{alert}{hostile}"),
        namespace: namespace.to_owned(),
        firing,
        total,
    };
    StormTable {
        rows: vec![
            row("KubePodCrashLooping", "shop", 120, 400),
            row("NodeNotReady", "", 3, 3),
            row("漢字", "pay", 1, 2),
        ],
        beyond: 7,
        received: 812,
        firing: 124,
        resolved_after: None,
    }
}

fn report(hostile: &str, may_be_repeated: bool) -> PostBody {
    let run = RunFacts { elapsed: Duration::from_millis(4100), reads: 19, bytes: 4096, model: None };
    PostBody::Report {
        job: JobId::new(),
        report: Box::new(sample::report(Verdict::Cause, hostile)),
        run,
        may_be_repeated,
    }
}

/// Every kind of message, with text of the outside in every place.
fn every_kind(hostile: &str) -> Vec<PostBody> {
    let status = |why: &str| {
        let why = format!("{why}{hostile}");
        [
            LivingStatus::Queued,
            LivingStatus::Investigating,
            LivingStatus::Reported { verdict: Verdict::Cause, headline: why.clone() },
            LivingStatus::Failed { why: why.clone() },
            LivingStatus::Cancelled { why },
        ]
    };
    let mut bodies = vec![opening(hostile), report(hostile, true), PostBody::Storm(storm(hostile))];
    bodies.push(PostBody::Notice { text: format!("stopped{hostile}") });
    bodies.extend(status("because").map(|status| {
        let mut message = living(status, hostile);
        message.steps =
            vec![step(Step::Scope, StepState::Partial, hostile), step(Step::Logs, StepState::InProgress, hostile)];
        message.notes = vec![format!("80 %{hostile}")];
        let resolved_after = Some(format!("11 min{hostile}"));
        message.alerts = Some(AlertsNow { firing: 1, resolved: 2, repeats: 3, reopened: 1, resolved_after });
        PostBody::Living(message)
    }));
    bodies
}

struct Setup {
    dir: tempfile::TempDir,
    printed: Printed,
    platform: ConsolePlatform,
    thread: Thread,
}

impl Setup {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let printed = Printed::default();
        let platform = ConsolePlatform::open(dir.path(), printed.clone(), LOOK).unwrap();
        Self { dir, printed, platform, thread: thread() }
    }

    fn file(&self, ending: &str) -> std::path::PathBuf {
        self.dir.path().join(format!("{}.{ending}", self.thread.id))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file("txt")).unwrap()
    }

    async fn post(&self, name: &str, body: PostBody) -> Result<String, SendFailure> {
        self.platform.post(&self.thread, &key(name), &seal(body)).await.map(|id| id.0)
    }
}

#[test]
fn every_kind_of_message() {
    let all: Vec<String> = every_kind("").iter().map(|one| body::render(LOOK, one)).collect();
    insta::assert_snapshot!(all.join("\n----------------\n"));
}

#[tokio::test]
async fn nothing_hostile_reaches_the_terminal_or_the_file() {
    let setup = Setup::new();
    for (index, body) in every_kind(HOSTILE).into_iter().enumerate() {
        setup.post(&format!("k{index}"), body).await.unwrap();
    }
    // `take` asserts that each line begins with the thread's own tag: a line feed cannot forge another thread's line.
    for text in [setup.printed.take(&setup.thread), setup.text()] {
        let acts = text.chars().find(|c| *c != '\n' && clean::is_active(*c));
        assert_eq!(acts, None, "{}", text.escape_debug());
        assert!(text.contains("forged"), "it stays visible");
    }
}

#[tokio::test]
async fn a_living_message_is_told_line_by_line_and_kept_whole() {
    let setup = Setup::new();
    setup.post("l", PostBody::Living(living(LivingStatus::Queued, ""))).await.unwrap();
    let mut now = living(LivingStatus::Investigating, "");
    now.steps.push(step(Step::Scope, StepState::Complete, "2 of 3 pods crash"));
    now.steps.push(step(Step::Objects, StepState::InProgress, ""));
    let edit = async |now: &LivingMessage| {
        let id = midwatch_service::id::MessageId("m1".into());
        setup.platform.edit(&setup.thread, &key("l"), &id, &seal(PostBody::Living(now.clone()))).await.unwrap();
        setup.printed.take(&setup.thread)
    };
    let queued = setup.printed.take(&setup.thread);
    let begun = edit(&now).await;
    now.steps[1] = step(Step::Objects, StepState::Partial, "3 pods, 41 events");
    now.notes.push("80 % of 2 min used: reading logs".into());
    now.alerts = Some(AlertsNow { firing: 2, repeats: 1, ..AlertsNow::default() });
    let on = edit(&now).await;
    now.alerts = Some(AlertsNow { firing: 2, repeats: 2, ..AlertsNow::default() });
    assert_eq!(edit(&now).await, "", "a repeat is no news");
    now.alerts =
        Some(AlertsNow { resolved: 2, repeats: 2, reopened: 1, resolved_after: Some("11 min".into()), firing: 0 });
    let resolved = edit(&now).await;
    insta::assert_snapshot!([queued, begun, on, resolved].join("--\n"), @r"
    [tag]  +- Midwatch   Queued Deployment shop/checkout
    --
    [tag]  +- Midwatch   Investigating Deployment shop/checkout
    [tag]                [done] 2 of 3 pods crash
    --
    [tag]  +- Midwatch   [part] 3 pods, 41 events
    [tag]                [note] 80 % of 2 min used: reading logs
    [tag]                2 alerts firing, 0 resolved
    --
    [tag]  +- Midwatch   RESOLVED after 11 min
    [tag]                0 alerts firing, 2 resolved
    [tag]                reopened: once
    ");
    insta::assert_snapshot!(setup.text(), @r"
     +- Midwatch   Investigating Deployment shop/checkout
                   [done] 2 of 3 pods crash
                   [part] 3 pods, 41 events
                   [note] 80 % of 2 min used: reading logs
                   RESOLVED after 11 min
                   0 alerts firing, 2 resolved
                   reopened: once
                   repeated: 2 times
    ");
}

#[tokio::test]
async fn the_same_key_is_the_same_message_also_after_a_restart() {
    let setup = Setup::new();
    let first = setup.post("a", opening("")).await.unwrap();
    let second = setup.post("b", PostBody::Notice { text: "one".into() }).await.unwrap();
    assert_ne!(first, second);
    let again = ConsolePlatform::open(setup.dir.path(), io::sink(), LOOK).unwrap();
    assert_eq!(
        again.find(&setup.thread, &key("b")).await.unwrap(),
        Found::Sent(midwatch_service::id::MessageId(second.clone()))
    );
    assert_eq!(again.find(&setup.thread, &key("c")).await.unwrap(), Found::NotSent);
    assert_eq!(again.find(&thread(), &key("b")).await.unwrap(), Found::NotSent);
    let doubled = again.post(&setup.thread, &key("b"), &seal(PostBody::Notice { text: "one".into() })).await.unwrap();
    assert_eq!(doubled.0, second);
    assert_eq!(setup.text().matches("one").count(), 1);
}

#[tokio::test]
async fn what_a_killed_process_left_beside_is_removed_and_the_old_state_holds() {
    let setup = Setup::new();
    setup.post("a", PostBody::Notice { text: "kept".into() }).await.unwrap();
    let torn = setup.file("json").with_added_extension("tmp");
    let half = std::fs::read(setup.file("json")).unwrap();
    std::fs::write(&torn, &half[..half.len() / 2]).unwrap();
    let again = ConsolePlatform::open(setup.dir.path(), io::sink(), LOOK).unwrap();
    assert!(!torn.exists());
    assert!(matches!(again.find(&setup.thread, &key("a")).await, Ok(Found::Sent(_))));
    // Killed between the two renames: the readable file is one message behind until the next.
    std::fs::remove_file(setup.file("txt")).unwrap();
    again.post(&setup.thread, &key("b"), &seal(PostBody::Notice { text: "next".into() })).await.unwrap();
    assert!(setup.text().contains("kept") && setup.text().contains("next"), "{}", setup.text());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_said_and_left_alone() {
    let setup = Setup::new();
    setup.post("a", PostBody::Notice { text: "kept".into() }).await.unwrap();
    let whole = std::fs::read(setup.file("json")).unwrap();
    for end in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(setup.file("json"), &whole[..end]).unwrap();
        let failure = setup.post("b", PostBody::Notice { text: "next".into() }).await.unwrap_err();
        assert!(
            matches!(&failure, SendFailure::Retry { why, after: Some(_), hold: None } if why.contains("is damaged")),
            "{failure}"
        );
        assert!(setup.platform.find(&setup.thread, &key("a")).await.is_err(), "not `not sent`: that would double it");
        assert_eq!(std::fs::read(setup.file("json")).unwrap(), whole[..end], "it is left for a person to look at");
    }
    std::fs::remove_file(setup.file("json")).unwrap();
    std::fs::create_dir(setup.file("json")).unwrap();
    let failure = setup.post("b", PostBody::Notice { text: "next".into() }).await.unwrap_err();
    assert!(matches!(&failure, SendFailure::Retry { why, .. } if why.contains("cannot be read")), "{failure}");
}

#[tokio::test]
async fn a_directory_that_goes_away_loses_nothing_but_the_try() {
    let setup = Setup::new();
    let away = setup.dir.path().with_added_extension("away");
    std::fs::rename(setup.dir.path(), &away).unwrap();
    let failure = setup.post("a", PostBody::Notice { text: "x".into() }).await.unwrap_err();
    assert!(matches!(&failure, SendFailure::Retry { why, .. } if why.contains("cannot be written")), "{failure}");
    std::fs::rename(&away, setup.dir.path()).unwrap();
    setup.post("a", PostBody::Notice { text: "x".into() }).await.unwrap();
}

/// A pipe whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_closed_pipe_fails_no_post() {
    let dir = tempfile::tempdir().unwrap();
    let platform = ConsolePlatform::open(dir.path(), Closed, LOOK).unwrap();
    let thread = thread();
    for name in ["a", "b"] {
        platform.post(&thread, &key(name), &seal(PostBody::Notice { text: name.into() })).await.unwrap();
    }
    assert!(matches!(platform.find(&thread, &key("b")).await, Ok(Found::Sent(_))));
}

#[test]
fn a_thread_that_outgrows_its_file_forgets_the_oldest_texts_and_no_message() {
    let setup = Setup::new();
    let threads = Threads::open(setup.dir.path()).unwrap();
    let mut file = ThreadFile::default();
    for n in 0..7 {
        let text = format!("{n}: {}\n", "word \"x\" ".repeat(THREAD_CAP / 50));
        let (key, id) = (key(&format!("n{n}")), file.next_id());
        file.messages.push(Message { key, id, edits: 0, text, told: Vec::new() });
        threads.save(setup.thread.id, &mut file).unwrap();
        assert!(std::fs::metadata(setup.file("json")).unwrap().len() <= THREAD_CAP as u64);
    }
    let text = setup.text();
    assert!(text.contains("0: word") && text.contains("6: word") && !text.contains("1: word"), "root and newest stay");
    assert!(text.contains("(removed:"));
    assert_eq!(threads.load(setup.thread.id).unwrap().messages.len(), 7, "so that none is ever sent again");
    file.messages[0].text = "x".repeat(THREAD_CAP);
    assert!(matches!(threads.save(setup.thread.id, &mut file), Err(FileError::Full { .. })));
}

#[test]
fn threads_beyond_their_retention_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let touch = |name: &str| std::fs::write(dir.path().join(name), "{}").unwrap();
    ["a.json", "a.txt", "notes.md"].into_iter().for_each(touch);
    let threads = Threads::open(dir.path()).unwrap();
    assert_eq!(threads.sweep(Duration::from_hours(1)).unwrap(), 0);
    assert_eq!(threads.sweep(Duration::ZERO).unwrap(), 2);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.md"], "what is not ours stays");
    assert!(ConsolePlatform::open(Path::new("/dev/null/threads"), io::sink(), LOOK).is_err());
}

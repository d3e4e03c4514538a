//! The platform against a Slack on 127.0.0.1.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::render::sample;
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_doubles::slack::{Fault, Limits, Options, Rate, Rule, Slack};
use midwatch_redact::{Redacted, Redactor};
use midwatch_service::check::Outcome;
use midwatch_service::id::{JobId, MessageId, PostKey, ThreadId};
use midwatch_service::port::chat::{Call, ChatPlatform as _, Directory as _, Found, Membership, Scope, SendFailure};
use midwatch_service::post::{LivingMessage, LivingStatus, PostBody, Private};
use midwatch_service::thread::Thread;
use secrecy::SecretString;
use url::Url;

use crate::find::{self, Bounds};
use crate::key::Tag;
use crate::{SlackOptions, SlackPlatform};

const CHANNEL: &str = "C0ALERTS";

struct World {
    slack: Slack,
    platform: SlackPlatform,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SlackOptions)) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let slack = Slack::start(Options { limits: Limits::none(), ..Options::default() }).await;
        slack.add_user("U0ANN", "ann");
        slack.add_channel(CHANNEL, "alerts", &["U0ANN"]);
        let mut options = SlackOptions::new(SecretString::from(slack.bot_token())).unwrap();
        options.app_token = Some(SecretString::from(slack.app_token()));
        options.api_url = Url::parse(&slack.api_url()).unwrap();
        options.timeout = Duration::from_secs(1);
        change(&mut options);
        let platform = SlackPlatform::new(&options).unwrap();
        Self { slack, platform }
    }

    /// A thread whose root is there.
    async fn rooted(&self) -> Thread {
        let mut thread = thread();
        thread.root = Some(self.platform.post(&thread, &key("opening"), &notice("what started it")).await.unwrap());
        thread
    }

    /// Posts that are there, in order, as a person reads them.
    fn reads(&self) -> Vec<String> {
        self.slack.own(CHANNEL).iter().map(midwatch_doubles::slack::Message::reads).collect()
    }

    fn count(&self, method: &str) -> usize {
        self.slack.calls().iter().filter(|call| call.method == method).count()
    }
}

fn thread() -> Thread {
    let (id, opened_at) = (ThreadId::new(), Timestamp::now());
    Thread { id, platform: "slack".to_owned(), channel: CHANNEL.to_owned(), root: None, opened_at }
}

fn key(text: &str) -> PostKey {
    PostKey(text.to_owned())
}

fn seal(body: PostBody) -> Redacted<PostBody> {
    Redactor::default().seal(body)
}

fn notice(text: &str) -> Redacted<PostBody> {
    seal(PostBody::Notice { text: text.to_owned() })
}

fn living(status: LivingStatus) -> Redacted<PostBody> {
    let steps = vec![Progress { step: Step::Logs, state: StepState::InProgress, text: String::new() }];
    let title = "Deployment shop/checkout".to_owned();
    seal(PostBody::Living(LivingMessage { title, job: Some(JobId::new()), status, steps, ..LivingMessage::default() }))
}

fn report() -> PostBody {
    let report = Box::new(sample::report(Verdict::Cause, ""));
    PostBody::Report { job: JobId::new(), report, run: RunFacts::default(), may_be_repeated: false }
}

fn with_files(names: &[&str]) -> Redacted<PostBody> {
    let file = |name: &&str| {
        Part::File(File { name: (*name).to_owned(), title: format!("about {name}"), text: format!("in {name}") })
    };
    let answer = names.iter().map(file).fold(Answer::text("See the files."), Answer::with);
    seal(PostBody::Answer { answer, may_be_repeated: false })
}

fn private(reply: Option<String>) -> Redacted<PostBody> {
    seal(PostBody::Private(Private { to: "U0ANN".to_owned(), reply, answer: Answer::text("only for you") }))
}

#[tokio::test]
async fn a_thread_is_opened_replied_to_and_edited() {
    let w = World::new().await;
    let thread = w.rooted().await;
    let root = thread.root.clone().unwrap();
    let message = w.platform.post(&thread, &key("living"), &living(LivingStatus::Investigating)).await.unwrap();
    let failed = LivingStatus::Failed { why: "E003: out of time".to_owned() };
    w.platform.edit(&thread, &key("living"), &message, &living(failed)).await.unwrap();
    let shown = w.slack.message(CHANNEL, &message.0).unwrap();
    assert_eq!(shown.thread_ts.as_deref(), Some(root.0.as_str()));
    assert!(shown.reads().contains("E003: out of time") && shown.before.len() == 1, "{}", shown.reads());
    assert!(shown.metadata.is_some(), "an edit keeps the key");
    assert_eq!(w.slack.refusals(), []);
}

#[tokio::test]
async fn a_verdict_is_shown_in_the_channel_where_that_is_wanted() {
    for wanted in [false, true] {
        let w = World::with(|options| options.broadcast_verdict = wanted).await;
        let thread = w.rooted().await;
        let message = w.platform.post(&thread, &key("report"), &seal(report())).await.unwrap();
        assert_eq!(w.slack.message(CHANNEL, &message.0).unwrap().broadcast, wanted);
        assert_eq!(w.slack.refusals(), []);
    }
}

#[tokio::test]
async fn what_may_have_landed_is_found_by_its_key() {
    for (fault, landed) in [
        (Fault::ResetBefore, false),
        (Fault::Status(502), false),
        (Fault::ResetAfter, true),
        (Fault::StatusAfter(500), true),
        (Fault::Garbage, true),
        (Fault::Slow(Duration::from_secs(30)), true),
        (Fault::LandsLate, true),
    ] {
        for rooted in [false, true] {
            let w = World::with(|options| options.timeout = Duration::from_millis(400)).await;
            let thread = if rooted { w.rooted().await } else { thread() };
            w.slack.fault(Rule::on("chat.postMessage", fault.clone()));
            let sent = w.platform.post(&thread, &key("k"), &notice("once")).await;
            assert!(matches!(sent, Err(SendFailure::Unknown { .. })), "{fault:?}: {sent:?}");
            if landed {
                let there = |w: &Slack| w.own(CHANNEL).iter().any(|m| m.reads() == "once").then_some(());
                w.slack.wait_for("the message", there).await;
            }
            let found = w.platform.find(&thread, &key("k")).await.unwrap();
            assert_eq!(matches!(found, Found::Sent(_)), landed, "{fault:?} {rooted}: {found:?}");
            assert_eq!(w.platform.find(&thread, &key("other")).await.unwrap(), Found::NotSent);
        }
    }
}

#[tokio::test]
async fn a_search_reads_page_after_page_and_gives_up_in_the_end() {
    let w = World::new().await;
    let thread = w.rooted().await;
    for n in 0..25 {
        w.slack.say("U0ANN", CHANNEL, thread.root.as_ref().map(|root| root.0.as_str()), &format!("chatter {n}"));
    }
    let message = w.platform.post(&thread, &key("late"), &notice("at last")).await.unwrap();
    let look = async |pages| {
        let tag = Tag::of(&key("late"));
        find::look(&w.platform.inner.client, &thread, &tag, Bounds { page: 10, pages }).await.unwrap().found
    };
    assert_eq!(look(3).await, Found::Sent(message));
    assert_eq!(look(2).await, Found::Unknowable);
}

#[tokio::test]
async fn limits_are_told_as_slack_tells_them() {
    let w = World::new().await;
    w.slack.fault(Rule::any(Fault::TooMany(17)).times(2));
    let sent = w.platform.post(&thread(), &key("k"), &notice("x")).await;
    let Err(SendFailure::Retry { after, hold, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!((after, hold), (Some(Duration::from_secs(17)), Some(Scope::Method)));
    let found = w.platform.find(&thread(), &key("k")).await;
    assert!(matches!(found, Err(SendFailure::Retry { .. })), "{found:?}");
}

#[tokio::test]
async fn at_the_declared_pace_no_limit_is_met() {
    // Of any minute: what comes at once, and what comes after it.
    for limit in World::new().await.platform.limits() {
        let minute = u64::from(limit.calls.get()) * 60 / limit.every.as_secs() + u64::from(limit.burst.get());
        let allowed = match (limit.call, limit.scope) {
            (Some(Call::Post), Scope::Channel) => 61,
            (Some(Call::Post), _) => Rate::a_minute(300).calls.into(),
            _ => 50,
        };
        assert!(minute <= allowed, "{limit:?}");
    }
}

#[tokio::test]
async fn nothing_is_in_doubt_where_nobody_listens() {
    let w = World::with(|options| options.api_url = Url::parse("http://127.0.0.1:9/api").unwrap()).await;
    let sent = w.platform.post(&thread(), &key("k"), &notice("x")).await;
    assert!(matches!(sent, Err(SendFailure::Retry { after: None, hold: None, .. })), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_tells_the_operator_what_to_do() {
    let w = World::new().await;
    w.slack.kick(CHANNEL);
    let sent = w.platform.post(&thread(), &key("k"), &notice("x")).await;
    let Err(SendFailure::Refused { why }) = sent else { panic!("{sent:?}") };
    assert!(why.contains("/invite"), "{why}");
    let edited = w.platform.edit(&thread(), &key("k"), &MessageId("1.000001".to_owned()), &notice("x")).await;
    assert!(matches!(edited, Err(SendFailure::Refused { .. })), "{edited:?}");
    w.slack.grant(&["commands"]);
    let sent = w.platform.post(&thread(), &key("k"), &notice("x")).await;
    let Err(SendFailure::Refused { why }) = sent else { panic!("{sent:?}") };
    assert!(why.contains("`chat:write`"), "{why}");
}

#[tokio::test]
async fn files_come_before_their_message_and_only_once() {
    let w = World::new().await;
    let thread = w.rooted().await;
    let body = with_files(&["a.log", "b.log"]);
    // The second file is refused for now: nothing of the message is there, one file is.
    w.slack.fault(Rule::on("files.completeUploadExternal", Fault::TooMany(1)).nth(2));
    let sent = w.platform.post(&thread, &key("files"), &body).await;
    assert!(matches!(sent, Err(SendFailure::Retry { .. })), "{sent:?}");
    w.slack.fault(Rule::on("files.completeUploadExternal", Fault::ResetAfter));
    let sent = w.platform.post(&thread, &key("files"), &body).await;
    assert!(matches!(sent, Err(SendFailure::Unknown { .. })), "{sent:?}");
    assert_eq!(w.platform.find(&thread, &key("files")).await.unwrap(), Found::NotSent);
    let message = w.platform.post(&thread, &key("files"), &body).await.unwrap();
    let files: Vec<String> =
        w.slack.files(CHANNEL).iter().map(|f| String::from_utf8(f.content.clone()).unwrap()).collect();
    assert_eq!(files, ["in a.log", "in b.log"]);
    assert_eq!(w.slack.messages(CHANNEL).last().unwrap().ts, message.0, "the message is the last");
    assert_eq!(w.platform.find(&thread, &key("files")).await.unwrap(), Found::Sent(message));
}

#[tokio::test]
async fn another_process_finds_the_files_that_landed() {
    let w = World::new().await;
    let thread = w.rooted().await;
    let body = with_files(&["a.log"]);
    w.slack.fault(Rule::on("chat.postMessage", Fault::ResetBefore));
    assert!(w.platform.post(&thread, &key("files"), &body).await.is_err());
    let mut options = SlackOptions::new(SecretString::from(w.slack.bot_token())).unwrap();
    options.api_url = Url::parse(&w.slack.api_url()).unwrap();
    let other = SlackPlatform::new(&options).unwrap();
    assert_eq!(other.find(&thread, &key("files")).await.unwrap(), Found::NotSent);
    other.post(&thread, &key("files"), &body).await.unwrap();
    assert_eq!(w.slack.files(CHANNEL).len(), 1);
}

#[tokio::test]
async fn files_of_a_root_follow_it() {
    let w = World::new().await;
    let root = w.platform.post(&thread(), &key("files"), &with_files(&["a.log"])).await.unwrap();
    let thread = w.slack.thread(CHANNEL, &root.0);
    assert_eq!(thread.iter().map(|m| m.files.len()).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_report_that_does_not_fit_has_its_page_beside_it() {
    let w = World::new().await;
    let thread = w.rooted().await;
    let mut body = report();
    if let PostBody::Report { report, .. } = &mut body {
        let first = report.why.first().cloned();
        report.why.extend(first.into_iter().cycle().take(40));
    }
    w.platform.post(&thread, &key("report"), &seal(body)).await.unwrap();
    let files = w.slack.files(CHANNEL);
    let [page] = files.as_slice() else { panic!("{files:?}") };
    assert!(page.name.starts_with("report-"), "{}", page.name);
    assert!(String::from_utf8_lossy(&page.content).starts_with("# CAUSE"));
}

#[tokio::test]
async fn a_workspace_without_plans_is_given_lines_from_then_on() {
    let w = World::new().await;
    let thread = w.rooted().await;
    w.slack.fault(Rule::on("chat.postMessage", Fault::Refuse("invalid_blocks".to_owned())));
    w.platform.post(&thread, &key("a"), &living(LivingStatus::Investigating)).await.unwrap();
    let before = w.count("chat.postMessage");
    w.platform.post(&thread, &key("b"), &living(LivingStatus::Investigating)).await.unwrap();
    assert_eq!(w.count("chat.postMessage"), before + 1, "it is not tried again");
    let shown = w.slack.own(CHANNEL);
    assert!(shown.iter().all(|m| m.blocks.iter().all(|b| b["type"] != "plan")), "{shown:?}");
    assert!(w.reads()[2].contains("read logs"), "{:?}", w.reads());
}

#[tokio::test]
async fn a_private_answer_is_seen_by_one_person() {
    let w = World::new().await;
    let thread = w.rooted().await;
    w.platform.post(&thread, &key("p"), &private(None)).await.unwrap();
    // An address that is not Slack's is not answered to.
    w.platform.post(&thread, &key("q"), &private(Some("https://evil.example/x".to_owned()))).await.unwrap();
    // One that is, and is not good any more.
    let old = w.slack.api_url().replace("/api", "/actions/old");
    w.platform.post(&thread, &key("r"), &private(Some(old))).await.unwrap();
    let seen = w.slack.ephemerals("U0ANN");
    assert_eq!(seen.iter().map(|e| e.by.as_str()).collect::<Vec<_>>(), ["chat.postEphemeral"; 3]);
    assert!(seen.iter().all(|e| e.reads() == "only for you" && e.thread_ts.is_some()), "{seen:?}");
    assert_eq!(w.slack.own(CHANNEL).len(), 1);
}

#[tokio::test]
async fn the_status_line_follows_and_fails_nothing() {
    let w = World::new().await;
    let thread = w.rooted().await;
    let message = w.platform.post(&thread, &key("l"), &living(LivingStatus::Investigating)).await.unwrap();
    w.slack.wait_for("the status", |w| (w.statuses().len() == 1).then_some(())).await;
    let done = LivingStatus::Cancelled { why: "by ann".to_owned() };
    w.platform.edit(&thread, &key("l"), &message, &living(done)).await.unwrap();
    w.slack.wait_for("its end", |w| (w.statuses().len() == 2).then_some(())).await;
    let words: Vec<String> = w.slack.statuses().into_iter().map(|(_, _, words)| words).collect();
    assert_eq!(words, ["is reading logs ...", ""]);

    let w = World::new().await;
    let thread = w.rooted().await;
    w.slack.fault(Rule::on("assistant.threads.setStatus", Fault::Refuse("not_allowed".to_owned())));
    w.platform.post(&thread, &key("a"), &living(LivingStatus::Investigating)).await.unwrap();
    w.slack
        .wait_for("the refusal", |w| {
            w.calls().iter().any(|c| c.method.ends_with("setStatus") && c.outcome.is_some()).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_directory_tells_members_and_groups() {
    let w = World::with(|options| options.user_groups = true).await;
    w.slack.add_private_channel("G0SECRET", "secret", &["U0ANN"]);
    w.slack.add_group("S0ONCALL", "oncall", &["U0ANN"]);
    w.slack.add_group("S0OTHERS", "others", &[]);
    assert_eq!(w.platform.membership(CHANNEL).await, Ok(Membership::Member));
    assert_eq!(w.platform.membership("G0SECRET").await, Ok(Membership::NotMember));
    assert_eq!(w.platform.membership("D0ANN").await, Ok(Membership::Member));
    assert_eq!(w.platform.invitation(), "/invite @midwatch");
    assert_eq!(w.platform.groups("U0ANN").await, Ok(vec!["oncall".to_owned(), "S0ONCALL".to_owned()]));
    assert_eq!(w.platform.groups("U0BOB").await, Ok(vec![]));
    assert_eq!(w.count("usergroups.list"), 1, "they are kept for a while");

    let w = World::with(|options| options.user_groups = true).await;
    w.slack.grant(&["chat:write"]);
    let why = w.platform.groups("U0ANN").await.unwrap_err();
    assert!(why.contains("usergroups:read"), "{why}");
}

#[tokio::test]
async fn the_doctor_tells_what_is_wrong() {
    let w = World::new().await;
    w.slack.add_private_channel("G0SECRET", "secret", &[]);
    let channels = [CHANNEL.to_owned(), "G0SECRET".to_owned()];
    let checks = w.platform.doctor(&channels).await;
    let results: Vec<Outcome> = checks.iter().map(|check| check.result).collect();
    // More scopes than needed is only a warning.
    assert_eq!(results, [Outcome::Ok, Outcome::Warn, Outcome::Ok, Outcome::Fail, Outcome::Ok], "{checks:#?}");
    assert!(checks[3].fix.as_ref().unwrap().contains("/invite @midwatch"), "{checks:#?}");

    let w = World::with(|options| options.bot_token = SecretString::from("xoxb-wrong")).await;
    let checks = w.platform.doctor(&[]).await;
    assert!(checks.len() == 1 && checks[0].result == Outcome::Fail, "{checks:#?}");
    assert!(!format!("{checks:?}").contains("xoxb-wrong"));
}

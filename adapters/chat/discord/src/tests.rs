//! The platform against a Discord on 127.0.0.1.

mod private;

use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::render::sample;
use midwatch_agent::request::RunFacts;
use midwatch_conversation::answer::{Answer, File, Part};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_doubles::discord::permissions::{
    ATTACH_FILES, CREATE_PUBLIC_THREADS, READ_MESSAGE_HISTORY, SEND_MESSAGES_IN_THREADS,
};
use midwatch_doubles::discord::{Discord, Fault, Limits, Message, Options, Rate, Rule};
use midwatch_redact::{Redacted, Redactor};
use midwatch_service::check::Outcome;
use midwatch_service::id::{JobId, MessageId, PostKey, ThreadId};
use midwatch_service::port::chat::{ChatPlatform as _, Directory as _, Found, Membership, Scope, SendFailure};
use midwatch_service::post::{LivingMessage, LivingStatus, Opening, PostBody};
use midwatch_service::thread::Thread;
use secrecy::SecretString;
use url::Url;

use crate::find::Bounds;
use crate::key::Tag;
use crate::{DiscordOptions, DiscordPlatform};

const CHANNEL: &str = "1180000000000000001";
const FORUM: &str = "1180000000000000002";
const ANN: &str = "1180000000000000003";

const POST: &str = "POST /channels/{channel}/messages";
const EDIT: &str = "PATCH /channels/{channel}/messages/{message}";
const START: &str = "POST /channels/{channel}/messages/{message}/threads";

struct World {
    discord: Discord,
    platform: DiscordPlatform,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut DiscordOptions)) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let discord = Discord::start(Options { limits: Limits::none(), ..Options::default() }).await;
        discord.add_user(ANN, "ann");
        discord.add_channel(CHANNEL, "alerts");
        discord.add_forum(FORUM, "incidents");
        let mut options = DiscordOptions::new(SecretString::from(discord.bot_token()), discord.guild()).unwrap();
        options.api_url = Url::parse(&discord.api_url()).unwrap();
        options.timeout = Duration::from_secs(2);
        change(&mut options);
        let platform = DiscordPlatform::new(&options).unwrap();
        Self { discord, platform }
    }

    /// The same guild, seen by a process that knows nothing of before.
    fn again(&self) -> DiscordPlatform {
        let mut options =
            DiscordOptions::new(SecretString::from(self.discord.bot_token()), self.discord.guild()).unwrap();
        options.api_url = Url::parse(&self.discord.api_url()).unwrap();
        DiscordPlatform::new(&options).unwrap()
    }

    /// A thread whose root is there.
    async fn rooted(&self, channel: &str) -> Thread {
        let mut thread = thread(channel);
        let key = key(&format!("{}:opening", thread.id));
        thread.root = Some(self.platform.post(&thread, &key, &opening()).await.unwrap());
        thread
    }

    /// What the app said in a channel and its threads.
    fn said(&self, channel: &str) -> Vec<Message> {
        // What begins a thread is written by who began it, and says nothing.
        self.discord.own(channel).into_iter().filter(|message| message.kind != 21).collect()
    }
}

fn thread(channel: &str) -> Thread {
    let (id, opened_at) = (ThreadId::new(), Timestamp::now());
    Thread { id, platform: "discord".to_owned(), channel: channel.to_owned(), root: None, opened_at }
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

fn opening() -> Redacted<PostBody> {
    seal(PostBody::Opening(Opening { title: "KubePodCrashLooping shop".to_owned(), ..Opening::default() }))
}

fn living(status: LivingStatus) -> Redacted<PostBody> {
    let title = "Deployment shop/checkout".to_owned();
    seal(PostBody::Living(LivingMessage { title, job: Some(JobId::new()), status, ..LivingMessage::default() }))
}

fn with_file() -> Redacted<PostBody> {
    let file = File { name: "a.log".to_owned(), title: "the last lines".to_owned(), text: "in a.log".to_owned() };
    let answer = Answer::text("See the file.").with(Part::File(file));
    seal(PostBody::Answer { answer, may_be_repeated: false })
}

fn refused<T: std::fmt::Debug>(sent: Result<T, SendFailure>) -> String {
    let Err(SendFailure::Refused { why }) = sent else { panic!("{sent:?}") };
    why
}

#[tokio::test]
async fn a_thread_is_begun_once_replied_to_and_edited() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    let root = thread.root.clone().unwrap();
    let message = w.platform.post(&thread, &key("living"), &living(LivingStatus::Investigating)).await.unwrap();
    let failed = LivingStatus::Failed { why: "E003: out of time".to_owned() };
    w.platform.edit(&thread, &key("living"), &message, &living(failed)).await.unwrap();
    w.platform.post(&thread, &key("n"), &notice("a line")).await.unwrap();
    let shown = w.discord.message(&root.0, &message.0).unwrap();
    assert!(shown.reads().contains("E003: out of time") && shown.before.len() == 1, "{}", shown.reads());
    assert_eq!(w.discord.called(START), 1);
    let threads = w.discord.threads(CHANNEL);
    assert_eq!(threads, [(root.0.clone(), "Deployment shop/checkout".to_owned(), false)]);
    // The root is above the thread, and is edited there.
    w.platform.edit(&thread, &key("opening"), &root, &notice("resolved")).await.unwrap();
    assert!(w.discord.message(CHANNEL, &root.0).unwrap().reads().contains("resolved"));
    assert_eq!(w.discord.refusals(), []);
    assert_eq!(w.discord.violations(), []);
}

#[tokio::test]
async fn a_thread_that_is_there_is_not_begun_again() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    w.platform.post(&thread, &key("a"), &notice("a")).await.unwrap();
    // Another process, which does not know it.
    w.again().post(&thread, &key("b"), &notice("b")).await.unwrap();
    assert_eq!(w.discord.called(START), 1);
    // The answer of a start was lost: it was begun, and nothing was said.
    let thread = w.rooted(CHANNEL).await;
    w.discord.fault(Rule::on(START, Fault::ResetAfter));
    let sent = w.platform.post(&thread, &key("c"), &notice("c")).await;
    assert!(matches!(sent, Err(SendFailure::Retry { after: None, .. })), "{sent:?}");
    w.platform.post(&thread, &key("c"), &notice("c")).await.unwrap();
    assert_eq!(w.said(CHANNEL).len(), 5);
}

#[tokio::test]
async fn a_thread_that_somebody_removed_is_begun_again_from_its_message() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    w.platform.post(&thread, &key("one"), &notice("one")).await.unwrap();
    w.discord.delete_thread(&thread.root.as_ref().unwrap().0);
    w.platform.post(&thread, &key("two"), &notice("two")).await.unwrap();
    assert!(w.said(CHANNEL).iter().any(|message| message.reads().contains("two")));
}

#[tokio::test]
async fn what_knows_no_applications_is_spoken_to_all_the_same() {
    let w = World::new().await;
    w.discord.fault(Rule::on("GET /applications/@me", Fault::Refuse(404, 0)));
    let application = w.platform.application().await.unwrap();
    assert_eq!((application.id.as_str(), application.flags), (w.discord.bot_user(), None));
    let thread = w.rooted(CHANNEL).await;
    assert_eq!(w.platform.find(&thread, &key("never sent")).await.unwrap(), Found::NotSent);
}

#[tokio::test]
async fn an_archived_thread_is_reopened_and_a_locked_one_is_said() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    let root = thread.root.clone().unwrap().0;
    let message = w.platform.post(&thread, &key("l"), &living(LivingStatus::Investigating)).await.unwrap();
    w.discord.archive(&root);
    w.platform.edit(&thread, &key("l"), &message, &living(LivingStatus::Queued)).await.unwrap();
    assert_eq!(w.discord.message(&root, &message.0).unwrap().before.len(), 1);
    w.discord.archive(&root);
    w.platform.post(&thread, &key("n"), &notice("still here")).await.unwrap();
    w.discord.lock(&root);
    let why = refused(w.platform.edit(&thread, &key("l"), &message, &notice("x")).await);
    assert!(why.contains("locked"), "{why}");
    let why = refused(w.platform.post(&thread, &key("m"), &notice("x")).await);
    assert!(why.contains("locked"), "{why}");
}

#[tokio::test]
async fn in_a_forum_a_message_at_the_top_is_a_post() {
    let w = World::new().await;
    let thread = w.rooted(FORUM).await;
    let root = thread.root.clone().unwrap();
    assert_eq!(w.discord.threads(FORUM), [(root.0.clone(), "KubePodCrashLooping shop".to_owned(), false)]);
    let message = w.platform.post(&thread, &key("n"), &with_file()).await.unwrap();
    assert_eq!(w.discord.message(&root.0, &message.0).unwrap().files.len(), 1);
    w.platform.edit(&thread, &key("opening"), &root, &notice("resolved")).await.unwrap();
    assert!(w.discord.message(&root.0, &root.0).unwrap().reads().contains("resolved"));
    let files = w.platform.post(&self::thread(FORUM), &key("files"), &with_file()).await.unwrap();
    assert_eq!(w.discord.message(&files.0, &files.0).unwrap().files.len(), 1);
    assert_eq!(w.discord.refusals(), []);
}

#[tokio::test]
async fn what_may_have_landed_is_found_by_its_tag() {
    for (fault, landed) in [
        (Fault::ResetBefore, false),
        (Fault::Status(502), false),
        (Fault::ResetAfter, true),
        (Fault::StatusAfter(500), true),
        (Fault::Garbage, true),
        (Fault::Slow(Duration::from_secs(30)), true),
        (Fault::LandsLate, true),
    ] {
        for (channel, rooted) in [(CHANNEL, false), (CHANNEL, true), (FORUM, false), (FORUM, true)] {
            let w = World::with(|options| options.timeout = Duration::from_millis(600)).await;
            let thread = if rooted { w.rooted(channel).await } else { thread(channel) };
            let post = if channel == FORUM && !rooted { "POST /channels/{channel}/threads" } else { POST };
            w.discord.fault(Rule::on(post, fault.clone()));
            let sent = w.platform.post(&thread, &key("k"), &notice("once")).await;
            assert!(matches!(sent, Err(SendFailure::Unknown { .. })), "{fault:?}: {sent:?}");
            if landed {
                let there = |w: &Discord| w.own(channel).iter().any(|m| m.reads().contains("once")).then_some(());
                w.discord.wait_for("the message", there).await;
            }
            let found = w.platform.find(&thread, &key("k")).await.unwrap();
            assert_eq!(matches!(found, Found::Sent(_)), landed, "{fault:?} {channel} {rooted}: {found:?}");
            assert_eq!(w.platform.find(&thread, &key("other")).await.unwrap(), Found::NotSent);
        }
    }
}

#[tokio::test]
async fn a_message_that_lands_late_is_not_doubled_and_becomes_the_newer_one() {
    let w = World::with(|options| options.timeout = Duration::from_millis(600)).await;
    let thread = w.rooted(CHANNEL).await;
    w.platform.post(&thread, &key("first"), &notice("first")).await.unwrap();
    w.discord.fault(Rule::on(POST, Fault::Stuck));
    let sent = w.platform.post(&thread, &key("l"), &living(LivingStatus::Queued)).await;
    assert!(matches!(sent, Err(SendFailure::Unknown { .. })), "{sent:?}");
    assert_eq!(w.platform.find(&thread, &key("l")).await.unwrap(), Found::NotSent);
    assert_eq!(w.discord.land(), 1);
    let before = w.said(CHANNEL).len();
    let cancelled = LivingStatus::Cancelled { why: "by ann".to_owned() };
    let message = w.platform.post(&thread, &key("l"), &living(cancelled)).await.unwrap();
    assert_eq!(w.said(CHANNEL).len(), before, "the nonce gave back the one that landed");
    let shown = w.discord.message(&thread.root.unwrap().0, &message.0).unwrap();
    assert!(shown.reads().contains("by ann"), "{}", shown.reads());
    assert_eq!(w.discord.called(EDIT), 1);
}

#[tokio::test]
async fn a_search_reads_page_after_page_and_gives_up_in_the_end() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    let message = w.platform.post(&thread, &key("early"), &notice("at first")).await.unwrap();
    for n in 0..25 {
        w.discord.say(ANN, &thread.root.as_ref().unwrap().0, &format!("chatter {n}"));
    }
    let look = async |pages| {
        let bounds = Bounds { page: 10, pages, posts: 1 };
        w.platform.inner.find(&thread, &Tag::of(&key("early")), bounds).await.unwrap()
    };
    assert_eq!(look(3).await, Found::Sent(message));
    assert_eq!(look(2).await, Found::Unknowable);
    // What was said before the thread was opened is not read.
    let later = Thread { opened_at: Timestamp::now() + Duration::from_mins(10), ..thread.clone() };
    let bounds = Bounds { page: 10, pages: 2, posts: 1 };
    let found = w.platform.inner.find(&later, &Tag::of(&key("early")), bounds).await.unwrap();
    assert_eq!(found, Found::NotSent);
}

#[tokio::test]
async fn without_the_history_nobody_can_tell() {
    let w = World::new().await;
    w.discord.deny(CHANNEL, READ_MESSAGE_HISTORY);
    assert_eq!(w.platform.find(&thread(CHANNEL), &key("k")).await.unwrap(), Found::Unknowable);
    w.discord.invite(CHANNEL);
    assert_eq!(w.platform.find(&thread(CHANNEL), &key("k")).await.unwrap(), Found::NotSent, "an empty channel");
}

#[tokio::test]
async fn a_limit_is_told_once_and_then_kept() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    w.platform.post(&thread, &key("a"), &notice("a")).await.unwrap();
    w.discord.fault(Rule::on(POST, Fault::TooMany { seconds: 17, global: false }));
    let sent = w.platform.post(&thread, &key("b"), &notice("b")).await;
    let Err(SendFailure::Retry { after, hold, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!((after, hold), (Some(Duration::from_secs(17)), None));
    // The same bucket is left alone, another is not.
    let calls = w.discord.calls().len();
    let sent = w.platform.post(&thread, &key("b"), &notice("b")).await;
    assert!(matches!(sent, Err(SendFailure::Wait { after }) if after > Duration::from_secs(15)), "{sent:?}");
    assert_eq!(w.discord.calls().len(), calls);
    w.platform.post(&self::thread(CHANNEL), &key("c"), &notice("c")).await.unwrap();

    w.discord.fault(Rule::any(Fault::TooMany { seconds: 9, global: true }));
    let sent = w.platform.post(&self::thread(CHANNEL), &key("d"), &notice("d")).await;
    let Err(SendFailure::Retry { hold, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!(hold, Some(Scope::Workspace));
    let found = w.platform.find(&self::thread(CHANNEL), &key("d")).await;
    assert!(matches!(found, Err(SendFailure::Wait { .. })), "{found:?}");
}

#[tokio::test]
async fn no_window_is_overrun_however_many_are_sent_at_once() {
    let w = World::new().await;
    let mut limits = Limits::none();
    limits = limits.route(POST, Rate::of(5, 1));
    w.discord.limit(limits);
    let mut left: Vec<String> = (0..12).map(|n| format!("k{n}")).collect();
    while !left.is_empty() {
        let sends = left.iter().map(|name| async {
            let (key, body) = (key(name), notice(name));
            (name.clone(), w.platform.post(&thread(CHANNEL), &key, &body).await)
        });
        let mut waits = Vec::new();
        let mut again = Vec::new();
        for (name, sent) in together(sends).await {
            match sent {
                Ok(_) => {}
                Err(SendFailure::Wait { after }) => {
                    waits.push(after);
                    again.push(name);
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
        left = again;
        if let Some(wait) = waits.into_iter().max() {
            tokio::time::sleep(wait).await;
        }
    }
    assert_eq!(w.said(CHANNEL).len(), 12);
    assert_eq!(w.discord.violations(), []);
}

/// All at once, each in its own time.
async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, ready) in &mut waiting {
            if ready.is_none()
                && let std::task::Poll::Ready(value) = one.as_mut().poll(context)
            {
                *ready = Some(value);
            }
        }
        if waiting.iter().all(|(_, ready)| ready.is_some()) {
            return std::task::Poll::Ready(waiting.drain(..).filter_map(|(_, ready)| ready).collect());
        }
        std::task::Poll::Pending
    })
    .await
}

#[tokio::test]
async fn the_declared_pace_leaves_room_below_the_global_limit() {
    for limit in World::new().await.platform.limits() {
        assert_eq!((limit.call, limit.scope, limit.every), (None, Scope::Workspace, Duration::from_secs(1)));
        assert!(limit.calls.get() + limit.burst.get() < Limits::default().global.calls, "{limit:?}");
    }
}

#[tokio::test]
async fn nothing_is_in_doubt_where_nobody_listens() {
    let w = World::with(|options| options.api_url = Url::parse("http://127.0.0.1:9/api").unwrap()).await;
    let sent = w.platform.post(&thread(CHANNEL), &key("k"), &notice("x")).await;
    assert!(matches!(sent, Err(SendFailure::Retry { after: None, hold: None, .. })), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_tells_the_operator_what_to_do() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    w.discord.deny(CHANNEL, CREATE_PUBLIC_THREADS);
    let why = refused(w.platform.post(&thread, &key("k"), &notice("x")).await);
    assert!(why.contains("Create Public Threads"), "{why}");
    w.discord.kick(CHANNEL);
    let why = refused(w.platform.post(&self::thread(CHANNEL), &key("k"), &notice("x")).await);
    assert!(why.contains("50001") && why.contains("View Channel"), "{why}");
    w.discord.invite(CHANNEL);
    let gone = MessageId("1180000000000000009".to_owned());
    let why = refused(w.platform.edit(&self::thread(CHANNEL), &key("k"), &gone, &notice("x")).await);
    assert!(why.contains("10008") && why.contains("gone"), "{why}");
    let why = refused(w.platform.post(&self::thread("1180000000000000099"), &key("k"), &notice("x")).await);
    assert!(why.contains("10003"), "{why}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_waited_for_and_never_shown() {
    let w = World::with(|options| options.bot_token = SecretString::from("a-wrong-token")).await;
    let sent = w.platform.post(&thread(CHANNEL), &key("k"), &notice("x")).await;
    let Err(SendFailure::Retry { why, after, hold }) = sent else { panic!("{sent:?}") };
    assert_eq!((after, hold), (Some(Duration::from_mins(1)), Some(Scope::Workspace)));
    assert!(!why.contains("a-wrong-token"), "{why}");
    let checks = w.platform.doctor(&[CHANNEL.to_owned()], None).await;
    assert!(checks.len() == 1 && checks[0].result == Outcome::Fail, "{checks:#?}");
    assert!(!format!("{checks:?}").contains("a-wrong-token"));
}

#[tokio::test]
async fn a_message_and_its_files_are_one_call_and_an_edit_keeps_them() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    let message = w.platform.post(&thread, &key("files"), &with_file()).await.unwrap();
    w.platform.edit(&thread, &key("files"), &message, &with_file()).await.unwrap();
    let shown = w.discord.message(&thread.root.as_ref().unwrap().0, &message.0).unwrap();
    let files: Vec<_> = shown.files.iter().map(|file| (file.name.as_str(), file.content.as_slice())).collect();
    assert_eq!(files, [("a.log", b"in a.log".as_slice())]);
    w.discord.deny(CHANNEL, ATTACH_FILES);
    let why = refused(w.platform.post(&thread, &key("more"), &with_file()).await);
    assert!(why.contains("Attach Files"), "{why}");
}

#[tokio::test]
async fn a_report_that_does_not_fit_has_its_page_beside_it() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    let mut report = Box::new(sample::report(Verdict::Cause, ""));
    let first = report.why.first().cloned();
    report.why.extend(first.into_iter().cycle().take(60));
    let body = PostBody::Report { job: JobId::new(), report, run: RunFacts::default(), may_be_repeated: false };
    let message = w.platform.post(&thread, &key("report"), &seal(body)).await.unwrap();
    let shown = w.discord.message(&thread.root.unwrap().0, &message.0).unwrap();
    let [page] = shown.files.as_slice() else { panic!("{:?}", shown.files) };
    assert_eq!(page.name, "report.md");
    assert!(String::from_utf8_lossy(&page.content).starts_with("# CAUSE"));
}

#[tokio::test]
async fn the_directory_tells_members_and_groups() {
    let w = World::new().await;
    w.discord.add_role("1180000000000000007", "oncall", &[ANN]);
    assert_eq!(w.platform.membership(CHANNEL).await, Ok(Membership::Member));
    w.discord.kick(CHANNEL);
    assert_eq!(w.platform.membership(CHANNEL).await, Ok(Membership::NotMember));
    assert_eq!(w.platform.membership("1180000000000000099").await, Ok(Membership::NotMember));
    w.discord.deny(FORUM, ATTACH_FILES);
    assert_eq!(w.platform.membership(FORUM).await, Ok(Membership::Member), "most of it can be said");
    w.discord.deny(FORUM, SEND_MESSAGES_IN_THREADS);
    assert_eq!(w.platform.membership(FORUM).await, Ok(Membership::NotMember));
    let groups = w.platform.groups(ANN).await.unwrap();
    assert_eq!(groups, ["oncall", "1180000000000000007"]);
    let before = w.discord.calls().len();
    assert_eq!(w.platform.groups(ANN).await.unwrap(), groups);
    assert_eq!(w.discord.calls().len(), before, "they are kept for a while");
    assert_eq!(w.platform.groups("1180000000000000098").await, Ok(vec![]));
    assert!(w.platform.invitation().contains("Create Public Threads"));
}

#[tokio::test]
async fn the_doctor_tells_what_is_wrong() {
    let w = World::new().await;
    w.discord.deny(FORUM, ATTACH_FILES);
    let channels = [CHANNEL.to_owned(), FORUM.to_owned()];
    let seen = async || {
        let checks = w.platform.doctor(&channels, None).await;
        checks.into_iter().filter(|check| check.result != Outcome::Ok).collect::<Vec<_>>()
    };
    let checks = seen().await;
    let [commands, forum] = checks.as_slice() else { panic!("{checks:#?}") };
    assert!(commands.fix.as_ref().unwrap().contains("midwatch discord register"), "{commands:?}");
    assert!(forum.what.contains("Attach Files"), "{forum:?}");
    w.platform.register().await.unwrap();
    w.discord.invite(FORUM);
    assert_eq!(seen().await, []);
    w.discord.grant_message_content(false);
    let checks = seen().await;
    assert!(checks.len() == 1 && checks[0].fix.as_ref().unwrap().contains("Message Content Intent"), "{checks:#?}");
}

#[tokio::test]
async fn the_invitation_is_for_this_application_and_guild() {
    let w = World::new().await;
    let link = w.platform.invite().await.unwrap();
    let query: std::collections::BTreeMap<_, _> = link.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], w.discord.application_id());
    assert_eq!(query["guild_id"], w.discord.guild());
}

//! What becomes of posts.

use std::time::Duration;

use midwatch_conversation::answer::Answer;
use midwatch_doubles::chat::{Chat, Fault, Shown};
use midwatch_service::health::Status;
use midwatch_service::id::{PostKey, ThreadId};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{NewPost, PostBody, Private, Urgency};
use midwatch_service::sender::HEALTH;

use crate::world::{Cluster, World, seal, thread_writes};

fn is_opening(body: &PostBody) -> bool {
    matches!(body, PostBody::Opening(_))
}

fn is_living(body: &PostBody) -> bool {
    matches!(body, PostBody::Living(_))
}

fn is_notice(body: &PostBody) -> bool {
    matches!(body, PostBody::Notice { .. })
}

fn notice(thread: ThreadId, name: &str) -> Write {
    let body = seal(PostBody::Notice { text: name.to_owned() });
    Write::Post(NewPost { key: PostKey(format!("{thread}:{name}")), thread, urgency: Urgency::Notice, body })
}

/// A server's outbox with one thread of an opening, a living message and some notices.
async fn world(chat: Chat, notices: &[&str]) -> (World, ThreadId) {
    let mut world = World::with(Cluster::Answers, chat);
    let thread = ThreadId::new();
    let mut writes = thread_writes(thread);
    writes.extend(notices.iter().map(|name| notice(thread, name)));
    world.commit(writes).await;
    world.send(Duration::from_millis(500));
    (world, thread)
}

fn words(shown: &[Shown]) -> Vec<String> {
    let word = |shown: &Shown| match shown.now() {
        PostBody::Notice { text } => text.clone(),
        body if is_opening(body) => "opening".to_owned(),
        body if is_living(body) => "living".to_owned(),
        other => format!("{other:?}"),
    };
    shown.iter().map(word).collect()
}

/// Waits until nothing is left to be sent.
async fn empty(world: &World) {
    let wait = async {
        while world.store.load().await.unwrap().posts > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the outbox empties");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_sent_in_its_order_whatever_fails() {
    let chat = Chat::default();
    chat.fail(is_opening, Fault::Retry(None));
    chat.fail(is_notice, Fault::Retry(Some(Duration::from_millis(1))));
    chat.fail(is_notice, Fault::Vanished);
    let (world, _) = world(chat, &["one", "two", "three"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living", "one", "two", "three"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_of_unknown_fate_is_looked_up_and_never_doubled() {
    for fault in [Fault::Landed, Fault::Vanished, Fault::LandsAndHangs, Fault::Hangs] {
        let chat = Chat::default();
        for which in [is_opening, is_living, is_notice] {
            chat.fail(which, fault);
        }
        let (world, _) = world(chat, &["one"]).await;
        empty(&world).await;
        assert_eq!(words(&world.chat.shown()), ["opening", "living", "one"], "{fault:?}");
        assert_eq!(world.chat.finds(), 3, "{fault:?}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_looked_up_a_repetition_is_marked_and_progress_is_given_up() {
    let chat = Chat::new(false);
    chat.fail(is_notice, Fault::Landed);
    chat.fail(is_living, Fault::Landed);
    let (world, thread) = world(chat, &["one"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living", "one", "(may be repeated) one"]);
    assert_eq!(world.health.parts()[HEALTH].status, Status::Up, "what came after was sent");
    assert_eq!(world.store.thread(thread).await.unwrap().unwrap().root.unwrap().0, "1");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_given_up_and_the_operator_is_told() {
    let chat = Chat::default();
    chat.fail(is_notice, Fault::Refused);
    let (world, _) = world(chat, &["one"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living"]);
    let part = &world.health.parts()[HEALTH];
    assert_eq!(part.status, Status::Degraded);
    assert!(part.reason.contains("told to fail"), "{}", part.reason);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_in_trouble_holds_up_no_other() {
    let chat = Chat::default();
    chat.fail(is_opening, Fault::Retry(Some(Duration::from_mins(5))));
    let (world, stuck) = world(chat, &[]).await;
    world.chat.until("the failure", |_| true).await;
    let other = ThreadId::new();
    world.commit(thread_writes(other)).await;
    world.signals.post_written();
    let shown = world.chat.until("the other thread", |shown| shown.len() == 2).await;
    let threads: Vec<ThreadId> = shown.iter().map(|s| s.thread).collect();
    let sent = if threads.contains(&stuck) { stuck } else { other };
    assert_eq!(threads, [sent, sent], "one thread goes on, whichever met the fault");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_unknown_fate_is_made_again() {
    let (world, thread) = world(Chat::default(), &[]).await;
    empty(&world).await;
    world.chat.fail(is_living, Fault::Landed);
    let body = seal(PostBody::Living(midwatch_service::post::LivingMessage {
        title: "later".to_owned(),
        ..Default::default()
    }));
    let key = midwatch_service::living::key(thread);
    world.commit(vec![Write::Post(NewPost { key, thread, urgency: Urgency::Progress, body })]).await;
    empty(&world).await;
    let shown = world.chat.shown();
    assert_eq!(words(&shown), ["opening", "living"]);
    assert!(matches!(shown[1].now(), PostBody::Living(living) if living.title == "later"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_when_the_program_stops_is_still_sent() {
    let (world, thread) = world(Chat::default(), &[]).await;
    empty(&world).await;
    world.commit((0..40).map(|n| notice(thread, &format!("{n:02}"))).collect()).await;
    let chat = world.chat.clone();
    world.stop().await;
    let shown = words(&chat.shown());
    let expected: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    assert_eq!(shown[2..], expected, "in order, and all of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_takes_not_now_is_no_failure() {
    let chat = Chat::default();
    for _ in 0..5 {
        chat.fail(is_notice, Fault::Shut(Duration::from_millis(30)));
    }
    let (world, _) = world(chat, &["one", "two"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living", "one", "two"]);
    assert_eq!(world.chat.finds(), 0, "nothing was in doubt");
    let failed = midwatch_service::metrics::PostLabels { platform: "double", result: "error" };
    assert_eq!(world.metrics.posts.get_or_create(&failed).get(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_comes_again_only_where_it_replaces_what_was_shown() {
    fn is_private(body: &PostBody) -> bool {
        matches!(body, PostBody::Private(_))
    }
    for (chat, reply, looks) in [
        (Chat::default().replacing(), Some("handle"), vec![2]),
        (Chat::default().replacing(), None, vec![1]),
        (Chat::default(), Some("handle"), vec![1]),
    ] {
        chat.fail(is_private, Fault::LandsAndHangs);
        let (world, thread) = world(chat, &[]).await;
        let private =
            Private { to: "U1".to_owned(), reply: reply.map(str::to_owned), answer: Answer::text("between us") };
        let body = seal(PostBody::Private(private));
        world
            .commit(vec![Write::Post(NewPost { key: PostKey("p".to_owned()), thread, urgency: Urgency::Notice, body })])
            .await;
        world.signals.post_written();
        empty(&world).await;
        let shown = world.chat.shown();
        let shown: Vec<usize> =
            shown.iter().filter(|shown| is_private(shown.now())).map(|shown| shown.revisions.len()).collect();
        assert_eq!(shown, looks, "{reply:?}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_found_is_looked_for_again_before_another_try() {
    let chat = Chat::default();
    // Its fate is not known; it is not there when it is looked for; the next try is one too many.
    chat.fail(is_notice, Fault::Vanished);
    chat.fail(is_notice, Fault::Retry(Some(Duration::from_millis(1))));
    let (world, _) = world(chat, &["one"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living", "one"]);
    assert_eq!(world.chat.finds(), 2, "it could have landed between the two tries");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_and_cannot_be_edited_yet_is_not_sent_again() {
    let chat = Chat::default();
    chat.fail(is_living, Fault::Landed);
    // It is there, and bringing it to its newest words is one call too many.
    chat.fail(is_living, Fault::Retry(Some(Duration::from_millis(1))));
    let (world, _) = world(chat, &["one"]).await;
    empty(&world).await;
    assert_eq!(words(&world.chat.shown()), ["opening", "living", "one"]);
    assert_eq!(world.chat.finds(), 2);
    world.stop().await;
}

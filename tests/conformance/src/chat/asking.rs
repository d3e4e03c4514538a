//! People ask: mentions, slash commands, follow-ups.

use std::sync::Arc;

use midwatch_service::button::{Action, Button};
use midwatch_service::clock::SharedClock;
use midwatch_service::id::MessageId;
use midwatch_service::job::JobState;

use super::evidence::CAUSE;
use super::stage::{Person, Seen, Stage};
use super::world::World;

pub(super) const QUESTION: &str = "investigate payments-api -n inc-crashloop";

/// The report in a thread, once it is there.
pub(super) fn report<'a>(seen: &'a [Seen], thread: &MessageId) -> Option<&'a Seen> {
    seen.iter().find(|seen| seen.thread.as_ref() == Some(thread) && seen.buttons.contains(&Action::Evidence))
}

/// The messages of ours in a thread that all see, the first one aside; but for those that only bring files.
pub(super) fn replies(seen: &[Seen], thread: &MessageId) -> Vec<Seen> {
    let ours = seen.iter().filter(|seen| seen.ours && seen.thread.as_ref() == Some(thread));
    ours.filter(|seen| seen.private_to.is_none() && !seen.text.is_empty()).cloned().collect()
}

/// An investigation that Alice asked for in a message; the message and the report.
pub(super) async fn reported(world: &World) -> (MessageId, Seen) {
    let root = world.mention(Person::Alice, None, QUESTION).await;
    let report = world.until("the report", |seen| report(seen, &root).cloned()).await;
    world.settled().await;
    (root, report)
}

pub async fn a_mention_opens_a_thread_below_it(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.hang(true);
    let root = world.mention(Person::Alice, None, QUESTION).await;
    let under_way = |seen: &[Seen]| replies(seen, &root).into_iter().find(|seen| seen.buttons == Button::UNDER_WAY);
    let living = world.until("the living message", under_way).await;
    world.hang(false);
    let report = world.until("the report", |seen| report(seen, &root).cloned()).await;
    assert_eq!(report.buttons, Button::REPORTED);
    assert!(report.text.contains(CAUSE), "{}", report.text);
    world.settled().await;
    let replies = replies(&world.stage.seen(), &root);
    let ids: Vec<&MessageId> = replies.iter().map(|seen| &seen.id).collect();
    assert_eq!(ids, [&living.id, &report.id], "the living message, then one report: {replies:#?}");
    assert!(replies[0].edits > 0 && replies[0].text.contains(CAUSE), "{:?}", replies[0]);
    assert_eq!(replies[0].buttons, [], "nothing is left to be stopped");
    assert_eq!(replies[1].edits, 0);
    world.end().await;
}

pub async fn a_command_is_acknowledged_and_opens_a_thread(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let said = world.stage.command(Person::Alice, QUESTION).await.unwrap();
    assert!(said.contains("payments-api") && said.contains("inc-crashloop"), "{said}");
    let root = world.until("the first message", |seen| {
        let first = seen.iter().find(|seen| seen.ours && seen.thread.is_none() && seen.private_to.is_none());
        first.cloned()
    });
    let root = root.await;
    assert!(root.text.contains("payments-api"), "{}", root.text);
    let report = world.until("the report", |seen| report(seen, &root.id).cloned()).await;
    assert!(report.text.contains(CAUSE), "{}", report.text);
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root.id).len(), 2);
    assert_eq!(world.jobs().await.len(), 1);
    world.end().await;
}

pub async fn help_and_misspelt_verbs_are_answered_on_the_spot(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    for text in ["help", ""] {
        let help = world.stage.command(Person::Alice, text).await.unwrap();
        assert!(["investigate", "status", "mute"].iter().all(|verb| help.contains(verb)), "{help}");
    }
    let nearest = world.stage.command(Person::Alice, "investigat --namespace x").await.unwrap();
    assert!(nearest.contains("investigate"), "{nearest}");
    world.settled().await;
    assert_eq!(world.jobs().await, []);
    let public: Vec<Seen> = world.stage.seen().into_iter().filter(|seen| seen.private_to.is_none()).collect();
    assert_eq!(public, []);
    world.end().await;
}

pub async fn what_one_may_not_is_told_to_them_alone(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let root = world.mention(Person::Bob, None, QUESTION).await;
    let told = |seen: &[Seen]| seen.iter().find(|seen| seen.private_to.is_some()).cloned();
    let told = world.until("a private answer", told).await;
    assert_eq!(told.private_to, Some(Person::Bob));
    assert!(told.text.contains("may not"), "{}", told.text);
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root), []);
    assert_eq!(world.jobs().await, []);
    world.end().await;
}

pub async fn a_follow_up_is_understood_or_the_list_is_given(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, _) = reported(&world).await;
    let new = |seen: &[Seen], before: usize| replies(seen, &root).get(before).cloned();
    let mut before = replies(&world.stage.seen(), &root).len();
    // From the report, and by reading anew; by name and in passing.
    world.mention(Person::Alice, Some(&root), "why?").await;
    let why = world.until("the answer", |seen| new(seen, before)).await;
    assert!(why.text.contains(CAUSE), "{}", why.text);
    before += 1;
    world.say(Person::Alice, &root, "previous logs").await;
    let logs = world.until("the logs", |seen| new(seen, before)).await;
    assert!(logs.text.contains("FATAL config error"), "{}", logs.text);
    before += 1;
    world.mention(Person::Alice, Some(&root), "sing me a song of the sea").await;
    let list = world.until("the list", |seen| new(seen, before)).await;
    assert!(list.text.contains("logs"), "{}", list.text);
    before += 1;
    world.say(Person::Alice, &root, "I will be at lunch until one").await;
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root).len(), before, "people talk to each other");
    assert_eq!(world.jobs().await.iter().filter(|job| job.state == JobState::Failed).count(), 0);
    world.end().await;
}

pub async fn answers_come_in_the_order_of_the_questions(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, _) = reported(&world).await;
    let before = replies(&world.stage.seen(), &root).len();
    let asked = ["why?", "timeline", "status", "help mute"];
    for text in asked {
        world.mention(Person::Alice, Some(&root), text).await;
    }
    world.settled().await;
    let texts: Vec<String> =
        replies(&world.stage.seen(), &root).into_iter().skip(before).map(|seen| seen.text).collect();
    assert_eq!(texts.len(), asked.len(), "{texts:#?}");
    assert!(texts[0].contains(CAUSE), "{texts:#?}");
    assert!(texts[2].contains("Job "), "{texts:#?}");
    assert!(texts[3].contains("mute"), "{texts:#?}");
    world.end().await;
}

pub async fn who_asks_where_we_are_not_is_told_how_to_invite_us(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.stage.remove_bot();
    world.stage.command(Person::Alice, QUESTION).await.unwrap();
    let invitation = world.stage.directory().invitation();
    let told = |seen: &[Seen]| seen.iter().find(|seen| seen.text.contains(&invitation)).cloned();
    let told = world.until("the invitation", told).await;
    assert_eq!(told.private_to, Some(Person::Alice));
    world.settled().await;
    assert_eq!(world.jobs().await, []);
    assert!(world.stage.seen().iter().all(|seen| seen.private_to.is_some()));
    world.end().await;
}

pub async fn a_question_while_it_runs_is_answered(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.hang(true);
    let root = world.mention(Person::Alice, None, QUESTION).await;
    world.mention(Person::Alice, Some(&root), "status").await;
    let status = |seen: &[Seen]| replies(seen, &root).into_iter().find(|seen| seen.text.contains("Job "));
    let status = world.until("the status", status).await;
    assert!(status.text.contains("since"), "{}", status.text);
    world.mention(Person::Alice, Some(&root), "stop").await;
    world.settled().await;
    assert_eq!(world.jobs().await[0].state, JobState::Cancelled);
    let seen = world.stage.seen();
    assert!(report(&seen, &root).is_none(), "{seen:#?}");
    assert!(replies(&seen, &root)[0].text.to_lowercase().contains("stopped"), "{seen:#?}");
    world.end().await;
}

pub async fn a_mention_among_others_is_answered_there(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let root = world.stage.say(Person::Bob, None, "is anything wrong with payments?");
    world.say(Person::Bob, &root, "why?").await;
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root), [], "it is no thread of ours");
    world.mention(Person::Alice, Some(&root), QUESTION).await;
    let report = world.until("the report", |seen| report(seen, &root).cloned()).await;
    assert!(report.text.contains(CAUSE), "{}", report.text);
    world.settled().await;
    let before = replies(&world.stage.seen(), &root).len();
    world.say(Person::Alice, &root, "why?").await;
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root).len(), before + 1, "now it is ours");
    let at_the_top = world.stage.seen().into_iter().filter(|seen| seen.ours && seen.thread.is_none()).count();
    assert_eq!(at_the_top, 0);
    world.end().await;
}

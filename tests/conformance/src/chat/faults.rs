//! The platform fails: nothing is lost, and nothing is doubled but what says so.

use std::sync::Arc;

use jiff::SignedDuration;
use midwatch_service::button::Action;
use midwatch_service::clock::SharedClock;
use midwatch_service::id::MessageId;

use super::asking::{QUESTION, replies, report, reported};
use super::evidence::CAUSE;
use super::stage::{Fault, Person, Seen, Stage, Which};
use super::world::World;

/// Whether a message says that it may have been sent before.
fn is_marked(seen: &Seen) -> bool {
    ["may be repeated", "may be a repetition"].iter().any(|words| seen.text.contains(words))
}

fn reports(seen: &[Seen], thread: &MessageId) -> Vec<Seen> {
    replies(seen, thread).into_iter().filter(|seen| seen.buttons.contains(&Action::Evidence)).collect()
}

pub async fn everyone_who_posts_waits_as_long_as_asked(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    const ASKED: u64 = 4;
    let world = World::new(make).await;
    world.stage.fail(Which::Message, Fault::TooMany(ASKED));
    let first = world.mention(Person::Alice, None, QUESTION).await;
    let second = world.mention(Person::Alice, None, QUESTION).await;
    for root in [&first, &second] {
        world.until("a report", |seen| report(seen, root).cloned()).await;
    }
    world.settled().await;
    let tries = world.stage.tries();
    let refused: Vec<_> = tries.iter().filter(|tried| tried.too_many).collect();
    assert_eq!(refused.len(), 1, "{tries:#?}");
    let until = refused[0].at + SignedDuration::from_secs(i64::try_from(ASKED).unwrap());
    let early = tries.iter().filter(|tried| !tried.edit && tried.at > refused[0].at && tried.at < until);
    assert_eq!(early.count(), 0, "{tries:#?}");
    for root in [&first, &second] {
        assert_eq!(replies(&world.stage.seen(), root).len(), 2);
    }
    world.end().await;
}

/// The report comes once, whatever became of its first sending.
async fn once(fault: Fault, make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.stage.fail(Which::Report, fault);
    let (root, report) = reported(&world).await;
    let reports = reports(&world.stage.seen(), &root);
    assert_eq!(reports.len(), 1, "{fault:?}: {reports:#?}");
    assert!(!is_marked(&report), "{}", report.text);
    // The thread goes on.
    world.mention(Person::Alice, Some(&root), "why?").await;
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root).len(), 3);
    world.end().await;
}

pub async fn a_lost_answer_doubles_nothing(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    once(Fault::AnswerLost, make).await;
}

pub async fn what_lands_late_is_not_doubled(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    once(Fault::LandsLate, make).await;
}

pub async fn an_error_after_the_effect_doubles_nothing(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    once(Fault::ErrorAfter, make).await;
}

pub async fn an_error_before_the_effect_loses_nothing(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    once(Fault::ErrorBefore, make).await;
}

pub async fn a_lost_edit_is_made_again(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.hang(true);
    let root = world.mention(Person::Alice, None, QUESTION).await;
    world.until("the living message", |seen| replies(seen, &root).pop()).await;
    world.stage.fail(Which::Edit, Fault::ErrorBefore);
    world.hang(false);
    world.settled().await;
    let living = &replies(&world.stage.seen(), &root)[0];
    assert!(living.buttons.is_empty() && living.text.contains(CAUSE), "{living:?}");
    world.end().await;
}

pub async fn a_lost_first_message_is_not_doubled(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.stage.fail(Which::Message, Fault::AnswerLost);
    world.stage.command(Person::Alice, QUESTION).await;
    world
        .until("the report", |seen| seen.iter().any(|seen| seen.buttons.contains(&Action::Evidence)).then_some(()))
        .await;
    world.settled().await;
    let seen = world.stage.seen();
    let top: Vec<&Seen> = seen.iter().filter(|seen| seen.thread.is_none() && seen.private_to.is_none()).collect();
    assert_eq!(top.len(), 1, "{top:#?}");
    assert_eq!(replies(&seen, &top[0].id).len(), 2);
    world.end().await;
}

pub async fn a_lost_living_message_is_not_doubled(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.stage.fail(Which::Message, Fault::AnswerLost);
    let (root, _) = reported(&world).await;
    let replies = replies(&world.stage.seen(), &root);
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[0].text.contains(CAUSE), "its last words came all the same: {replies:#?}");
    world.end().await;
}

pub async fn a_lost_answer_to_a_question_is_not_doubled(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, _) = reported(&world).await;
    let before = replies(&world.stage.seen(), &root).len();
    world.stage.fail(Which::Message, Fault::LandsLate);
    world.mention(Person::Alice, Some(&root), "why?").await;
    world.settled().await;
    let answers = replies(&world.stage.seen(), &root).split_off(before);
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(!is_marked(&answers[0]), "{}", answers[0].text);
    world.end().await;
}

pub async fn a_limit_met_again_and_again_loses_nothing(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    for which in [Which::Message, Which::Edit, Which::Report] {
        world.stage.fail(which, Fault::TooMany(1));
        world.stage.fail(which, Fault::TooMany(2));
    }
    let (root, report) = reported(&world).await;
    assert!(!is_marked(&report), "{}", report.text);
    let replies = replies(&world.stage.seen(), &root);
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[0].text.contains(CAUSE) && replies[0].buttons.is_empty(), "{replies:#?}");
    world.end().await;
}

pub async fn what_cannot_be_looked_up_is_marked(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, report) = reported(&world).await;
    world.stage.bury(&root);
    world.stage.fail(Which::Report, Fault::AnswerLost);
    world.press(&report.id, Action::Again).await;
    world.until("the repetition", |seen| (reports(seen, &root).len() == 3).then_some(())).await;
    world.settled().await;
    let reports = reports(&world.stage.seen(), &root);
    let marked: Vec<bool> = reports.iter().map(is_marked).collect();
    assert_eq!(marked, [false, false, true], "{reports:#?}");
    world.end().await;
}

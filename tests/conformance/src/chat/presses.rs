//! People press buttons.

use std::sync::Arc;

use midwatch_service::button::Action;
use midwatch_service::clock::SharedClock;
use midwatch_service::job::JobState;
use midwatch_service::port::store::Store as _;

use super::asking::{QUESTION, replies, reported};
use super::evidence::CAUSE;
use super::stage::{Person, Seen, Stage};
use super::world::World;

/// Waits until this person was told something in private.
async fn told(world: &World, person: Person, words: &str) -> Seen {
    let told = |seen: &[Seen]| {
        let theirs = |seen: &&Seen| seen.private_to == Some(person) && seen.text.contains(words);
        seen.iter().find(theirs).cloned()
    };
    world.until(words, told).await
}

pub async fn a_button_acts_once_and_for_those_who_may(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, report) = reported(&world).await;
    let before = replies(&world.stage.seen(), &root).len();
    world.stage.press(Person::Bob, &report.id, Action::Again).await;
    told(&world, Person::Bob, "may not").await;
    world.press(&report.id, Action::Evidence).await;
    told(&world, Person::Alice, "e1").await;
    world.press(&report.id, Action::Helpful).await;
    told(&world, Person::Alice, "Thank you").await;
    world.settled().await;
    assert_eq!(replies(&world.stage.seen(), &root).len(), before, "private answers stay private");
    assert_eq!(world.jobs().await.len(), 1);
    let feedback = world.store.feedback(world.jobs().await[0].spec.id).await.unwrap();
    assert!(feedback.len() == 1 && feedback[0].helpful, "{feedback:?}");
    world.press(&report.id, Action::Again).await;
    world.press(&report.id, Action::Again).await;
    told(&world, Person::Alice, "done already").await;
    world.settled().await;
    assert_eq!(world.jobs().await.len(), 2);
    let reports: Vec<Seen> =
        world.stage.seen().into_iter().filter(|seen| seen.buttons.contains(&Action::Evidence)).collect();
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|seen| seen.thread.as_ref() == Some(&root)), "{reports:#?}");
    world.end().await;
}

pub async fn buttons_work_after_a_restart(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let (root, report) = reported(&world).await;
    let world = world.restarted().await;
    world.press(&report.id, Action::Deeper).await;
    world.settled().await;
    assert_eq!(world.jobs().await.len(), 2);
    assert!(world.jobs().await.iter().all(|job| job.state == JobState::Completed));
    world.mention(Person::Alice, Some(&root), "why?").await;
    world.settled().await;
    let last = replies(&world.stage.seen(), &root).pop().unwrap();
    assert!(last.buttons.is_empty() && last.text.contains(CAUSE), "the thread is still ours: {last:?}");
    world.end().await;
}

pub async fn what_runs_is_stopped_by_its_button(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.hang(true);
    let root = world.mention(Person::Alice, None, QUESTION).await;
    let running = |seen: &[Seen]| replies(seen, &root).into_iter().find(|seen| seen.buttons.contains(&Action::Stop));
    let living = world.until("the living message", running).await;
    world.stage.press(Person::Bob, &living.id, Action::Stop).await;
    told(&world, Person::Bob, "may not").await;
    assert!(!world.jobs().await[0].state.is_final());
    world.press(&living.id, Action::Stop).await;
    world.press(&living.id, Action::Stop).await;
    world.settled().await;
    assert_eq!(world.jobs().await[0].state, JobState::Cancelled);
    let now = replies(&world.stage.seen(), &root).into_iter().find(|seen| seen.id == living.id).unwrap();
    assert_eq!(now.buttons, []);
    assert!(now.text.to_lowercase().contains("stopped"), "{}", now.text);
    world.end().await;
}

//! Other programs post alerts, and things come more than once.

use std::collections::BTreeMap;
use std::sync::Arc;

use midwatch_service::button::Action;
use midwatch_service::clock::SharedClock;

use super::asking::{QUESTION, replies, report, reported};
use super::evidence::{CAUSE, NAMESPACE, POD};
use super::stage::{Person, Sample, Seen, Stage};
use super::world::World;

pub(super) fn labels() -> BTreeMap<&'static str, String> {
    let labels =
        [("alertname", "KubePodCrashLooping"), ("namespace", NAMESPACE), ("pod", POD), ("severity", "warning")];
    labels.map(|(name, value)| (name, value.to_owned())).into()
}

fn alert(firing: bool) -> Sample {
    Sample::Alert { labels: labels(), firing }
}

pub async fn an_alert_has_one_thread_whoever_brings_it(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let chatter = world.post(&Sample::Chatter("Deployment of shop finished")).await;
    let root = world.post(&alert(true)).await;
    let report = world.until("the report", |seen| report(seen, &root).cloned()).await;
    assert!(report.text.contains(CAUSE), "{}", report.text);
    world.settled().await;
    world.webhook(&labels(), true).await;
    world.settled().await;
    let ours = |seen: &[Seen]| {
        let ours = seen.iter().filter(|seen| seen.ours && !seen.text.is_empty());
        ours.cloned().collect::<Vec<_>>()
    };
    let before = ours(&world.stage.seen());
    assert_eq!(before.len(), 2, "a living message and a report, below the post: {before:#?}");
    assert!(before.iter().all(|seen| seen.thread.as_ref() == Some(&root)));
    assert_eq!(replies(&world.stage.seen(), &chatter), []);
    world.edit(&root, &alert(false)).await;
    let resolved = |seen: &[Seen]| replies(seen, &root)[0].text.to_lowercase().contains("resolved after").then_some(());
    world.until("that it is resolved", resolved).await;
    world.settled().await;
    assert_eq!(ours(&world.stage.seen())[0].id, before[0].id, "told by the same message");
    assert_eq!(world.jobs().await.len(), 1);
    world.end().await;
}

pub async fn an_alert_that_is_posted_again_stays_in_its_thread(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    let first = world.post(&alert(true)).await;
    world.settled().await;
    let again = world.post(&alert(true)).await;
    let other = [("alertname", "KubeContainerWaiting"), ("namespace", "shop"), ("pod", "cart-7d4b9c6f5b-2xkzp")];
    let other = other.map(|(name, value)| (name, value.to_owned())).into();
    let second = world.post(&Sample::Alert { labels: other, firing: true }).await;
    world.settled().await;
    let seen = world.stage.seen();
    assert!(report(&seen, &first).is_some() && report(&seen, &second).is_some(), "{seen:#?}");
    assert_eq!(replies(&seen, &again), []);
    assert_eq!(world.jobs().await.len(), 2);
    // People ask in the thread of an alert as in any other.
    let before = replies(&seen, &second).len();
    world.mention(Person::Alice, Some(&second), "mute --for 30m").await;
    world.settled().await;
    let told = replies(&world.stage.seen(), &second);
    assert!(told.len() == before + 1 && told[before].text.contains("Muted"), "{told:#?}");
    world.end().await;
}

pub async fn what_is_delivered_twice_acts_once(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let world = World::new(make).await;
    world.stage.twice();
    let (root, report) = reported(&world).await;
    world.press(&report.id, Action::Again).await;
    world.settled().await;
    assert_eq!(world.jobs().await.len(), 2);
    world.mention(Person::Alice, Some(&root), "why?").await;
    world.stage.command(Person::Alice, QUESTION).await;
    world.post(&alert(true)).await;
    world.settled().await;
    assert_eq!(world.jobs().await.len(), 4);
    let seen = world.stage.seen();
    assert_eq!(seen.iter().filter(|seen| seen.buttons.contains(&Action::Evidence)).count(), 4, "{seen:#?}");
    let told_off = seen.iter().filter(|seen| seen.text.contains("done already")).count();
    assert_eq!(told_off, 0, "one press is one press: {seen:#?}");
    assert_eq!(replies(&seen, &root).len(), 4, "a living message, two reports and an answer: {seen:#?}");
    world.end().await;
}

//! What is long, and what is hostile.

use std::sync::Arc;

use midwatch_service::button::Action;
use midwatch_service::clock::SharedClock;

use super::alerts::labels;
use super::asking::{replies, reported};
use super::evidence::Cluster;
use super::stage::{Person, Sample, Seen, Stage};
use super::world::World;

/// Words of the hostile text that tell that it arrived.
const MARK: &str = "evil.example";

pub async fn long_output_is_a_file(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    const LINES: usize = 400;
    let world = World::with(|_| Cluster { lines: LINES, ..Cluster::default() }, make).await;
    let (root, _) = reported(&world).await;
    let before = world.stage.seen().len();
    world.mention(Person::Alice, Some(&root), &format!("previous logs --tail {}", 2 * LINES)).await;
    world.settled().await;
    let seen = world.stage.seen();
    let answer: Vec<&Seen> = seen.iter().skip(before).filter(|seen| seen.ours).collect();
    let files: Vec<&(String, String)> = answer.iter().flat_map(|seen| &seen.files).collect();
    let [(name, log)] = &files[..] else { panic!("one file: {answer:#?}") };
    assert!(name.contains("payments-api") && name.contains(".log"), "{name}");
    for line in ["request 0 took", &format!("request {} took", LINES - 1), "FATAL config error"] {
        assert!(log.contains(line), "{line}: {} bytes", log.len());
    }
    assert!(answer.iter().any(|seen| seen.text.contains("FATAL config error")), "what matters is seen at once");
    assert!(answer.iter().all(|seen| seen.text.len() < log.len()), "{answer:#?}");
    world.end().await;
}

pub async fn text_of_the_outside_does_not_act(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) {
    let cluster = |stage: &dyn Stage| Cluster { hostile: stage.hostile(), ..Cluster::default() };
    let world = World::with(cluster, make).await;
    let hostile = world.stage.hostile();
    assert!(hostile.contains(MARK), "{hostile}");
    let (root, report) = reported(&world).await;
    assert!(report.text.contains(MARK), "the report cites the log: {}", report.text);
    let before = replies(&world.stage.seen(), &root).len();
    world.mention(Person::Alice, Some(&root), "previous logs").await;
    world.mention(Person::Alice, Some(&root), &format!("status {hostile}")).await;
    world.mention(Person::Alice, Some(&root), &hostile).await;
    world.stage.command(Person::Alice, &format!("investigate '{hostile}'")).await;
    world.stage.command(Person::Alice, &format!("investigat {hostile}")).await;
    world.press(&report.id, Action::Evidence).await;
    let mut labels = labels();
    labels.insert("alertname", format!("Hostile {hostile}"));
    labels.insert("container", hostile.clone());
    world.webhook(&labels, true).await;
    world.post(&Sample::Alert { labels, firing: true }).await;
    world.settled().await;
    let private = |seen: &Seen| seen.private_to.is_some() && seen.text.contains(MARK) && seen.text.contains("e1");
    assert!(world.stage.seen().iter().any(private), "the evidence quotes the log");
    let seen = world.stage.seen();
    let answers = replies(&seen, &root);
    assert!(
        answers.iter().skip(before).any(|seen| seen.text.contains(MARK) && seen.text.contains("FATAL")),
        "{answers:#?}"
    );
    let opening = seen.iter().find(|seen| seen.ours && seen.thread.is_none() && seen.text.contains("Hostile"));
    assert!(opening.is_some_and(|seen| seen.text.contains(MARK)), "{opening:?}");
    assert_eq!(world.stage.acting(), Vec::<String>::new());
    world.end().await;
}

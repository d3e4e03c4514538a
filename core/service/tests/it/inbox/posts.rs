//! Posts of other programs.

use midwatch_conversation::posted::{Post, Section};
use midwatch_service::health::Status;
use midwatch_service::heard::Said;
use midwatch_service::port::store::Store as _;

use super::town::{CHANNEL, Town, anyone};
use crate::world::Cluster;

fn post(text: &str) -> Said {
    let sections = vec![Section { title: text.to_owned(), ..Section::default() }];
    Said::Post {
        post: Box::new(Post { author: Some("Alertmanager".to_owned()), sections, ..Post::default() }),
        edited: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_gets_its_thread_below_the_post_and_chatter_gets_nothing() {
    let town = Town::new(Cluster::Hangs, anyone());
    let alert = town.heard("alertmanager", post("[FIRING:1] KubePodCrashLooping shop (checkout warning)"));
    let message = alert.place.message.clone().unwrap();
    town.inbox.hear(alert).await.unwrap();
    town.inbox.hear(town.heard("alertmanager", post("Deployment of shop finished"))).await.unwrap();
    town.handled().await;
    let thread = town.world.store.thread_at("double", CHANNEL, &message).await.unwrap().expect("a thread");
    let incident = town.world.store.incident_of(thread.id).await.unwrap().expect("an incident");
    assert_eq!(incident.title, "KubePodCrashLooping");
    assert_eq!(town.jobs().await.len(), 1);
    // People ask in that thread.
    town.mention("alice", Some(&message), "mute --for 30m").await;
    let told = town.answered("Muted").await;
    assert!(told.starts_with("Muted KubePodCrashLooping"), "{told}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_to_the_operator_until_something_can() {
    let town = Town::new(Cluster::Hangs, anyone());
    let why = "unknown block `carousel`".to_owned();
    town.inbox.hear(town.heard("B1", Said::Unreadable { why })).await.unwrap();
    town.handled().await;
    let part = town.world.health.parts()["alert posts"].clone();
    assert_eq!(part.status, Status::Degraded);
    assert!(part.reason.contains("carousel") && part.reason.contains(CHANNEL), "{}", part.reason);
    town.inbox.hear(town.heard("B1", post("[FIRING:1] NodeNotReady (worker-1 critical)"))).await.unwrap();
    town.handled().await;
    assert_eq!(town.world.health.parts()["alert posts"].status, Status::Up);
    town.stop().await;
}

//! Hearing and handling, exactly once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use midwatch_service::heard::{Said, TEXT_CAP};
use midwatch_service::id::WorkerId;
use midwatch_service::inbox::Ack;
use midwatch_service::port::store::Store as _;

use super::town::{Town, anyone, plain, rules};
use crate::world::{Cluster, now};

fn command(text: &str) -> Said {
    Said::Command { text: text.to_owned() }
}

fn words(ack: &Ack) -> String {
    match ack {
        Ack::Silent => String::new(),
        Ack::Say(answer) => plain(answer),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_twice_is_handled_once() {
    let town = Town::asleep(Cluster::Answers, anyone());
    let heard = town.heard("alice", command("investigate payments-api -n inc-crashloop"));
    let first = town.inbox.hear(heard.clone()).await.unwrap();
    assert_eq!(words(&first), "On it: investigate payments-api in inc-crashloop.");
    assert_eq!(town.inbox.hear(heard.clone()).await.unwrap(), first);
    town.wake(&town.inbox);
    town.handled().await;
    // The platform brings it once more, long after.
    town.inbox.hear(heard).await.unwrap();
    town.handled().await;
    assert_eq!(town.jobs().await.len(), 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_by_one_that_vanished_is_handled_by_another_once() {
    let town = Town::asleep(Cluster::Answers, anyone());
    for _ in 0..20 {
        town.inbox
            .hear(town.heard("alice", Said::Mention { text: "investigate payments-api".to_owned() }))
            .await
            .unwrap();
    }
    // Someone took all of it, and was never heard of again.
    let gone = WorkerId("gone".to_owned());
    let taken = town.world.store.take_heard(&gone, now(), Duration::from_millis(1), 100).await.unwrap();
    assert_eq!(taken.len(), 20, "a message at the top is a lane of its own");
    town.wake(&town.inbox);
    town.handled().await;
    assert_eq!(town.jobs().await.len(), 10, "each starts one, as many as one user may");
    // The one that vanished comes back with what it held.
    let late = midwatch_service::port::store::Write::Handled(taken[0].taken.clone());
    assert!(town.world.store.commit(now(), vec![late]).await.is_err());
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_slips_are_answered_on_the_spot_and_written_nowhere() {
    let town = Town::asleep(Cluster::Answers, anyone());
    for (text, answer) in [("help", "investigate"), ("", "investigate"), ("help mute", "mute"), ("mut foo", "mute")] {
        let ack = town.inbox.hear(town.heard("alice", command(text))).await.unwrap();
        assert!(words(&ack).contains(answer), "{text}: {}", words(&ack));
    }
    assert_eq!(town.world.store.next_heard().await.unwrap(), None);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_redacted_and_cut_and_that_is_said() {
    let town = Town::asleep(Cluster::Answers, anyone());
    let secret = "https://admin:hunter2secret@10.0.0.1/";
    let text = format!("investigate {secret} {}", "x".repeat(2 * TEXT_CAP));
    let ack = town.inbox.hear(town.heard("alice", command(&text))).await.unwrap();
    assert!(words(&ack).contains("only its first 4000 bytes were read"), "{}", words(&ack));
    let taken = town.world.store.take_heard(&WorkerId("w".into()), now(), Duration::from_secs(1), 1).await.unwrap();
    let Said::Command { text } = &taken[0].heard.said else { panic!("{:?}", taken[0].heard) };
    assert!(text.len() <= TEXT_CAP && !text.contains("hunter2secret"), "{text}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_program_stops_it_hears_and_handles_afterwards() {
    let town = Town::asleep(Cluster::Answers, anyone());
    town.intake.drain();
    let ack = town.inbox.hear(town.heard("alice", command("investigate payments-api"))).await.unwrap();
    assert!(words(&ack).contains("On it"));
    assert!(town.jobs().await.is_empty());
    assert!(town.world.store.next_heard().await.unwrap().is_some());
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_starts_more_than_they_may() {
    let town = Town::new(Cluster::Hangs, anyone());
    for _ in 0..11 {
        town.mention("alice", None, "investigate payments-api").await;
    }
    assert_eq!(town.jobs().await.len(), 10);
    let told = town.answered("possible again in").await;
    assert!(told.starts_with("You have started 10 investigations within 10 min already"), "{told}");
    assert_eq!(town.privately().len(), 1, "that is nobody else's business");
    town.mention("bob", None, "investigate payments-api").await;
    assert_eq!(town.jobs().await.len(), 11);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_in_a_channel_where_nothing_can_be_said() {
    let town = Town::new(Cluster::Answers, anyone());
    town.register.member.store(false, Ordering::SeqCst);
    town.slash("alice", "investigate payments-api").await;
    let told = town.answered("/invite").await;
    assert_eq!(told, "Midwatch cannot answer in this channel yet. Write /invite @midwatch.");
    town.mention("alice", None, "investigate payments-api").await;
    town.world.chat.until("who names us there is told as well", |shown| shown.len() == 2).await;
    assert_eq!(town.privately().len(), 2, "and alone");
    assert!(town.jobs().await.is_empty());
    // People mend that at once, and it is asked again.
    town.register.member.store(true, Ordering::SeqCst);
    town.slash("alice", "investigate payments-api").await;
    assert_eq!(town.jobs().await.len(), 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_is_known_by_the_groups_of_the_platform() {
    let town = Town::new(Cluster::Answers, rules(r#"[{"who": {"group": "sre"}}]"#));
    town.slash("bob", "investigate payments-api -n shop").await;
    let told = town.answered("may not").await;
    assert!(told.contains("bob may not `investigate` in namespace shop"), "{told}");
    assert!(town.jobs().await.is_empty());
    town.slash("alice", "investigate payments-api -n shop").await;
    assert_eq!(town.jobs().await.len(), 1);
    let denied = town.world.store.audit(0, 100).await.unwrap();
    assert!(denied.iter().any(|sealed| sealed.entry.action == "denied"), "{denied:?}");
    town.stop().await;
}

//! Whoever is shown that they wait is told something, once, whatever became of what they said.

use midwatch_service::button::{Action, Button};
use midwatch_service::heard::{Heard, Said};
use midwatch_service::id::JobId;
use midwatch_service::inbox::Ack;

use super::town::{Town, anyone, rules};
use crate::world::Cluster;

const QUESTION: &str = "investigate payments-api -n inc-crashloop --since 12h";

/// Says something and waits for a word; what was answered on the spot.
async fn waiting(town: &Town, user: &str, said: Said) -> Ack {
    let heard = Heard { waits: true, ..town.heard(user, said) };
    let ack = town.inbox.hear(heard).await.unwrap();
    town.handled().await;
    ack
}

fn command(text: &str) -> Said {
    Said::Command { text: text.to_owned() }
}

fn press(action: Action, job: JobId) -> Said {
    Said::Press { button: Button { action, job }.to_string() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_starts_something_is_answered_once_it_is_handled() {
    let town = Town::new(Cluster::Answers, anyone());
    assert_eq!(waiting(&town, "alice", command(QUESTION)).await, Ack::Silent);
    let told = town.answered("On it").await;
    assert!(told.contains("payments-api"), "{told}");
    town.world.ended(town.newest().await.spec.id).await;
    assert_eq!(town.privately().len(), 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_handling_is_answered_on_the_spot_alone() {
    let town = Town::new(Cluster::Answers, anyone());
    assert!(matches!(waiting(&town, "alice", command("help")).await, Ack::Say(_)));
    assert!(matches!(waiting(&town, "alice", command("investigat --namespace x")).await, Ack::Say(_)));
    // Whatever had been written would have been sent before this.
    assert_eq!(waiting(&town, "alice", command("list")).await, Ack::Silent);
    town.answered("").await;
    assert_eq!(town.privately().len(), 1, "{:?}", town.privately());
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_takes_the_place_of_the_word() {
    let town = Town::new(Cluster::Answers, rules(r#"[{"who": {"user": "alice"}}]"#));
    waiting(&town, "alice", command(QUESTION)).await;
    let job = town.world.ended(town.newest().await.spec.id).await.spec.id;
    waiting(&town, "alice", press(Action::Evidence, job)).await;
    town.answered("e1").await;
    waiting(&town, "bob", press(Action::Again, job)).await;
    town.answered("may not").await;
    waiting(&town, "alice", press(Action::Again, job)).await;
    town.world.ended(town.newest().await.spec.id).await;
    waiting(&town, "alice", press(Action::Again, job)).await;
    town.answered("done already").await;
    let told: Vec<(String, bool)> =
        town.privately().into_iter().map(|(to, text)| (to, text.starts_with("On it"))).collect();
    let expected = [("alice", true), ("alice", false), ("bob", false), ("alice", true), ("alice", false)];
    assert_eq!(told, expected.map(|(to, word)| (to.to_owned(), word)), "{:?}", town.privately());
    town.stop().await;
}

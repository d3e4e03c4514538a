//! Buttons.

use midwatch_agent::request::Depth;
use midwatch_service::button::Action;
use midwatch_service::heard::Said;
use midwatch_service::id::JobId;
use midwatch_service::job::{Job, JobState};
use midwatch_service::port::store::Store as _;

use super::town::{Town, anyone, rules};
use crate::world::Cluster;

const QUESTION: &str = "investigate payments-api -n inc-crashloop --since 12h";

/// A town with one report.
async fn reported(rules: Vec<midwatch_service::policy::Rule>) -> (Town, Job) {
    let town = Town::new(Cluster::Answers, rules);
    town.slash("alice", QUESTION).await;
    let job = town.world.ended(town.newest().await.spec.id).await;
    assert_eq!(job.state, JobState::Completed);
    (town, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn again_and_deeper_start_once_each_whoever_presses() {
    let (town, job) = reported(anyone()).await;
    let id = job.spec.id;
    town.press("alice", Action::Again, id).await;
    town.press("bob", Action::Again, id).await;
    assert_eq!(town.answered("done already").await, "That was done already, by alice.");
    town.press("bob", Action::Deeper, id).await;
    town.press("bob", Action::Deeper, id).await;
    let jobs = town.jobs().await;
    let depths: Vec<Depth> = jobs.iter().rev().map(|job| job.spec.request.depth).collect();
    assert_eq!(depths, [Depth::Standard, Depth::Standard, Depth::Deep]);
    assert!(jobs.iter().all(|other| other.spec.thread == job.spec.thread), "all in one thread");
    assert!(jobs[0].spec.request.as_of > job.spec.request.as_of);
    town.press("alice", Action::Deeper, jobs[0].spec.id).await;
    town.answered("as thorough as it gets").await;
    let living = town.world.living(job.spec.thread.unwrap()).await;
    assert!(living.job.is_some_and(|job| jobs.iter().any(|known| known.spec.id == job)), "{living:?}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_word_about_a_report_counts() {
    let (town, job) = reported(anyone()).await;
    town.press("bob", Action::Helpful, job.spec.id).await;
    town.press("bob", Action::Unhelpful, job.spec.id).await;
    town.press("alice", Action::Helpful, job.spec.id).await;
    let thoughts = town.world.store.feedback(job.spec.id).await.unwrap();
    let mut thoughts: Vec<(&str, bool)> = thoughts.iter().map(|t| (t.by.user.as_str(), t.helpful)).collect();
    thoughts.sort_unstable();
    assert_eq!(thoughts, [("alice", true), ("bob", false)]);
    town.answered("Thank you.").await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_shown_to_who_pressed() {
    let (town, job) = reported(anyone()).await;
    town.press("bob", Action::Evidence, job.spec.id).await;
    town.answered("e1").await;
    assert_eq!(town.privately().len(), 1);
    assert_eq!(town.privately()[0].0, "bob");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_stopped_and_a_second_press_says_how_it_stands() {
    let town = Town::new(Cluster::Hangs, anyone());
    town.slash("alice", QUESTION).await;
    let id = town.newest().await.spec.id;
    town.press("bob", Action::Stop, id).await;
    let job = town.world.ended(id).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(job.cancel.unwrap().by.user, "bob");
    town.press("alice", Action::Stop, id).await;
    town.answered("stopped by bob").await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_nothing_says_why_to_who_pressed() {
    let only_alice = r#"[{"who": {"user": "alice"}}, {"who": {"user": "bob"}, "verbs": ["status"]}]"#;
    let (town, job) = reported(rules(only_alice)).await;
    for action in [Action::Stop, Action::Deeper, Action::Again, Action::Evidence, Action::Mute] {
        town.press("bob", action, job.spec.id).await;
    }
    town.press("alice", Action::Mute, job.spec.id).await;
    town.answered("nothing to mute").await;
    town.press("alice", Action::Evidence, JobId::new()).await;
    town.answered("not kept any more").await;
    town.inbox.hear(town.heard("alice", Said::Press { button: "mw0:old".to_owned() })).await.unwrap();
    town.answered("not known any more").await;
    let told = town.privately();
    assert_eq!(told.iter().filter(|(to, text)| to == "bob" && text.contains("bob may not")).count(), 5, "{told:?}");
    assert_eq!(town.jobs().await.len(), 1);
    town.stop().await;
}

//! Threads: answers where it was asked, follow-ups, memory.

use midwatch_service::id::MessageId;
use midwatch_service::job::{Job, JobState, Task};
use midwatch_service::port::store::Store as _;
use midwatch_service::post::PostBody;
use midwatch_service::thread::Speaker;

use super::town::{CHANNEL, Town, anyone};
use crate::world::Cluster;

const QUESTION: &str = "investigate payments-api -n inc-crashloop --since 12h";

/// A town with one report in a thread below a mention.
async fn reported() -> (Town, Job, MessageId) {
    let town = Town::new(Cluster::Answers, anyone());
    let message = town.mention("alice", None, QUESTION).await;
    let job = town.world.ended(town.newest().await.spec.id).await;
    assert_eq!(job.state, JobState::Completed);
    (town, job, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_below_it() {
    let (town, job, message) = reported().await;
    let thread = town.world.store.thread_at("double", CHANNEL, &message).await.unwrap().expect("a thread");
    assert_eq!(Some(thread.id), job.spec.thread);
    let shown = town
        .world
        .chat
        .until("the report", |shown| shown.iter().any(|shown| matches!(shown.now(), PostBody::Report { .. })));
    assert!(shown.await.iter().all(|shown| shown.thread == thread.id));
    // In a thread of others it is the thread's first message that counts.
    let others = MessageId("others".to_owned());
    town.mention("bob", Some(&others), QUESTION).await;
    let thread = town.world.store.thread_at("double", CHANNEL, &others).await.unwrap().expect("a thread");
    assert_eq!(town.newest().await.spec.thread, Some(thread.id));
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_from_the_report_or_by_a_job() {
    let (town, job, root) = reported().await;
    town.mention("alice", Some(&root), "why?").await;
    town.answered("DATABASE_URL").await;
    assert_eq!(town.jobs().await.len(), 1, "nothing was read");
    town.mention("bob", Some(&root), "events").await;
    let asked = town.newest().await;
    assert!(matches!(&asked.spec.task, Task::FollowUp { about, .. } if *about == Some(job.spec.id)), "{asked:?}");
    assert_eq!((asked.spec.thread, &asked.spec.request.namespace), (job.spec.thread, &job.spec.request.namespace));
    town.mention("bob", Some(&root), "sing a song").await;
    town.answered("I did not understand that").await;
    town.mention("bob", Some(&root), "status").await;
    let told = town.answered("asked by alice").await;
    assert!(told.contains("done at"), "{told}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_between_people_are_remembered_and_seldom_answered() {
    let (town, job, root) = reported().await;
    let answers = || {
        let shown = town.world.chat.shown();
        shown.iter().filter(|shown| matches!(shown.now(), PostBody::Answer { .. })).count()
    };
    town.message("bob", Some(&root), "I roll that back now").await;
    town.message("bob", None, "why?").await;
    town.message("bob", Some(&MessageId("others".to_owned())), "why?").await;
    assert_eq!(answers(), 0);
    town.message("bob", Some(&root), "why?").await;
    town.answered("DATABASE_URL").await;
    assert_eq!(answers(), 1);
    for _ in 0..3 {
        town.message("bob", Some(&root), "does anybody know the weather?").await;
    }
    town.answered("I did not understand that").await;
    assert_eq!(answers(), 2, "the list comes once in a thread");
    let memory = town.world.store.memory(job.spec.thread.unwrap()).await.unwrap();
    let outside: Vec<&str> = memory.iter().filter(|e| e.speaker == Speaker::Outside).map(|e| e.text.as_str()).collect();
    assert!(outside.contains(&"bob: I roll that back now"), "{outside:?}");
    assert_eq!(outside.iter().filter(|text| text.contains("weather")).count(), 3);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_while_it_runs_is_told_so_and_stop_stops_it() {
    let town = Town::new(Cluster::Hangs, anyone());
    let root = town.mention("alice", None, QUESTION).await;
    let id = town.newest().await.spec.id;
    town.world.until(id, "the start", |job| job.state == JobState::Running).await;
    town.mention("alice", Some(&root), "why?").await;
    let told = town.answered("There is no report yet").await;
    assert!(told.contains("running since"), "{told}");
    town.mention("alice", Some(&root), "events").await;
    town.answered("still runs").await;
    town.mention("bob", Some(&root), "stop").await;
    assert_eq!(town.world.ended(id).await.state, JobState::Cancelled);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_runs_in_the_same_thread() {
    let (town, job, root) = reported().await;
    town.mention("bob", Some(&root), "retry").await;
    let again = town.newest().await;
    assert_ne!(again.spec.id, job.spec.id);
    assert_eq!((again.spec.thread, &again.spec.request.text), (job.spec.thread, &job.spec.request.text));
    assert_eq!(again.spec.origin.actor.user, "bob");
    town.stop().await;
}

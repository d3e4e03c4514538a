//! Questions as jobs: answered in the thread, told when they are not, and never in the living message.

use std::time::Duration;

use midwatch_conversation::answer::{Answer, Part};
use midwatch_conversation::question::{Logs, Question};
use midwatch_service::code::ErrorCode;
use midwatch_service::id::{JobId, ThreadId, WorkerId};
use midwatch_service::job::{Actor, Cancel, JobError, JobState, LOST_ALLOWED};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{LivingMessage, PostBody};
use midwatch_service::publish;

use crate::world::{Cluster, Wish, World, now};

fn previous_logs() -> Question {
    Question::Logs(Logs { previous: true, ..Logs::default() })
}

/// A thread whose investigation was handed in and not run, with its living message.
async fn thread(world: &World) -> (JobId, ThreadId, LivingMessage) {
    let (about, thread) = world.ask(Wish::default()).await;
    let stop = Cancel { by: Actor::default(), reason: String::new(), at: now() };
    world.commit(vec![Write::Cancel { job: about, cancel: stop }]).await;
    (about, thread, world.living(thread).await)
}

async fn last_words(world: &World, job: JobId) -> String {
    match world.body(&publish::ended_key(job)).await {
        Some(PostBody::Notice { text }) => text,
        other => panic!("{other:?}"),
    }
}

fn texts(answer: &Answer) -> String {
    let texts = answer.parts.iter().filter_map(|part| match part {
        Part::Text { text } | Part::Code { text } => Some(text.as_str()),
        Part::Table { .. } | Part::File(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_in_an_answer_in_its_thread() {
    let (world, ..) = World::serve(Cluster::Answers);
    let (about, thread) = world.ask(Wish::default()).await;
    world.ended(about).await;
    let living = world.living(thread).await;
    let id = world.follow_up(about, previous_logs(), Wish::default()).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts, job.result), (JobState::Completed, 1, None));
    let states: Vec<&str> = world.states(id).await.into_iter().map(JobState::as_str).collect();
    assert_eq!(states, ["pending", "initializing", "running", "completing", "completed"]);

    let Some(PostBody::Answer { answer, .. }) = world.body(&publish::answer_key(id)).await else { panic!("an answer") };
    assert!(texts(&answer).contains("DATABASE_URL"), "the log of the run before: {answer:?}");
    let kept = world.store.artifact(id, "answer").await.unwrap().expect("the answer");
    assert_eq!(serde_json::from_str::<Answer>(&kept.text).unwrap(), answer);
    assert_eq!(world.living(thread).await, living, "the living message is the investigation's");
    let memory = world.store.memory(thread).await.unwrap();
    assert!(memory.iter().any(|entry| entry.job == Some(id) && entry.text.contains("previous run")), "{memory:?}");
    let audit = world.store.audit(0, 100).await.unwrap();
    let subject = format!("job {id}");
    let read = audit.iter().find(|s| s.entry.action == "read" && s.entry.subject == subject).expect("it is audited");
    assert!(read.entry.details.contains("logs 1") && read.entry.details.contains("inc-crashloop"), "{read:?}");
    world.chat.until("the answer", |shown| shown.iter().any(|s| matches!(s.now(), PostBody::Answer { .. }))).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_finds_no_source_is_tried_again_and_then_told() {
    let world = World::new(Cluster::OpensAfter(99));
    let (about, thread_id, living) = thread(&world).await;
    let _worker = world.work(World::settings("one"));
    let id = world.follow_up(about, previous_logs(), Wish { max_attempts: 2, ..Wish::default() }).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts), (JobState::Failed, 2));
    assert_eq!(last_words(&world, id).await, "No answer: E006: connection refused (the last of 2 attempts)");
    assert_eq!(world.living(thread_id).await, living);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_stopped_and_ends_at_its_deadline() {
    let world = World::new(Cluster::Hangs);
    let (about, thread_id, living) = thread(&world).await;
    let _worker = world.work(World::settings("one"));
    let stopped = world.follow_up(about, previous_logs(), Wish::default()).await;
    world.until(stopped, "the start", |job| job.state == JobState::Running).await;
    world.cancel(stopped).await;
    assert_eq!(world.ended(stopped).await.state, JobState::Cancelled);
    assert_eq!(last_words(&world, stopped).await, "Stopped: by bob: wrong cluster");
    let late = Wish { deadline: Duration::from_secs(1), ..Wish::default() };
    let late = world.follow_up(about, Question::Events { target: None }, late).await;
    assert_eq!(world.ended(late).await.state, JobState::Timeout);
    let words = last_words(&world, late).await;
    assert_eq!(words, "No answer: E003: the deadline of 1 s passed before there was an answer");
    assert_eq!(world.living(thread_id).await, living);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_workers_vanish_is_told_and_leaves_the_living_message() {
    let world = World::new(Cluster::Answers);
    let (about, thread_id, living) = thread(&world).await;
    let id = world.follow_up(about, previous_logs(), Wish::default()).await;
    let gone = WorkerId("gone".to_owned());
    for _ in 0..LOST_ALLOWED {
        let leased = world.store.claim(&gone, now(), Duration::from_hours(1), 1).await.unwrap();
        let error = JobError { code: ErrorCode::E008, message: "gone".to_owned() };
        let lost = Write::Lost { lease: leased[0].lease.clone(), run_at: now(), error };
        world.store.commit(now(), vec![lost]).await.unwrap();
    }
    world.store.claim(&gone, now(), Duration::from_millis(1), 1).await.unwrap();
    let _worker = world.work(World::settings("one"));
    assert_eq!(world.ended(id).await.state, JobState::Failed);
    let told = async {
        while world.body(&publish::ended_key(id)).await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("the thread is told");
    assert!(last_words(&world, id).await.starts_with("No answer: E008"));
    assert_eq!(world.living(thread_id).await, living);
    world.stop().await;
}

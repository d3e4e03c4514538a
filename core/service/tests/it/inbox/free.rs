//! Free questions: where a language model is configured they become jobs, elsewhere nothing is as if there were one.

use midwatch_service::heard::Said;
use midwatch_service::id::MessageId;
use midwatch_service::inbox::Ack;
use midwatch_service::intake::Refused;
use midwatch_service::job::{Job, JobState, Task};
use midwatch_service::port::store::Store as _;
use midwatch_service::post::PostBody;

use super::town::{Town, anyone, plain, rules};
use crate::world::Cluster;

const QUESTION: &str = "investigate payments-api -n inc-crashloop --since 12h";
const FREE: &str = "could the new mesh be to blame, and since when?";

/// A report in a thread below a mention, where a model answers.
async fn reported(rules: Vec<midwatch_service::policy::Rule>) -> (Town, Job, MessageId) {
    let town = Town::with_model(Cluster::Answers, rules);
    let message = town.mention("alice", None, QUESTION).await;
    let job = town.world.ended(town.newest().await.spec.id).await;
    assert_eq!(job.state, JobState::Completed);
    (town, job, message)
}

fn answers(town: &Town) -> usize {
    let shown = town.world.chat.shown();
    shown.iter().filter(|shown| matches!(shown.now(), PostBody::Answer { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_becomes_a_question_to_the_model() {
    let (town, about, root) = reported(anyone()).await;
    town.mention("bob", Some(&root), FREE).await;
    let asked = town.newest().await;
    let task = Task::Ask { words: FREE.to_owned(), about: Some(about.spec.id), in_passing: false };
    assert_eq!(asked.spec.task, task);
    assert_eq!((asked.spec.thread, &asked.spec.origin.actor.user), (about.spec.thread, &"bob".to_owned()));
    assert_eq!(asked.spec.request.namespace, about.spec.request.namespace);
    assert_eq!(town.world.ended(asked.spec.id).await.state, JobState::Completed);
    let told = town.answered("No language model is configured").await;
    assert!(told.contains("logs checkout"), "what is understood without one: {told}");
    let kept = town.world.store.artifact(asked.spec.id, "answer").await.unwrap();
    assert!(kept.is_some(), "the API gives it");
    let memory = town.world.store.memory(about.spec.thread.unwrap()).await.unwrap();
    assert!(memory.iter().any(|entry| entry.text == format!("bob: {FREE}")), "{memory:?}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_understood_costs_no_model() {
    let (town, _, root) = reported(anyone()).await;
    town.mention("alice", Some(&root), "why?").await;
    town.answered("DATABASE_URL").await;
    town.mention("alice", Some(&root), "events").await;
    assert!(matches!(town.newest().await.spec.task, Task::FollowUp { .. }));
    town.mention("alice", Some(&root), "status").await;
    assert!(town.jobs().await.iter().all(|job| !matches!(job.spec.task, Task::Ask { .. })));
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verb_asks_the_model_about_the_job_that_is_named() {
    let (town, about, _) = reported(anyone()).await;
    town.slash("bob", &format!("ask is the mesh to blame --of {}", about.spec.id)).await;
    let Task::Ask { words, about: of, in_passing } = town.newest().await.spec.task else { panic!("a question") };
    assert_eq!((words.as_str(), of, in_passing), ("is the mesh to blame", Some(about.spec.id), false));
    let spoke = town.say("carol", about.spec.thread, FREE).await.unwrap();
    assert_eq!(spoke.job, Some(town.newest().await.spec.id), "who waits for it learns the job");
    let nowhere = town.say("carol", None, "ask is the mesh to blame").await;
    assert!(matches!(nowhere, Err(Refused::Invalid(ref why)) if why.contains("--of JOB")), "{nowhere:?}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_in_passing_is_asked_only_as_a_question_and_then_in_silence() {
    let (town, about, root) = reported(anyone()).await;
    town.message("bob", Some(&root), "I roll that back now").await;
    town.message("bob", Some(&MessageId("others".to_owned())), FREE).await;
    assert_eq!(town.jobs().await.len(), 1);
    town.message("bob", Some(&root), FREE).await;
    let asked = town.newest().await;
    let task = Task::Ask { words: FREE.to_owned(), about: Some(about.spec.id), in_passing: true };
    assert_eq!(asked.spec.task, task);
    assert_eq!(town.world.ended(asked.spec.id).await.state, JobState::Completed);
    assert_eq!(town.world.store.artifact(asked.spec.id, "answer").await.unwrap(), None);
    assert_eq!(answers(&town), 0, "nobody asked us by name, so nobody is told that we cannot answer");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_asked_once() {
    let (town, _, root) = reported(anyone()).await;
    let mut heard = town.heard("bob", Said::Mention { text: FREE.to_owned() });
    heard.place.root = Some(root);
    for _ in 0..3 {
        town.inbox.hear(heard.clone()).await.unwrap();
        town.handled().await;
    }
    assert_eq!(town.jobs().await.len(), 2);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_to_the_model_need_the_permission_and_count() {
    let alice = r#"[{"who": {"user": "alice"}}, {"who": {"user": "bob"}, "verbs": ["status"]}]"#;
    let (town, _, root) = reported(rules(alice)).await;
    town.mention("bob", Some(&root), FREE).await;
    let told = town.answered("may not").await;
    assert!(told.contains("bob may not `ask` in namespace inc-crashloop"), "{told}");
    town.message("bob", Some(&root), FREE).await;
    assert_eq!((town.jobs().await.len(), town.privately().len()), (1, 1), "in passing nobody is told");
    for number in 0..10 {
        town.mention("alice", Some(&root), &format!("{FREE} {number}")).await;
    }
    assert_eq!(town.jobs().await.len(), 10, "the investigation counts, too");
    let told = town.answered("possible again in").await;
    assert!(told.starts_with("You have started 10 investigations and questions within 10 min already"), "{told}");
    town.message("alice", Some(&root), FREE).await;
    assert_eq!((town.jobs().await.len(), town.privately().len()), (10, 2), "in passing nobody is told");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_while_it_runs_is_told_so() {
    let town = Town::with_model(Cluster::Hangs, anyone());
    let root = town.mention("alice", None, QUESTION).await;
    let running = town.newest().await.spec.id;
    town.world.until(running, "the start", |job| job.state == JobState::Running).await;
    town.message("alice", Some(&root), FREE).await;
    assert_eq!(answers(&town), 0);
    town.mention("alice", Some(&root), FREE).await;
    town.answered("still runs").await;
    assert!(matches!(town.newest().await.spec.task, Task::Ask { about, .. } if about == Some(running)));
    town.mention("bob", Some(&root), "stop").await;
    town.world.ended(running).await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_tells_of_a_model_where_there_is_one() {
    for (town, tells) in
        [(Town::with_model(Cluster::Answers, anyone()), true), (Town::new(Cluster::Answers, anyone()), false)]
    {
        let Ack::Say(answer) = town.slash("alice", "help").await else { panic!("an answer") };
        assert_eq!(plain(&answer).contains("language model"), tells);
        let spoke = town.say("alice", None, "help").await.unwrap();
        assert_eq!(spoke.answer, answer, "the same wherever it is asked");
        let Ack::Say(verb) = town.slash("alice", "help ask").await else { panic!("an answer") };
        assert!(!plain(&verb).contains("language model"));
        town.stop().await;
    }
}

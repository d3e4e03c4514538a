//! What the log of a job tells.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::request::Step;
use midwatch_redact::Redacted;
use midwatch_service::event::{Cursor, JobEvent, Level, Logged};
use midwatch_service::id::JobId;
use midwatch_service::job::JobState;
use midwatch_service::metrics::ResultLabel;
use midwatch_service::port::events::{EventLog, Exhausted};
use midwatch_service::port::store::StoreError;
use tokio::sync::watch;

use crate::world::{Cluster, Wish, World};

const PATIENCE: Duration = Duration::from_secs(30);

/// The lines of a job up to one that says this.
async fn lines(world: &World, job: JobId, last: &str) -> Vec<JobEvent> {
    let found = async {
        let mut news = world.events.follow(job).await;
        loop {
            let lines: Vec<JobEvent> =
                world.events.events(job, None, 500).await.unwrap().into_iter().map(|l| l.event.into_inner()).collect();
            if lines.last().is_some_and(|line| line.text.contains(last)) {
                return lines;
            }
            news.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the last line")
}

fn place(lines: &[JobEvent], text: &str) -> usize {
    lines.iter().position(|line| line.text.contains(text)).unwrap_or_else(|| panic!("`{text}` in {lines:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_tells_states_steps_and_reads_in_order() {
    let (world, ..) = World::serve(Cluster::Answers);
    let (id, _) = world.ask(Wish::default()).await;
    let lines = lines(&world, id, "the job is completed").await;
    let said = [
        "attempt 1 of 3 begins on one",
        "running: the sources are open",
        "objects and events ...",
        "read pods in inc-crashloop: ",
        "logs ...",
        "read log of inc-crashloop/",
        "verdict cause",
        "cause: ",
        "the job is completed",
    ];
    let places: Vec<usize> = said.into_iter().map(|text| place(&lines, text)).collect();
    assert!(places.is_sorted(), "{places:?} in {lines:#?}");
    assert_eq!(lines[places[3]].step, Some(Step::Objects));
    assert_eq!(lines[places[5]].step, Some(Step::Logs));
    assert!(lines.iter().all(|line| line.attempt == 1));
    let logged = world.metrics.events.get_or_create(&ResultLabel { result: "logged" }).get();
    assert_eq!(logged, lines.len() as u64);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_tells_each_attempt_and_why_it_failed() {
    let (world, ..) = World::serve(Cluster::OpensAfter(1));
    let (id, _) = world.ask(Wish::default()).await;
    let lines = lines(&world, id, "the job is completed").await;
    let failed = &lines[place(&lines, "attempt 1 of 3 failed: E006: connection refused; again in 1 s")];
    assert_eq!((failed.attempt, failed.level), (1, Level::Warn));
    assert_eq!(lines[place(&lines, "attempt 2 of 3 begins")].attempt, 2);
    assert_eq!(lines[place(&lines, "the job is pending")].attempt, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_repeats_no_secret() {
    let (world, ..) = World::serve(Cluster::Answers);
    let text = "postgres://app:Tr0ub4dor-and-3@db:5432/shop";
    let (id, _) = world.ask(Wish { text, ..Wish::default() }).await;
    world.ended(id).await;
    let lines = lines(&world, id, "the job is").await;
    place(&lines, "db:5432");
    assert!(!format!("{lines:?}").contains("Tr0ub4dor"), "{lines:#?}");
    world.stop().await;
}

/// A log without room.
struct Full(watch::Sender<u64>);

#[async_trait]
impl EventLog for Full {
    async fn append(&self, _: JobId, _: Redacted<JobEvent>) -> Result<(), Exhausted> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(Exhausted { waiting: 1 })
    }

    async fn flush(&self) -> Result<(), StoreError> {
        Err(StoreError::Busy("full".to_owned()))
    }

    async fn events(&self, _: JobId, _: Option<&Cursor>, _: usize) -> Result<Vec<Logged>, StoreError> {
        Ok(Vec::new())
    }

    async fn follow(&self, _: JobId) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_room_costs_lines_and_no_job() {
    let mut world = World::new(Cluster::Answers);
    world.events = Arc::new(Full(watch::Sender::new(0)));
    world.send(Duration::from_secs(15));
    let (stop, worker) = world.work(World::settings("one"));
    let (id, _) = world.ask(Wish::default()).await;
    assert_eq!(world.ended(id).await.state, JobState::Completed);
    stop.cancel();
    tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap();
    let dropped = world.metrics.events.get_or_create(&ResultLabel { result: "dropped" }).get();
    assert!(dropped > 10, "{dropped}");
    world.stop().await;
}

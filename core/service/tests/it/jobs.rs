//! What becomes of jobs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::code::ErrorCode;
use midwatch_service::health::Status;
use midwatch_service::id::{ThreadId, WorkerId};
use midwatch_service::job::{JobError, JobState, LOST_ALLOWED};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{LivingStatus, PostBody};
use midwatch_service::publish;
use midwatch_service::worker::{Drained, WorkerSettings};

use crate::world::{Cluster, Wish, World, now};

/// The words of the line that ends a job without a report.
async fn last_words(world: &World, job: midwatch_service::id::JobId) -> String {
    match world.body(&publish::ended_key(job)).await {
        Some(PostBody::Notice { text }) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_ends_in_a_report_in_its_thread() {
    let (world, ..) = World::serve(Cluster::Answers);
    let (id, thread) = world.ask(Wish::default()).await;
    let job = world.ended(id).await;
    let result = job.result.clone().expect("a result");
    assert_eq!((job.state, job.attempts, result.verdict), (JobState::Completed, 1, Verdict::Cause));
    assert!(result.headline.contains("DATABASE_URL"), "{}", result.headline);
    let states: Vec<&str> = world.states(id).await.into_iter().map(JobState::as_str).collect();
    assert_eq!(states, ["pending", "initializing", "running", "completing", "completed"]);

    let kept = world.store.artifact(id, "report").await.unwrap().expect("the report");
    assert_eq!(kept.id, result.report);
    let report: Report = serde_json::from_str(&kept.text).unwrap();
    assert_eq!(report.root_cause, result.headline);
    let format = world.store.artifact(id, "report.json").await.unwrap().expect("the format");
    let format: serde_json::Value = serde_json::from_str(&format.text).unwrap();
    assert_eq!(format["analysis"]["root_cause"], result.headline.as_str());

    let reported = |body: &PostBody| matches!(body, PostBody::Living(l) if matches!(&l.status, LivingStatus::Reported { verdict: Verdict::Cause, .. }));
    let shown = world
        .chat
        .until("the report", |shown| {
            shown.iter().any(|s| matches!(s.now(), PostBody::Report { .. })) && shown.iter().any(|s| reported(s.now()))
        })
        .await;
    assert!(matches!(shown[0].now(), PostBody::Opening(_)), "the root comes first");
    assert_eq!(shown.len(), 3, "opening, living message, report; nothing doubled: {shown:#?}");
    assert_eq!(world.living(thread).await.steps.len(), 4, "every step is there at the end");

    let memory = world.store.memory(thread).await.unwrap();
    assert!(memory.iter().any(|entry| entry.text.starts_with("cause: ") && entry.job == Some(id)), "{memory:?}");
    let audit = world.store.audit(0, 100).await.unwrap();
    let read = audit.iter().find(|sealed| sealed.entry.action == "read").expect("what was read is audited");
    assert!(read.entry.details.contains("pods 1") && read.entry.details.contains("inc-crashloop"), "{read:?}");
    assert_eq!((read.entry.request_id.as_str(), read.entry.subject.clone()), ("req-1", format!("job {id}")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_comes_back_is_tried_again_and_the_thread_is_told() {
    let (world, ..) = World::serve(Cluster::OpensAfter(1));
    let (id, thread) = world.ask(Wish::default()).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts), (JobState::Completed, 2));
    let notes = world.living(thread).await.notes;
    assert!(
        matches!(notes.as_slice(), [one] if one == "attempt 1 of 3 failed: E006: connection refused; again in 1 s"),
        "{notes:?}"
    );
    assert_eq!(world.metrics.retries.get(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_attempts_are_used_up_is_a_dead_letter() {
    let (world, ..) = World::serve(Cluster::OpensAfter(99));
    let (id, thread) = world.ask(Wish { max_attempts: 2, ..Wish::default() }).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts, job.dead), (JobState::Failed, 2, true));
    assert_eq!(job.error.expect("an error").code, ErrorCode::E006);
    assert_eq!(last_words(&world, id).await, "No report: E006: connection refused (the last of 2 attempts)");
    assert!(matches!(world.living(thread).await.status, LivingStatus::Failed { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forbidden_or_wrongly_asked_is_not_tried_again() {
    let (world, ..) = World::serve(Cluster::Forbidden);
    let (id, _) = world.ask(Wish::default()).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts, job.dead), (JobState::Failed, 1, true));
    assert_eq!(last_words(&world, id).await, "No report: E005: the token was refused");
    world.stop().await;

    let (world, ..) = World::serve(Cluster::Answers);
    let (id, _) = world.ask(Wish { text: "deploy/zzz-unknown", ..Wish::default() }).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts, job.dead), (JobState::Failed, 1, false), "nobody has to look at it");
    let words = last_words(&world, id).await;
    assert!(words.starts_with("No report: E002: nothing here is called `deploy/zzz-unknown`"), "{words}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_engine_is_an_attempt_that_failed() {
    let (world, ..) = World::serve(Cluster::PanicsFor(1));
    let (id, thread) = world.ask(Wish::default()).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts), (JobState::Completed, 2));
    assert!(world.living(thread).await.notes[0].contains("E009"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_stopped_and_the_thread_knows_by_whom() {
    let (world, ..) = World::serve(Cluster::Hangs);
    let (id, thread) = world.ask(Wish::default()).await;
    world.until(id, "the start", |job| job.state == JobState::Running).await;
    world.cancel(id).await;
    let job = world.ended(id).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(last_words(&world, id).await, "Stopped: by bob: wrong cluster");
    let status = world.living(thread).await.status;
    assert_eq!(status, LivingStatus::Cancelled { why: "stopped by bob: wrong cluster".to_owned() });
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_that_was_stopped_never_runs() {
    let world = World::new(Cluster::Answers);
    let (id, _) = world.ask(Wish::default()).await;
    world.cancel(id).await;
    let (after, _) = world.ask(Wish::default()).await;
    let _worker = world.work(World::settings("one"));
    assert_eq!(world.ended(after).await.state, JobState::Completed);
    assert_eq!(world.states(id).await, [JobState::Pending, JobState::Cancelled]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_deadline_the_thread_gets_what_was_found() {
    let (world, ..) = World::serve(Cluster::EventsHang);
    let (id, thread) = world.ask(Wish { deadline: Duration::from_secs(3), ..Wish::default() }).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.error.clone().map(|e| e.code)), (JobState::Timeout, Some(ErrorCode::E003)));
    assert!(job.result.is_some(), "pods were read");
    assert!(world.body(&publish::report_key(id)).await.is_some());
    let notes = world.living(thread).await.notes;
    assert_eq!(
        notes,
        [
            "80 % of 3 s used: read objects and events",
            "90 % of 3 s used: read objects and events",
            "E003: the deadline of 3 s passed; this is what was found by then",
        ]
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_deadline_with_nothing_found_the_thread_is_told_so() {
    let (world, ..) = World::serve(Cluster::Hangs);
    let (id, _) = world.ask(Wish { deadline: Duration::from_secs(1), ..Wish::default() }).await;
    let job = world.ended(id).await;
    assert_eq!((job.state, job.result.is_some()), (JobState::Timeout, false));
    let words = last_words(&world, id).await;
    assert_eq!(words, "No report: E003: the deadline of 1 s passed before there was anything to report");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_jobs_end_and_gives_the_rest_back_unharmed() {
    let (world, stop, worker) = World::serve(Cluster::Hangs);
    let (id, thread) = world.ask(Wish::default()).await;
    world.until(id, "the start", |job| job.state == JobState::Running).await;
    stop.cancel();
    assert_eq!(worker.await.unwrap(), Drained { finished: 0, handed_back: 1 });
    let job = world.job(id).await;
    assert_eq!((job.state, job.attempts, job.lease.is_some()), (JobState::Pending, 0, false));
    let living = world.living(thread).await;
    assert_eq!(living.status, LivingStatus::Queued);
    assert_eq!(living.notes, ["Midwatch is restarting; goes on after"]);

    let world = World::new(Cluster::Answers);
    let (stop, worker) = world.work(WorkerSettings { grace: Duration::from_mins(1), ..World::settings("two") });
    let (id, _) = world.ask(Wish::default()).await;
    world.until(id, "a lease", |job| job.state != JobState::Pending).await;
    stop.cancel();
    let drained = worker.await.unwrap();
    assert_eq!(drained.handed_back, 0, "it ends within the grace period");
    assert_eq!(world.job(id).await.state, JobState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_is_switched_off_stops_its_jobs() {
    let (world, ..) = World::serve(Cluster::Hangs);
    let (running, _) = world.ask(Wish::default()).await;
    world.until(running, "the start", |job| job.state == JobState::Running).await;
    world.packs.0.store(false, Ordering::SeqCst);
    assert_eq!(world.ended(running).await.state, JobState::Cancelled);
    let words = last_words(&world, running).await;
    assert_eq!(words, "Stopped: E001: pack default is switched off, or not there any more");
    let (new, _) = world.ask(Wish::default()).await;
    assert_eq!(world.ended(new).await.state, JobState::Cancelled);
    world.packs.0.store(true, Ordering::SeqCst);
    let (gone, _) = world.ask(Wish { pack: "gone", ..Wish::default() }).await;
    assert_eq!(world.ended(gone).await.state, JobState::Cancelled);
    assert!(last_words(&world, gone).await.contains("E001: pack gone"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_drops_the_work() {
    let (world, ..) = World::serve(Cluster::Hangs);
    let (id, thread) = world.ask(Wish::default()).await;
    let first = world.until(id, "the start", |job| job.state == JobState::Running).await;
    // Another worker finds the lease expired: seen from an hour ahead.
    let ahead = now() + jiff::SignedDuration::from_hours(1);
    world.store.reap(ahead, |_| Duration::ZERO).await.unwrap();
    let other = WorkerId("other".to_owned());
    let taken = world.store.claim(&other, ahead, Duration::from_hours(1), 1).await.unwrap();
    assert!(taken[0].lease.fence > first.fence);
    let before = (world.states(id).await, world.living(thread).await);
    let lost = async {
        while world.metrics.leases_lost.get() == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), lost).await.expect("the worker notices");
    assert_eq!((world.states(id).await, world.living(thread).await), before, "nothing was written");
    assert_eq!(world.job(id).await.lease.expect("a lease").worker, other);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_worker_takes_back_what_its_predecessor_held_at_once() {
    let world = World::new(Cluster::Answers);
    let (last, last_thread) = world.ask(Wish::default()).await;
    lose_workers(&world, LOST_ALLOWED).await;
    let (id, thread) = world.ask(Wish::default()).await;
    let (stopped, _) = world.ask(Wish::default()).await;
    let dead = WorkerId("dead".to_owned());
    assert_eq!(world.store.claim(&dead, now(), Duration::from_hours(1), 9).await.unwrap().len(), 3);
    world.cancel(stopped).await;
    let _worker = world.work(WorkerSettings { sole: true, ..World::settings("one") });
    let job = world.ended(id).await;
    assert_eq!((job.state, job.attempts), (JobState::Completed, 1), "the lost attempt does not count");
    assert!(world.living(thread).await.notes[0].contains("E008"));
    let job = world.ended(last).await;
    assert_eq!((job.state, job.dead), (JobState::Failed, true), "what kills its process does not do so for ever");
    assert!(matches!(world.living(last_thread).await.status, LivingStatus::Failed { .. }));
    assert!(last_words(&world, last).await.contains("E008"));
    assert_eq!(world.ended(stopped).await.state, JobState::Cancelled);
    assert_eq!(world.health.parts()["worker"].status, Status::Up);
    world.stop().await;
}

/// The one waiting job loses so many workers.
async fn lose_workers(world: &World, times: u32) {
    let gone = WorkerId("gone".to_owned());
    for _ in 0..times {
        let leased = world.store.claim(&gone, now(), Duration::from_hours(1), 1).await.unwrap();
        let error = JobError { code: ErrorCode::E008, message: "gone".to_owned() };
        let lost = Write::Lost { lease: leased[0].lease.clone(), run_at: now(), error };
        world.store.commit(now(), vec![lost]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ended_is_taken_back_and_the_thread_is_told() {
    let world = World::new(Cluster::Answers);
    let (id, thread) = world.ask(Wish::default()).await;
    lose_workers(&world, LOST_ALLOWED).await;
    let gone = WorkerId("gone".to_owned());
    world.store.claim(&gone, now(), Duration::from_millis(1), 1).await.unwrap();
    let _worker = world.work(World::settings("one"));
    let job = world.ended(id).await;
    assert_eq!((job.state, job.dead), (JobState::Failed, true));
    let told = async {
        while world.body(&publish::ended_key(id)).await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("the thread is told");
    assert!(matches!(world.living(thread).await.status, LivingStatus::Failed { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_job_in_a_thread_begins_with_a_clean_message() {
    let (world, ..) = World::serve(Cluster::OpensAfter(1));
    let (id, thread) = world.ask(Wish::default()).await;
    world.ended(id).await;
    assert_eq!(world.living(thread).await.notes.len(), 1);
    let second = again(&world, id, thread).await;
    assert_eq!(world.ended(second).await.state, JobState::Completed);
    assert_eq!(world.living(thread).await.notes, Vec::<String>::new());
    world.stop().await;
}

/// The same job once more, in the same thread.
async fn again(world: &World, id: midwatch_service::id::JobId, thread: ThreadId) -> midwatch_service::id::JobId {
    let mut spec = world.job(id).await.spec;
    assert_eq!(spec.thread, Some(thread));
    spec.id = midwatch_service::id::JobId::new();
    let second = spec.id;
    world.commit(vec![midwatch_service::port::store::Write::Enqueue { job: Box::new(spec), bound: None }]).await;
    world.signals.jobs.notify_one();
    second
}

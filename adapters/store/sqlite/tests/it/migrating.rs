//! A file of an earlier version is brought up to date with all that it holds, and goes on from there.

use std::path::Path;

use midwatch_conformance::given::{LEASE, PLATFORM, at, audited, chain_key, enqueue, hear, heard, job, keys, worker};
use midwatch_service::audit::GENESIS;
use midwatch_service::id::{JobId, MessageId, PostKey};
use midwatch_service::job::{JobState, Task};
use midwatch_service::port::store::{Closed, DuePost, JobFilter, Load, Share, Store, Write};
use midwatch_service::post::{LivingMessage, LivingStatus, PostBody};
use midwatch_sqlite::{SqliteStore, backup};
use rusqlite::Connection;

use crate::support::{file, integrity, open};

const SCHEMA: &str = include_str!("../../src/schema_1.sql");
const CONTENT: &str = include_str!("version_1.sql");

/// Makes the file as the program of that time left it.
fn version_1(directory: &Path) {
    let db = Connection::open(file(directory)).unwrap();
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL").unwrap();
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    db.execute_batch(SCHEMA).unwrap();
    db.execute_batch(CONTENT).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.pragma_update(None, "application_id", 0x4d64_5774).unwrap();
}

async fn take(store: &SqliteStore, closed: &Closed) -> Vec<DuePost> {
    store.take_posts(&worker("s"), PLATFORM, at(100), LEASE, Share::any(10), closed).await.unwrap()
}

async fn sent(store: &SqliteStore, due: &DuePost) {
    let message = MessageId(format!("{} was sent", due.taken.key));
    store.commit(at(100), vec![Write::Sent { taken: due.taken.clone(), message }]).await.unwrap();
}

#[tokio::test]
async fn messages_of_version_1_go_out_in_the_new_order() {
    let place = tempfile::tempdir().unwrap();
    version_1(place.path());
    let store = open(place.path());
    assert_eq!(store.next_post(PLATFORM, &Closed::default()).await.unwrap(), Some(at(3)));
    let no_progress = Closed { progress: true, ..Closed::default() };
    let first = take(&store, &no_progress).await;
    assert_eq!(keys(&first), ["shop:report", "asked:notice"], "what was urgency 3 is progress, now 4");
    assert_eq!(first[1].thread.channel, "#alerts");
    let edits = take(&store, &Closed::default()).await;
    assert_eq!(keys(&edits), ["shop:living"], "the others wait for those under way");
    assert_eq!(edits[0].message, Some(MessageId("101".to_owned())));
    let PostBody::Living(living) = &*edits[0].body else { panic!("{:?}", edits[0].body) };
    assert!(matches!(living, LivingMessage { job: None, status: LivingStatus::Reported { .. }, .. }), "{living:?}");
    for due in first.iter().chain(&edits) {
        sent(&store, due).await;
    }
    let rest = take(&store, &Closed::default()).await;
    assert_eq!(keys(&rest), ["shop:storm", "asked:living"]);
    for due in &rest {
        sent(&store, due).await;
    }
    assert_eq!(store.load().await.unwrap(), Load { pending: 1, running: 0, dead: 0, posts: 0 });
    let opening = store.post(&PostKey("shop:opening".to_owned())).await.unwrap().unwrap();
    assert!(matches!(&*opening, PostBody::Opening(opening) if opening.alerts.len() == 1), "{opening:?}");
}

#[tokio::test]
async fn the_rest_of_version_1_is_there_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    version_1(place.path());
    let store = open(place.path());
    let jobs = store.jobs(&JobFilter { limit: 9, ..JobFilter::default() }).await.unwrap();
    let states: Vec<_> = jobs.iter().map(|job| (job.state, &job.spec.task)).collect();
    assert_eq!(states, [(JobState::Pending, &Task::Investigate), (JobState::Completed, &Task::Investigate)]);
    let ended = &jobs[1];
    let (id, thread): (JobId, _) = (ended.spec.id, ended.spec.thread.unwrap());
    assert_eq!(ended.result.as_ref().unwrap().headline, "DATABASE_URL is missing");
    assert_eq!(store.history(id).await.unwrap().len(), 3);
    assert_eq!(store.artifact(id, "report").await.unwrap().unwrap().id, ended.result.as_ref().unwrap().report);
    let of_thread = store.jobs(&JobFilter { thread: Some(thread), limit: 9, ..JobFilter::default() }).await.unwrap();
    assert_eq!(of_thread.len(), 1);
    let incident = store.incident_of(thread).await.unwrap().unwrap();
    assert_eq!((incident.job, incident.alerts.len(), incident.revision), (Some(id), 1, 1));
    let at_root = store.thread_at(PLATFORM, "#shop", &MessageId("100".to_owned())).await.unwrap().unwrap();
    assert_eq!(at_root.id, thread);
    assert_eq!(store.memory(thread).await.unwrap().len(), 1);
    assert_eq!(store.packs().await.unwrap(), [("crash-loop".to_owned(), false)]);
    store.commit(at(100), vec![hear(&heard("Ev1", "100")), audited("2"), enqueue(&job())]).await.unwrap();
    let mut seal = GENESIS.to_owned();
    for link in store.audit(0, 9).await.unwrap() {
        assert_eq!(link.seal, chain_key().seal(&seal, link.number, &link.entry), "one chain");
        seal.clone_from(&link.seal);
    }
    assert_eq!(store.take_heard(&worker("w"), at(100), LEASE, 9).await.unwrap().len(), 1);
    assert_eq!(store.load().await.unwrap().pending, 2);
    let found = store.find_reports("database_url", 9).await.unwrap();
    assert_eq!(found.iter().map(|report| report.job).collect::<Vec<_>>(), [id], "an earlier report, by its headline");
    drop(store);
    assert_eq!(integrity(&file(place.path())), "ok");
    assert_eq!(open(place.path()).packs().await.unwrap().len(), 1, "a second start finds nothing to do");
}

/// A server that was not started since the upgrade: its file can be copied, and the copy is brought up to date where it is
/// restored.
#[tokio::test]
async fn a_copy_of_version_1_can_be_restored() {
    let (place, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    version_1(place.path());
    backup(place.path(), &file(away.path())).unwrap();
    assert_eq!(take(&open(away.path()), &Closed::default()).await.len(), 3);
}

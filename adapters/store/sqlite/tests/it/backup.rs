//! A copy beside a server that writes.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use midwatch_conformance::given::{at, enqueue, job, thread};
use midwatch_service::job::NewJob;
use midwatch_service::port::store::{JobFilter, Store, Write};
use midwatch_sqlite::{BackupError, FILE, OpenError, backup};

use crate::support::{integrity, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_of_one_moment_while_the_server_writes() {
    let place = tempfile::tempdir().unwrap();
    let (store, stop) = (Arc::new(open(place.path())), Arc::new(AtomicBool::new(false)));
    let first = job();
    store.commit(at(0), vec![enqueue(&first)]).await.unwrap();
    let writer = tokio::spawn({
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                let thread = thread();
                let job = NewJob { thread: Some(thread.id), ..job() };
                store.commit(at(0), vec![enqueue(&job), Write::OpenThread(thread)]).await.unwrap();
                written += 1;
            }
            written
        }
    });
    let away = tempfile::tempdir().unwrap();
    let to = away.path().join(FILE);
    let copied = store.backup(&to).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0, "it went on meanwhile");
    assert_eq!(to.metadata().unwrap().len(), copied.bytes);
    assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(away.path()).unwrap().count(), 1, "one file, nothing beside it");
    assert_eq!(integrity(&to), "ok");
    let restored = open(away.path());
    assert_eq!(restored.job(first.id).await.unwrap().unwrap().spec, first);
    for job in restored.jobs(&JobFilter { limit: 500, ..JobFilter::default() }).await.unwrap() {
        if let Some(thread) = job.spec.thread {
            assert!(restored.thread(thread).await.unwrap().is_some(), "half a commit");
        }
    }
}

#[test]
fn a_copy_overwrites_nothing() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("copy.db");
    assert!(matches!(backup(place.path(), &to), Err(BackupError::Open(OpenError::Missing { .. }))));
    let store = open(place.path());
    backup(place.path(), &to).unwrap();
    let before = std::fs::read(&to).unwrap();
    assert!(matches!(backup(place.path(), &to), Err(BackupError::Exists { .. })));
    assert_eq!(std::fs::read(&to).unwrap(), before);
    let nowhere = place.path().join("no such directory").join("copy.db");
    assert!(matches!(backup(place.path(), &nowhere), Err(BackupError::Io { .. })));
    drop(store);
    backup(place.path(), &place.path().join("later.db")).unwrap();
}

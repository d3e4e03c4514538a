//! Opening: one server, the right versions, rights of the owner only, and readers beside the server.

use std::os::unix::fs::PermissionsExt as _;

use midwatch_conformance::given::{at, audited, enqueue, job};
use midwatch_service::port::store::{CommitError, Store, StoreError};
use midwatch_sqlite::{OpenError, SqliteStore};
use rusqlite::Connection;

use crate::support::{file, open, try_open};

#[test]
fn a_second_server_is_refused_and_told_who_is_there() {
    let place = tempfile::tempdir().unwrap();
    let first = open(place.path());
    let error = try_open(place.path()).unwrap_err();
    let words = error.to_string();
    assert!(matches!(error, OpenError::Locked { .. }), "{words}");
    let pid = format!("pid {}, since 2026-11-01T00:00:00Z", std::process::id());
    assert!(words.contains(&pid), "{words}");
    drop(first);
    open(place.path());
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    drop(open(place.path()));
    let db = Connection::open(file(place.path())).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let error = try_open(place.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("newer Midwatch"), "{error}");
    assert!(matches!(SqliteStore::open_reader(place.path()), Err(OpenError::Newer { .. })));
}

#[test]
fn what_is_no_store_of_ours_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let db = Connection::open(file(place.path())).unwrap();
    db.execute_batch("CREATE TABLE accounts (n)").unwrap();
    drop(db);
    assert!(matches!(try_open(place.path()), Err(OpenError::Foreign { .. })));
    std::fs::write(file(place.path()), "this is a letter and no database, long enough to be looked at twice").unwrap();
    let error = try_open(place.path()).unwrap_err();
    assert!(matches!(error, OpenError::Storage { source: StoreError::Damaged(_), .. }), "{error:?}");
    let blocked = place.path().join("midwatch.db").join("sub");
    assert!(matches!(try_open(&blocked), Err(OpenError::Io { .. })), "a directory below a file");
}

#[tokio::test]
async fn only_the_owner_can_read_it() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("a").join("store");
    let store = open(&directory);
    store.commit(at(0), vec![enqueue(&job())]).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn others_read_beside_the_server_and_write_nothing() {
    let place = tempfile::tempdir().unwrap();
    assert!(matches!(SqliteStore::open_reader(place.path()), Err(OpenError::Missing { .. })));
    let (server, job) = (open(place.path()), job());
    server.commit(at(0), vec![enqueue(&job), audited("1")]).await.unwrap();
    let reader = SqliteStore::open_reader(place.path()).unwrap();
    assert_eq!(reader.job(job.id).await.unwrap().unwrap().spec, job);
    server.commit(at(0), vec![audited("2")]).await.unwrap();
    assert_eq!(reader.audit(0, 9).await.unwrap().len(), 2);
    let refused = reader.commit(at(0), vec![audited("3")]).await;
    assert!(matches!(refused, Err(CommitError::Storage(StoreError::ReadOnly(_)))), "{refused:?}");
    assert!(matches!(reader.check().await, Err(StoreError::ReadOnly(_))));
    drop(server);
    assert!(reader.job(job.id).await.unwrap().is_some(), "also after the server went");
    drop(reader);
    let alone = SqliteStore::open_reader(place.path()).unwrap();
    assert_eq!(alone.audit(0, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_busy() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    store.commit(at(0), vec![enqueue(&job())]).await.unwrap();
    let holder = Connection::open(file(place.path())).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.commit(at(0), vec![enqueue(&job())]).await.unwrap_err();
    assert!(matches!(error, CommitError::Storage(StoreError::Busy(_))), "{error:?}");
    assert!(error.to_string().contains("another program holds the file"), "{error}");
    holder.execute_batch("ROLLBACK").unwrap();
    store.commit(at(0), vec![enqueue(&job())]).await.unwrap();
}

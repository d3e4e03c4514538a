//! No room: a clear error, nothing damaged, reads go on, and writes again once there is room.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use midwatch_conformance::given::{artifact, at, completed, enqueue, job, worker};
use midwatch_service::id::JobId;
use midwatch_service::port::store::{CommitError, Retention, Store, StoreError, Write};
use midwatch_sqlite::{Options, SqliteStore, outlive_file_size_limit};

use crate::support::{CHILD, child, file, integrity, open, options};

/// An artifact of 64 KiB.
fn large(job: JobId) -> Write {
    Write::Artifact(artifact(job, "log", &"a line of a log\n".repeat(4096)))
}

/// Writes jobs with large artifacts until one is refused; those that were kept, and why it was.
async fn fill(store: &SqliteStore) -> (Vec<JobId>, CommitError) {
    let mut kept = Vec::new();
    for _ in 0..1000 {
        let job = job();
        if let Err(error) = store.commit(at(0), vec![enqueue(&job), large(job.id)]).await {
            assert_eq!(store.job(job.id).await.unwrap(), None, "nothing of it");
            return (kept, error);
        }
        kept.push(job.id);
    }
    panic!("it never gets full");
}

#[tokio::test]
async fn a_full_store_says_so_and_goes_on_when_there_is_room() {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(Options { max_bytes: Some(2 * 1024 * 1024), ..options(place.path()) }).unwrap();
    let (kept, error) = fill(&store).await;
    assert!(matches!(error, CommitError::Storage(StoreError::NoRoom(_))), "{error:?}");
    assert!(error.to_string().contains("free space"), "it says what to do: {error}");
    assert!(kept.len() > 5);
    for id in &kept {
        assert!(store.artifact(*id, "log").await.unwrap().is_some(), "reads go on");
    }
    // Small work beside large work: one caller's failure is not the other's.
    let (small, big) = (job(), job());
    let together = tokio::join!(
        store.commit(at(0), vec![enqueue(&small)]),
        store.commit(at(0), vec![enqueue(&big), large(big.id), large(kept[0])]),
    );
    assert!(together.1.is_err(), "{together:?}");
    if together.0.is_ok() {
        assert!(store.job(small.id).await.unwrap().is_some());
    }
    // Jobs end, retention takes them, and the same pages are used again.
    for leased in store.claim(&worker("w"), at(1), Duration::from_secs(9), 1000).await.unwrap() {
        let _ = store.commit(at(1), vec![Write::Finish { lease: leased.lease, outcome: completed() }]).await;
    }
    let all = Retention { jobs: Duration::ZERO, incidents: Duration::ZERO, batch: 1000 };
    assert!(store.sweep(at(2), all).await.unwrap() > 0);
    let job = job();
    store.commit(at(3), vec![enqueue(&job), large(job.id)]).await.unwrap();
    store.check().await.unwrap();
    drop(store);
    assert_eq!(integrity(&file(place.path())), "ok");
}

/// The child: writes until the system refuses to let a file grow, and goes on reading.
async fn write_until_files_may_not_grow(directory: &Path) {
    outlive_file_size_limit().unwrap();
    let store = open(directory);
    let (kept, error) = fill(&store).await;
    assert!(matches!(error, CommitError::Storage(_)), "{error:?}");
    store.job(kept[0]).await.unwrap().unwrap();
    let mut out = std::io::stdout().lock();
    for id in kept {
        writeln!(out, "durable {id}").unwrap();
    }
    writeln!(out, "refused {error}").unwrap();
}

/// The same program is the child, told so by its environment.
#[tokio::test]
async fn a_limit_on_file_sizes_is_an_error_and_no_death() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return write_until_files_may_not_grow(Path::new(&directory)).await;
    }
    let place = tempfile::tempdir().unwrap();
    let test = "full::a_limit_on_file_sizes_is_an_error_and_no_death";
    let output = child(&["prlimit", "--fsize=1500000"], test, place.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{:?}\n{said}", output.status);
    assert!(said.contains("refused the store failed: the system refused a write"), "{said}");
    let store = open(place.path());
    let kept: Vec<JobId> = said.lines().filter_map(|line| line.strip_prefix("durable ")?.parse().ok()).collect();
    assert!(kept.len() > 3, "{said}");
    for id in kept {
        assert!(store.artifact(id, "log").await.unwrap().is_some());
    }
    // Without the limit it goes on.
    let job = job();
    store.commit(at(3), vec![enqueue(&job), large(job.id)]).await.unwrap();
    drop(store);
    assert_eq!(integrity(&file(place.path())), "ok");
}

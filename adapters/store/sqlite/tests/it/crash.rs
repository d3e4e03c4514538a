//! `kill -9` in the middle of commits: what was answered is there, nothing is half there, the next server starts.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;

use midwatch_conformance::given::{at, audited, chain_key, enqueue, job, thread};
use midwatch_service::audit::GENESIS;
use midwatch_service::id::JobId;
use midwatch_service::job::NewJob;
use midwatch_service::port::store::{JobFilter, Store, Write};

use crate::support::{CHILD, child, file, integrity, open};

/// Times that the child is killed, all on the same file.
const KILLS: usize = 15;

/// The child: writes until it is killed; says each job's id once it was told that the job is durable.
async fn write_until_killed(directory: &Path) {
    let store = Arc::new(open(directory));
    let writers: Vec<_> = (0..8).map(|_| tokio::spawn(write_for_ever(Arc::clone(&store)))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn write_for_ever(store: Arc<impl Store>) {
    loop {
        let thread = thread();
        let job = NewJob { thread: Some(thread.id), ..job() };
        let writes = vec![enqueue(&job), audited("a job"), Write::OpenThread(thread)];
        store.commit(at(0), writes).await.unwrap();
        // Not println: the test harness must not keep it.
        let mut out = std::io::stdout().lock();
        writeln!(out, "durable {}", job.id).unwrap();
        out.flush().unwrap();
    }
}

/// The same program is the child, told so by its environment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return write_until_killed(Path::new(&directory)).await;
    }
    let place = tempfile::tempdir().unwrap();
    let mut durable: BTreeSet<JobId> = BTreeSet::new();
    for round in 0..KILLS {
        // Early and late, in no step with the commits.
        let lines = 1 + (round * 37) % 101;
        durable.extend(run_and_kill(place.path(), lines));
        let store = open(place.path());
        let kept = everything(&store).await;
        assert!(durable.is_subset(&kept), "round {round}: {} were lost", durable.difference(&kept).count());
        drop(store);
        assert_eq!(integrity(&file(place.path())), "ok", "round {round}");
    }
    assert!(durable.len() > KILLS);
}

fn run_and_kill(directory: &Path, lines: usize) -> Vec<JobId> {
    let mut process = child(&[], "crash::what_was_answered_survives_a_kill", directory).spawn().unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
    let durable = |line: &std::io::Result<String>| line.as_ref().ok()?.strip_prefix("durable ")?.parse().ok();
    let mut ids: Vec<JobId> = out.by_ref().filter_map(|line| durable(&line)).take(lines).collect();
    process.kill().unwrap();
    process.wait().unwrap();
    // What it still said before it died counts, too.
    ids.extend(out.filter_map(|line| durable(&line)));
    ids
}

/// Every job; and what was written with it is there as well, and the chain of the audit trail is whole.
async fn everything(store: &impl Store) -> BTreeSet<JobId> {
    let (mut all, mut before) = (BTreeSet::new(), None);
    loop {
        let page = store.jobs(&JobFilter { before, limit: 500, ..JobFilter::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.spec.id);
        for job in page {
            assert!(store.thread(job.spec.thread.unwrap()).await.unwrap().is_some(), "half a commit");
            all.insert(job.spec.id);
        }
    }
    let trail = store.audit(0, usize::MAX).await.unwrap();
    assert_eq!(trail.len(), all.len(), "one entry with each job");
    let mut seal = GENESIS.to_owned();
    for (number, link) in (1..).zip(&trail) {
        assert_eq!((link.number, &link.seal), (number, &chain_key().seal(&seal, number, &link.entry)));
        seal.clone_from(&link.seal);
    }
    assert_eq!(store.load().await.unwrap().pending, all.len() as u64);
    all
}

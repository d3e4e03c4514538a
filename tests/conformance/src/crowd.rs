//! Many at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;

use midwatch_service::id::JobId;
use midwatch_service::job::NewJob;
use midwatch_service::port::store::{CommitError, Store, Write};
use midwatch_service::post::Urgency;

use crate::given::{Desk, completed, enqueue, job, post, thread};

pub async fn two_workers_never_get_the_same_job<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    const JOBS: usize = 120;
    let desk = Desk::open(&open).await;
    let mut handed_in = BTreeSet::new();
    for _ in 0..JOBS / 20 {
        let jobs: Vec<NewJob> = (0..20).map(|_| job()).collect();
        desk.done(0, jobs.iter().map(enqueue).collect()).await;
        handed_in.extend(jobs.iter().map(|job| job.id));
    }
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let mut got: Vec<JobId> = Vec::new();
                loop {
                    let leases = desk.claim(&format!("w{n}"), 1, 3).await;
                    if leases.is_empty() {
                        return got;
                    }
                    for lease in leases {
                        got.push(lease.job);
                        desk.done(2, vec![Write::Finish { lease, outcome: completed() }]).await;
                    }
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), JOBS, "none twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), handed_in, "none lost");
}

pub async fn two_senders_never_get_the_same_message<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let threads: Vec<_> = (0..40).map(|_| thread()).collect();
    for thread in &threads {
        let key = thread.id.to_string();
        desk.done(0, vec![Write::OpenThread(thread.clone()), post(thread, &key, Urgency::Notice, "x")]).await;
    }
    let senders: Vec<_> = (0..6)
        .map(|n| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                loop {
                    let taken = desk.take(&format!("s{n}"), 1, 2).await;
                    if taken.is_empty() {
                        return got;
                    }
                    for due in taken {
                        desk.sent(1, &due.taken, "1").await.unwrap();
                        got.push(due.taken.key);
                    }
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for sender in senders {
        all.extend(sender.await.unwrap());
    }
    assert_eq!(all.len(), threads.len(), "none twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), threads.len(), "none lost");
}

pub async fn one_of_many_wins_a_key<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let rivals: Vec<_> = (0..16)
        .map(|_| {
            let (desk, job) = (desk.clone(), NewJob { dedup: Some("key".to_owned()), ..job() });
            tokio::spawn(async move { (job.id, desk.commit(0, vec![enqueue(&job)]).await) })
        })
        .collect();
    let (mut winners, mut pointed) = (Vec::new(), BTreeSet::new());
    for rival in rivals {
        match rival.await.unwrap() {
            (id, Ok(())) => winners.push(id),
            (_, Err(CommitError::Duplicate(id))) => {
                pointed.insert(id);
            }
            (_, Err(other)) => panic!("{other}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(pointed.into_iter().collect::<Vec<_>>(), winners, "the others are told which");
}

//! What is kept: artifacts, switches, the audit trail, and all of it across restarts.

use std::sync::Arc;

use midwatch_service::id::JobId;
use midwatch_service::port::store::{ARTIFACT_CAP, CommitError, Store, Write};
use midwatch_service::post::Urgency;

use crate::given::{Desk, artifact, at, audited, entry, incident, job, post, thread};

pub async fn artifacts_are_replaced_and_bounded<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let (old, new, other) =
        (artifact(id, "report", "old"), artifact(id, "report", "new"), artifact(id, "log", "words"));
    desk.done(0, vec![Write::Artifact(old), Write::Artifact(other)]).await;
    desk.done(0, vec![Write::Artifact(new.clone())]).await;
    let wide = artifact(desk.hand_in(&job()).await, "wide", "\u{e4}\u{6f22}");
    desk.done(0, vec![Write::Artifact(wide.clone())]).await;
    assert_eq!(desk.store.artifacts(wide.job).await.unwrap()[0].bytes, 5, "bytes, not letters");
    let kept = desk.store.artifact(id, "report").await.unwrap().unwrap();
    assert_eq!((kept.id, kept.job, &kept.text, kept.at), (new.id, id, &new.text, at(0)));
    assert_eq!(kept.media_type, "text/plain");
    assert_eq!(desk.store.artifact(id, "log").await.unwrap().unwrap().text.as_str(), "words");
    assert_eq!(desk.store.artifact(id, "request").await.unwrap(), None);
    let full = artifact(id, "full", &"x ".repeat(ARTIFACT_CAP / 2));
    desk.done(0, vec![Write::Artifact(full)]).await;
    let listed = desk.store.artifacts(id).await.unwrap();
    let told: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.bytes, one.media_type.as_str())).collect();
    let cap = u64::try_from(ARTIFACT_CAP).unwrap();
    assert_eq!(told, [("full", cap, "text/plain"), ("log", 5, "text/plain"), ("report", 3, "text/plain")]);
    assert_eq!(desk.store.artifacts(JobId::new()).await.unwrap(), []);
    let large = artifact(id, "log", &"x ".repeat(ARTIFACT_CAP / 2 + 1));
    let bytes = large.text.len();
    let refused = desk.commit(0, vec![Write::Artifact(large)]).await;
    assert!(matches!(refused, Err(CommitError::TooLarge { bytes: b }) if b == bytes), "{refused:?}");
    assert_eq!(desk.store.artifact(id, "log").await.unwrap().unwrap().text.as_str(), "words");
    let nobodys = desk.commit(0, vec![Write::Artifact(artifact(JobId::new(), "log", "x"))]).await;
    assert!(matches!(nobodys, Err(CommitError::NotFound(_))), "{nobodys:?}");
}

pub async fn packs_stay_switched<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let switch = |name: &str, enabled| Write::Pack { name: name.to_owned(), enabled };
    assert_eq!(desk.store.packs().await.unwrap(), []);
    desk.done(0, vec![switch("b", false), switch("a", false)]).await;
    desk.done(1, vec![switch("b", true)]).await;
    drop(desk);
    let desk = Desk::open(&open).await;
    assert_eq!(desk.store.packs().await.unwrap(), [("a".to_owned(), false), ("b".to_owned(), true)]);
}

pub async fn the_audit_trail_is_one_chain_across_restarts<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.done(0, vec![audited("1"), audited("2")]).await;
    let gone =
        desk.commit(0, vec![audited("never"), Write::Replay { job: JobId::new(), by: crate::given::actor() }]).await;
    assert!(gone.is_err());
    desk.done(0, vec![audited("3")]).await;
    drop(desk);
    let desk = Desk::open(&open).await;
    desk.done(0, vec![audited("4")]).await;
    let trail = desk.store.audit(0, 100).await.unwrap();
    let told: Vec<(u64, &str)> = trail.iter().map(|one| (one.number, one.entry.subject.as_str())).collect();
    assert_eq!(told, [(1, "1"), (2, "2"), (3, "3"), (4, "4")], "no gap, in the order of the commits");
    let seals: std::collections::BTreeSet<&str> = trail.iter().map(|one| one.seal.as_str()).collect();
    assert!(seals.len() == 4 && seals.iter().all(|seal| seal.len() == 64));
    let page: Vec<u64> = desk.store.audit(1, 2).await.unwrap().iter().map(|one| one.number).collect();
    assert_eq!(page, [2, 3]);
    for link in trail.windows(2) {
        assert_eq!(crate::given::chain_key().seal(&link[0].seal, link[1].number, &link[1].entry), link[1].seal);
    }
}

pub async fn everything_survives_a_restart<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (spec, thread, incident) = (job(), thread(), incident(&["key"], 0));
    desk.done(
        0,
        vec![
            crate::given::enqueue(&spec),
            Write::OpenThread(thread.clone()),
            entry(thread.id, "words"),
            Write::Incident(Box::new(incident.clone())),
            post(&thread, "k", Urgency::Notice, "x"),
        ],
    )
    .await;
    let lease = desk.claim_one("a", 1).await;
    let taken = desk.take_one("s", 1).await;
    let before = (desk.job(spec.id).await, desk.store.history(spec.id).await.unwrap());
    drop(desk);
    let desk = Desk::open(&open).await;
    assert_eq!((desk.job(spec.id).await, desk.store.history(spec.id).await.unwrap()), before);
    assert_eq!(desk.store.memory(thread.id).await.unwrap().len(), 1);
    assert_eq!(desk.store.incidents_by_keys(&["key".to_owned()]).await.unwrap().len(), 1);
    // Leases are still worth something: a restart of the store is none of its worker.
    desk.done(2, vec![Write::HandBack { lease, reason: "drain".to_owned() }]).await;
    desk.sent(2, &taken.taken, "100").await.unwrap();
}

pub async fn the_store_can_be_checked<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.store.check().await.unwrap();
    desk.store.check().await.unwrap();
}

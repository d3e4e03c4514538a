//! Incidents: one writer at a time, and keys that belong to one that is open.

use std::sync::Arc;

use midwatch_service::id::IncidentId;
use midwatch_service::incident::{Incident, IncidentState};
use midwatch_service::port::store::{CommitError, Store, Write};

use crate::given::{Desk, at, incident};

fn write(incident: &Incident) -> Vec<Write> {
    vec![Write::Incident(Box::new(incident.clone()))]
}

fn texts(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

async fn found(desk: &Desk, keys: &[&str]) -> Vec<IncidentId> {
    desk.store.incidents_by_keys(&texts(keys)).await.unwrap().into_iter().map(|incident| incident.id).collect()
}

fn stale(result: Result<(), CommitError>) {
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
}

pub async fn incidents_are_written_by_one_at_a_time<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mut one = incident(&["a"], 0);
    stale(desk.commit(0, write(&Incident { revision: 3, ..one.clone() })).await);
    desk.done(0, write(&one)).await;
    stale(desk.commit(0, write(&one)).await);
    let read = desk.store.incident(one.id).await.unwrap().unwrap();
    one.revision = 1;
    assert_eq!(read, one, "increased by one, else as it was written");
    one.received = 7;
    desk.done(1, write(&one)).await;
    stale(desk.commit(1, write(&Incident { received: 8, ..one.clone() })).await);
    let read = desk.store.incident(one.id).await.unwrap().unwrap();
    assert_eq!((read.revision, read.received), (2, 7), "the first writer won");
    assert_eq!(desk.store.incident(IncidentId::new()).await.unwrap(), None);
}

pub async fn a_key_belongs_to_one_open_incident<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mut one = incident(&["a", "b"], 0);
    desk.done(0, write(&one)).await;
    stale(desk.commit(0, write(&incident(&["c", "b"], 1))).await);
    assert_eq!(found(&desk, &["c"]).await, [], "nothing of the refused one is kept");
    // A key that is given up is free; the ones that stay are still held.
    (one.revision, one.keys) = (1, texts(&["a", "a", "d"]));
    desk.done(1, write(&one)).await;
    let two = incident(&["b"], 1);
    desk.done(1, write(&two)).await;
    stale(desk.commit(1, write(&incident(&["d"], 2))).await);
    one.revision = 2;
    one.keys.push("b".to_owned());
    stale(desk.commit(1, write(&one)).await);
    assert_eq!(found(&desk, &["b"]).await, [two.id]);
    assert_eq!(found(&desk, &["a"]).await, [one.id]);
}

pub async fn closing_frees_the_keys<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let keys = texts(&["a", "x"]);
    assert_eq!(desk.store.last_closed(&keys).await.unwrap(), None);
    let mut one = incident(&["a"], 0);
    desk.done(0, write(&one)).await;
    (one.revision, one.state) = (1, IncidentState::Resolved(at(10)));
    desk.done(10, write(&one)).await;
    assert_eq!(found(&desk, &["a"]).await, [one.id], "resolved is not closed");
    assert_eq!(desk.store.last_closed(&keys).await.unwrap(), None);
    (one.revision, one.state) = (2, IncidentState::Closed(at(900)));
    desk.done(900, write(&one)).await;
    assert_eq!(found(&desk, &["a"]).await, []);
    assert_eq!(desk.store.last_closed(&keys).await.unwrap(), Some(one.id));
    let mut two = incident(&["a", "b"], 1000);
    two.previous = Some(one.id);
    desk.done(1000, write(&two)).await;
    assert_eq!(desk.store.last_closed(&keys).await.unwrap(), Some(one.id));
    (two.revision, two.state) = (1, IncidentState::Closed(at(2000)));
    desk.done(2000, write(&two)).await;
    assert_eq!(desk.store.last_closed(&keys).await.unwrap(), Some(two.id), "the newest");
    assert_eq!(desk.store.last_closed(&texts(&["z"])).await.unwrap(), None);
}

pub async fn incidents_are_found_in_order<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (late, early, mid) = (incident(&["a", "a2"], 30), incident(&["b"], 10), incident(&["c"], 20));
    for one in [&late, &early, &mid] {
        desk.done(40, write(one)).await;
    }
    assert_eq!(found(&desk, &["b", "a", "a2", "nobody's"]).await, [early.id, late.id], "each once, oldest first");
    assert_eq!(found(&desk, &[]).await, []);
    let open = async |limit| -> Vec<IncidentId> {
        desk.store.open_incidents(limit).await.unwrap().into_iter().map(|incident| incident.id).collect()
    };
    assert_eq!(open(2).await, [early.id, mid.id]);
    let closed = Incident { revision: 1, state: IncidentState::Closed(at(50)), ..early };
    desk.done(50, write(&closed)).await;
    assert_eq!(open(9).await, [mid.id, late.id]);
}

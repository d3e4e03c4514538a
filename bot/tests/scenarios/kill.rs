//! `kill -9` at seeded points under load: what was accepted ends in a report, once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use midwatch_service::job::JobState;
use midwatch_service::port::store::{JobFilter, Store as _};
use serde_json::json;

use crate::support::{CASE, Place, Server, alert, keys, webhook};

/// Points at which it is killed.
const KILLS: u64 = 200;

/// The points: the same at every run.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    /// The next number below a bound (Knuth's MMIX constants).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Posts groups until the server is gone; which were acknowledged.
async fn load(url: &str, round: u64) -> BTreeSet<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let mut taken = BTreeSet::new();
    for number in 0..2 {
        let name = format!("Kill{round}n{number}");
        let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw", "case": name});
        // Each round has an entity of its own, or all would be one incident.
        let labels = if number == 0 { json!({"namespace": "inc-crashloop", "service": name}) } else { labels };
        let body = webhook(&name, "firing", &[alert(&name, "firing", &labels)]);
        // As Alertmanager does: again until it is taken.
        for _ in 0..100 {
            let sent = client.post(format!("{url}/webhook/alertmanager")).json(&body).send().await;
            if sent.is_ok_and(|answer| answer.status().is_success()) {
                taken.insert(name.clone());
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_stuck_or_doubled_through_two_hundred_kills() {
    let extra = "incidents: {storm_groups: 1000}\njobs: {lease: 10s, queue: 1000}\n";
    let place = Place::new(CASE, extra).await;
    let mut seeded = Seeded(20_261_122);
    let mut taken = BTreeSet::new();
    for round in 0..KILLS {
        let server = place.start();
        let posting = tokio::spawn({
            let url = server.url.clone();
            async move { load(&url, round).await }
        });
        tokio::time::sleep(Duration::from_millis(50 + seeded.below(700))).await;
        server.kill();
        // What had no answer yet has none any more; it was never acknowledged.
        posting.abort();
        if let Ok(names) = posting.await {
            taken.extend(names);
        }
    }
    let mut server = place.start();
    server.ready().await;
    server.idle().await;
    sent(&server).await;
    assert!(server.terminate().success());
    assert!(taken.len() > 100, "only {} groups were acknowledged: the load is too light", taken.len());
    check_jobs(&place, &taken).await;
    check_threads(&place, &taken);
}

/// Waits until every message is sent.
async fn sent(server: &Server) {
    midwatch_doubles::programs::until("every message is sent", async || {
        let text = reqwest::get(format!("{}/metrics", server.url)).await.ok()?.text().await.ok()?;
        let line = text.lines().find(|l| l.starts_with("midwatch_outbox_messages "))?.to_owned();
        line.ends_with(" 0").then_some(())
    })
    .await;
}

/// Every job has ended in a report.
async fn check_jobs(place: &Place, taken: &BTreeSet<String>) {
    let store = midwatch_sqlite::SqliteStore::open_reader(&place.state()).unwrap();
    let (mut jobs, mut filter) = (Vec::new(), JobFilter { limit: 500, ..JobFilter::default() });
    loop {
        let page = store.jobs(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.spec.id);
        jobs.extend(page);
    }
    let mut of_group: BTreeMap<String, usize> = BTreeMap::new();
    for job in &jobs {
        assert_eq!(job.state, JobState::Completed, "{job:?}");
        for alert in &job.spec.request.alerts {
            *of_group.entry(alert.name.clone()).or_default() += 1;
        }
    }
    let joined: BTreeSet<String> = store
        .open_incidents(10_000)
        .await
        .unwrap()
        .iter()
        .flat_map(|i| i.alerts.values().map(|t| t.alert.name.clone()))
        .collect();
    let lost: Vec<&String> = taken.iter().filter(|name| !joined.contains(*name)).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
    assert!(!jobs.is_empty() && !of_group.is_empty());
}

/// Every acknowledged group stands in a thread, no message stands twice.
fn check_threads(place: &Place, taken: &BTreeSet<String>) {
    let threads = place.threads();
    for thread in &threads {
        let all = keys(thread);
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), distinct.len(), "doubled: {all:?}");
        assert!(all.iter().any(|k| k.ends_with(":report")), "no report: {all:?}");
        assert!(all.first().is_some_and(|k| k.ends_with(":opening")), "{all:?}");
    }
    assert!(!threads.is_empty() && threads.len() <= taken.len() + usize::try_from(KILLS).unwrap() * 2);
}

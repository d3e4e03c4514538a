//! Past reports are found by their words, and words are data.

use std::sync::Arc;
use std::time::Duration;

use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Policy, Redact, Redactor};
use midwatch_service::id::JobId;
use midwatch_service::port::store::{CommitError, Retention, Store, Write};
use midwatch_service::search::{FOUND, Findable, WORDS};

use crate::given::{Desk, at, completed, job};

/// What the tests write, for the redactor that has to have seen it.
struct Own(Findable);

impl Redact for Own {
    fn redact(&mut self, redactor: &Redactor) {
        self.0.headline.redact(redactor);
        self.0.text.redact(redactor);
    }
}

fn findable(job: JobId, seconds: i64, headline: &str, text: &str) -> Write {
    let own = Findable {
        job,
        at: at(seconds),
        verdict: Verdict::Cause,
        headline: headline.to_owned(),
        text: text.to_owned(),
    };
    let sealed = Redactor::new(Policy::default()).seal(Own(own));
    Write::Findable(sealed.map(|own| own.0.clone()))
}

async fn reported(desk: &Desk, seconds: i64, headline: &str, text: &str) -> JobId {
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    let finish = Write::Finish { lease, outcome: completed() };
    desk.done(seconds, vec![findable(id, seconds, headline, text), finish]).await;
    id
}

async fn found(desk: &Desk, words: &str) -> Vec<JobId> {
    let found = desk.store.find_reports(words, 10).await.unwrap();
    found.into_iter().map(|report| report.job).collect()
}

pub async fn reports_are_found_by_their_words<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let oom =
        reported(&desk, 1, "checkout-api is killed for memory", "Deployment shop/checkout-api\nexit code 137\n").await;
    let dns = reported(&desk, 2, "the name postgres.shop.svc does not resolve", "Deployment shop/checkout-api\n").await;
    assert_eq!(found(&desk, "memory").await, [oom]);
    assert_eq!(found(&desk, "MEMORY killed").await, [oom], "in any order, in any case");
    assert_eq!(found(&desk, "memory resolve").await, [], "all of them");
    assert_eq!(found(&desk, "checkout-api").await, [oom, dns], "in the headline counts more");
    assert_eq!(found(&desk, "shop/checkout-api").await.len(), 2);
    assert_eq!(found(&desk, "postgres.shop.svc").await, [dns]);
    assert_eq!(found(&desk, "resol").await, [dns], "the beginning of a word");
    assert_eq!(found(&desk, "api-checkout").await, [], "what stands together is found together");
    let report = desk.store.find_reports("137", 10).await.unwrap().remove(0);
    assert_eq!((report.job, report.at, report.verdict), (oom, at(1), Verdict::Cause));
    assert_eq!(report.headline.as_str(), "checkout-api is killed for memory");
    assert!(report.snippet.contains("exit code 137"), "{}", report.snippet);
    let same =
        reported(&desk, 3, "checkout-api is killed for memory", "Deployment shop/checkout-api\nexit code 137\n").await;
    assert_eq!(found(&desk, "killed").await, [same, oom], "of equals the newest");
    assert_eq!(desk.store.find_reports("killed", 1).await.unwrap().len(), 1);
    drop(desk);
    assert_eq!(found(&Desk::open(&open).await, "resolve").await, [dns], "after a restart");
}

pub async fn words_of_a_search_are_data<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = reported(&desk, 1, "the pod is NOT ready AND waits", "a:b (c) \"quoted\" 100% na\u{ef}ve\n").await;
    for words in
        ["NOT ready", "ready AND", "AND", "NOT", "\"quoted", "quoted\"", "(c", "a:b", "naive", "ready*", "100%"]
    {
        assert_eq!(found(&desk, words).await, [id], "{words}");
    }
    for words in ["OR", "NEAR(ready waits, 1)", "headline:ready", "{headline} : ready", "^nothing", "ready -pod -gone"]
    {
        assert_eq!(found(&desk, words).await, [], "{words}");
    }
    for words in
        ["", "  ", "\"", "\"\"", "*", "' OR 1=1 --", "\0", "ready\0\"", ")(", "+ - ^ : {}", "\u{200b}", "\u{301}"]
    {
        let found = desk.store.find_reports(words, 10).await;
        assert!(found.is_ok(), "{words:?}: {found:?}");
    }
    assert_eq!(found(&desk, "").await, [], "nothing is looked for");
    assert_eq!(found(&desk, "*").await, []);
    assert_eq!(found(&desk, "ready\0waits").await, [id], "two words");
    let many = format!("{}gone", "ready ".repeat(WORDS));
    assert_eq!(found(&desk, &many).await, [id], "words beyond the bound do not count");
    assert_eq!(found(&desk, &"x".repeat(1_000_000)).await, []);
}

pub async fn a_newer_report_replaces_what_is_found<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = reported(&desk, 1, "nothing is wrong", "Deployment shop/api\n").await;
    desk.done(2, vec![findable(id, 2, "the quota is full", "Deployment shop/api\nResourceQuota shop/all\n")]).await;
    assert_eq!((found(&desk, "wrong").await, found(&desk, "quota").await), (vec![], vec![id]));
    let failing =
        vec![findable(id, 3, "never", "never"), Write::Replay { job: JobId::new(), by: crate::given::actor() }];
    assert!(desk.commit(3, failing).await.is_err());
    assert_eq!(
        (found(&desk, "never").await, found(&desk, "quota").await),
        (vec![], vec![id]),
        "in step with the commit"
    );
    let nobodys = desk.commit(3, vec![findable(JobId::new(), 3, "x", "x")]).await;
    assert!(matches!(nobodys, Err(CommitError::NotFound(_))), "{nobodys:?}");
}

pub async fn what_is_found_goes_with_its_job<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (old, new) =
        (reported(&desk, 0, "the disk is full", "").await, reported(&desk, 9, "the disk is full", "").await);
    assert_eq!(found(&desk, "disk").await, [new, old]);
    let hour = Duration::from_hours(1);
    let keep = Retention { jobs: hour, incidents: hour, batch: 100 };
    assert_eq!(desk.store.sweep(at(3600), keep).await.unwrap(), 1);
    assert_eq!(found(&desk, "disk").await, [new]);
    assert_eq!(desk.store.sweep(at(3609), keep).await.unwrap(), 1);
    assert_eq!(found(&desk, "disk").await, []);
}

pub async fn so_many_reports_are_found<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for n in 0..=FOUND {
        let id = desk.hand_in(&job()).await;
        desk.done(0, vec![findable(id, i64::try_from(n).unwrap(), "again", "")]).await;
    }
    assert_eq!(desk.store.find_reports("again", usize::MAX).await.unwrap().len(), FOUND);
}

//! The log of what happens inside jobs.

use std::sync::Arc;
use std::time::Duration;

use midwatch_agent::request::Step;
use midwatch_redact::{Redacted, Redactor};
use midwatch_service::event::{Cursor, EVENTS_KEPT, JobEvent, Level, Logged, PAGE};
use midwatch_service::id::JobId;
use midwatch_service::port::events::EventLog;
use midwatch_service::port::store::{Retention, Store, Write};

use crate::given::{at, cancel, enqueue, job};

/// No wait of a test is longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store and the log beside it, of one place.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its log.
    pub log: Arc<dyn EventLog>,
}

impl Opened {
    async fn job(&self) -> JobId {
        let job = job();
        self.store.commit(at(0), vec![enqueue(&job)]).await.unwrap();
        job.id
    }

    async fn say(&self, job: JobId, text: &str) {
        self.log.append(job, event(text)).await.unwrap();
    }

    async fn page(&self, job: JobId, after: Option<&Cursor>) -> Vec<Logged> {
        self.log.events(job, after, usize::MAX).await.unwrap()
    }

    /// All of a job's events, page by page.
    async fn all(&self, job: JobId) -> Vec<Logged> {
        let mut all: Vec<Logged> = Vec::new();
        loop {
            let page = self.page(job, all.last().map(|last| &last.cursor)).await;
            if page.is_empty() {
                return all;
            }
            assert!(page.len() <= PAGE, "{}", page.len());
            all.extend(page);
        }
    }
}

fn event(text: &str) -> Redacted<JobEvent> {
    let event = JobEvent { at: at(1), attempt: 2, level: Level::Warn, step: Some(Step::Logs), text: text.to_owned() };
    Redactor::default().seal(event)
}

fn texts(events: &[Logged]) -> Vec<&str> {
    events.iter().map(|logged| logged.event.text.as_str()).collect()
}

fn numbers(job: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{job} {n}")).collect()
}

pub async fn events_come_back_in_order<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let (a, b) = (opened.job().await, opened.job().await);
    let count = 2 * PAGE + 100;
    let (of_a, of_b) = (numbers("a", count), numbers("b", count));
    for (text_a, text_b) in of_a.iter().zip(&of_b) {
        opened.say(a, text_a).await;
        opened.say(b, text_b).await;
    }
    opened.log.flush().await.unwrap();
    let found = opened.all(a).await;
    assert_eq!(found[0].event, event("a 0"), "as it was given");
    assert_eq!(texts(&found), of_a);
    assert_eq!(texts(&opened.all(b).await), of_b);
    assert_eq!(texts(&opened.log.events(a, None, 2).await.unwrap()), ["a 0", "a 1"]);
    let none: [&str; 0] = [];
    assert_eq!(texts(&opened.page(JobId::new(), None).await), none);
}

pub async fn a_place_that_was_never_given_is_as_none<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let job = opened.job().await;
    opened.say(job, "first").await;
    opened.log.flush().await.unwrap();
    for odd in ["", "x", "-", "1-2-3", "(0", "\0", "18446744073709551616-0"] {
        assert_eq!(texts(&opened.page(job, Some(&Cursor(odd.to_owned()))).await), ["first"], "{odd:?}");
    }
}

pub async fn the_newest_events_are_kept<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let (job, other) = (opened.job().await, opened.job().await);
    opened.say(other, "alone").await;
    let said = numbers("n", EVENTS_KEPT + 1000);
    for text in &said {
        opened.say(job, text).await;
    }
    opened.log.flush().await.unwrap();
    let found = opened.all(job).await;
    assert!((EVENTS_KEPT..=EVENTS_KEPT + EVENTS_KEPT / 100).contains(&found.len()), "{}", found.len());
    assert_eq!(texts(&found), said[said.len() - found.len()..]);
    assert_eq!(texts(&opened.all(other).await), ["alone"]);
}

pub async fn who_follows_is_called<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let job = opened.job().await;
    let (mut first, mut second) = (opened.log.follow(job).await, opened.log.follow(job).await);
    for text in ["one", "two"] {
        opened.say(job, text).await;
        for follower in [&mut first, &mut second] {
            tokio::time::timeout(PATIENCE, async {
                while opened.page(job, None).await.last().is_none_or(|last| last.event.text != text) {
                    follower.changed().await.unwrap();
                }
            })
            .await
            .unwrap();
        }
    }
}

pub async fn events_outlive_a_restart<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let job = opened.job().await;
    opened.say(job, "before").await;
    opened.log.flush().await.unwrap();
    let before = opened.page(job, None).await;
    drop(opened);
    let opened = open().await;
    assert_eq!(opened.page(job, None).await, before);
    opened.say(job, "after").await;
    opened.log.flush().await.unwrap();
    assert_eq!(texts(&opened.page(job, None).await), ["before", "after"]);
    assert_eq!(texts(&opened.page(job, Some(&before[0].cursor)).await), ["after"]);
}

pub async fn events_go_with_their_job<F: AsyncFn() -> Opened>(open: F) {
    let opened = open().await;
    let (ended, lives) = (opened.job().await, opened.job().await);
    for job in [ended, lives] {
        opened.say(job, "said").await;
    }
    opened.log.flush().await.unwrap();
    let stop = Write::Cancel { job: ended, cancel: cancel("enough") };
    opened.store.commit(at(10), vec![stop]).await.unwrap();
    let retention = Retention { jobs: Duration::from_mins(1), incidents: Duration::from_mins(1), batch: 100 };
    opened.store.sweep(at(1000), retention).await.unwrap();
    assert!(opened.store.job(ended).await.unwrap().is_none());
    assert_eq!(texts(&opened.page(ended, None).await), [""; 0]);
    assert_eq!(texts(&opened.page(lives, None).await), ["said"]);
}

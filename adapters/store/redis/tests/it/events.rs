//! The log of events: what every log must do, and what becomes of it when Redis goes away.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_conformance::Opened;
use midwatch_doubles::redis::{Files, Redis, Settings};
use midwatch_redact::{Redacted, Redactor};
use midwatch_redis::{Mode, Options, RedisEvents, RedisStore, Waits};
use midwatch_service::event::{JobEvent, Level};
use midwatch_service::id::JobId;
use midwatch_service::port::events::EventLog;

use crate::support::{open, options};

const PATIENCE: Duration = Duration::from_mins(1);

macro_rules! each_of_events {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let redis = Redis::start().await;
            midwatch_conformance::$name(async || opened(&redis).await).await;
        }
    )* };
}

midwatch_conformance::event_properties!(each_of_events);

async fn opened(redis: &Redis) -> Opened {
    let store = open(redis.port()).await;
    let log = Arc::new(RedisEvents::start(&store));
    Opened { store: Arc::new(store), log }
}

/// A log that notices soon that Redis is away.
async fn hasty(redis: &Redis) -> RedisEvents {
    let second = Duration::from_secs(1);
    let waits = Waits { connect: second, command: second / 2, call: second };
    let options = Options { waits, ..options(&[redis.port()], Mode::Single) };
    RedisEvents::start(&RedisStore::open(options).await.unwrap())
}

fn event(text: &str) -> Redacted<JobEvent> {
    let (at, level) = (Timestamp::now(), Level::Info);
    Redactor::default().seal(JobEvent { at, attempt: 1, level, step: None, text: text.to_owned() })
}

async fn all(log: &dyn EventLog, job: JobId) -> Vec<String> {
    let (mut texts, mut last) = (Vec::new(), None);
    loop {
        let page = log.events(job, last.as_ref(), 500).await.unwrap();
        let Some(line) = page.last() else { return texts };
        last = Some(line.cursor.clone());
        texts.extend(page.iter().map(|line| line.event.text.clone()));
    }
}

/// Flushes as often as it takes: each try waits some seconds only.
async fn flushed(log: &RedisEvents) {
    let flushed = async { while log.flush().await.is_err() {} };
    tokio::time::timeout(PATIENCE, flushed).await.unwrap();
}

/// Appends numbered events while something is done to the server, and looks that each is there once, in order.
async fn appended_while(redis: &Redis, what: impl AsyncFnOnce()) {
    let log = hasty(redis).await;
    let jobs = [JobId::new(), JobId::new()];
    let count = 3000;
    let appending = async {
        for n in 0..count {
            for job in jobs {
                log.append(job, event(&n.to_string())).await.unwrap();
            }
            if n % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    tokio::join!(appending, what());
    flushed(&log).await;
    let expected: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    for job in jobs {
        assert_eq!(all(&log, job).await, expected);
    }
}

#[tokio::test]
async fn a_server_that_is_restarted_costs_no_event_and_doubles_none() {
    let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
    appended_while(&redis, async || {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            redis.restart().await;
        }
    })
    .await;
}

/// What was sent before the server hung is done after it goes on, beside what was sent again.
#[tokio::test]
async fn a_server_that_hangs_costs_no_event_and_doubles_none() {
    let redis = Redis::start().await;
    appended_while(&redis, async || {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(40)).await;
            redis.freeze();
            tokio::time::sleep(Duration::from_millis(1500)).await;
            redis.thaw();
        }
    })
    .await;
}

/// Another process appends to the same job, with a clock that is an hour ahead.
#[tokio::test]
async fn a_writer_whose_clock_is_behind_loses_nothing() {
    let redis = Redis::start().await;
    let log = hasty(&redis).await;
    let job = JobId::new();
    let stream = format!("{{midwatch}}:events:{job}");
    let ahead = Timestamp::now().as_millisecond() + 3_600_000;
    let body = serde_json::to_string(&event("ahead")).unwrap();
    redis.ask(&["XADD", &stream, &format!("{ahead}-7"), "e", &body]).await;
    for n in 0..10 {
        log.append(job, event(&n.to_string())).await.unwrap();
    }
    flushed(&log).await;
    log.append(job, event("10")).await.unwrap();
    flushed(&log).await;
    let mut expected = vec!["ahead".to_owned()];
    expected.extend((0..=10).map(|n| n.to_string()));
    assert_eq!(all(&log, job).await, expected);
}

#[tokio::test]
async fn who_follows_in_another_process_hears_also_after_a_restart() {
    let redis = Redis::start().await;
    let (log, other) = (hasty(&redis).await, hasty(&redis).await);
    let job = JobId::new();
    let mut calls = other.follow(job).await;
    for text in ["before", "after"] {
        log.append(job, event(text)).await.unwrap();
        flushed(&log).await;
        let heard = async {
            while other.events(job, None, 10).await.unwrap().last().is_none_or(|line| line.event.text != text) {
                calls.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap();
        redis.restart().await;
    }
}

/// One connection each for commands and subscriptions, however many follow.
#[tokio::test]
async fn many_followers_share_one_connection() {
    let redis = Redis::start().await;
    let store = open(redis.port()).await;
    let log = RedisEvents::start(&store);
    let jobs: Vec<JobId> = (0..50).map(|_| JobId::new()).collect();
    let mut calls = Vec::new();
    for job in &jobs {
        calls.push(log.follow(*job).await);
    }
    for (job, calls) in jobs.iter().zip(&mut calls) {
        calls.mark_unchanged();
        log.append(*job, event("x")).await.unwrap();
        tokio::time::timeout(PATIENCE, calls.changed()).await.unwrap().unwrap();
    }
    assert_eq!(store.figures().connections, 2);
    let subscribed = async || {
        let clients = redis.ask(&["CLIENT", "LIST"]).await.concat();
        clients
            .lines()
            .filter_map(|line| line.split(" sub=").nth(1)?.split(' ').next()?.parse::<usize>().ok())
            .sum::<usize>()
    };
    midwatch_doubles::redis::until("all are subscribed", async || subscribed().await == jobs.len()).await;
    drop(calls);
    midwatch_doubles::redis::until("nobody follows any more", async || subscribed().await == 0).await;
}

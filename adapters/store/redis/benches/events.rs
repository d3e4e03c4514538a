//! 16 investigations at once, 3,776 events each, every event appended and published, all of them followed: beside
//! `redis-benchmark` on the same server, with the same pipelining and the same bytes.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use midwatch_agent::request::Step;
use midwatch_doubles::redis::Redis;
use midwatch_redact::{Redacted, Redactor};
use midwatch_redis::RedisEvents;
use midwatch_service::event::{BATCH, JobEvent, Level, PAGE};
use midwatch_service::id::JobId;
use midwatch_service::port::events::EventLog;

use crate::{forget_peak, memory, per_second, worker};

const INVESTIGATIONS: usize = 16;
const EVENTS: usize = 3_776;

/// The least time between two looks of one who follows, as in the API.
const LOOK: Duration = Duration::from_millis(100);

/// Requests of each run of `redis-benchmark`.
const REQUESTS: usize = 300_000;

pub(crate) async fn run() {
    println!("events: {INVESTIGATIONS} investigations, {EVENTS} events each, appended and published one by one");
    let redis = Redis::start().await;
    let alone = beside(&redis);
    let without = once(&redis, false).await;
    let with = once(&redis, true).await;
    let again = beside(&redis);
    let bench = f64::midpoint(alone, again);
    println!(
        "  redis-benchmark, one connection, {BATCH} commands in a pipeline: {alone:.0} and {again:.0} rpush+publish/s"
    );
    println!(
        "  appended and published: {without:.0} events/s, {:.2} of redis-benchmark (goal: a third)",
        without / bench
    );
    println!("  and followed meanwhile: {with:.0} events/s, {:.2} of redis-benchmark", with / bench);
}

fn event(n: usize) -> Redacted<JobEvent> {
    let text = format!("read log of shop/checkout-7d9f8b6c5-{n:05} container app: 14 KiB in 35 ms");
    let at = Timestamp::now();
    Redactor::default().seal(JobEvent { at, attempt: 1, level: Level::Info, step: Some(Step::Logs), text })
}

/// Appends and publishes all of them; events a second, to the flush of the last.
async fn once(redis: &Redis, followed: bool) -> f64 {
    redis.ask(&["FLUSHALL"]).await;
    // Made before: what is measured is the log, not the redactor.
    let mut made: Vec<Vec<Redacted<JobEvent>>> = Vec::new();
    made.resize_with(INVESTIGATIONS, || (0..EVENTS).map(event).collect());
    // As two processes: one investigates, in the other people follow.
    let log = Arc::new(RedisEvents::start(&worker::open(redis.port()).await));
    let reader = Arc::new(RedisEvents::start(&worker::open(redis.port()).await));
    let jobs: Vec<JobId> = (0..INVESTIGATIONS).map(|_| JobId::new()).collect();
    let followed: &[JobId] = if followed { &jobs } else { &[] };
    let mut followers = Vec::new();
    for job in followed.iter().copied() {
        let calls = reader.follow(job).await;
        followers.push(tokio::spawn(follow(reader.clone(), job, calls)));
    }
    forget_peak();
    let before = memory("VmRSS");
    let began = Instant::now();
    let writers = jobs.iter().copied().zip(made).map(|(job, events)| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut refused = 0;
            for event in events {
                refused += usize::from(log.append(job, event).await.is_err());
            }
            refused
        })
    });
    let mut refused = 0;
    for writer in writers.collect::<Vec<_>>() {
        refused += writer.await.unwrap();
    }
    let flushed = log.flush().await;
    let took = began.elapsed();
    let clients = redis.ask(&["CLIENT", "LIST"]).await.concat();
    // Without the one that asks.
    let connections = clients.lines().count() - 1;
    let mut received = 0;
    for follower in followers {
        received += follower.await.unwrap();
    }
    let all_received = began.elapsed();
    let (after, peak) = (memory("VmRSS"), memory("VmHWM"));
    let mut kept = 0;
    for job in &jobs {
        let stream = format!("{{midwatch}}:events:{job}");
        kept += redis.ask(&["XLEN", &stream]).await[0].parse::<usize>().unwrap();
    }
    let sent = INVESTIGATIONS * EVENTS;
    println!("  sent {sent}, refused {refused}, flush {}, kept {kept}", if flushed.is_ok() { "ok" } else { "FAILED" });
    println!("    connections: {connections}, of who appends and who follows together");
    println!("    memory: before {before:.0} MiB, peak {peak:.0} MiB, after {after:.0} MiB");
    if !followed.is_empty() {
        println!(
            "    {INVESTIGATIONS} followers received {received} of {sent}, the last {:.0?} after the last flush",
            all_received.saturating_sub(took)
        );
    }
    per_second(sent, took)
}

/// Reads until all came, in order; how many did.
async fn follow(log: Arc<RedisEvents>, job: JobId, mut calls: tokio::sync::watch::Receiver<u64>) -> usize {
    let (mut last, mut count) = (None, 0);
    while count < EVENTS {
        let page = log.events(job, last.as_ref(), PAGE).await.unwrap();
        for line in &page {
            assert!(line.event.text.contains(&format!("-{count:05} ")), "in order: {}", line.event.text);
            count += 1;
        }
        match page.last() {
            // A page that is not full is the newest: no more often than the API reads.
            Some(line) => {
                last = Some(line.cursor.clone());
                if page.len() < PAGE {
                    tokio::time::sleep(LOOK).await;
                }
            }
            None => {
                let _ = tokio::time::timeout(Duration::from_secs(5), calls.changed()).await;
            }
        }
    }
    count
}

/// How many pairs of RPUSH and PUBLISH `redis-benchmark` makes a second.
fn beside(redis: &Redis) -> f64 {
    let body = serde_json::to_string(&event(0)).unwrap();
    let push = requests(redis, &["RPUSH", "bench:list", &body]);
    let publish = requests(redis, &["PUBLISH", "bench:channel", &body]);
    1.0 / (1.0 / push + 1.0 / publish)
}

/// Requests a second.
fn requests(redis: &Redis, command: &[&str]) -> f64 {
    let (port, pipeline, requests) = (redis.port().to_string(), BATCH.to_string(), REQUESTS.to_string());
    let output = Command::new("redis-benchmark")
        .args(["-p", &port, "-c", "1", "-P", &pipeline, "-n", &requests, "--csv"])
        .args(command)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().rev().find(|line| line.starts_with('"')).unwrap_or_else(|| panic!("{text}"));
    // "RPUSH ...","rps","avg","min","p50","p95","p99","max": from the end, since the command holds quotes and commas.
    line.rsplit("\",\"").nth(6).and_then(|rps| rps.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

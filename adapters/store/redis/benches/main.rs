//! What the shared store bears, on a real `redis-server` of its own: events of jobs beside `redis-benchmark`, the time from
//! the asking to the start of a job, and three workers against one.
//!
//! `cargo bench -p midwatch-redis --bench load`, or with some of `events`, `start`, `replicas` behind `--`. Prints figures
//! with their goals, asserts nothing about time: a shared machine's are for people to read. The server is `$REDIS_SERVER`,
//! else `redis-server`.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that prints"
)]
#![allow(clippy::disallowed_methods, reason = "a program that starts others")]

mod events;
mod queue;
mod worker;

use std::time::Duration;

#[tokio::main]
async fn main() {
    // A worker that the benchmark started: this program again.
    if let Some(orders) = worker::Orders::of_this_process() {
        return worker::run(orders).await;
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    println!("{} cores", std::thread::available_parallelism().map_or(1, usize::from));
    if wanted("events") {
        events::run().await;
    }
    if wanted("start") {
        queue::start().await;
    }
    if wanted("replicas") {
        queue::replicas().await;
    }
}

/// A percentile of sorted times.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(number: usize, time: Duration) -> f64 {
    number as f64 / time.as_secs_f64()
}

/// A line of /proc/self/status, in MiB; 0 where there is none.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let text = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':')).unwrap_or_default();
    text.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// The peak counts anew from here (proc(5), `clear_refs`).
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

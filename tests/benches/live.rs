//! What a large live cluster and a server that stands by cost.
//!
//! `cargo bench -p midwatch-tests --bench live`: a local API server that speaks the real protocol, with 5,000 pods and 20,000
//! events, read by the release binary, beside `curl` fetching the same two lists; then `midwatch serve` from its start to
//! ready, and its memory while nothing happens. Prints medians and ratios, asserts nothing.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that starts others and prints"
)]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use midwatch_doubles::kubernetes::ApiServer;
use support::{RUNS, build, median, mib};

const PODS: usize = 5_000;
const EVENTS: usize = 20_000;

#[tokio::main]
async fn main() {
    let binary = build();
    let dir = tempfile::tempdir().expect("a directory");
    let cluster = ApiServer::generated(PODS, EVENTS).start().await;
    let kubeconfig = cluster.kubeconfig(dir.path());
    println!("{} cores; medians of {RUNS} runs", std::thread::available_parallelism().map_or(1, usize::from));
    let (ours, peak) = tokio::task::block_in_place(|| {
        median(|| {
            let mut command = Command::new(&binary);
            command.args(["investigate", "-o", "json", "--kubeconfig"]).arg(&kubeconfig).env("HOME", dir.path());
            command
        })
    });
    println!("live cluster of {PODS} pods and {EVENTS} events: {ours:.2?}, {:.0} MiB (goal: 3 s, 200 MiB)", mib(peak));
    println!("  at most {} requests at once (goal: 10)", cluster.max_concurrent());
    let lists = ["/api/v1/pods", "/api/v1/events"].map(|path| format!("{}{path}", cluster.url()));
    let (curl, _) = tokio::task::block_in_place(|| {
        median(|| {
            let mut command = Command::new("curl");
            command.arg("-s").args(&lists);
            command
        })
    });
    println!("  curl of these two lists alone {curl:.2?}; ratio {:.1}", ours.as_secs_f64() / curl.as_secs_f64());
    tokio::task::block_in_place(|| standing_by(&binary, dir.path()));
}

/// From the start to ready, and what it takes while nothing happens.
fn standing_by(binary: &Path, dir: &Path) {
    let mut starts = Vec::new();
    let mut idle = 0;
    for run in 0..=RUNS {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let began = Instant::now();
        let mut server = serve(binary, dir, port);
        while !is_ready(port) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The first makes the store.
        if run > 0 {
            starts.push(began.elapsed());
        }
        std::thread::sleep(Duration::from_secs(2));
        idle = memory(server.id()).max(idle);
        let _ = server.kill();
        let _ = server.wait();
    }
    starts.sort();
    println!("serve: ready after {:.0?} (goal: 200 ms), {:.0} MiB while idle (goal: 40)", starts[RUNS / 2], mib(idle));
}

fn serve(binary: &Path, dir: &Path, port: u16) -> Child {
    let mut command = Command::new(binary);
    command
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .env("HOME", dir)
        .env("KUBECONFIG", dir.join("kubeconfig"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn is_ready(port: u16) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut socket) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let asked = socket.write_all(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && socket.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

//! Reads everything in a recording and prints how long it took and how much memory the process had at most.
//!
//! `cargo run --release --example measure -- DIR [NAMESPACE/POD/CONTAINER]`
#![allow(clippy::print_stdout, reason = "a command for developers")]

use std::path::Path;
use std::time::Instant;

use midwatch_agent::port::EvidenceSource;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::view::Content;
use midwatch_snapshot::{Limits, Snapshot};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: measure DIR [NAMESPACE/POD/CONTAINER]")?;
    let begin = Instant::now();
    let snapshot = Snapshot::open(Path::new(&dir), Limits::default())?;
    println!("open          {:>8.1?}", begin.elapsed());
    let mut kept = Vec::new();
    if let Some(whose) = args.next() {
        let parts: Vec<&str> = whose.split('/').collect();
        let [namespace, pod, container] = parts.as_slice() else { return Err("NAMESPACE/POD/CONTAINER".into()) };
        let of = ContainerRef { namespace: (*namespace).into(), pod: (*pod).into(), container: (*container).into() };
        kept.push(snapshot.read(&Probe::Log { of, previous: false, onset: None }).await.map_err(|f| f.to_string())?);
    } else {
        for kind in Kind::KNOWN {
            let probe = Probe::Objects { kind: kind.clone(), namespace: None };
            kept.extend(snapshot.read(&probe).await.ok());
        }
    }
    let bytes: u64 = kept.iter().map(|r| r.bytes).sum();
    let objects: usize = kept.iter().map(|r| if let Content::Objects(o) = &r.content { o.len() } else { 0 }).sum();
    println!("all           {:>8.1?}  {} MiB, {objects} objects", begin.elapsed(), bytes >> 20);
    println!("gaps          {}", kept.iter().map(|r| r.gaps.len()).sum::<usize>());
    for line in std::fs::read_to_string("/proc/self/status").unwrap_or_default().lines() {
        if line.starts_with("VmHWM") || line.starts_with("VmRSS") {
            println!("{line}");
        }
    }
    Ok(())
}

//! What benchmarks share: the release binary, and what a command of it takes.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a program that starts others")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of which the median is taken.
pub(crate) const RUNS: usize = 5;

/// The release binary, built by the cargo that runs this.
pub(crate) fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "-q", "-p", "midwatch"])
        .current_dir(&root)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the release build");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release").join("midwatch")
}

/// What one command took: wall time and the highest resident memory that was seen, polled every 2 ms.
pub(crate) fn measure(command: &mut Command) -> (Duration, u64) {
    let started = Instant::now();
    // A pipe that is drained, not /dev/null: grep stops at the first match when nobody can see the count.
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command starts");
    let mut output = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
            peak = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0).max(peak);
        }
        if child.try_wait().expect("the child is ours").is_some() {
            let _ = reader.join();
            return (started.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Median time and highest memory over the runs, after one run that fills the page cache.
pub(crate) fn median(mut command: impl FnMut() -> Command) -> (Duration, u64) {
    measure(&mut command());
    let mut runs: Vec<(Duration, u64)> = (0..RUNS).map(|_| measure(&mut command())).collect();
    runs.sort();
    (runs[RUNS / 2].0, runs.iter().map(|r| r.1).max().unwrap_or(0))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

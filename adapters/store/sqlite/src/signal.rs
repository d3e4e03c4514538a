//! The signal that a limit on file sizes sends.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// `SIGXFSZ` on every Linux that Rust and Kubernetes run on (x86, ARM, RISC-V, POWER, s390x; signal(7)).
const SIGXFSZ: i32 = 25;

/// Makes a write beyond `RLIMIT_FSIZE` an error of that write instead of the death of the process, which is what the
/// system does with a process that says nothing. To be called once at start, inside the runtime; it stays for good.
///
/// # Errors
/// When the signal cannot be taken.
pub fn outlive_file_size_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

//! One running program: found, started on a free port, ended when dropped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Lines of a program's log that are repeated when it does not start.
const LOG_LINES: usize = 40;

/// A running program.
pub(super) struct Process {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Process {
    /// Starts a program that listens on a port of its choice and says which (`msg="Listening on" address=...`), and waits
    /// until `GET /-/ready` succeeds.
    pub(super) async fn start(program: &'static str, arguments: Vec<String>, dir: &Path) -> Process {
        let dir = dir.to_owned();
        let started = tokio::task::spawn_blocking(move || start(program, &arguments, &dir)).await;
        started.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(program: &str, arguments: &[String], dir: &Path) -> Process {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("`{program}` cannot be started ({error}); ./test.sh installs what the tests need")
    });
    let log = child.stderr.take().expect("standard error is piped");
    let lines = read(log);
    // From here on the guard ends it, whatever happens.
    let mut process = Process { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
    let end = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while process.address.port() == 0 {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                process.address = listening(&line).unwrap_or(process.address);
                seen.push(line);
            }
            Err(error) => panic!("`{program}` did not start ({error}):\n{}", last(&seen)),
        }
    }
    while !is_ready(process.address) {
        seen.extend(lines.try_iter());
        assert!(Instant::now() < end, "`{program}` did not get ready:\n{}", last(&seen));
        std::thread::sleep(Duration::from_millis(20));
    }
    process
}

/// Reads the log to its end, so that the program never waits for a reader.
fn read(log: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Nobody listens once it has started.
            let _ = sender.send(line);
        }
    });
    lines
}

fn listening(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once(r#"msg="Listening on""#)?.1;
    rest.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
}

fn last(lines: &[String]) -> String {
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer.split_whitespace().nth(1) == Some("200"))
    };
    ask().unwrap_or(false)
}

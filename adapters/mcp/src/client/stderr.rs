//! What a started server writes to its standard error: to our log, a little of it.
//!
//! Must never keep a server waiting for us to read, grow with what it writes, or log a secret. Start at [`Stderr`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use midwatch_agent::render::clean;
use midwatch_redact::Redactor;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::options::ServerName;

/// Bytes of one line that are logged.
const LINE_CAP: usize = 500;

/// Bytes of one line that are kept until it is redacted: half of a secret is not recognised as one.
const RAW_CAP: usize = 16 * LINE_CAP;

/// Lines that are logged in one [`WINDOW`].
const LINES: u32 = 60;

/// See [`LINES`].
const WINDOW: Duration = Duration::from_mins(1);

/// Time for the last words to arrive.
const ENDING: Duration = Duration::from_millis(500);

/// Where the standard error of a server goes, over all of its lives.
#[derive(Clone)]
pub(super) struct Stderr {
    server: ServerName,
    redactor: Redactor,
    last: Arc<Mutex<Last>>,
}

#[derive(Default)]
struct Last {
    line: Option<String>,
    /// Whoever reads now.
    reader: Option<JoinHandle<()>>,
}

impl Stderr {
    pub(super) fn new(server: ServerName, redactor: Redactor) -> Self {
        Self { server, redactor, last: Arc::default() }
    }

    /// The last line of a server that is gone, cleaned; then forgotten.
    pub(super) async fn last_words(&self) -> Option<String> {
        let reader = self.last().reader.take();
        if let Some(reader) = reader {
            let _ = timeout(ENDING, reader).await;
        }
        self.last().line.take()
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until the end. Nobody waits for it: it ends when the server does.
    pub(super) fn follow(&self, mut from: impl AsyncRead + Unpin + Send + 'static) {
        let sink = self.clone();
        let reader = tokio::spawn(async move {
            let (mut lines, mut meter) = (Lines::default(), Meter::new(Instant::now()));
            let mut chunk = vec![0; 4096];
            while let Ok(read @ 1..) = from.read(&mut chunk).await {
                for line in lines.push(chunk.get(..read).unwrap_or_default()) {
                    sink.line(&line, &mut meter);
                }
            }
            if let Some(line) = lines.rest() {
                sink.line(&line, &mut meter);
            }
        });
        self.last().reader = Some(reader);
    }

    fn line(&self, line: &str, meter: &mut Meter) {
        let mut line = self.redactor.redact_text(&clean::line(line)).into_inner();
        line.truncate(line.floor_char_boundary(LINE_CAP));
        if meter.lets_through(Instant::now()) {
            tracing::info!(server = %self.server, left_out = meter.left_out(), "an MCP server says: {line}");
        }
        self.last().line = Some(line);
    }
}

/// Lines out of chunks; what of a line is beyond [`RAW_CAP`] is dropped.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, chunk: &[u8]) -> Vec<String> {
        let mut whole = Vec::new();
        let mut pieces = chunk.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = RAW_CAP.saturating_sub(self.line.len());
            self.line.extend(piece.iter().take(room));
            if pieces.peek().is_some() {
                whole.extend(self.rest());
            }
        }
        whole
    }

    /// What stands there, if it is anything.
    fn rest(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
        (!line.is_empty()).then_some(line)
    }
}

/// Lets so many lines through in a time.
struct Meter {
    since: Instant,
    seen: u32,
    unsaid: u32,
}

impl Meter {
    fn new(now: Instant) -> Self {
        Self { since: now, seen: 0, unsaid: 0 }
    }

    fn lets_through(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            (self.since, self.seen) = (now, 0);
        }
        self.seen = self.seen.saturating_add(1);
        let through = self.seen <= LINES;
        self.unsaid = self.unsaid.saturating_add(u32::from(!through));
        through
    }

    /// Lines that were not let through since this was last asked.
    fn left_out(&mut self) -> u32 {
        std::mem::take(&mut self.unsaid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_and_capped() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\n\n  \nthree\n"), ["two", "three"]);
        assert!(lines.push(&vec![b'x'; 1_000_000]).is_empty());
        assert_eq!(lines.push(b"\n")[0].len(), RAW_CAP);
        lines.push(b"last");
        assert_eq!((lines.rest().as_deref(), lines.rest()), (Some("last"), None));
    }

    #[test]
    fn a_flood_is_counted_and_not_logged() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        let through = (0..1_000).filter(|_| meter.lets_through(start)).count();
        assert_eq!(through, LINES as usize);
        assert!(meter.lets_through(start + WINDOW));
        assert_eq!((meter.left_out(), meter.left_out()), (940, 0));
    }

    #[tokio::test]
    async fn the_last_words_hide_secrets() {
        let stderr = Stderr::new("x".parse().unwrap(), Redactor::default());
        // Also where the secret stands across the end of what is logged.
        for before in ["", &"x ".repeat((LINE_CAP - 40) / 2)] {
            let (mut server, ours) = tokio::io::duplex(64);
            stderr.follow(ours);
            let said = format!("cannot reach {before}postgres://app:hunter2secret@db:5432/x\n");
            tokio::io::AsyncWriteExt::write_all(&mut server, said.as_bytes()).await.unwrap();
            drop(server);
            let words = stderr.last_words().await.unwrap();
            assert!(words.starts_with("cannot reach") && !words.contains("hunter2"), "{words}");
            assert!(words.len() <= LINE_CAP);
        }
    }
}

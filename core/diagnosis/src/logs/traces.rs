//! Stack traces, kept whole.
//!
//! Start at [`Tracer::feed`], which says of each line whether it is a frame (of no interest by itself), the message
//! of a trace, or no part of one. Only the first occurrence of a trace is kept as text, and eight distinct ones.

use super::clean::clean;
use super::digest::{Level, StackTrace};
use super::fingerprint;
use super::raw::RawLine;
use super::stamp::{self, Clock};

const MAX_TRACES: usize = 8;
/// Lines kept of one trace.
const MAX_LINES: usize = 50;
/// Bytes kept of one line of a trace.
const MAX_LINE: usize = 500;
/// Lines after which a trace is closed, whatever follows.
const MAX_OPEN: u64 = 2000;

/// What a line is to the trace around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// No part of a trace.
    Plain,
    /// A frame or other line that says nothing by itself.
    Frame,
    /// A message: what was raised, or its cause.
    Message,
}

/// How the language writes its traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Python,
    /// `at ...` frames: Java, Node, .NET.
    At,
    Go,
    Rust,
}

/// A trace whose end has not come.
#[derive(Debug)]
struct Open {
    kind: Kind,
    head: RawLine,
    root: RawLine,
    lines: Vec<Vec<u8>>,
    total: u64,
    key: u64,
    /// Python: the final message was seen. Rust: the message line was seen. Node: inside the properties.
    settled: bool,
}

/// A finished trace.
#[derive(Debug)]
struct Kept {
    key: u64,
    count: u64,
    head: RawLine,
    root: RawLine,
    lines: Vec<String>,
}

/// Follows a stream line by line.
#[derive(Debug, Default)]
pub(super) struct Tracer {
    open: Option<Open>,
    kept: Vec<Kept>,
    pub(super) overflow: u64,
    /// Traces begun so far: tells one trace from the next.
    begun: u64,
}

impl Tracer {
    /// The number of the open trace; zero when none is.
    pub(super) fn current(&self) -> u64 {
        if self.open.is_some() { self.begun } else { 0 }
    }

    /// Takes one line (blank ones too). `previous` is the line before it that was not blank.
    pub(super) fn feed(&mut self, number: u64, line: &[u8], previous: &RawLine) -> Role {
        let body = body(line);
        if let Some(open) = &mut self.open {
            if let Some(role) = open.next(body).filter(|_| open.total < MAX_OPEN) {
                open.add(number, body, role);
                return role;
            }
            self.close();
        }
        self.begin(number, body, line, previous)
    }

    /// Whether this line opens a trace.
    fn begin(&mut self, number: u64, body: &[u8], line: &[u8], previous: &RawLine) -> Role {
        let (kind, role) = match body.first() {
            Some(b' ' | b'\t') if is_at_frame(body) && previous.number + 1 == number => {
                (Kind::At, Role::Frame)
            }
            Some(b'T') if body.starts_with(b"Traceback (most recent call last)") => {
                (Kind::Python, Role::Frame)
            }
            Some(b'p') if body.starts_with(b"panic: ") => (Kind::Go, Role::Message),
            Some(b'f') if body.starts_with(b"fatal error: ") => (Kind::Go, Role::Message),
            Some(b't')
                if body.starts_with(b"thread '")
                    && memchr::memmem::find(body, b"panicked at").is_some() =>
            {
                (Kind::Rust, Role::Message)
            }
            _ => return Role::Plain,
        };
        let own = RawLine::new(number, Level::Error, line);
        let head = if kind == Kind::At {
            previous.clone()
        } else {
            own
        };
        let mut open = Open {
            kind,
            root: head.clone(),
            lines: Vec::new(),
            total: 0,
            key: fingerprint::of(&head.bytes).0,
            head,
            settled: false,
        };
        if kind == Kind::At {
            open.lines.push(cut(&open.head.bytes));
        }
        open.keep(body);
        self.begun += 1;
        self.open = Some(open);
        role
    }

    /// Files the open trace.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.count(open.key, || Kept {
            key: open.key,
            count: 0,
            lines: open
                .lines
                .iter()
                .map(|line| clean(line, MAX_LINE))
                .collect(),
            head: open.head,
            root: open.root,
        });
    }

    /// A trace that one line holds whole, as JSON logs do; its key.
    pub(super) fn whole(&mut self, line: &RawLine, stack: &str) -> u64 {
        let key = fingerprint::of(stack.as_bytes()).0;
        let lines = || stack.lines().filter(|line| !line.trim().is_empty());
        let cause = lines().rfind(|line| line.starts_with("Caused by: "));
        let last = lines()
            .next_back()
            .filter(|_| stack.starts_with("Traceback"));
        let root = cause
            .or(last)
            .or_else(|| lines().next())
            .unwrap_or_default();
        let root = RawLine::new(line.number, line.level, root.as_bytes());
        self.count(key, || Kept {
            key,
            count: 0,
            head: line.clone(),
            root,
            lines: lines()
                .take(MAX_LINES)
                .map(|line| clean(line.as_bytes(), MAX_LINE))
                .collect(),
        });
        key
    }

    /// One more of a trace known by its key.
    pub(super) fn again(&mut self, key: u64) {
        match self.kept.iter_mut().find(|kept| kept.key == key) {
            Some(kept) => kept.count += 1,
            None => self.overflow += 1,
        }
    }

    /// Counts a trace; keeps it when it is new and there is room.
    fn count(&mut self, key: u64, keep: impl FnOnce() -> Kept) {
        if self.kept.len() < MAX_TRACES && !self.kept.iter().any(|kept| kept.key == key) {
            self.kept.push(keep());
        }
        self.again(key);
    }

    /// Closes what is open and gives the distinct traces.
    pub(super) fn finish(&mut self, clock: Clock) -> Vec<StackTrace> {
        self.close();
        std::mem::take(&mut self.kept)
            .into_iter()
            .map(|kept| StackTrace {
                count: kept.count,
                head: kept.head.to_line(clock),
                root_cause: kept.root.to_line(clock),
                lines: kept.lines,
            })
            .collect()
    }
}

impl Open {
    /// What the next line is to this trace; `None` when it is no part of it.
    fn next(&mut self, body: &[u8]) -> Option<Role> {
        match self.kind {
            Kind::Python => self.next_python(body),
            Kind::At => self.next_at(body),
            Kind::Go => next_go(body),
            Kind::Rust => self.next_rust(body),
        }
    }

    fn next_python(&mut self, body: &[u8]) -> Option<Role> {
        let first = body.first().copied();
        let chained =
            body.starts_with(b"During handling of") || body.starts_with(b"The above exception was");
        if chained || body.starts_with(b"Traceback (most recent") {
            self.settled = false;
            return Some(Role::Frame);
        }
        match first {
            None | Some(b' ' | b'\t') => Some(Role::Frame),
            Some(_) if !self.settled && is_python_final(body) => {
                self.settled = true;
                Some(Role::Message)
            }
            Some(_) => None,
        }
    }

    fn next_at(&mut self, body: &[u8]) -> Option<Role> {
        let trimmed = body.trim_ascii();
        if self.settled {
            // Node prints the error's properties in braces after the last frame.
            self.settled = trimmed != b"}";
            return Some(Role::Frame);
        }
        if trimmed.starts_with(b"Caused by: ") || trimmed.starts_with(b"---> ") {
            return Some(Role::Message);
        }
        if is_at_frame(body) {
            self.settled = trimmed.ends_with(b" {");
            return Some(Role::Frame);
        }
        let indented = matches!(body.first(), Some(b' ' | b'\t'));
        let other = [
            &b"... "[..],
            b"Suppressed: ",
            b"--- End of",
            b"- locked",
            b"- waiting",
        ];
        (indented && other.iter().any(|lead| trimmed.starts_with(lead))).then_some(Role::Frame)
    }

    fn next_rust(&mut self, body: &[u8]) -> Option<Role> {
        if !self.settled {
            self.settled = true;
            if self.head.bytes.ends_with(b":") {
                return Some(Role::Message);
            }
        }
        let frame = matches!(body.first(), Some(b' '))
            || body.starts_with(b"note: ")
            || body.starts_with(b"stack backtrace:");
        frame.then_some(Role::Frame)
    }

    /// Takes a line that belongs.
    fn add(&mut self, number: u64, body: &[u8], role: Role) {
        if role == Role::Message {
            self.root.set(number, Level::Error, body);
        }
        if self.total < MAX_LINES as u64 {
            self.key = self.key.rotate_left(7) ^ fingerprint::of(body).0;
        }
        self.keep(body);
    }

    fn keep(&mut self, body: &[u8]) {
        self.total += 1;
        if self.lines.len() < MAX_LINES {
            self.lines.push(cut(body));
        }
    }
}

/// A goroutine dump has blank lines, calls, files and remarks.
fn next_go(body: &[u8]) -> Option<Role> {
    let leads = [
        &b"goroutine "[..],
        b"created by ",
        b"exit status",
        b"[signal ",
        b"runtime stack:",
        b"\t",
    ];
    let frame =
        body.is_empty() || leads.iter().any(|lead| body.starts_with(lead)) || is_go_call(body);
    frame.then_some(Role::Frame)
}

/// `main.(*Server).run(0xc000012345, ...)`: no blank before the bracket.
fn is_go_call(body: &[u8]) -> bool {
    let Some(bracket) = memchr::memchr(b'(', body) else {
        return body.starts_with(b"...");
    };
    body.ends_with(b")") && !body[..bracket].contains(&b' ') && body[..bracket].contains(&b'.')
}

/// `\tat com.foo.Bar(Bar.java:1)`, `    at Object.<anonymous> (/app/x.js:1:2)`, `   at Foo.Bar() in x.cs:line 1`.
fn is_at_frame(body: &[u8]) -> bool {
    let trimmed = body.trim_ascii_start();
    trimmed.len() < body.len() && trimmed.starts_with(b"at ")
}

/// `KeyError: 'X'`, `psycopg2.OperationalError: ...`, `KeyboardInterrupt`.
fn is_python_final(body: &[u8]) -> bool {
    let name = body
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')))
        .unwrap_or(body.len());
    name > 2 && body[0].is_ascii_alphabetic() && matches!(body.get(name), None | Some(b':'))
}

/// The line without the time that the runtime put before it.
fn body(line: &[u8]) -> &[u8] {
    line.get(stamp::prefix_len(line)..).unwrap_or(line)
}

/// As many bytes as are kept of a trace's line.
fn cut(line: &[u8]) -> Vec<u8> {
    line.get(..MAX_LINE).unwrap_or(line).to_vec()
}

//! The stream: bytes in, lines to the parts that count them.
//!
//! Start at [`LogDigester::push`]. Holds at most one partial line of 16 KiB; what the other parts hold is
//! capped by each of them.

use std::collections::VecDeque;

use super::coarse;
use super::digest::{Level, LevelCounts, LogDigest, LogOptions};
use super::facts::{self, Facts, Reading};
use super::fingerprint::{self, Fingerprint};
use super::hits::Hits;
use super::known::Known;
use super::pick::Picker;
use super::raw::RawLine;
use super::rules;
use super::runs::Runs;
use super::signature::Signature;
use super::stamp::{Clock, Stamp};
use super::templates::Templates;
use super::traces::{Role, Tracer};
use super::view::View;

/// Bytes of a line that are read.
const MAX_LINE: usize = 16 * 1024;
/// Last lines kept.
const TAIL: usize = 20;
/// Lines of one wording whose values are read one by one.
const MAX_PARSES: u32 = 1000;
/// Lines of new wording that are read in full, before only the words that rules know tell them apart.
const MAX_READS: u32 = 20_000;

/// Digests a log stream.
///
/// `new`, any number of `push`, then `finish`. The chunking does not matter.
#[derive(Debug)]
pub struct LogDigester {
    options: LogOptions,
    clock: Clock,
    lines: u64,
    bytes: u64,
    garbage_bytes: u64,
    overlong_lines: u64,
    levels: LevelCounts,
    /// The line that has begun and not ended.
    partial: Vec<u8>,
    partial_len: usize,
    tail: VecDeque<RawLine>,
    blank: RawLine,
    known: Known,
    templates: Templates,
    hits: Hits,
    runs: Runs,
    tracer: Tracer,
    pending: Option<Pending>,
    picker: Option<Picker>,
    /// Lines read in full because their wording was new.
    reads: u32,
}

/// A failed connection that names no host: clients of `PostgreSQL` name it on the next lines.
#[derive(Debug)]
struct Pending {
    number: u64,
    line: RawLine,
    text: String,
    group: u32,
}

impl LogDigester {
    /// An empty stream.
    pub fn new(options: LogOptions) -> Self {
        let clock = Clock { year: options.year, stamped: options.stamped };
        let picker = options.pick.as_ref().map(Picker::new);
        Self {
            options,
            clock,
            lines: 0,
            bytes: 0,
            garbage_bytes: 0,
            overlong_lines: 0,
            levels: LevelCounts::default(),
            partial: Vec::new(),
            partial_len: 0,
            tail: VecDeque::with_capacity(TAIL),
            blank: RawLine::default(),
            known: Known::new(),
            templates: Templates::default(),
            hits: Hits::default(),
            runs: Runs::default(),
            tracer: Tracer::default(),
            pending: None,
            picker,
            reads: 0,
        }
    }

    /// Takes the next bytes, cut anywhere.
    pub fn push(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            let piece = &chunk[start..end];
            if self.partial_len == 0 {
                self.line(piece, piece.len());
            } else {
                self.extend_partial(piece);
                self.end_partial();
            }
            start = end + 1;
        }
        self.extend_partial(&chunk[start..]);
    }

    /// Ends the stream.
    pub fn finish(mut self) -> LogDigest {
        if self.partial_len > 0 {
            self.end_partial();
        }
        let clock = self.clock;
        let traces = self.tracer.finish(clock);
        let works = self.runs.works(clock);
        let (first, last) = self.templates.span(clock);
        LogDigest {
            lines: self.lines,
            bytes: self.bytes,
            binary: self.garbage_bytes * 2 > self.bytes,
            overlong_lines: self.overlong_lines,
            levels: self.levels,
            first_at: first.and_then(Stamp::to_timestamp),
            last_at: last.and_then(Stamp::to_timestamp),
            distinct_templates: self.templates.len() as u64,
            template_overflow: self.templates.overflow,
            templates: self.templates.finish(self.options.onset, clock),
            hit_overflow: self.hits.overflow,
            hits: self.hits.finish(works.as_ref(), clock),
            first_error: self.runs.first_error(clock),
            fatal: self.runs.fatal(clock),
            tail: self.tail.iter().map(|line| line.to_line(clock)).collect(),
            traces,
            trace_overflow: self.tracer.overflow,
            last_success: self.runs.last_success(clock),
            picked: self.picker.map(|picker| picker.finish(clock)),
        }
    }

    /// Adds to the partial line, up to the cap.
    fn extend_partial(&mut self, piece: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.partial_len = self.partial_len.saturating_add(piece.len());
    }

    /// The partial line has ended.
    fn end_partial(&mut self) {
        let mut line = std::mem::take(&mut self.partial);
        self.line(&line, self.partial_len);
        line.clear();
        self.partial = line;
        self.partial_len = 0;
    }

    /// One whole line, `len` bytes long, of which at least the first `MAX_LINE` are in `line`.
    fn line(&mut self, line: &[u8], len: usize) {
        self.lines += 1;
        if len > MAX_LINE {
            self.overlong_lines += 1;
        }
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let own = if self.clock.stamped { line.get(super::stamp::prefix_len(line)..) } else { None };
        if own.unwrap_or(line).trim_ascii().is_empty() {
            if self.tracer.current() > 0 {
                self.tracer.feed(self.lines, b"", &self.blank);
            }
            return;
        }
        let previous = self.tail.back().unwrap_or(&self.blank);
        let role = self.tracer.feed(self.lines, line, previous);
        let level = if role == Role::Frame { self.frame(line) } else { self.spoken(line, role == Role::Message) };
        self.levels.add(level);
        if let Some(picker) = &mut self.picker {
            picker.observe(self.lines, level, line, self.clock);
        }
        self.remember(line, level);
    }

    /// Puts a line at the end of the tail.
    fn remember(&mut self, line: &[u8], level: Level) {
        let mut slot =
            if self.tail.len() < TAIL { RawLine::default() } else { self.tail.pop_front().unwrap_or_default() };
        slot.set(self.lines, level, line);
        self.tail.push_back(slot);
    }

    /// A stack frame: counted, and otherwise of interest only as the end of a message over several lines.
    fn frame(&mut self, line: &[u8]) -> Level {
        self.complete_pending(line);
        Level::Unknown
    }

    /// A line that says something.
    fn spoken(&mut self, line: &[u8], in_trace: bool) -> Level {
        if self.complete_pending(line) {
            return Level::Unknown;
        }
        let mut fingerprint = fingerprint::of(line);
        if in_trace {
            fingerprint = Fingerprint(!fingerprint.0);
        }
        let facts = self.facts(line, fingerprint, in_trace);
        if facts.garbage {
            self.garbage_bytes += line.len() as u64;
        } else {
            self.templates.count(facts.template, self.lines, facts.level, line, self.clock);
        }
        self.runs.observe(self.lines, line, fingerprint, &facts);
        facts.level
    }

    /// The facts of a line: remembered, or read now. Files its hit.
    fn facts(&mut self, line: &[u8], fingerprint: Fingerprint, in_trace: bool) -> Facts {
        if let Some(facts) = self.recall(line, fingerprint, in_trace) {
            return facts;
        }
        if self.reads < MAX_READS {
            self.reads += 1;
            let facts = self.read(line, in_trace);
            self.known.put(fingerprint, facts);
            return facts;
        }
        let coarse = coarse::of(line);
        let coarse = if in_trace { Fingerprint(!coarse.0) } else { coarse };
        if let Some(facts) = self.recall(line, coarse, in_trace) {
            return facts;
        }
        let facts = self.read(line, in_trace);
        // Lines of several templates share this fingerprint: they count as overflow.
        self.known.put(coarse, Facts { template: None, ..facts });
        facts
    }

    /// The facts of a known fingerprint. Reads the values of its hit anew, up to a limit.
    fn recall(&mut self, line: &[u8], fingerprint: Fingerprint, in_trace: bool) -> Option<Facts> {
        let trace = self.tracer.current();
        let entry = self.known.get(fingerprint)?;
        let facts = entry.facts;
        if let Some(stack) = facts.stack {
            self.tracer.again(stack);
        }
        if !facts.hit {
            return Some(facts);
        }
        if entry.parses >= MAX_PARSES {
            self.hits.bump(facts.group, self.lines, line, trace);
            return Some(facts);
        }
        entry.parses += 1;
        if let Some(reading) = facts::read(line, in_trace) {
            let group = self.file(line, reading, trace);
            if let Some(entry) = self.known.get(fingerprint) {
                entry.facts.group = group;
            }
        }
        Some(facts)
    }

    /// Reads a line in full.
    fn read(&mut self, line: &[u8], in_trace: bool) -> Facts {
        let Some(reading) = facts::read(line, in_trace) else {
            return Facts { garbage: true, ..Facts::default() };
        };
        let template = self.templates.find(&reading.view.text, reading.facts.level);
        let facts = reading.facts;
        let stack = reading.view.stack.as_deref().map(|stack| {
            let line = RawLine::new(self.lines, facts.level, line);
            self.tracer.whole(&line, stack)
        });
        let group = self.file(line, reading, self.tracer.current());
        Facts { template, group, stack, ..facts }
    }

    /// Files the hit of a line; its group.
    fn file(&mut self, line: &[u8], reading: Reading, trace: u64) -> Option<u32> {
        let (signature, values) = reading.matched.hit?;
        let line = RawLine::new(self.lines, reading.facts.level, line);
        let waits =
            matches!(signature, Signature::ConnectionRefused | Signature::ConnectionTimedOut) && values.host.is_none();
        let group = self.hits.record(signature, values, &line, reading.matched.retried, trace);
        self.pending =
            group.filter(|_| waits).map(|group| Pending { number: self.lines, line, text: reading.view.text, group });
        group
    }

    /// Reads `Is the server running on host ...` together with the line it belongs to; whether it was one.
    fn complete_pending(&mut self, line: &[u8]) -> bool {
        let Some(mut pending) = self.pending.take_if(|pending| self.lines > pending.number) else {
            return false;
        };
        let more = [&b"running on host"[..], b"TCP/IP connections on port"];
        if self.lines > pending.number + 2 || !more.iter().any(|words| memchr::memmem::find(line, words).is_some()) {
            return false;
        }
        pending.text.push(' ');
        pending.text.push_str(super::clean::clean(line, 1024).trim());
        let view = View { stated: Level::Unknown, message_len: pending.text.len(), text: pending.text, stack: None };
        if let Some((signature, values)) = rules::matched(&view, false).hit {
            self.hits.retract(pending.group);
            if let Some(group) = self.hits.record(signature, values, &pending.line, false, 0) {
                self.pending = Some(Pending { text: view.text, group, ..pending });
            }
        }
        true
    }
}

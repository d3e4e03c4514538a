//! Finds one container's part of a log file of the dump, in a stream of chunks of any size.
//!
//! Must never hold more than [`HOLD`] bytes back, whatever the lines are. A marker counts only when it names exactly this
//! namespace and pod: a log that quotes another pod's marker stays that log. Start at [`Sections::push`].
//!
//! A log without a line break at its end has the END marker in its last line, so that marker is looked for at the end of
//! a line, while START must be the whole line.

use memchr::memmem::Finder;
use midwatch_diagnosis::probe::ContainerRef;

/// Bytes kept for the next chunk: more than the longest marker (names have at most 253 + 63 + 63 bytes).
const HOLD: usize = 512;

/// What all markers hold.
const NEEDLE: &[u8] = b" logs for container ";

/// How the file as a whole is built, and where in it the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing was read yet.
    Start,
    /// The file has no markers: all of it is the log.
    Plain,
    /// Between sections, or in another container's.
    Outside,
    /// In the wanted section.
    Inside,
}

/// What the file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No markers: the whole file was passed on.
    Plain,
    /// The container's section was passed on.
    Found,
    /// The section was passed on, but its end is missing: the file was cut.
    Cut,
    /// The file has markers, but no section of this container.
    Absent,
}

/// Passes on what belongs to one container.
#[derive(Debug)]
pub(crate) struct Sections {
    /// The line that begins the wanted section.
    start: Vec<u8>,
    /// What ends it, at the end of a line.
    end: Vec<u8>,
    /// How a line ends that begins a section of the same pod.
    same_pod: Vec<u8>,
    finder: Finder<'static>,
    place: Place,
    found: bool,
    held: Vec<u8>,
    /// Whether `held` begins inside a line, whose beginning was passed on already.
    mid_line: bool,
}

impl Sections {
    /// For the log of this container.
    pub(crate) fn new(of: &ContainerRef) -> Self {
        let ContainerRef { namespace, pod, container } = of;
        Self {
            start: format!("==== START logs for container {container} of pod {namespace}/{pod} ====").into_bytes(),
            end: format!("==== END logs for container {container} of pod {namespace}/{pod} ====").into_bytes(),
            same_pod: format!(" of pod {namespace}/{pod} ====").into_bytes(),
            finder: Finder::new(NEEDLE),
            place: Place::Start,
            found: false,
            held: Vec::with_capacity(HOLD),
            mid_line: false,
        }
    }

    /// Takes a chunk and passes on what belongs to the container.
    pub(crate) fn push(&mut self, chunk: &[u8], sink: &mut dyn FnMut(&[u8])) {
        // Only the line at the seam is put together; the rest of the chunk is read where it lies.
        let mut seam = 0;
        if !self.held.is_empty() {
            seam = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
            let mut line = std::mem::take(&mut self.held);
            line.extend_from_slice(&chunk[..seam]);
            let used = self.take(&line, false, sink);
            self.held.extend_from_slice(&line[used..]);
        }
        if seam < chunk.len() {
            let used = self.take(&chunk[seam..], false, sink);
            self.held.extend_from_slice(&chunk[seam + used..]);
        }
    }

    /// Ends the stream.
    pub(crate) fn finish(mut self, sink: &mut dyn FnMut(&[u8])) -> Outcome {
        let rest = std::mem::take(&mut self.held);
        self.take(&rest, true, sink);
        match self.place {
            Place::Start | Place::Plain => Outcome::Plain,
            Place::Inside => Outcome::Cut,
            Place::Outside if self.found => Outcome::Found,
            Place::Outside => Outcome::Absent,
        }
    }

    /// Handles the buffer as far as that can be done without what follows; returns how far that is.
    fn take(&mut self, buffer: &[u8], last: bool, sink: &mut dyn FnMut(&[u8])) -> usize {
        let whole = memchr::memrchr(b'\n', buffer).map_or(0, |at| at + 1);
        // Of an unfinished line only as much is kept as a marker may need.
        let end = match buffer.len() {
            all if last || self.place == Place::Plain => all,
            all if all - whole > HOLD => all - HOLD,
            _ => whole,
        };
        if end == 0 {
            return 0;
        }
        if self.place == Place::Start {
            self.begin(&buffer[..end], last);
        }
        self.pass(&buffer[..end], last, sink);
        self.mid_line = buffer[end - 1] != b'\n';
        end
    }

    /// Decides by the first line whether the file has markers.
    fn begin(&mut self, text: &[u8], last: bool) {
        let stop = memchr::memchr(b'\n', text);
        let line = bare(&text[..stop.unwrap_or(text.len())]);
        // A longer line is no marker, and could not be told from one when it comes in pieces.
        let whole = (stop.is_some() || last) && line.len() < HOLD;
        let marked = whole && line.starts_with(START) && line.ends_with(b" ====");
        self.place = if marked { Place::Outside } else { Place::Plain };
    }

    /// Goes through the text from marker to marker.
    fn pass(&mut self, text: &[u8], last: bool, sink: &mut dyn FnMut(&[u8])) {
        let mut done = 0;
        let mut from = 0;
        while self.place != Place::Plain {
            let Some(hit) = self.finder.find(&text[from..]).map(|at| at + from) else { break };
            let start = memchr::memrchr(b'\n', &text[..hit]).map_or(0, |at| at + 1);
            let newline = memchr::memchr(b'\n', &text[hit..]).map(|at| at + hit + 1);
            let stop = newline.unwrap_or(text.len());
            from = stop;
            if newline.is_none() && !last {
                break;
            }
            let whole = start > 0 || !self.mid_line;
            let Some((next, at)) = self.marker(&text[start..stop], whole) else { continue };
            if self.place == Place::Inside && start + at > done {
                sink(&text[done..start + at]);
            }
            self.found |= next == Place::Inside;
            self.place = next;
            done = stop;
        }
        if matches!(self.place, Place::Inside | Place::Plain) && done < text.len() {
            sink(&text[done..]);
        }
    }

    /// Where the stream stands after a line, and where in the line its marker begins; nothing when it has none that
    /// counts here.
    fn marker(&self, line: &[u8], whole: bool) -> Option<(Place, usize)> {
        let text = bare(line);
        let offset = if line.starts_with(BOM) { BOM.len() } else { 0 };
        if whole && text == self.start {
            return Some((Place::Inside, 0));
        }
        if self.place != Place::Inside {
            return None;
        }
        if text.ends_with(&self.end) {
            return Some((Place::Outside, offset + text.len() - self.end.len()));
        }
        let other = whole && text.len() < HOLD && text.starts_with(START) && text.ends_with(&self.same_pod);
        other.then_some((Place::Outside, 0))
    }
}

/// How the first line of a section begins.
const START: &[u8] = b"==== START logs for container ";

/// UTF-8's mark, which editors put before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A line without its end and without a mark.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.strip_prefix(BOM).unwrap_or(line)
}

#[cfg(test)]
#[path = "section_tests.rs"]
mod tests;

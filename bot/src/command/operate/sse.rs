//! Server-sent events as they come over the wire (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Pure. Must never hold more of an event than [`CAP`]. Start at [`Parser::feed`].

/// Bytes of one event at most: a line of a log with room to spare.
const CAP: usize = 1 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// What kind: `line`, `end`.
    pub(super) name: String,
    /// What it says; several lines of data with line feeds between them.
    pub(super) data: String,
}

/// What came of the stream is no event of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {CAP} bytes")]
pub(super) struct TooLarge;

/// Puts events together from pieces that end anywhere.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    event: Event,
}

impl Parser {
    /// The events that a piece completes, in order.
    ///
    /// # Errors
    /// When an event is too large to be ours.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        for byte in piece {
            if *byte != b'\n' {
                self.line.push(*byte);
            } else if let Some(event) = self.line_ended() {
                events.push(event);
            }
            if self.line.len() + self.event.data.len() > CAP {
                return Err(TooLarge);
            }
        }
        Ok(events)
    }

    /// Takes a line; the event, when the line is the empty one at its end.
    fn line_ended(&mut self) -> Option<Event> {
        let line = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_owned();
        self.line.clear();
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments keep the connection alive; the id stands in the data, too.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_whole_however_they_are_cut() {
        let text = ": alive\n\nid: 1\nevent: line\ndata: {\"text\":\"\u{e4}\"}\n\r\nevent: end\ndata: a\ndata: b\n\n";
        let expected = [event("line", "{\"text\":\"\u{e4}\"}"), event("end", "a\nb")];
        for size in [1, 2, 3, 7, text.len()] {
            let mut parser = Parser::default();
            let pieces = text.as_bytes().chunks(size);
            let events: Vec<Event> = pieces.flat_map(|piece| parser.feed(piece).unwrap()).collect();
            assert_eq!(events, expected, "{size}");
        }
    }

    #[test]
    fn what_never_ends_is_refused() {
        let mut parser = Parser::default();
        let piece = [b'x'; 4096];
        let fed = (0..=CAP / piece.len()).try_for_each(|_| parser.feed(&piece).map(drop));
        assert_eq!(fed, Err(TooLarge));
    }
}

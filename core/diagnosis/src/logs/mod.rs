//! Logs: a byte stream in, a small digest out.
//!
//! Start at [`LogDigester`]: it takes bytes in any chunking and keeps flat memory, whatever the length of
//! the stream. [`LogDigest`] is what detectors and the report read.
//!
//! This module must never read a clock, draw a random number, or let the order of a hash map reach the
//! digest: the same bytes give the same digest. It must never guess a time, a level or a host that the
//! lines do not state.
//!
//! How a line travels: `fingerprint` hashes its words; a known fingerprint is only counted; an unknown one is
//! read by `view` (JSON, logfmt, plain), `level`, `stamp` and `rules`, and filed by `templates` and `hits`.
//! A stream in which every line has new words falls back to `coarse`.

mod calendar;
mod clean;
mod coarse;
mod digest;
mod digester;
mod facts;
mod fingerprint;
mod hits;
mod known;
mod level;
mod minutes;
mod pattern;
mod pick;
mod raw;
mod rules;
mod runs;
mod signature;
mod stamp;
mod templates;
mod traces;
mod view;

#[cfg(test)]
mod tests;

pub use digest::{Level, LevelCounts, LogDigest, LogLine, LogOptions, StackTrace, Template};
pub use digester::LogDigester;
pub use pick::{PICK_CAP, Pick, Picked};
pub use signature::{Hit, Signature, Values};

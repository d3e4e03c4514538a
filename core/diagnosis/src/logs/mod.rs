//! Logs (the digest's shape; the digester fills it).

use jiff::Timestamp;

/// A digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogDigest {
    /// Lines.
    pub lines: u64,
    /// When the last line was written.
    pub last_at: Option<Timestamp>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Number from 1.
    pub number: u64,
    /// When.
    pub at: Option<Timestamp>,
    /// Text.
    pub text: String,
}

/// How a log is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogOptions {
    /// Templates that first appear after this moment are new.
    pub onset: Option<Timestamp>,
}

/// Reads a log.
#[derive(Debug)]
pub struct LogDigester;

impl LogDigester {
    /// Starts.
    pub fn new(_: LogOptions) -> Self {
        Self
    }
    /// Takes a piece.
    pub fn push(&mut self, _: &[u8]) {}
    /// Ends.
    pub fn finish(self) -> LogDigest {
        LogDigest::default()
    }
}

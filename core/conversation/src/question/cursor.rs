//! Reading a sentence from left to right.
//!
//! Must never skip a word: what nobody takes is left, and [`Cursor::is_done`] says so. Start at [`Cursor`].

use super::name::{self, Target};
use super::phrase::{Word, after, joined};
use super::{When, when};

/// Words of a target or a moment at most: `pod checkout-abc in namespace shop`, `the last 1 hour 30 minutes`.
const SPAN: usize = 6;

/// What is left of a sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [Word],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(words: &'a [Word]) -> Self {
        Self { rest: words }
    }

    pub(super) fn is_done(self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the first of these that comes next; put the longer before its own beginning.
    pub(super) fn take(&mut self, any_of: &[&str]) -> bool {
        match any_of.iter().find_map(|said| after(self.rest, said)) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes one word that fits.
    pub(super) fn word(&mut self, fits: impl Fn(&Word) -> bool) -> Option<&'a Word> {
        let (word, rest) = self.rest.split_first().filter(|(word, _)| fits(word))?;
        self.rest = rest;
        Some(word)
    }

    /// Takes a target, the longest that there is.
    pub(super) fn target(&mut self) -> Option<Target> {
        self.longest(name::target)
    }

    /// Takes a moment, the longest that there is.
    pub(super) fn when(&mut self) -> Option<When> {
        self.longest(|words| when::read(&joined(words)))
    }

    /// Takes `since yesterday`, `in the last 2 hours`, `from 14:00`.
    pub(super) fn since(&mut self) -> Option<When> {
        let mut ahead = *self;
        let said = ahead.take(&["--since-time", "--since", "since", "in", "within", "over", "during", "from", "for", "after", "of"]);
        let found = if said { ahead.when() } else { ahead.last() };
        found.inspect(|_| *self = ahead)
    }

    /// `the last hour`, `today`: without a word before them.
    fn last(&mut self) -> Option<When> {
        let says_when = |word: &Word| matches!(word.low.as_str(), "the" | "last" | "past" | "today" | "yesterday");
        self.rest.first().filter(|word| says_when(word))?;
        self.when()
    }

    fn longest<T>(&mut self, read: impl Fn(&[Word]) -> Option<T>) -> Option<T> {
        let most = self.rest.len().min(SPAN);
        let (length, found) = (1..=most).rev().find_map(|n| read(&self.rest[..n]).map(|found| (n, found)))?;
        self.rest = &self.rest[length..];
        Some(found)
    }
}

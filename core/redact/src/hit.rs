//! A place to hide, as the rules report it.
//!
//! Must never copy the text it points at. Start at [`Hit`].

use crate::kind::SecretKind;
use std::ops::Range;

/// A rule as `explain` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
}

/// What the replacement needs around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dress {
    /// Nothing: it stands where text stood.
    Plain,
    /// Quotes with this many backslashes: a bare JSON number becomes a string.
    Quoted(usize),
}

/// A span of bytes to be replaced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: SecretKind,
    pub(crate) rule: Rule,
    pub(crate) dress: Dress,
}

impl Hit {
    pub(crate) fn new(span: Range<usize>, kind: SecretKind, rule: Rule) -> Self {
        Self { start: span.start, end: span.end, kind, rule, dress: Dress::Plain }
    }

    pub(crate) fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

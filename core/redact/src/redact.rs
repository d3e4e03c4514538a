//! What can be redacted in place: text, and containers of it.
//!
//! An implementation must never skip a field that can hold text read outside.
//! Start at [`Redact`].

use crate::redactor::Redactor;
use crate::witness::Redacted;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value whose texts can be redacted in place.
pub trait Redact {
    /// Redacts every text inside.
    fn redact(&mut self, redactor: &Redactor);

    /// Redacts a value that stands under a name: the whole text goes when the name says secret
    /// (`DB_PASSWORD`) although the value alone would not look like one.
    fn redact_named(&mut self, name: &str, redactor: &Redactor) {
        let _ = name;
        self.redact(redactor);
    }

    /// The text, when this is a text that can name another value.
    fn as_name(&self) -> Option<&str> {
        None
    }
}

impl Redact for String {
    fn redact(&mut self, redactor: &Redactor) {
        if let Cow::Owned(safe) = redactor.hide(self) {
            *self = safe;
        }
    }

    fn redact_named(&mut self, name: &str, redactor: &Redactor) {
        if let Cow::Owned(safe) = redactor.hide_named(name, self) {
            *self = safe;
        }
    }

    fn as_name(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: Redact> Redact for Option<T> {
    fn redact(&mut self, redactor: &Redactor) {
        if let Some(value) = self {
            value.redact(redactor);
        }
    }

    fn redact_named(&mut self, name: &str, redactor: &Redactor) {
        if let Some(value) = self {
            value.redact_named(name, redactor);
        }
    }
}

impl<T: Redact, E: Redact> Redact for Result<T, E> {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Ok(value) => value.redact(redactor),
            Err(error) => error.redact(redactor),
        }
    }
}

impl<T: Redact> Redact for Vec<T> {
    fn redact(&mut self, redactor: &Redactor) {
        for value in self {
            value.redact(redactor);
        }
    }

    fn redact_named(&mut self, name: &str, redactor: &Redactor) {
        for value in self {
            value.redact_named(name, redactor);
        }
    }
}

impl<T: Redact + ?Sized> Redact for Box<T> {
    fn redact(&mut self, redactor: &Redactor) {
        (**self).redact(redactor);
    }

    fn redact_named(&mut self, name: &str, redactor: &Redactor) {
        (**self).redact_named(name, redactor);
    }

    fn as_name(&self) -> Option<&str> {
        (**self).as_name()
    }
}

/// Keys are redacted too (a label key can be pasted from anywhere), and a value is redacted under
/// the name of its key. Two keys that become the same text leave one entry, the later one.
impl<K: Ord + Redact, V: Redact> Redact for BTreeMap<K, V> {
    fn redact(&mut self, redactor: &Redactor) {
        let entries = std::mem::take(self);
        self.extend(entries.into_iter().map(|entry| {
            let mut entry = entry;
            entry.redact(redactor);
            entry
        }));
    }
}

/// A pair is read as a name and its value.
impl<A: Redact, B: Redact> Redact for (A, B) {
    fn redact(&mut self, redactor: &Redactor) {
        match self.0.as_name() {
            Some(name) => self.1.redact_named(name, redactor),
            None => self.1.redact(redactor),
        }
        self.0.redact(redactor);
    }
}

/// Already safe.
impl<T> Redact for Redacted<T> {
    fn redact(&mut self, _: &Redactor) {}
}

/// Text of our own program.
impl Redact for &'static str {
    fn redact(&mut self, _: &Redactor) {}

    fn as_name(&self) -> Option<&str> {
        Some(self)
    }
}

/// Numbers and flags hold no text.
macro_rules! holds_no_text {
    ($($kind:ty),*) => { $(impl Redact for $kind { fn redact(&mut self, _: &Redactor) {} })* };
}
holds_no_text!((), bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);

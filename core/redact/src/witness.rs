//! The witness type of redacted values.
//!
//! Must never get a public way in besides the redactor: every constructor here either takes
//! redacted values only or text of our own program. Start at [`Redacted`].

use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Deref;

/// Witness that `T` went through the redactor.
///
/// The field is private: outside this crate a value comes from [`Redactor::seal`],
/// [`Redactor::redact_text`], from other redacted values, or from [`Redacted::fixed`].
///
/// [`Redactor::seal`]: crate::Redactor::seal
/// [`Redactor::redact_text`]: crate::Redactor::redact_text
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// The way in; only the redactor calls it.
    pub(crate) fn witness(value: T) -> Self {
        Self(value)
    }

    /// Derives a value from redacted data only: a function *pointer* captures nothing, so nothing
    /// unredacted can slip in.
    ///
    /// ```compile_fail
    /// let outside = std::env::args().next().unwrap_or_default();
    /// let safe = midwatch_redact::Redacted::fixed("safe");
    /// let leak = safe.map(|text| format!("{text} {outside}"));
    /// ```
    #[must_use]
    pub fn map<U>(&self, f: fn(&T) -> U) -> Redacted<U> {
        Redacted(f(&self.0))
    }

    /// The same with plain settings: widths, flags, never text that was read outside (such text
    /// is neither `Copy` nor `'static`).
    #[must_use]
    pub fn map_with<S: Copy + 'static, U>(&self, settings: S, f: fn(S, &T) -> U) -> Redacted<U> {
        Redacted(f(settings, &self.0))
    }

    /// Puts two redacted values together.
    #[must_use]
    pub fn zip<U>(self, other: Redacted<U>) -> Redacted<(T, U)> {
        Redacted((self.0, other.0))
    }

    /// Takes back what this program itself kept. Only for a store, which writes nothing but redacted values: redacting a
    /// second time would cost time and could hide more than the reader was promised. A test of the workspace
    /// (`invariants`) holds that no code but the adapters of the store port calls it.
    pub fn kept(value: T) -> Self {
        Self(value)
    }

    /// The value. What comes out is safe to show; that it was redacted is no longer known.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Redacted<Option<T>> {
    /// Tells whether there is a value; it is as redacted as before.
    pub fn transpose(self) -> Option<Redacted<T>> {
        self.0.map(Redacted)
    }
}

impl<T> Redacted<Vec<T>> {
    /// Gathers redacted values.
    pub fn gather(parts: impl IntoIterator<Item = Redacted<T>>) -> Self {
        Self(parts.into_iter().map(Redacted::into_inner).collect())
    }
}

impl Redacted<String> {
    /// Text of our own program, written in the source.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl<T> Deref for Redacted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> AsRef<T> for Redacted<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Display> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// It may leave, so it may be written. There is no `Deserialize`: what comes from anywhere has to be redacted, and
/// what comes back from our own store goes through [`Redacted::kept`].
impl<T: Serialize> Serialize for Redacted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

//! Reversible masking: names that a reader must not see become placeholders (`api` is `deploy-1`), and what that reader
//! writes is turned back, byte for byte.
//!
//! A name is found where it is a word of its own: between anything that is neither letter nor digit, so also in URLs, DNS
//! names, images and the names of its pods, in any case, with `_` for `-`. Addresses and host names are found by their form.
//! What looks like a placeholder in the text itself is masked like a name: all that looks like one afterwards is ours.
//!
//! Must never be taken for redaction: secrets are hidden before, for good. Names without a letter, of one character, and
//! those that every cluster has stay as they are, and a name inside a longer word (`checkoutservice`) is not found. The same
//! calls in the same order give the same placeholders. Start at [`Mask::hide`].

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::witness::Redacted;

mod book;
mod kinds;
mod shapes;
mod words;

use book::Book;

/// Names and their placeholders. Addresses and host names are learned where they are found, which is why hiding changes it.
#[derive(Default)]
pub struct Mask {
    book: Mutex<Book>,
}

impl Mask {
    /// A mask that knows no name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a name. `kind` is as Kubernetes writes it (`Pod`, `Deployment`, `Namespace`); of others it becomes `name-1`.
    pub fn name(&mut self, kind: &str, name: &str) {
        self.book.get_mut().unwrap_or_else(PoisonError::into_inner).learn(kinds::prefix(kind), name);
    }

    /// The text with placeholders for names.
    pub fn hide(&self, text: &Redacted<String>) -> Redacted<String> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match hidden(&mut book, text) {
            Cow::Borrowed(_) => text.clone(),
            // Nothing but placeholders and parts of the redacted text.
            Cow::Owned(masked) => Redacted::witness(masked),
        }
    }

    /// The text with names for placeholders, in whatever case they stand. What was never given out stays.
    pub fn show(&self, text: &str) -> String {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let mut at = 0;
        while let Some(start) = words::next(text, at) {
            at = start + 1;
            let Some(found) = words::placeholder(text, start) else { continue };
            let Some(name) = book.shown(found.prefix, found.number) else { continue };
            out.push_str(&text[done..start]);
            out.push_str(name);
            done = start + found.len;
            at = done;
        }
        out.push_str(&text[done..]);
        out
    }
}

fn hidden<'a>(book: &mut Book, text: &'a str) -> Cow<'a, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = words::next(text, at) {
        at = start + 1;
        let Some((len, placeholder)) = at_word(book, text, start) else { continue };
        out.push_str(&text[done..start]);
        out.push_str(&placeholder);
        done = start + len;
        at = done;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// What begins here and is masked: the longest of a name, a placeholder of the text's own, an address and a host.
fn at_word(book: &mut Book, text: &str, start: usize) -> Option<(usize, String)> {
    let name = book.longest(text, start).unwrap_or(0);
    let own = words::placeholder(text, start).map_or(0, |found| found.len);
    let (shape, prefix) = shapes::at(text, start).unwrap_or((0, kinds::OTHER));
    let len = name.max(own).max(shape);
    let found = text.get(start..start + len).filter(|found| !found.is_empty())?;
    let otherwise = if shape == len { prefix } else { kinds::OTHER };
    Some((len, book.hidden(found, otherwise)))
}

impl Clone for Mask {
    fn clone(&self) -> Self {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { book: Mutex::new(book) }
    }
}

/// How many, never which.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Mask").field("names", &book.len()).finish_non_exhaustive()
    }
}

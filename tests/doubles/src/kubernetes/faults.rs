//! What goes wrong, where and how often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Something that goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with `Retry-After` in seconds.
    TooMany(Option<u64>),
    /// A status without useful words.
    Status(u16),
    /// The connection breaks after the head of the answer.
    Reset,
    /// The answer comes late.
    Slow(Duration),
    /// The connection breaks after half of the body.
    HalfBody,
    /// Bytes that are no JSON.
    Garbage,
    /// No answer, ever.
    Hang,
    /// 410: the continue token is too old. Hits only requests that have one.
    Expired,
}

#[derive(Debug)]
struct Planned {
    path: String,
    fault: Fault,
    left: usize,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Planned>>);

impl Faults {
    pub(super) fn add(&self, path: &str, fault: Fault, times: usize) {
        let planned = Planned { path: path.to_owned(), fault, left: times };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(planned);
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that hits this request, used up once.
    pub(super) fn take(&self, target: &str) -> Option<Fault> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hits = |p: &&mut Planned| {
            p.left > 0 && target.contains(&p.path) && (p.fault != Fault::Expired || target.contains("continue="))
        };
        let hit = planned.iter_mut().find(hits)?;
        hit.left -= 1;
        Some(hit.fault.clone())
    }
}

//! Recordings of investigations: what was asked, every answer that the engine got, and what it came to, in one file.
//!
//! ```text
//! recorder   stands before an evidence source and keeps its answers
//! bundle     the file: its parts, how it is written and read
//! fit        what is left out of one that would be too large
//! source     a bundle as an evidence source
//! replay     the same investigation again, offline
//! ```
//! Must never write anything that did not pass the redactor with all that the investigation had learned, nor cost an
//! investigation its report. Start at [`Recorder`] and [`replay`].

mod bundle;
mod fit;
mod recorder;
mod replay;
mod source;
#[cfg(test)]
mod tests;

pub use bundle::{Bundle, BundleError, Came, FORMAT, text};
pub use fit::CAP;
pub use recorder::Recorder;
pub use replay::{NoReplay, Replayed, replay};
pub use source::BundleSource;

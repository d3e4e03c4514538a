//! Evidence from directories that kubectl wrote: `kubectl cluster-info dump`, files of `kubectl get -o json|yaml`, logs.
//!
//! Must never write, follow a link out of the directory, or take "not recorded" for "not there". Start at
//! [`Snapshot::open`]; what a file is gets decided in `index`, what a probe gets in `objects` and `logs`.
//!
//! ```text
//! walk -> peek -> index            at open: names, and a few KiB of each data file
//! text -> yaml | JSON -> load      one file into objects, on first use
//! store -> objects                 which files answer a probe, which objects are handed out
//! section -> logs                  one container's part of a log file, streamed
//! words                            kubectl's error sentences, which stand where data was expected
//! ```
//!
//! Shapes that differ between recordings, all accepted: with and without `managedFields` (where they are, edits have times),
//! kinds on the list only or on every item, `"items": null` or `[]`, the fields of a list sorted or not, JSON or YAML, UTF-8
//! or UTF-16 with a mark, messages of kubectl before, after or instead of the data, single objects, several documents.

mod blocking;
mod error;
mod index;
mod limits;
mod load;
mod logfiles;
mod logs;
mod names;
mod objects;
mod peek;
mod section;
mod snapshot;
mod store;
mod text;
mod walk;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub use error::OpenError;
pub use limits::Limits;
pub use snapshot::Snapshot;

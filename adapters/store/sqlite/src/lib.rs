//! The embedded store: what was heard, jobs, outbox, threads, incidents, audit in one SQLite file.
//!
//! ```text
//! open -> mounts, lock, connection, schema     a directory that is fit, one server on it, the file brought up to date
//! store                                        the port: each call becomes work for the writer or for a reader
//! writer                                       the one thread that writes; many calls share one commit to the disk
//! readers                                      a few connections that read beside it
//! commit -> heard, jobs, incidents, threads, outbox, artifacts, mutes, feedback, once, fleet, trail
//!                                              what each part of a write does
//! events                                       what happens inside jobs, many in one commit
//! backup                                       a copy while it is written
//! ```
//!
//! Must never answer a write before it is on the disk (`synchronous=FULL`), read a clock (the caller says what time it is;
//! only deadlines of waiting use the machine's), or be opened by two servers. Freed pages are reused, and a sweep gives
//! some back to the file system. Start at [`SqliteStore::open`].

mod artifacts;
mod backup;
mod commit;
mod connection;
mod error;
mod events;
mod fault;
mod feedback;
mod fleet;
mod heard;
mod incidents;
mod jobs;
mod lock;
mod mounts;
mod mutes;
mod once;
mod open;
mod outbox;
mod packs;
mod query;
mod readers;
mod reports;
mod schema;
mod signal;
mod spent;
mod store;
mod sweep;
mod threads;
mod trail;
mod value;
mod writer;

pub use backup::{Copied, backup};
pub use error::{BackupError, OpenError};
pub use events::SqliteEvents;
pub use lock::holder;
pub use open::{Claimed, FILE, Options, SqliteStore};
pub use signal::outlive_file_size_limit;

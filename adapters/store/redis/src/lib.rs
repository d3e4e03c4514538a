//! The shared store: what several replicas of `midwatch serve` keep in one Redis.
//!
//! ```text
//! options, link        where Redis is; the few connections of this process, reconnected
//! keys                 what each key is called and what it holds
//! unit, apply.lua      a unit of work: read, decide in Rust, and one script that applies all of it if nothing read has changed
//! open, store          the port: each call becomes a unit of work, or a read
//! commit -> jobs, outbox, heard, threads, incidents, trail, ...
//!                      what each part of a write does, and the indexes it keeps
//! fleet                the processes, what is ordered of them, and what only one of them does
//! wake, clock, check   calls from other processes, one time for all, what Redis promises
//! events               the log of what happens inside jobs: pipelined, published
//! ```
//!
//! Must never answer a write before Redis has taken it, read a clock for a decision (the caller says what time it is), use a
//! command that Redis 7.0 lacks, or walk all keys but by `SCAN`. All keys stand under one hash tag: a commit is one script, and
//! a script lives in one slot of a cluster. Start at [`RedisStore`].

mod artifacts;
mod check;
mod clock;
mod commit;
mod error;
mod events;
mod fault;
mod feedback;
mod fleet;
mod heard;
mod incidents;
mod jobs;
mod keys;
mod link;
mod mutes;
mod once;
mod open;
mod options;
mod outbox;
mod packs;
mod reports;
mod rounds;
mod spent;
mod store;
mod sweep;
mod threads;
mod trail;
mod unit;
mod value;
mod wake;

pub use check::Durability;
pub use clock::RedisClock;
pub use events::RedisEvents;
pub use link::Figures;
pub use open::RedisStore;
pub use options::{CALL, COMMAND, CONNECT, Login, Mode, Node, Options, RIGHTS, ROOM, Tls, Waits};

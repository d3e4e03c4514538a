//! The shared store: what several replicas of `midwatch serve` keep in one Redis.
//!
//! ```text
//! options, link        where Redis is; the few connections of this process, reconnected
//! keys                 what each key is called and what it holds
//! unit, apply.lua      a unit of work: read, decide in Rust, and one script that applies all of it if nothing read has changed
//! store                the port: each call becomes a unit, a script or a read
//! jobs, outbox, heard, threads, incidents, trail, ...
//!                      what each part of a write does, and the indexes it keeps
//! events               the log of what happens inside jobs: pipelined, published
//! wake                 calls from other processes
//! ```
//!
//! Must never answer a write before Redis has taken it, read a clock for a decision (the caller says what time it is), use a
//! command that Redis 7.0 lacks, or walk all keys but by `SCAN`. All keys stand under one hash tag: a commit is one script, and
//! a script lives in one slot of a cluster. Start at [`RedisStore`].

#[allow(dead_code, reason = "the rest is being written")]
mod unit;

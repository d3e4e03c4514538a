//! The embedded store: what every store must do, and what only a file on a disk has to.

#![allow(clippy::unwrap_used, reason = "a test")]

mod backup;
mod conformance;
mod crash;
mod full;
mod migrating;
mod opening;
mod support;

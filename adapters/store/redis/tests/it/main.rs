//! The shared store: what every store must do, and what only one on a server has to.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod access;
mod breaking;
mod cluster;
mod conformance;
mod connections;
mod events;
mod sentinel;
mod several;
mod support;

//! The shared store: what every store must do, and what only one on a server has to.

#![allow(clippy::unwrap_used, reason = "a test")]

mod conformance;
mod events;
mod support;

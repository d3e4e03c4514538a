//! The double of Discord: by plain requests, and driven by the client library that production uses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod gateway;
mod interactions;
mod limits;
mod messages;
mod support;
mod validate;

//! The double of Slack, driven by the client library that production uses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deliveries;
mod faults;
mod limits;
mod support;
mod validate;
mod web;

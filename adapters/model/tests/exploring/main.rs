//! Whole explorations over the real formats: a model of each provider at the scripted server, a recorded cluster behind the
//! tools.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod investigations;
mod questions;
mod support;
mod troubles;

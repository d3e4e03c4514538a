//! The models of providers, against a server that speaks their formats.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod failures;
mod replies;
mod requests;
mod support;

//! One binary for all tests that look at more than one crate.
#![allow(missing_docs, reason = "tests")]

mod corpus;
mod coverage;
mod dependencies;
mod invariants;
mod secrets;
mod support;

//! One binary for all tests that look at more than one crate.
#![allow(missing_docs, clippy::expect_used, clippy::disallowed_methods, reason = "tests may panic and start cargo")]

mod corpus;
mod coverage;
mod dependencies;
mod followup;
mod invariants;
mod live;
mod metrics;
mod packs;
mod replay;
mod secrets;
mod storms;
mod support;

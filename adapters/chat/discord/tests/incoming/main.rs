//! What comes in from Discord: over the gateway, whatever happens to it, and over the signed endpoint.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests may panic")]

mod endpoint;
mod gateway;
mod stage;

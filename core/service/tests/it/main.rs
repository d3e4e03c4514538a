//! Intake, jobs and posts from end to end: the real store, the real engine on a recording, a chat platform that fails when told to.
#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used, reason = "tests may panic")]

mod events;
mod fleet;
mod followup;
mod gauges;
mod inbox;
mod intake;
mod jobs;
mod outbox;
mod pace;
mod posts;
mod world;

//! The HTTP side as its callers see it: a real client, the real router, intake and store, over sockets.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod analyze;
mod bodies;
mod document;
mod events;
mod hostile;
mod jobs;
mod keys;
mod logs;
mod operate;
mod packs;
mod probes;
mod say;
mod support;
mod webhooks;

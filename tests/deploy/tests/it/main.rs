//! `config/deploy` and the Dockerfile.
#![allow(clippy::disallowed_methods, reason = "promtool and the renderer of the chart are programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod alerts;
mod chart;
mod dashboard;
mod fitting;
mod helm;
mod image;
mod manifests;
mod metrics;
mod needs;
mod support;

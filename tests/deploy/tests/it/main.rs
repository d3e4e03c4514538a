//! `config/deploy` and the Dockerfile.
#![allow(clippy::disallowed_methods, reason = "promtool and the renderer of the chart are programs")]

mod alerts;
mod chart;
mod dashboard;
mod image;
mod manifests;
mod metrics;
mod needs;
mod support;

//! Evidence read from Prometheus: the rules behind alerts, instant and range queries, bounded.
//!
//! Reads only: every request is a GET of the query API (<https://prometheus.io/docs/prometheus/latest/querying/api/>), to the
//! host that was configured and no other. Must never show a credential, nor wait or read without a bound. Start at
//! [`Prometheus`]; requests and retries are in `client`, the words for what goes wrong in `failure`, answers in `wire`.

mod client;
mod failure;
mod options;
mod prometheus;
#[cfg(test)]
mod tests;
mod wire;

pub use options::{Auth, OptionsError, PrometheusOptions};
pub use prometheus::{Health, Prometheus};

//! Alerts read from Alertmanager: API v2, for those who cannot add a webhook, and to look up what fires.
//!
//! Reads only: every request is a GET (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>), to the
//! host that was configured and no other. Must never show a credential, nor wait or read without a bound. Start at
//! [`Alertmanager`]; answers are in `wire`, the words for what goes wrong in `failure`.

mod client;
mod failure;
mod options;
#[cfg(test)]
mod tests;
mod wire;

pub use client::{Alertmanager, ServerStatus};
pub use options::{AlertmanagerOptions, Auth, OptionsError};

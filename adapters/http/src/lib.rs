//! Webhooks in, REST API, health, metrics.

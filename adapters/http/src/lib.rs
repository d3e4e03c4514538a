//! Webhooks in, the REST API, health and metrics.
//!
//! The way of a request: `server` (connections, slow clients) -> `frame` (id, log line, problem document) -> `guard` (keys)
//! -> a handler, which asks the intake or reads the store. Handlers return redacted values (`answer`) or a `fault`.
//!
//! Must never acknowledge what is not durable, answer what is not redacted, or listen beyond loopback without keys. Start
//! at [`Api`], [`router`] and [`serve`].

mod alerts;
mod analyze;
mod answer;
mod app;
mod body;
mod complaints;
mod document;
mod events;
mod fault;
mod follow;
mod frame;
mod guard;
mod health;
mod input;
mod jobs;
mod key;
mod operate;
mod packs;
mod report;
mod reports;
mod request_id;
mod say;
mod server;
mod settings;
mod stall;
mod view;
mod wait;
mod webhook;
mod who;

pub use app::{Api, probes, router, within_process};
pub use key::{ApiKey, KeyHash, NotADigest, WebhookKey};
pub use server::serve;
pub use settings::{HttpSettings, Limits};

//! Ports: what the service needs of the outside world, implemented by adapters.

pub mod alerts;
pub mod chat;
pub mod events;
pub mod names;
pub mod sources;
pub mod store;

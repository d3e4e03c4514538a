//! Discord, on 127.0.0.1: REST API, gateway and signed interactions, with its limits, sizes, permissions and refusals.
//!
//! It speaks the real protocols, so the production client is pointed at it. What Discord would refuse is refused with the same
//! code; fields that Discord does not know and would ignore are refused as well. There is one guild, with one bot in it.
//! Start at [`Discord::start`].
//!
//! ```text
//! driver      a guild is set up, and made to go wrong
//! people      what people say; using has what they do with the app, programs what other programs post
//! watching    what a test sees
//! world       people, roles, channels, threads; message has messages (markup: what is read), permissions who may what
//! server      requests in, answers out; rest is the table of the API's routes, api/* what they do
//! limits      a window for each route and channel, and one for all
//! validate    messages, modals, commands, as Discord checks them
//! events      what the app is told; delivery queues it, sessions keep it, connection and signed bring it
//! interaction what a person did, until it is answered; typed makes a command from words
//! faults      what goes wrong; where and how often is in crate::rules
//! ```

#![allow(clippy::expect_used, reason = "a double that cannot do its work fails the test that uses it")]

mod api;
mod connection;
mod delivery;
mod driver;
mod events;
mod faults;
mod interaction;
mod limits;
mod markup;
mod message;
mod opening;
mod options;
mod people;
pub mod permissions;
mod programs;
mod refusal;
mod request;
mod rest;
mod server;
mod sessions;
mod signed;
mod state;
mod typed;
mod using;
mod validate;
mod watching;
mod world;

pub use crate::rules::Rule;
pub use delivery::Receipt;
pub use faults::{DeliveryFault, Fault};
pub use interaction::{Answered, NotAcknowledged};
pub use limits::{Limits, Rate, Violation};
pub use message::{File, Look, Message};
pub use options::Options;
pub use state::{Call, Outcome};
pub use using::Shown;

use std::sync::Arc;

use tokio_util::sync::DropGuard;

/// A guild of Discord with one bot in it. Everything ends when it is dropped.
pub struct Discord {
    shared: Arc<state::Shared>,
    _stop: DropGuard,
}

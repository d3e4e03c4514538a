//! Slack, on 127.0.0.1: Web API, Socket Mode and signed HTTP, with its limits, sizes and refusals.
//!
//! It speaks the real protocols, so the production client is pointed at it. What Slack would refuse is refused with the same
//! word; what Slack ignores but a careful app does not send (unknown arguments, unknown fields of blocks) is refused as well.
//! Start at [`Slack::start`].
//!
//! ```text
//! driver      a workspace is set up, and made to go wrong
//! people      what people say and do; programs has what other programs post
//! watching    what a test sees
//! world       people, groups, channels, messages, files
//! server      requests in, answers out; web is the Web API, method the table of its methods, api/* what they do
//! limits      the three kinds of rate limits
//! validate    blocks and metadata, as Slack checks them
//! events      what the app is told; delivery queues it, socket (with connections) and signed bring it
//! faults      what goes wrong; where and how often is in crate::rules
//! ```

#![allow(clippy::expect_used, reason = "a double that cannot do its work fails the test that uses it")]

mod api;
mod args;
mod connections;
mod delivery;
mod driver;
mod events;
mod faults;
mod limits;
mod message;
mod method;
mod options;
mod people;
mod programs;
mod server;
mod shared;
mod signed;
mod socket;
mod state;
pub mod validate;
mod watching;
mod web;
mod world;

pub use crate::rules::Rule;
pub use connections::Disconnect;
pub use delivery::{Acknowledged, Kind, NotAcknowledged, Receipt};
pub use faults::{DeliveryFault, Fault};
pub use limits::{Limits, Rate, Reach, Violation};
pub use message::{Ephemeral, File, Message};
pub use options::{Options, Targets};
pub use state::{Call, Outcome};

use std::sync::Arc;

use tokio_util::sync::DropGuard;

/// A workspace of Slack with one app installed. Everything ends when it is dropped.
pub struct Slack {
    shared: Arc<shared::Shared>,
    _stop: DropGuard,
}

//! The processes that share one store, and what an operator has ordered them: to drain, or to stop everything.
//!
//! Orders are stored: a process reads them at its start, each time it announces itself, and after it was cut off. A call from
//! another process only makes them quick. Must never hold what only one process knows. Start at [`Replica`], and at
//! [`Member`] for what a process does about it.

mod member;
mod standing;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::member::{EVERY, HEALTH, LEASE, MARGIN, Member, MemberParts};
pub use self::standing::{Changes, Standing};
use crate::id::WorkerId;
use crate::job::Actor;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Listens on the chat platforms, and sends what is in the outbox.
    Gateway,
    /// Runs jobs.
    Worker,
    /// Takes webhooks, and answers the API.
    Api,
}

impl Role {
    /// Every role: what one process does when nothing else is said.
    pub const ALL: [Role; 3] = [Role::Gateway, Role::Worker, Role::Api];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Gateway => "gateway",
            Role::Worker => "worker",
            Role::Api => "api",
        }
    }
}

/// One process, as it last said of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Who it is; new at every start.
    pub id: WorkerId,
    /// The machine or pod it runs on.
    pub host: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub roles: Vec<Role>,
    /// Jobs it may run at the same time; 0 without the role `worker`.
    pub slots: u32,
    /// Jobs it runs.
    pub running: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last announced itself.
    pub seen_at: Timestamp,
    /// It is ending, or was ordered to drain, and takes no new jobs.
    pub draining: bool,
    /// What it leads: what only one process at a time may do.
    pub leads: Vec<String>,
}

/// Who ordered something for all, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who.
    pub by: Actor,
    /// Why, for whoever is told. Redacted by whoever makes it.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What is ordered of one process now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Take no new jobs; finish those that run.
    pub drain: Option<Order>,
    /// The kill switch: no process takes jobs, those that run stop.
    pub kill: Option<Order>,
}

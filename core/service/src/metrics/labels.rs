//! The labels of the figures.
//!
//! Must never hold a value that comes from outside without a bound: each one makes series for ever. Start at [`JobLabels`].

use prometheus_client::encoding::EncodeLabelSet;

use crate::fleet::Role;
use crate::health::Status;
use crate::job::Priority;

/// A job's state and pack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct JobLabels {
    /// The state it went into.
    pub state: &'static str,
    /// Its pack: as many values as there are packs.
    pub pack: String,
}

/// A pack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PackLabel {
    /// Its name: as many values as there are packs.
    pub pack: String,
}

/// How urgent jobs are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PriorityLabel {
    /// `low`, `normal`, `high`.
    pub priority: &'static str,
}

impl From<Priority> for PriorityLabel {
    fn from(priority: Priority) -> Self {
        let priority = match priority {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
        };
        Self { priority }
    }
}

/// What was asked of whom, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    /// `kubernetes`, `prometheus`, `alertmanager`, `model`, `mcp`, a chat platform: a name of our own.
    pub integration: &'static str,
    /// `ok`, `error`, `timeout`, `denied`, `throttled`, `unknown`.
    pub result: &'static str,
}

/// Who was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct IntegrationLabel {
    /// As in [`CallLabels`].
    pub integration: &'static str,
}

/// A message, by where it went and how that ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PostLabels {
    /// `console`, `slack`, `discord`: a name of our own.
    pub platform: &'static str,
    /// `ok`, `error`, `denied`, `throttled`, `unknown`.
    pub result: &'static str,
}

/// A platform that messages go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PlatformLabel {
    /// As in [`PostLabels`].
    pub platform: &'static str,
}

/// A platform that asked to wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ThrottleLabels {
    /// As in [`PostLabels`].
    pub platform: &'static str,
    /// What has to wait: `message`, `channel`, `method`, `workspace`.
    pub scope: &'static str,
}

/// What was said, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HeardLabels {
    /// The platform: one of those that are configured, or `other`.
    pub platform: String,
    /// `command`, `mention`, `message`, `post`, `unreadable`, `press`.
    pub kind: &'static str,
}

/// What became of something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabel {
    /// A name of our own.
    pub result: &'static str,
}

/// Tokens of a language model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TokenLabels {
    /// As the configuration calls it: as many values as there are models.
    pub model: String,
    /// `input`, `cached` (of the input), `output`.
    pub kind: &'static str,
}

/// One language model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ModelLabel {
    /// As the configuration calls it.
    pub model: String,
}

/// A part of the program and one of the states it can be in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HealthLabels {
    /// As `/health/PART` calls it: as many values as there are parts.
    pub part: String,
    /// `true` when the program cannot serve without it, else `false`.
    pub required: &'static str,
    /// `up`, `degraded`, `starting`, `down`.
    pub status: &'static str,
}

impl HealthLabels {
    /// A part in a state.
    pub fn new(part: &str, required: bool, status: Status) -> Self {
        let status = match status {
            Status::Up => "up",
            Status::Degraded => "degraded",
            Status::Starting => "starting",
            Status::Down => "down",
        };
        Self { part: part.to_owned(), required: if required { "true" } else { "false" }, status }
    }
}

/// What a process does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RoleLabel {
    /// `gateway`, `worker`, `api`.
    pub role: &'static str,
}

impl From<Role> for RoleLabel {
    fn from(role: Role) -> Self {
        Self { role: role.as_str() }
    }
}

/// What only one process at a time may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DutyLabel {
    /// As [`Store::lead`](crate::port::store::Store::lead) is asked for it: `gateway:discord`, `send:slack`, `upkeep`.
    pub duty: String,
}

//! What can be set about the inbox.
//!
//! Plain data. Start at [`InboxSettings`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::allowance::AllowanceSettings;
use crate::id::WorkerId;

/// What is meant in a channel when it is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelDefaults {
    /// The cluster.
    pub cluster: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
}

/// Bounds, patience and defaults of the inbox.
#[derive(Clone, Debug)]
pub struct InboxSettings {
    /// Who handles what was heard; new at every start.
    pub worker: WorkerId,
    /// How much may wait to be handled.
    pub bound: u64,
    /// Threads (and tops of channels, by user) whose words are handled at the same time.
    pub parallel: usize,
    /// How long the right to handle something lasts. Longer than `limit`.
    pub lease: Duration,
    /// Time for one handling.
    pub limit: Duration,
    /// How often it is tried to handle something, before it is told that it cannot be done.
    pub tries: u32,
    /// Time to finish what is being handled, once the program stops.
    pub last: Duration,
    /// The clusters there are.
    pub clusters: Vec<String>,
    /// What is meant in a channel, by platform and the platform's id of the channel.
    pub channels: BTreeMap<(String, String), ChannelDefaults>,
    /// Whether a language model answers the questions that are not understood.
    pub model: bool,
    /// How many investigations and questions to a model may be started.
    pub allowance: AllowanceSettings,
}

impl InboxSettings {
    /// The defaults, for this worker.
    pub fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            bound: 10_000,
            parallel: 16,
            lease: Duration::from_mins(1),
            limit: Duration::from_secs(20),
            tries: 8,
            last: Duration::from_secs(5),
            clusters: Vec::new(),
            channels: BTreeMap::new(),
            model: false,
            allowance: AllowanceSettings::default(),
        }
    }
}

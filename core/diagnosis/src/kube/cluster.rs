//! Nodes, namespaces, leases and events.

use super::{Condition, Map, Meta, Time, lean};

lean! {
    /// A Node.
    Node { metadata: Meta, spec: NodeSpec, status: NodeStatus }
    /// `spec` of a Node.
    NodeSpec { taints: Vec<Taint>, unschedulable: bool }
    /// A taint.
    Taint { key: String, value: String, effect: String, time_added: Time }
    /// `status` of a Node.
    NodeStatus { capacity: Map, allocatable: Map, conditions: Vec<Condition>, node_info: NodeInfo }
    /// Versions of a Node.
    NodeInfo { kubelet_version: String, boot_id: String, architecture: String, operating_system: String }
    /// A Namespace.
    Namespace { metadata: Meta, status: NamespaceStatus }
    /// `status` of a Namespace.
    NamespaceStatus { phase: String, conditions: Vec<Condition> }
    /// A Lease: a node's heartbeat lives in `kube-node-lease`.
    Lease { metadata: Meta, spec: LeaseSpec }
    /// `spec` of a Lease.
    LeaseSpec { holder_identity: String, renew_time: Time, lease_duration_seconds: i64 }
    /// An Event of either API: the scheduler sets only `event_time`, the kubelet only the older three.
    Event {
        metadata: Meta,
        #[serde(alias = "regarding")]
        involved_object: ObjectRef,
        reason: String,
        #[serde(alias = "note")]
        message: String,
        r#type: String,
        count: Option<u64>,
        first_timestamp: Time,
        last_timestamp: Time,
        event_time: Time,
        series: Option<EventSeries>,
        source: EventSource,
        reporting_component: String,
    }
    /// Repetition of an event in the newer API.
    EventSeries { count: u64, last_observed_time: Time }
    /// Who reported.
    EventSource { component: String, host: String }
    /// A reference to an object.
    ObjectRef { kind: String, namespace: String, name: String, uid: String, field_path: String }
}

/// Prefix that the API server puts before the message of an aggregated event.
const COMBINED: &str = "(combined from similar events): ";

impl Event {
    /// How often it happened; scheduler events have no count and stand for one.
    pub fn times(&self) -> u64 {
        self.series.as_ref().map(|s| s.count).or(self.count).unwrap_or(1).max(1)
    }

    /// When it happened first.
    pub fn first(&self) -> Option<jiff::Timestamp> {
        self.first_timestamp.or(*self.event_time).or(*self.metadata.creation_timestamp)
    }

    /// When it happened last.
    pub fn last(&self) -> Option<jiff::Timestamp> {
        self.series
            .as_ref()
            .and_then(|s| *s.last_observed_time)
            .or(*self.last_timestamp)
            .or(*self.event_time)
            .or(self.first())
    }

    /// The message without the prefix of aggregated events.
    pub fn text(&self) -> &str {
        self.message.strip_prefix(COMBINED).unwrap_or(&self.message)
    }

    /// Whether it is a warning.
    pub fn is_warning(&self) -> bool {
        self.r#type == "Warning"
    }

    /// The container that the event speaks of: `spec.containers{api}` gives `api`.
    pub fn container(&self) -> Option<&str> {
        self.involved_object.field_path.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}'))
    }
}

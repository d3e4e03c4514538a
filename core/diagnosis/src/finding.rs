//! Findings: what a detector concludes, with the evidence it stands on.
//!
//! Start at [`Finding::new`]. A finding says where the trouble shows (`subject`), what would have to change
//! (`blame`), what else would explain it (`points_at`) and why it is believed (`because`).

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::entity::EntityRef;
use crate::evidence::Evidence;
pub use crate::reason::Reason;

/// How sure a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It fits, other explanations do too.
    Low,
    /// It is the best explanation of what was seen.
    Medium,
    /// The system itself says so.
    High,
}

impl Confidence {
    /// `low`, `medium`, `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What a finding means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Something fails now.
    Failing,
    /// Something failed in the window and is over.
    Over,
    /// Something is not as usual, on purpose or under way: a rollout, a suspended job, zero replicas.
    /// It becomes the cause when something that fails points at it.
    Expected,
    /// A fact worth citing that is no trouble by itself: a change, a policy. Like `Expected`, it becomes the cause when pointed at.
    Context,
    /// Positive evidence that something works: ready pods, a log that says so.
    Healthy,
}

/// One reason to believe a finding, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// What it says, in a clause.
    pub text: String,
    /// Where it says so.
    pub evidence: Evidence,
}

/// Something a person can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What to do, in a clause.
    pub text: String,
    /// The exact command, when there is one.
    pub command: Option<String>,
    /// What it can break: `none`, `low: restarts the pods`, ...
    pub risk: &'static str,
    /// How to see that it worked.
    pub check: Option<String>,
}

/// A conclusion of one detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// What it means for the verdict.
    pub role: Role,
    /// Where it shows.
    pub subject: EntityRef,
    /// Which container, when one is meant.
    pub container: Option<String>,
    /// The smallest set of objects whose change mends it.
    pub blame: Vec<EntityRef>,
    /// Objects whose own trouble would explain this one: the node, the claim, the Service that is called.
    pub points_at: BTreeSet<EntityRef>,
    /// Pods that show it, filled when findings of one workload are merged.
    pub pods: BTreeSet<EntityRef>,
    /// One sentence without a full stop, about the workload rather than one of its pods.
    pub claim: String,
    /// Why it is believed.
    pub proof: Vec<Point>,
    /// Rival explanations that the same evidence excludes.
    pub ruled_out: Vec<Point>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How sure.
    pub confidence: Confidence,
    /// What to do.
    pub actions: Vec<Action>,
}

impl Finding {
    /// A finding about something that fails now; the subject is blamed until another is.
    pub fn new(reason: Reason, subject: EntityRef, claim: impl Into<String>) -> Self {
        Self {
            reason,
            role: Role::Failing,
            blame: vec![subject.clone()],
            subject,
            container: None,
            points_at: BTreeSet::new(),
            pods: BTreeSet::new(),
            claim: claim.into(),
            proof: Vec::new(),
            ruled_out: Vec::new(),
            since: None,
            confidence: Confidence::High,
            actions: Vec::new(),
        }
    }

    /// Gives it another role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Names the container.
    #[must_use]
    pub fn container(mut self, name: &str) -> Self {
        self.container = Some(name.to_owned());
        self
    }

    /// Blames this object instead of the subject.
    #[must_use]
    pub fn blame(mut self, entity: EntityRef) -> Self {
        self.blame = vec![entity];
        self
    }

    /// Says that trouble of this object would explain it.
    #[must_use]
    pub fn points_at(mut self, entity: EntityRef) -> Self {
        self.points_at.insert(entity);
        self
    }

    /// Adds a reason to believe it.
    #[must_use]
    pub fn because(mut self, text: impl Into<String>, evidence: Evidence) -> Self {
        self.proof.push(Point { text: text.into(), evidence });
        self
    }

    /// Adds a rival explanation and what excludes it.
    #[must_use]
    pub fn rules_out(mut self, text: impl Into<String>, evidence: Evidence) -> Self {
        self.ruled_out.push(Point { text: text.into(), evidence });
        self
    }

    /// Says since when; none changes nothing, an earlier moment wins.
    #[must_use]
    pub fn since(mut self, at: Option<Timestamp>) -> Self {
        self.since = match (self.since, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self
    }

    /// Says how sure it is.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Adds something to do.
    #[must_use]
    pub fn action(mut self, text: impl Into<String>, command: Option<String>, risk: &'static str) -> Self {
        self.actions.push(Action { text: text.into(), command, risk, check: None });
        self
    }

    /// Says how to see that the last action worked.
    #[must_use]
    pub fn check(mut self, command: impl Into<String>) -> Self {
        if let Some(action) = self.actions.last_mut() {
            action.check = Some(command.into());
        }
        self
    }
}

//! Pods that no node takes.
//!
//! Start at [`unschedulable`]: it takes the scheduler's message ([`predicate`]), holds the pod against the nodes that were
//! seen ([`fit`]) and asks [`room`] and [`placement`] which refusal is the one to mend.

pub(super) mod fit;
mod placement;
mod predicate;
mod room;
pub(super) mod unschedulable;

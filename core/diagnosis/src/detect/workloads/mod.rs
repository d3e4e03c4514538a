//! Workloads: what their controllers make of them, whatever becomes of a single pod.
//!
//! Start at the file of the kind: [`rollout`] for Deployments, [`stateful`], [`daemons`], [`jobs`], [`cron`]. What
//! holds for every kind is in [`replicas`], [`references`] and [`change`].

pub(crate) mod change;
pub(super) mod cron;
pub(super) mod daemons;
pub(crate) mod diff;
pub(super) mod jobs;
pub(crate) mod references;
pub(super) mod replicas;
pub(super) mod rollout;
mod starting;
pub(super) mod stateful;
mod stateful_names;
mod stateful_update;

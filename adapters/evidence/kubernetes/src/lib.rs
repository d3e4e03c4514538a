//! Evidence read live from a Kubernetes API server, read-only by construction.
//!
//! Must never change anything in a cluster, read a value of a Secret, or open a way into a pod: every request passes
//! [`readonly`], which lets through a small grammar of paths and refuses the rest. Must never ask a cluster more than a
//! few things at once, however many investigations run. Start at [`Cluster::connect`].
//!
//! ```text
//! options, config, error     where the cluster is, and what to do when it cannot be reached
//! readonly                   the layer that every request passes
//! call -> failure            one request: permits, time limits, retries; what a refusal means
//! resource -> page -> objects -> cache    a kind into a path, an answer into objects, identical reads made once
//! secrets                    names, types and key names of Secrets, never values
//! logs                       one container's log, streamed into a digest
//! custom                     custom resources whose conditions are worth reading
//! names                      names of what there is, to be offered while people type
//! access                     which permissions there are, for `doctor`
//! rbac                       which permissions there should be
//! record                     a cluster written down in the layout of `kubectl cluster-info dump`
//! ```

mod access;
mod cache;
mod call;
mod cluster;
mod config;
mod custom;
mod error;
mod failure;
mod logs;
mod names;
mod objects;
mod options;
mod page;
pub mod rbac;
pub mod readonly;
mod record;
mod resource;
mod secrets;

#[cfg(test)]
mod tests;

pub use access::PermissionCheck;
pub use cluster::Cluster;
pub use error::ConnectError;
pub use names::{Names, WorkloadName};
pub use options::{Access, ClusterOptions};
pub use record::{RecordError, RecordOptions, RecordProgress, Recorded, record};

//! Permissions of the Kubernetes API that somebody lacks.
//!
//! Start at [`rbac`]; [`ask`] is the request that was refused.

pub(super) mod ask;
pub(super) mod rbac;

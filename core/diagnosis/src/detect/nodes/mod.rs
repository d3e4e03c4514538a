//! Nodes in trouble, and what that means for the workloads on them.
//!
//! Start at [`health`].

pub(super) mod health;
mod hog;
pub(super) mod pods;

//! Pods and their containers: why one does not start, does not stay up or does not become ready.
//!
//! Start at [`container`], which says what a detector may know of a container and which pods are nobody's trouble any
//! more. A detector here says *how* a container fails; what only its log tells is in [`super::logs`].

mod attempt;
mod command;
pub(super) mod config;
pub(super) mod container;
pub(super) mod crash;
pub(super) mod end;
pub(super) mod image;
mod image_cause;
mod mounts;
pub(super) mod oom;
mod probe_cause;
pub(super) mod probes;
pub(super) mod serving;
pub(super) mod start;

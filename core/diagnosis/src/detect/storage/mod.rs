//! Volumes: claims that wait for one, and volumes that cannot be used.
//!
//! Start at [`claims`] for what is not bound yet, at [`volumes`] for what is.

mod binding;
pub(super) mod claims;
pub(super) mod volumes;

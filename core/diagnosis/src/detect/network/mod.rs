//! The way to a pod: Services, Ingresses and network policies.
//!
//! Start at [`services`]. [`policies`] knows what network policies let through; [`limits`] tells which of them keep
//! something out.

pub(super) mod ingress;
pub(super) mod limits;
pub(super) mod policies;
mod service_ports;
pub(super) mod services;

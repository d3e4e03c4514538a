//! Doubles of the outside world that speak the real protocols on 127.0.0.1; for tests only.

pub mod chat;
pub mod clock;
pub mod discord;
pub mod kubernetes;
pub mod model;
pub mod programs;
mod quota;
pub mod redis;
mod rules;
mod shared;
pub mod slack;

//! The pure engine.

pub mod logs;

//! What the routes do.

pub(super) mod channels;
pub(super) mod commands;
pub(super) mod content;
pub(super) mod guild;
pub(super) mod interactions;
pub(super) mod me;
pub(super) mod messages;
pub(super) mod threads;

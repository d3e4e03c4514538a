//! What the methods of the Web API do.

pub(super) mod chat;
pub(super) mod content;
pub(super) mod conversations;
pub(super) mod files;
pub(super) mod people;
pub(super) mod response;

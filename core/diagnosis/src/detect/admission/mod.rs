//! Objects that the API server refuses to create.
//!
//! Start at [`refused`]; [`denial`] takes the server's words apart.

mod denial;
pub(super) mod refused;
mod webhooks;

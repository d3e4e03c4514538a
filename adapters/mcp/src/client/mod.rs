//! The client: tools of other servers, for the model that looks further.

mod options;

pub use options::{BadName, ServerName, ServerOptions, Transport};

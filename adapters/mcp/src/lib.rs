//! The Model Context Protocol, both ways: tools of other servers for the model that looks further, and investigations for
//! whoever asks over the protocol.
//!
//! ```text
//! client/    other servers: started or reached, their allowed tools as `dyn Tool`
//! server/    `midwatch mcp`: investigate, status, report, search
//! ```
//! What other servers say is never trusted: it is cut, cleaned and marked before a model sees it, and nothing but what the
//! operator allowed is called. Start at [`client::connect`] and [`server::serve_stdio`].

pub mod client;
pub mod server;

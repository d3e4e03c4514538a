//! A language model, on 127.0.0.1: what it says is written beforehand.
//!
//! It speaks the wire formats of the providers, streaming and not: OpenAI's chat completions (also Azure's paths),
//! Anthropic's messages, Gemini's `generateContent`. One [`Script`] serves them all, so that a test may run over every
//! format. It keeps every request, parsed and raw. Start at [`ModelServer::start`].
//!
//! ```text
//! script   what it says, turn by turn, or by what it is asked
//! turn     one reply: words, calls, tokens, why it ends
//! fault    what goes wrong with a reply
//! asked    a request as a test sees it, whatever the format
//! server   requests in, replies out; sending brings a reply in pieces, or what the fault makes of it
//! wire/*   the formats: how a request is read, a reply and a refusal written
//! ```

#![allow(clippy::expect_used, reason = "a double that cannot do its work fails the test that uses it")]

mod asked;
mod fault;
mod script;
mod sending;
mod server;
mod turn;
mod wire;

pub use asked::{Asked, AskedTool, Called, Chosen, Said};
pub use fault::{Fault, Refusal};
pub use script::Script;
pub use server::ModelServer;
pub use turn::{Call, Ends, Tokens, Turn};
pub use wire::Wire;

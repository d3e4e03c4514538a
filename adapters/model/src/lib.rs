//! Language models behind the port of `midwatch-explore`: Anthropic, OpenAI and what speaks its API, Azure, Gemini.
//!
//! Must never retry, choose another model, or send anything but the request it is given. (Being written.)

mod options;

pub use options::{ModelOptions, Provider};

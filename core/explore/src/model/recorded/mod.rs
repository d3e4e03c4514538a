//! Replies of a model, kept and given back: for recordings of investigations, and for evaluations without a provider.
//!
//! ```text
//! exchange   one request, as far as it is told apart from others, and what came of it; a line of JSON each
//! keep       stands before a model and keeps what it says
//! give       a model that says what was kept
//! ```
//! Must never give a reply to another question than it was given to without saying so: what does not fit is a failure.
//! Start at [`Recorder`] and [`Recorded`].

mod exchange;
mod give;
mod keep;
#[cfg(test)]
mod tests;

pub use exchange::{AskedFor, Called, Conversation, Exchange, LinesError};
pub use give::Recorded;
pub use keep::Recorder;

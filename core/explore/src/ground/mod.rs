//! What a model may say: claims against evidence.
//!
//! ```text
//! conclusion   what a model concludes, as a tool's arguments; parse: how they are read
//! opinion      what of it may stand beside a report; speech: the same for prose, sentence by sentence
//! check        one sentence against what it cites: numbers, names, quotes, contradict, related
//! hypotheses   what of a report a model may judge
//! ```
//! Pure: must never ask, read or decide anything, and never let a sentence pass because it sounds right. What is left out is
//! counted. Start at [`opinion`] and [`Speech`].

mod check;
mod conclusion;
mod contradict;
mod defuse;
mod hypotheses;
mod moments;
mod names;
mod numbers;
mod opinion;
mod orders;
mod parse;
mod quotes;
mod related;
mod sentences;
mod speech;
#[cfg(test)]
mod tests;
mod told;
mod units;
mod words;

pub use conclusion::{CONCLUDE, Class, Conclusion, Judged, Object, Sentence, Sureness, Way, spec};
pub use hypotheses::{Hypothesis, hypotheses};
pub use opinion::{nothing, opinion};
pub use parse::parse;
pub use speech::{NOT_ASKED, Speech};
pub(crate) use words::is_compound;

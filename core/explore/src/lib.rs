//! The language model beside the engine: it looks further with the same read-only tools, weighs what the rules found,
//! answers questions in the thread, and writes the prose. Every sentence of it stands on evidence or is left out.
//!
//! ```text
//! port       what is asked of a language model, and what it answers
//! model/     models made of models: with patience, with a fallback, without tool calling; recorded replies
//! tool       what a tool is; tools/ those of the evidence sources
//! shelf      what was read, whole, under the numbers that claims cite
//! budget     how much one exploration may take
//! run/       the loop: plan, calls, repeats, compaction, tracks
//! ground/    what a model may say: claims against evidence
//! prompt/    what a model is told, and how the data in it is marked
//! replay     a recorded investigation again
//! eval/      how good a model is, on the corpus
//! veil       what stands between us and a provider: secrets hidden, names masked where they must not leave
//! ```
//! Knows no provider and no platform. Must never change anything outside, let a model decide what is read beyond the
//! namespaces of the request, or touch the verdict of the rules. The engine does without it: whatever fails here costs
//! prose, never the report. Start at [`explain`] and [`answer`].

#![allow(clippy::similar_names, reason = "`shelf` beside `self`")]

pub mod budget;
pub mod eval;
pub mod ground;
pub mod model;
pub mod port;
pub mod prompt;
mod replay;
mod run;
mod shaped;
pub mod shelf;
pub mod tool;
pub mod tools;
pub mod veil;

pub use replay::replay;
pub use run::{Answered, Asked, Brief, Explained, Explorer, Gate, Open, Sent, Spent, answer, explain};

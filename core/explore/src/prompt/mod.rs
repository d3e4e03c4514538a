//! What a model is told: who it is, what the rules found, and the words with which the loop answers its slips.
//!
//! Must never let text of the outside stand anywhere but in a mark ([`mark`]), nor a clock, a random number or the order of
//! a map into the words: the same case gives the same bytes, so that a provider finds them in its cache. Start at
//! `system::explaining` and `case::of_report`.

pub(crate) mod case;
pub mod mark;
pub(crate) mod system;
pub(crate) mod text;
pub(crate) mod words;

//! (Being written.)

pub mod recorded;

pub use recorded::{Conversation, Exchange, Recorded, Recorder};
